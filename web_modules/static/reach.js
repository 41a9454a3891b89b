/** While the cloud cannot be reached, or the shell stopped it, the page is read-only, and says so; what was typed stays. */

const root = document.documentElement;
const GRACE_MILLISECONDS = 2000; // a stream that is taken up again at once is no news
const PROBE_MILLISECONDS = 5000;
const WRITES = '#page [data-writes], #page form[method="post"]:not([data-live]) [type="submit"]';
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/London", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

const STOPPED = "Read only: this page was stopped. What you typed is kept.";

let doubt = null;
let goneSince = null;

/** Whether the page may write. */
function mayWrite() {
  return goneSince === null && root.dataset.stopped !== "true";
}

/** The stream of changes ended: when the cloud does not answer either, nothing can be saved from now on. */
export function lost() {
  if (doubt !== null || goneSince !== null) return;
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
    if (mayWrite()) part.removeAttribute("aria-disabled");
    else part.setAttribute("aria-disabled", "true");
  }
}

function show(since) {
  goneSince = since;
  draw();
}

function draw() {
  const line = document.getElementById("reach");
  line.hidden = mayWrite();
  if (line.hidden) line.textContent = "";
  else line.textContent = goneSince === null ? STOPPED : `Read only: the cloud cannot be reached since ${clock.format(goneSince)}. What you typed is kept.`;
  markWrites();
}

/** Nothing is sent that could not arrive: neither by mouse, nor by key, nor because the shell asks. */
function refuse(event) {
  if (mayWrite()) return;
  const part = event.type === "submit" ? event.target.closest('#page form[method="post"]:not([data-live])') : event.target.closest(WRITES);
  if (!part) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

document.addEventListener("click", refuse, true);
document.addEventListener("submit", refuse, true);
new MutationObserver(draw).observe(root, { attributeFilter: ["data-stopped"] }); // which the shell sets
draw();
