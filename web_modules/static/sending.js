/** Sends forms: done in time or not at all, and what nobody answered for is looked up before anything is said.
 *
 *  The server does no write after the deadline that goes with it (pages/permits.py). So from then on what is
 *  recorded is the answer, however late it can be read. Until then nobody knows, and the work counts as unsaved.
 */

import { isDirty, lookAtWork, renewForm } from "/static/forms.js";
import { sayUnsaved } from "/static/shell.js";

const root = document.documentElement;
const SAVING_SHOWN_MILLISECONDS = 400;
const LOOK_AGAIN_MILLISECONDS = 1000;
const SIGNED_OUT = "Nothing was saved: you are not signed in any more.";

// the page was drawn before its first byte came: a server's clock reckoned so is late, and a deadline early
let serverClock = Number(root.dataset.served) - performance.getEntriesByType("navigation")[0].responseStart;
let sent = null;

/** Read the server's clock off a page that just came. */
export function learnClock(page) {
  const served = Number(page.documentElement.dataset.served);
  if (served) serverClock = served - performance.now();
}

/** Whether a form is on its way, or it is not known yet what became of it. */
export function isSending() {
  return sent !== null;
}

/** Stop looking what became of a form, if nothing can become of it any more; answers whether it was stopped. */
export function giveUp() {
  if (sent === null || !sent.isUnknown || performance.now() < sent.until) return false;
  sent.isGivenUp = true;
  finish();
  return true;
}

function finish() {
  sent.form.inert = false;
  if (sent.focus?.isConnected) sent.focus.focus({ preventScroll: true });
  sent = null;
}

const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

/** Send a form; `fetchPage` gets a page, `arrive` shows one, `say` says words, `leave` goes out of the form. */
export async function send(form, submitter, { fetchPage, arrive, say, leave }) {
  const patience = Number(root.dataset.answerSeconds) * 1000;
  const body = new URLSearchParams(new FormData(form, submitter));
  const mine = { form, focus: document.activeElement, until: performance.now() + patience, isUnknown: false, isGivenUp: false };
  sent = mine;
  form.inert = true;
  sayUnsaved(true);
  const slow = setTimeout(() => say("Saving…", { stays: true }), SAVING_SHOWN_MILLISECONDS);
  const deadline = String(Math.floor(serverClock + mine.until));
  const options = { method: "POST", body, headers: { "X-Banyan-Deadline": deadline }, signal: AbortSignal.timeout(patience) };
  const fresh = await fetchPage(form.action, options).catch(() => null);
  clearTimeout(slow);
  const message = fresh?.page?.querySelector("[data-message]");
  if (fresh?.page && !message) {
    finish();
    say("");
    await arrive(fresh);
  } else if (fresh?.isSignedOut || (message && message.dataset.message !== "503")) {
    finish();
    lookAtWork();
    const words = message ? `${message.querySelector("h1").textContent}. ${message.querySelector("p").textContent}` : SIGNED_OUT;
    say(words + stillHere(form), { stays: true });
  } else {
    await findOut(mine, { fetchPage, arrive, say, leave });
  }
}

function stillHere(form) {
  return isDirty(form) ? " What you typed is still here." : "";
}

async function findOut(mine, { fetchPage, arrive, say, leave }) {
  const { form } = mine;
  const verb = form.dataset.verb;
  mine.isUnknown = true;
  say(`Not known whether it was ${verb}: no answer from the cloud. Looking what is recorded. The legacy screen works as usual.`, { stays: true });
  await pause(mine.until - performance.now());
  let fresh = null;
  while (!fresh) {
    const signal = AbortSignal.timeout(Number(root.dataset.answerSeconds) * 1000);
    const read = await fetchPage(form.action, { signal }).catch(() => null);
    if (mine.isGivenUp || !form.isConnected) return;
    if (read?.page && !read.page.querySelector("[data-message]")) fresh = read;
    else await pause(LOOK_AGAIN_MILLISECONDS);
    if (mine.isGivenUp) return;
  }
  finish();
  const isDone = form.hasAttribute("data-edit") ? isRecorded(form, fresh.page) : isBooked(form, fresh.page);
  if (isDone && form.hasAttribute("data-edit")) await leave(form);
  else if (!form.hasAttribute("data-edit")) await arrive(fresh, { push: false });
  else lookAtWork();
  say(isDone ? `It was ${verb}.` : `It was not ${verb}.${stillHere(form)}`, { stays: !isDone });
}

/** Whether every field is recorded as it was typed; what is not is told beside its field. */
function isRecorded(form, page) {
  const now = page.querySelector("form[data-edit]");
  if (now) renewForm(form, now);
  return now !== null && !isDirty(form);
}

/** Whether the chosen time is this patient's, as booking wants it, or is not, as cancelling does. */
function isBooked(form, page) {
  return page.getElementById("panel")?.dataset.theirs === form.dataset.wants;
}
