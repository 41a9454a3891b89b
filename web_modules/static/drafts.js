/** What is typed and not saved yet stands on <html data-draft>, for whoever keeps it; and is taken up again. */

import { underShell } from "/static/shell.js";

const root = document.documentElement;
let beside = () => null;

/** The recorded value of a field, as it was when the form was drawn. */
export function recorded(form, name) {
  return form.elements[`was_${name}`];
}

/** Words that outlive their form are a draft too; `words` answers with one as below, or null. */
export function keepBeside(words) {
  beside = words;
}

/** Write down what was typed in a form, in the fields of these names; null: nothing was. */
export function noteDraft(form, names = []) {
  if (!underShell) return;
  const draft = form ? draftOf(form, names) : beside();
  if (draft) root.dataset.draft = JSON.stringify(draft);
  else delete root.dataset.draft;
}

function draftOf(form, names) {
  const fields = names.map((name) => ({ name, value: form.elements[name].value, was: recorded(form, name)?.value ?? "" }));
  return { form: form.dataset.form, at: here(), fields };
}

/** This page's address without the context in which it was opened. */
export function here() {
  const address = new URL(location.href);
  address.searchParams.delete("context");
  return address.pathname + address.search;
}

/** Where a draft was typed, in the context of now. */
export function addressOf(draft) {
  const address = new URL(draft.at, location.origin);
  const context = new URLSearchParams(location.search).get("context");
  if (context) address.searchParams.set("context", context);
  return address;
}

/** Put a draft back into its form; `tell` says of a field that something else is recorded now. */
export function fill(form, draft, tell) {
  for (const { name, value, was } of draft.fields) {
    const field = form.elements[name];
    if (!field) continue;
    const before = recorded(form, name);
    if (before && before.value !== was) {
      const now = before.value;
      before.value = was; // what the person had seen when it was typed: the server refuses to write over another
      if (now !== value) tell(form, name, now);
    }
    field.value = value;
  }
  form.elements[draft.fields[0].name]?.focus?.();
}
