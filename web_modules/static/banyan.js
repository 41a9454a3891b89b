/** The page's own life: goes on without reloading, renews itself when records change, minds unsaved work. */

import { addressOf, noteDraft } from "/static/drafts.js";
import { askToLeave, isAsking, isDirty, lookAtWork, renewForm, stay, takeUp, workForm } from "/static/forms.js";
import { listenToKeys, setUpSlots } from "/static/keys.js";
import { morph } from "/static/morph.js";
import { found, lost, markWrites } from "/static/reach.js";
import { giveUp, isSending, learnClock, send } from "/static/sending.js";
import { askForPatient, sayUnsaved, underShell } from "/static/shell.js";

const root = document.documentElement;
const RETURN = "banyan.day";
const TYPING_MILLISECONDS = 120;
const LISTEN_AGAIN_MILLISECONDS = 3000; // a server that refused the stream is asked again by us, not by the browser
let visits = 0;
let going = 0;
let mayLeave = false;
let isUnwanted = false;

// ---- going on ------------------------------------------------------------------------------------

/** A page of ours, or null; who is signed out goes to sign in, unless there is work to be kept. */
async function fetchPage(address, { headers, ...options } = {}) {
  const answer = await fetch(address, { headers: { Accept: "text/html", "X-Banyan-Script": "1", ...headers }, ...options });
  const type = answer.headers.get("content-type") ?? "";
  const isSignedOut = answer.status === 401 || new URL(answer.url).pathname === "/sign-in";
  if (isSignedOut || !type.startsWith("text/html")) {
    if (isSending()) return isSignedOut ? { isSignedOut } : null;
    mayLeave = true;
    location.assign(answer.url);
    return null;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  learnClock(page);
  return { url: answer.url, page };
}

function show(selector, fresh) {
  const target = document.querySelector(selector);
  const found = fresh.page.querySelector(selector);
  if (target && found) morph(target, found);
}

/** Go to an address of ours and show it in place; not while something typed is on its way. */
async function visit(address, options = {}) {
  if (!isSending()) await busy(() => goTo(address, options));
}

/** Do something during which the page does not renew itself. */
async function busy(work) {
  going += 1;
  try {
    await work();
  } finally {
    going -= 1;
    if (going === 0 && again !== null) renewOnceMore();
  }
}

async function goTo(address, options) {
  const number = ++visits;
  let fresh;
  try {
    fresh = await fetchPage(address);
  } catch {
    say("The cloud cannot be reached now. The legacy screen works as usual.");
    return;
  }
  if (fresh !== null && number === visits) await arrive(fresh, options);
}

/** Show a page that came. */
async function arrive(fresh, { push = true } = {}) {
  const told = fresh.page.documentElement.dataset;
  if (told.function !== root.dataset.function) {
    mayLeave = true;
    location.assign(fresh.url);
    return;
  }
  const isElsewhere = new URL(fresh.url).pathname !== location.pathname;
  await Promise.all(bringStyles(fresh.page));
  Object.assign(root.dataset, { patient: told.patient, watch: told.watch });
  document.title = fresh.page.title;
  show("#page", fresh);
  if (push && fresh.url !== location.href) history.pushState({}, "", fresh.url);
  if (isElsewhere) for (const body of document.querySelectorAll(".bn-body")) body.scrollTop = 0;
  setUp();
  focusAfterVisit();
}

function bringStyles(page) {
  const known = new Set([...document.querySelectorAll('link[rel="stylesheet"]')].map((link) => link.href));
  return [...page.querySelectorAll('link[rel="stylesheet"]')]
    .filter((link) => !known.has(new URL(link.getAttribute("href"), location.href).href))
    .map((link) => new Promise((done) => {
      const copy = document.createElement("link");
      copy.rel = "stylesheet";
      copy.href = link.getAttribute("href");
      copy.onload = copy.onerror = done;
      document.head.append(copy);
    }));
}

function focusAfterVisit() {
  const main = document.getElementById("page");
  const wanted = main.querySelector("[data-focus], .nhsuk-error-summary, [role=alert], [autofocus]");
  if (wanted) {
    if (!wanted.matches("a, button, input, textarea, [tabindex]")) wanted.tabIndex = -1;
    wanted.focus({ preventScroll: false });
  } else if (document.activeElement === document.body || document.activeElement === null) {
    main.focus({ preventScroll: true });
  }
}

function say(words, { stays = false } = {}) {
  const said = document.getElementById("said");
  said.className = words ? "bn-said" : "nhsuk-u-visually-hidden";
  said.textContent = words;
  clearTimeout(say.timer);
  if (words && !stays) say.timer = setTimeout(() => say(""), 8000);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (event.target.closest("[data-stay]")) return stay(workForm());
  if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.shiftKey || event.metaKey) return;
  if (link.dataset.patientOpen && underShell) {
    event.preventDefault();
    rememberDay(link.dataset.patientOpen);
    return askForPatient(link.dataset.patientOpen);
  }
  if (!link.closest("#page") || link.origin !== location.origin || link.hash) return;
  event.preventDefault();
  const form = workForm();
  if (link.hasAttribute("data-leave") && form && isDirty(form)) return askToLeave(form);
  if (link.hasAttribute("data-discard")) forget();
  visit(link.href);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.closest("#page") || form.method !== "post") return;
  event.preventDefault();
  if (form.hasAttribute("data-live")) return findNow(form);
  if (isSending()) return;
  busy(() => send(form, event.submitter, { fetchPage, arrive, say, leave: (from) => goTo(leaveOf(from).href) }))
    .finally(() => { if (isUnwanted) window.banyan.discard(); });
});

function leaveOf(form) {
  return form.querySelector("[data-leave]");
}

addEventListener("popstate", () => visit(location.href, { push: false }));

addEventListener("beforeunload", (event) => {
  // under the shell every change of patient or page is asked for before, by the shell
  if (!underShell && !mayLeave && root.dataset.unsaved === "true") event.preventDefault();
});

// ---- finding while typing ------------------------------------------------------------------------

let typing;
async function findNow(form) {
  clearTimeout(typing);
  const body = new URLSearchParams(new FormData(form));
  const asked = form.elements.q.value;
  const fresh = await fetchPage(form.action, { method: "POST", body }).catch(() => null);
  if (fresh && form.isConnected && form.elements.q.value === asked) show("#results", fresh);
}

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form) return;
  if (form.hasAttribute("data-live")) {
    clearTimeout(typing);
    typing = setTimeout(() => findNow(form), TYPING_MILLISECONDS);
  }
  if (form.hasAttribute("data-main")) lookAtWork();
});

// ---- renewing ------------------------------------------------------------------------------------

let renewing = false;
let again = null;

/** Read the page again and show what differs; focus, selection, scroll and what is typed stay. */
async function renew(part) {
  if (renewing || going > 0) {
    again = again === null || again === part ? part : "all";
    return;
  }
  renewing = true;
  try {
    const number = visits;
    const address = location.href;
    const search = document.querySelector("form[data-again]");
    if (search && part === "all") {
      if (search.elements.q.value.trim()) await findNow(search);
      return;
    }
    const fresh = await fetchPage(address).catch(() => null);
    if (!fresh || number !== visits || address !== location.href || fresh.page.documentElement.dataset.patient !== root.dataset.patient) return;
    if (part === "freshness") return show("#freshness", fresh);
    const edit = document.querySelector("form[data-edit]");
    if (edit) {
      const form = fresh.page.querySelector("form[data-edit]");
      if (form) renewForm(edit, form);
      return;
    }
    renewRegions(fresh);
    setUp();
  } finally {
    renewing = false;
    if (again !== null && going === 0) renewOnceMore();
  }
}

function renewOnceMore() {
  const part = again;
  again = null;
  renew(part);
}

function renewRegions(fresh) {
  const regions = [...document.querySelectorAll("[data-region]")];
  if (regions.length === 0) return show("#page", fresh);
  for (const region of regions) {
    const form = region.querySelector("form[data-main]");
    const now = fresh.page.getElementById(region.id);
    if (form && isDirty(form)) tellRegion(region, now);
    else show(`#${region.id}`, fresh);
  }
}

function tellRegion(region, now) {
  const line = region.querySelector("[data-elsewhere]");
  if (!line || !now) return;
  const differs = now.dataset.state !== region.dataset.state;
  line.textContent = differs ? `Changed on the other side just now: ${now.dataset.words}. What you typed is kept.` : "";
  line.hidden = !differs;
}

let source = null;
let isFirst = true;

function listen() {
  source = new EventSource(root.dataset.changes);
  source.addEventListener("error", () => {
    lost();
    if (source.readyState === EventSource.CLOSED) setTimeout(listenAgain, LISTEN_AGAIN_MILLISECONDS);
  });
  source.addEventListener("ready", () => {
    root.dataset.listening = "true";
    found();
    if (!isFirst) renew("all");
    isFirst = false;
  });
  source.addEventListener("change", (event) => {
    const { types } = JSON.parse(event.data);
    const watch = root.dataset.watch.split(" ");
    if (types.some((type) => type === "*" || watch.includes(type))) renew("all");
    else if (types.includes("Basic") && document.getElementById("freshness")) renew("freshness");
  });
}

function listenAgain() {
  if (source.readyState === EventSource.CLOSED && !(document.hidden && !underShell)) listen();
}

// a browser keeps six connections to a server: tabs that nobody sees do not hold one each
document.addEventListener("visibilitychange", () => {
  if (underShell) return;
  if (document.hidden) source?.close();
  else if (source?.readyState === EventSource.CLOSED) listen();
});
addEventListener("pagehide", () => source?.close());

// ---- time ----------------------------------------------------------------------------------------

function tick() {
  const line = document.getElementById("freshness");
  const since = line?.dataset.watermark;
  if (since) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1000));
    if (seconds >= 60) renew("freshness");
    else line.querySelector("b").textContent = `Up to date ${seconds} s ago`;
  }
}

// ---- the day of the book is kept while the shell changes the patient -------------------------------

function rememberDay(patient) {
  const asked = new URLSearchParams(location.search);
  const day = document.querySelector("[data-day]")?.dataset.day;
  if (day) sessionStorage.setItem(RETURN, JSON.stringify({ patient, date: day, slot: asked.get("slot") ?? "", at: Date.now() }));
}

function returnToDay() {
  const kept = JSON.parse(sessionStorage.getItem(RETURN) ?? "null");
  sessionStorage.removeItem(RETURN);
  const address = new URL(location.href);
  if (!kept || kept.patient !== root.dataset.patient || Date.now() - kept.at > 10000 || address.searchParams.has("date")) return;
  address.searchParams.set("date", kept.date);
  if (kept.slot) address.searchParams.set("slot", kept.slot);
  visit(address.href);
}

// ---- what the shell calls, and the start -----------------------------------------------------------

window.banyan = {
  /** Save what is typed; the shell reads back whether it worked. */
  save() {
    const form = workForm();
    if (form && isDirty(form)) form.requestSubmit();
  },
  /** Throw away what is typed. */
  discard() {
    isUnwanted = isSending() && !giveUp();  // what is on its way cannot be called back
    const form = workForm();
    if (isUnwanted || !form) return;
    forget();
    const leave = leaveOf(form);
    if (leave) visit(leave.href);
    else form.reset();
  },
  /** Take up what was typed before, with `patient` beside what the page wrote down; what cannot be is said. */
  async resume(draft) {
    if (draft.patient !== root.dataset.patient || isSending()) return;
    document.dispatchEvent(new CustomEvent("banyan:resume", { detail: draft }));
    await visit(addressOf(draft).href);
    if (takeUp(draft)) return;
    const words = draft.fields.map(({ value }) => `“${value}”`).join(", ");
    say(`The form could not be opened. You had typed: ${words}. The draft is kept.`, { stays: true });
  },
};

/** What is typed is not wanted. */
function forget() {
  noteDraft(null);
  sayUnsaved(false);
}

function setUp() {
  const form = workForm();
  if (!form || !isAsking(form)) lookAtWork();
  setUpSlots();
  markWrites();
}

listenToKeys({ leave: (form) => (isDirty(form) ? askToLeave(form) : visit(leaveOf(form).href)), visit });
setUp();
if (root.dataset.function === "appointments") returnToDay();
listen();
setInterval(tick, 1000);
