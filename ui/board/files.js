
/* ---- The files beside the button: a click waits for the run that knows what was chosen before it ----

A file button on screen may still be of the story or the filter before: the choice is on its way to the server, or its run has not come to
the button. So a click asks the server first; the run that answers was begun after the click, and its button gets the click. */

const BESIDE = ".st-key-present_actions";
const LONGEST = 30_000;
const FILE = '[data-testid="stDownloadButton"] button';
const asked = (window.centerlineAsked ??= { number: 0, label: "", passing: false, heard: false });

/* The stage has been drawn (again): `told.answered` is the click that its run knows, `told.files` marks the buttons of that run. */
function answered(told, ask) {
  Object.assign(asked, { told, ask });
  if (!asked.heard) document.addEventListener("click", hold, true); // before the button's own
  asked.heard = true;
  if (asked.number && told.answered === asked.number) pass();
}

function hold(event) {
  const button = event.target.closest?.(`${BESIDE} ${FILE}`);
  if (!button || asked.passing) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (asked.number) return; // one waits already
  Object.assign(asked, { number: Date.now(), label: button.textContent });
  waiting(true);
  asked.until = Date.now() + LONGEST;
  setTimeout(giveUp, LONGEST);
  asked.ask(asked.number);
}

/* Give the click to the button of the run that has ended; a choice made since is waited for as well. */
function pass() {
  clearTimeout(asked.timer);
  const page = document.querySelector(BESIDE);
  const over = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === "notRunning";
  const fresh = page?.querySelectorAll(`[class*="_${asked.told.files}"] ${FILE}`) ?? [];
  const button = [...fresh].find((each) => each.textContent === asked.label);
  if (page && !(over && button)) {
    asked.timer = setTimeout(pass, 40);
    return;
  }
  waiting(false);
  Object.assign(asked, { number: 0, passing: true });
  button?.click();
  asked.passing = false;
}

/* A run that never comes must not keep the buttons: they are there to be clicked again. */
function giveUp() {
  if (!asked.number || Date.now() < asked.until) return;
  clearTimeout(asked.timer);
  asked.number = 0;
  waiting(false);
}

function waiting(does) {
  document.querySelector(BESIDE)?.toggleAttribute("data-waiting", does);
}
