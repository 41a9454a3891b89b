/** Keys: single letters outside text, Ctrl+Enter, Esc, arrows over rows and slots. */

import { isAsking, stay, workForm } from "/static/forms.js";

const TEXT = "input:not([type=radio]):not([type=checkbox]):not([type=button]), textarea, select, [contenteditable]";
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** One slot in the Tab order: the chosen one, else the one that had the focus, else the first to come. */
export function setUpSlots() {
  const slots = [...document.querySelectorAll("[data-slots] [data-pick]")];
  if (slots.length === 0) return;
  const entry = slots.find((slot) => slot === document.activeElement) ?? slots.find((slot) => slot.hasAttribute("aria-current"))
    ?? slots.find((slot) => slot.hasAttribute("data-next")) ?? slots[0];
  for (const slot of slots) slot.tabIndex = slot === entry ? 0 : -1;
}

function moveOverRows(event) {
  const rows = [...document.querySelectorAll("[data-rows] a")];
  const at = rows.indexOf(document.activeElement);
  const isField = document.activeElement?.form?.hasAttribute("data-live");
  if (rows.length === 0 || (at < 0 && !isField) || !["ArrowUp", "ArrowDown"].includes(event.key)) return false;
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  if (next < 0) document.querySelector("form[data-live] input[type=text]")?.focus();
  else rows[Math.min(next, rows.length - 1)].focus();
  return true;
}

/** To the nearest slot in a direction; straight on counts for more than to the side. */
function moveOverSlots(event) {
  const [x, y] = ARROWS[event.key];
  const from = document.activeElement;
  if (!from?.hasAttribute("data-pick")) return false;
  const box = from.getBoundingClientRect();
  let best = null;
  let least = Infinity;
  for (const slot of document.querySelectorAll("[data-slots] [data-pick]")) {
    if (slot === from) continue;
    const other = slot.getBoundingClientRect();
    const along = x === 0 ? (other.top - box.top) * y : (other.left - box.left) * x;
    const aside = x === 0 ? Math.abs(other.left - box.left) : Math.abs(other.top - box.top);
    if (along < 2 || (x === 0 && aside > box.width / 2)) continue;
    const far = along + aside * (x === 0 ? 4 : 1.5);
    if (far < least) [best, least] = [slot, far];
  }
  if (best) {
    best.focus({ preventScroll: true });
    best.parentElement.scrollIntoView({ block: "nearest", inline: "nearest" });
    setUpSlots();
  }
  return true;
}

function press(letter) {
  const chosen = document.activeElement?.closest("[data-slots] [data-pick]");
  const found = (letter === "b" && chosen?.dataset.book && document.querySelector(`#${CSS.escape(chosen.dataset.book)}`)) ||
    document.querySelector(`#page [data-key="${CSS.escape(letter)}"]`);
  if (!found) return false;
  found.click();
  return true;
}

/** Listen; `leave` is asked to go out of a form. */
export function listenToKeys({ leave, visit }) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const form = workForm();
    const isText = event.target.matches?.(TEXT);
    if (event.key === "Enter" && event.target.hasAttribute?.("data-space-only")) {
      event.preventDefault(); // Enter never confirms a loss
    } else if (event.key === " " && event.target.matches?.("a[data-space-only]")) {
      event.preventDefault();
      event.target.click();
    } else if (event.key === "Enter" && event.ctrlKey && form && !form.hasAttribute("data-loss")) {
      event.preventDefault();
      if (!isAsking(form)) form.requestSubmit();
    } else if (event.key === "Escape" && form) {
      event.preventDefault();
      if (isAsking(form)) stay(form);
      else leave(form);
    } else if (event.key === "Escape" && document.querySelector("#page [data-escape]")) {
      event.preventDefault();
      visit(document.querySelector("#page [data-escape]").href);
    } else if (event.ctrlKey || event.altKey || event.metaKey) {
      // the shell's and the browser's own
    } else if (event.key in ARROWS && (moveOverRows(event) || (!isText && moveOverSlots(event)))) {
      event.preventDefault();
    } else if (event.key === " " && event.target.matches?.("a[data-pick]")) {
      event.preventDefault();
      event.target.click();
    } else if (!isText && event.key.length === 1 && /[a-z]/i.test(event.key) && press(event.key.toLowerCase())) {
      event.preventDefault();
    }
  });
}
