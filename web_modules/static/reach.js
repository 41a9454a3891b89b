/** While the cloud cannot be reached the page is read-only, and says so; what was typed stays. */

const root = document.documentElement;
const GRACE_MILLISECONDS = 2000; // a stream that is taken up again at once is no news
const PROBE_MILLISECONDS = 5000;
const WRITES = '#page [data-writes], #page form[method="post"]:not([data-live]) [type="submit"]';
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/London", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

let doubt = null;

/** Whether the page may write. */
export function isReachable() {
  return root.dataset.reachable !== "false";
}

/** The stream of changes ended: when the cloud does not answer either, nothing can be saved from now on. */
export function lost() {
  if (doubt !== null || !isReachable()) return;
  const since = new Date();
  const mine = doubt = setTimeout(async () => {
    const isThere = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(PROBE_MILLISECONDS) }).then((answer) => answer.ok, () => false);
    if (doubt !== mine) return; // the stream came back meanwhile
    doubt = null;
    if (!isThere) show(since);
  }, GRACE_MILLISECONDS);
}

/** The stream of changes is back. */
export function found() {
  clearTimeout(doubt);
  doubt = null;
  show(null);
}

/** Mark what would write; a page that was drawn anew is marked again. */
export function markWrites() {
  for (const part of document.querySelectorAll(WRITES)) {
    if (isReachable()) part.removeAttribute("aria-disabled");
    else part.setAttribute("aria-disabled", "true");
  }
}

function show(since) {
  const line = document.getElementById("reach");
  root.dataset.reachable = String(since === null);
  line.hidden = since === null;
  line.textContent = since === null ? "" : `Read only: the cloud cannot be reached since ${clock.format(since)}. What you typed is kept.`;
  markWrites();
}

/** Nothing is sent that could not arrive: neither by mouse, nor by key, nor because the shell asks. */
function refuse(event) {
  if (isReachable()) return;
  const part = event.type === "submit" ? event.target.closest('#page form[method="post"]:not([data-live])') : event.target.closest(WRITES);
  if (!part) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

document.addEventListener("click", refuse, true);
document.addEventListener("submit", refuse, true);
