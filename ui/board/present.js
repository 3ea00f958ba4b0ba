/* ---- The stage: one card a slide, full screen; the page around it is hidden, the filters stay at hand ---- */

const stages = (window.centerlineStages ??= new Map());
window.centerlineStage = takeStage;
/* Below this size a slide cannot be read: the cards stand below each other instead. */
const STAGE_WIDTH = 760;
const STAGE_HEIGHT = 480;
const BAR = 80;
/* Widths that charts are planned for: HALF and WIDE of ui/charts/base.py. */
const PLANNED = 600;
const PLANNED_WIDE = 1240;
const LARGEST = 2.6;
const KEEP_AFTER = 350;

/* The page has been drawn (again), or its button was pressed. */
function takeStage(name, pressed) {
  const board = boards.get(name);
  const told = stages.get(name);
  if (!board || !told) return;
  const another = board.deck !== undefined && board.deck !== told.deck;
  board.deck = told.deck;
  if (pressed) {
    document.documentElement.requestFullscreen?.().catch(() => null); // where it is refused, the window is the stage
    begin(board, 0);
    report(board, 1);
  } else if (board.stage) {
    if (another) board.stage.index = 0;
    arrange(board);
  } else if (told.slide > 0 && !board.stageMet) begin(board, told.slide - 1);
  board.stageMet = true;
}

function slides(board) {
  const cards = [...board.cards.children];
  return board.figures.hidden ? cards : [board.figures, ...cards];
}

function begin(board, index) {
  if (board.stage) return;
  const stage = { index, top: make("div", "cl-stage-top"), title: make("h2", "cl-stage-title"), foot: make("p", "cl-stage-foot"), live: make("p", "cl-hidden") };
  stage.live.setAttribute("aria-live", "polite");
  stage.bar = stageBar(board, stage);
  stage.onKey = (event) => stageKey(board, event);
  stage.onSize = () => arrange(board);
  stage.onFull = () => { if (!document.fullscreenElement) leave(board); };
  // Asked before the control itself hears the key: a list that Escape closes is closed by the time that the document hears it.
  stage.onBefore = (event) => { stage.typing = typing(event.target); };
  document.addEventListener("keydown", stage.onBefore, true);
  document.addEventListener("keydown", stage.onKey);
  window.addEventListener("resize", stage.onSize);
  document.addEventListener("fullscreenchange", stage.onFull);
  board.stage = stage;
  board.root.prepend(stage.top, stage.title);
  board.root.append(stage.foot, stage.bar, stage.live);
  board.root.setAttribute("role", "region");
  board.root.setAttribute("aria-label", "Presentation");
  board.root.tabIndex = -1;
  document.body.classList.add("cl-presenting");
  arrange(board);
  board.root.focus({ preventScroll: true });
}

function stageBar(board, stage) {
  const bar = make("div", "cl-stage-bar");
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Slides");
  const button = (text, label, run) => {
    const node = make("button", "cl-stage-button", text);
    node.type = "button";
    node.setAttribute("aria-label", label);
    node.addEventListener("click", run);
    return node;
  };
  stage.back = button("←", "Previous slide", () => go(board, board.stage.index - 1));
  stage.place = make("span", "cl-stage-place");
  stage.next = button("→", "Next slide", () => go(board, board.stage.index + 1));
  bar.append(stage.back, stage.place, stage.next, button("Exit", "Leave the presentation", () => leave(board)));
  return bar;
}

/* Keys that a control of the page needs are its own. */
const CONTROLS = 'input, textarea, select, [contenteditable="true"], [role="combobox"], [role="listbox"], [role="option"], [role="grid"], [role="dialog"]';

/* Whether keys belong to a control: one that is open or holds text. A filter that was just chosen keeps the focus and must not keep the keys. */
function typing(target) {
  const control = target.closest?.(CONTROLS);
  if (!control) return false;
  return control.getAttribute("role") !== "combobox" || control.getAttribute("aria-expanded") === "true" || Boolean(control.value);
}

function stageKey(board, event) {
  if (board.stage.typing) {
    // Escape closes a list of a filter; the next keys are the slides' again.
    if (event.key === "Escape") board.root.focus({ preventScroll: true });
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  const last = slides(board).length - 1;
  const at = board.stage.index;
  const places = { ArrowRight: at + 1, PageDown: at + 1, ArrowLeft: at - 1, PageUp: at - 1, Home: 0, End: last };
  if (event.key === " " && !event.target.closest?.("button")) places[" "] = at + 1;
  if (event.key === "Escape") leave(board);
  else if (event.key in places) go(board, places[event.key]);
  else return;
  event.preventDefault();
}

function go(board, index) {
  const { stage } = board;
  const at = Math.max(0, Math.min(index, slides(board).length - 1));
  if (at === stage.index) return;
  stage.index = at;
  arrange(board);
  if (listing()) slides(board)[at]?.scrollIntoView({ block: "start" });
  report(board, at + 1);
}

/* The address follows a moment later, so that quick steps do not run the page for each. */
function report(board, slide) {
  clearTimeout(board.reporting);
  board.reporting = setTimeout(() => stages.get(board.name)?.report(slide), KEEP_AFTER);
}

function leave(board, gone = false) {
  const { stage } = board;
  if (!stage) return;
  board.stage = null;
  document.removeEventListener("keydown", stage.onBefore, true);
  document.removeEventListener("keydown", stage.onKey);
  window.removeEventListener("resize", stage.onSize);
  document.removeEventListener("fullscreenchange", stage.onFull);
  if (document.fullscreenElement) document.exitFullscreen().catch(() => null);
  for (const part of [stage.top, stage.title, stage.foot, stage.bar, stage.live]) part.remove();
  for (const name of ["role", "aria-label", "tabindex"]) board.root.removeAttribute(name);
  board.root.classList.remove("cl-stage", "cl-stage-list");
  board.root.removeAttribute("style");
  document.body.classList.remove("cl-presenting");
  if (gone) return;
  slides(board).forEach((node) => node.classList.remove("cl-current"));
  drawCharts(board); // sizes anew what waits; the others follow their card's size
  board.byKey.forEach((card) => fit(card));
  report(board, 0);
  document.querySelector("button.cl-start")?.focus();
}

function listing() {
  return window.innerWidth < STAGE_WIDTH || window.innerHeight < STAGE_HEIGHT;
}

/* Show the slide that is due, in the size of the window. */
function arrange(board) {
  const { stage } = board;
  const told = stages.get(board.name);
  if (!stage || !told) return;
  const all = slides(board);
  const at = Math.min(stage.index, all.length - 1);
  const node = all[at];
  say(board, told, all, at);
  board.root.classList.toggle("cl-stage", !listing());
  board.root.classList.toggle("cl-stage-list", listing());
  const width = Math.min(window.innerWidth, ((window.innerHeight - BAR) * 16) / 9);
  board.root.style.setProperty("--cl-stage-width", Math.floor(width) + "px");
  board.root.style.setProperty("--cl-stage-height", Math.floor((width * 9) / 16) + "px");
  if (listing()) board.root.style.removeProperty("--cl-type");
  else board.root.style.setProperty("--cl-type", (width / 1000).toFixed(3));
  all.forEach((each) => each.classList.toggle("cl-current", each === node));
  board.byKey.forEach((card) => { if (listing() || card.node === node) show(card); });
}

function show(card) {
  if (!card.data.chart || card.plot.clientWidth === 0) return;
  if (!window.Plotly) return;
  card.plot.style.minHeight = listing() ? card.plot.style.minHeight : "0";
  if (!card.dirty) { fit(card); return; }
  card.room = card.plot.clientWidth;
  if (listing()) reserve(card);
  card.height = card.plot.clientHeight;
  drawCard(card);
}

function say(board, told, all, at) {
  const { stage } = board;
  const figures = all[at] === board.figures;
  setText(stage.top, told.marking);
  setText(stage.title, figures ? told.title : all.length ? "" : "No card is chosen yet");
  const sentence = board.payload.stamp.sentence;
  stage.foot.replaceChildren(make("span", "", [sentence, "As of " + told.asOf, "Data version " + told.version, "Centerline"].join(" · ")));
  if (told.synthetic) stage.foot.append(make("span", "cl-mark", "Synthetic data"));
  setText(stage.place, all.length ? at + 1 + " of " + all.length : "No card");
  stage.back.setAttribute("aria-disabled", String(at <= 0));
  stage.next.setAttribute("aria-disabled", String(at >= all.length - 1));
  const title = figures ? told.title : all[at]?.querySelector(".cl-title")?.textContent || "";
  setText(stage.live, all.length ? "Slide " + (at + 1) + " of " + all.length + ": " + title : "");
}

/* How much larger than planned a chart is drawn: as much as its slide has room for. */
function stageScale(card) {
  const planned = card.data.wide ? PLANNED_WIDE : PLANNED;
  return Math.max(0.6, Math.min(LARGEST, card.room / planned, card.height / card.data.height));
}
