/** Talks to the shell around the page: unsaved work, and a patient that is asked for. */

const root = document.documentElement;

/** Whether the page lies in Banyan's window; elsewhere nobody hears. */
export const underShell = navigator.userAgent.includes("BanyanShell/");

function tell(messageType, payload) {
  if (!underShell) return;
  fetch("banyan://shell/message", {
    method: "POST",
    headers: { "X-Banyan-Message": "1", "Content-Type": "application/json" },
    body: JSON.stringify({ messageType, payload }),
  }).catch(() => {});
}

/** Ask the shell to open a patient; it carries the change to both panes, or not. */
export function askForPatient(patient) {
  tell("banyan.patient-open", { patient });
}

/** Say whether something typed here is not saved yet; told only when it changes. */
export function sayUnsaved(unsaved) {
  if (root.dataset.unsaved === String(unsaved)) return;
  root.dataset.unsaved = String(unsaved);
  tell("banyan.work", { unsaved });
}
