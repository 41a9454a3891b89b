/** The day book's own: the now line moves on, the book opens where the day is, B books the slot under the keys. */

import { here, keepBeside } from "/static/drafts.js";
import { lookAtWork } from "/static/forms.js";

const MINUTES_A_ROW = 5;
const EVERY_MILLISECONDS = 15000;
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/London", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

let shownDay = "";
let keptSlot = "";

function book() {
  return document.getElementById("book");
}

/** Put the now line where the clock is; it goes away when the day's times are over. */
function moveNow() {
  const marks = document.querySelectorAll("#book [data-now]");
  if (marks.length === 0) return;
  const words = clock.format(new Date());
  const [hours, minutes] = words.split(":").map(Number);
  const since = hours * 60 + minutes - Number(book().dataset.first);
  const row = Math.floor(since / MINUTES_A_ROW);
  const isInside = row >= 0 && row < Number(book().dataset.rows);
  for (const mark of marks) {
    mark.hidden = !isInside;
    mark.style.gridRowStart = String(row + 1);
    mark.style.marginTop = `calc(var(--row) * ${(since % MINUTES_A_ROW) / MINUTES_A_ROW})`;
    if (mark.matches(".ap-clock")) mark.textContent = words;
  }
}

/** Show what matters of a day that was just opened: the chosen time, else the hour. */
function showDay() {
  const place = book();
  if (!place || place.dataset.day === shownDay) return;
  shownDay = place.dataset.day;
  moveNow();
  const chosen = place.querySelector("[data-pick][aria-current]");
  const wanted = chosen?.parentElement ?? place.querySelector(".ap-now:not([hidden])");
  if (!wanted) {
    place.scrollTop = 0;
    return;
  }
  const above = wanted.getBoundingClientRect().top - place.getBoundingClientRect().top;
  place.scrollTop += above - place.clientHeight / 3;
  if (chosen) wanted.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** A time that was just chosen stays in view when what is said of it leaves the book less room. */
function keepChosen() {
  const chosen = document.querySelector("#book [data-pick][aria-current]");
  if (chosen && chosen.id !== keptSlot) chosen.parentElement.scrollIntoView({ block: "nearest", inline: "nearest" });
  keptSlot = chosen?.id ?? "";
}

/** B on a free time books that time, not the one that was chosen before. */
function bookUnderKeys(event) {
  const slot = document.activeElement?.closest("[data-pick][data-open]");
  if (!slot || !event.target.closest("#book-now")) return;
  const address = new URL(slot.href);
  address.searchParams.set("book", "1");
  event.target.closest("#book-now").href = address.href;
}

/** The small calendar closes like every other thing that floats. */
function closePicker(event) {
  const pick = document.getElementById("pick");
  if (!pick?.open) return;
  if (event.type === "keydown" && event.key === "Escape") {
    event.stopPropagation();
    pick.open = false;
    pick.querySelector("summary").focus();
  } else if (event.type === "click" && !pick.contains(event.target)) {
    pick.open = false;
  }
}

function readyPicker(event) {
  if (event.target.id !== "pick" || !event.target.open) return;
  document.getElementById("go-to").focus();
}

// ---- a reason that was typed goes with its patient from one time to the next until it is booked -----

let kept = { patient: "", text: "" };

keepBeside(() => {
  if (!kept.text || kept.patient !== document.documentElement.dataset.patient) return null;
  return { form: "book", at: here(), fields: [{ name: "reason", value: kept.text, was: "" }] };
});

function keepReason(event) {
  if (event.target.id === "reason") kept = { patient: document.documentElement.dataset.patient, text: event.target.value };
}

function bringReason() {
  const field = document.getElementById("reason");
  const isDone = document.querySelector("#panel .bn-bar--ok") !== null;
  if (isDone || kept.patient !== document.documentElement.dataset.patient) forgetReason();
  if (!field || field.value || !kept.text) return;
  field.value = kept.text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function forgetReason() {
  if (!kept.text) return;
  kept = { patient: "", text: "" };
  lookAtWork();
}

function takeReason({ detail: draft }) {
  if (draft.form === "book") kept = { patient: draft.patient, text: draft.fields[0].value };
}

document.addEventListener("input", keepReason);
document.addEventListener("banyan:resume", takeReason);
document.addEventListener("click", (event) => { if (event.target.closest("[data-forget]")) forgetReason(); }, true);
addEventListener("DOMContentLoaded", () => {
  const { discard } = window.banyan;
  window.banyan.discard = () => { forgetReason(); discard(); };
});
document.addEventListener("click", bookUnderKeys, true);
document.addEventListener("click", closePicker);
document.addEventListener("keydown", closePicker, true);
document.addEventListener("toggle", readyPicker, true);
new MutationObserver((changes) => {
  if (changes.some((change) => change.attributeName === "data-day")) showDay();
  if (changes.some((change) => change.target.id === "panel")) {
    bringReason();
    keepChosen();
  }
  moveNow();
}).observe(document.getElementById("page"), { subtree: true, attributes: true, attributeFilter: ["data-day", "data-state"] });
showDay();
keepChosen();
document.querySelector("#page [data-focus]")?.focus({ preventScroll: true });
setInterval(moveNow, EVERY_MILLISECONDS);
