/** Forms: what was typed and is not saved, and what changed elsewhere meanwhile. */

import { fill, noteDraft, recorded } from "/static/drafts.js";
import { sayUnsaved } from "/static/shell.js";

function fieldNames(form) {
  return [...form.querySelectorAll("[data-field]")].map((field) => field.dataset.field);
}

function changedNames(form) {
  return fieldNames(form).filter((name) => form.elements[name].value.trim() !== recorded(form, name).value);
}

/** The names of the fields that hold what is not saved. */
function typedNames(form) {
  if (form.hasAttribute("data-edit")) return changedNames(form);
  return [...form.querySelectorAll("[data-typed]")]
    .filter((field) => field.value !== (field.dataset.was ?? field.defaultValue)).map((field) => field.name);
}

/** Whether a form holds what is not saved. */
export function isDirty(form) {
  return typedNames(form).length > 0;
}

/** The form whose work counts. */
export function workForm() {
  return document.querySelector("form[data-main]");
}

/** Look at the forms again and say so. */
export function lookAtWork() {
  const form = workForm();
  const names = form ? typedNames(form) : [];
  noteDraft(names.length > 0 ? form : null, names);
  sayUnsaved(names.length > 0);
  const count = form?.querySelector("[data-count]");
  if (count) {
    const number = changedNames(form).length;
    count.textContent = number === 0 ? "" : `${number} ${number === 1 ? "field" : "fields"} changed, not saved yet`;
  }
}

/** Put what was typed before back into its form; answers whether that form is here, of the same patient. */
export function takeUp(draft) {
  const form = workForm();
  if (!form || form.dataset.form !== draft.form || draft.patient !== document.documentElement.dataset.patient) return false;
  fill(form, draft, tellElsewhere);
  lookAtWork();
  return true;
}

/** Ask before typed work is thrown away; what is asked has no default that loses it. */
export function askToLeave(form) {
  const ask = form.querySelector('[data-foot="ask"]');
  if (!ask) return;
  const number = changedNames(form).length;
  ask.querySelector("[data-ask]").textContent = `You changed ${number} ${number === 1 ? "field" : "fields"}. They are not saved.`;
  form.querySelector('[data-foot="work"]').hidden = true;
  ask.hidden = false;
  ask.querySelector("[data-stay]").focus();
}

/** Back from the question to the form. */
export function stay(form) {
  form.querySelector('[data-foot="ask"]').hidden = true;
  form.querySelector('[data-foot="work"]').hidden = false;
  form.querySelector("input:not([type=hidden])").focus();
}

export function isAsking(form) {
  return form.querySelector('[data-foot="ask"]:not([hidden])') !== null;
}

function shownValue(form, name, value) {
  if (name !== "preferred") return value || "empty";
  const box = [...form.querySelectorAll('input[name="preferred"]')].find((one) => one.value === value);
  return box?.labels[0]?.textContent.trim() ?? value;
}

/** Bring a form up to date: untouched fields follow, a field that was typed in is left and told of. */
export function renewForm(form, fresh) {
  for (const name of fieldNames(form)) {
    const was = recorded(form, name);
    const now = recorded(fresh, name)?.value;
    if (now === undefined || now === was.value) {
      tellElsewhere(form, name, null);
    } else if (form.elements[name].value.trim() === was.value || form.elements[name].value.trim() === now) {
      form.elements[name].value = now;
      was.value = now;
      tellElsewhere(form, name, null);
    } else {
      tellElsewhere(form, name, now);
    }
  }
  lookAtWork();
}

function tellElsewhere(form, name, value) {
  const line = form.querySelector(`[data-field="${name}"] [data-elsewhere]`);
  if (!line) return;
  if (value === null) {
    line.hidden = true;
    line.replaceChildren();
    return;
  }
  const words = document.createElement("span");
  const told = document.createElement("bdi");
  told.textContent = shownValue(form, name, value);
  words.append("Changed on the other side just now: ", told, ". What you typed is kept.");
  const use = document.createElement("button");
  use.type = "button";
  use.className = "bn-btn bn-btn--sm";
  use.textContent = value ? "Use the other" : "Empty it too";
  use.addEventListener("click", () => {
    form.elements[name].value = value;
    recorded(form, name).value = value;
    tellElsewhere(form, name, null);
    lookAtWork();
    form.elements[name].focus?.();
  });
  line.replaceChildren(words, use);
  line.hidden = false;
}
