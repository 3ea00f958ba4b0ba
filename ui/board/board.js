/* The board in the browser: key figures, cards with charts, tables and exports. One copy of Plotly, charts kept alive. */

const TABLE_ROWS = 500;
const NARROW = 470;
// A chart planned for the whole page keeps its labels apart down to this width.
const NARROW_WIDE = 1000;
/* Milliseconds of drawing below the fold before the browser gets a turn. */
const SLICE = 40;
const PRESENTING = window.matchMedia("(min-width: 1800px)");
const PRESENTATION_SCALE = 1.25;
const CONFIG = { displayModeBar: false, displaylogo: false, scrollZoom: false, doubleClick: false, showTips: false, responsive: false };
const FONT = '"Source Sans", "Source Sans Pro", sans-serif';
/* Boards by name. Their second parts lie where rest.js puts them, also when they come before the board. */
const boards = new Map();
const rests = (window.centerlineRests ??= new Map());
window.centerlineRest = takeRest;

/* A board comes in two parts, so that the first screen is drawn while the server still works on the rest. */
export default function draw(component) {
  const { data, parentElement, setTriggerValue } = component;
  const payload = JSON.parse(new TextDecoder().decode(data));
  let board = boards.get(payload.board);
  if (board?.parent !== parentElement) {
    board = createBoard(parentElement, payload.board);
    board.rest = rests.get(payload.board) || null;
    boards.set(payload.board, board);
  }
  board.report = (card, format) => setTriggerValue("export", { card, format });
  update(board, payload);
  takeStage(board.name, false);
  return () => destroy(board);
}

/* The second part came, changed or went. */
function takeRest(name) {
  const board = boards.get(name);
  const rest = rests.get(name) || null;
  if (!board || board.rest?.hash === rest?.hash) return;
  board.rest = rest;
  refresh(board);
}

/* ---- Small helpers ---- */

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function drawing(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
  node.hidden = !text;
}

/* Let the browser answer and paint, without the delay that nested timers get. */
const channel = new MessageChannel();
const resumes = [];
channel.port1.onmessage = () => resumes.shift()?.();
function pause() {
  return new Promise((done) => {
    resumes.push(done);
    channel.port2.postMessage(null);
  });
}

/* ---- Numbers, by the rules of analytics/format.py ---- */

const NONE = "–";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function rounded(value, digits) {
  const power = 10 ** digits;
  return (Math.sign(value) * Math.floor(Math.abs(value) * power + 0.5)) / power;
}

function fixed(value, digits = 0) {
  const whole = rounded(value, digits);
  const text = Math.abs(whole).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return (whole < 0 ? "−" : "") + text;
}

function shareText(value) {
  const percent = value * 100;
  if (percent > 0 && percent < 100) {
    if (rounded(percent, 1) >= 100) return ">99.9%";
    if (rounded(percent, 1) === 0) return "<0.1%";
  }
  return fixed(percent, 1) + "%";
}

function daysText(value) {
  const tenth = rounded(value, 1);
  return fixed(tenth, Number.isInteger(tenth) ? 0 : 1) + (tenth === 1 ? " day" : " days");
}

function dayText(value, withDay) {
  const [year, month, day] = value.slice(0, 10).split("-").map(Number);
  if (!year || !month) return value;
  return (withDay ? day + " " : "") + MONTHS[month - 1] + " " + year;
}

function cell(value, kind) {
  if (value === null || value === undefined) return NONE;
  if (typeof value === "number") {
    if (kind === "usd") return fixed(value).replace(/^(−?)/, "$1$$");
    if (kind === "share") return shareText(value);
    if (kind === "days") return daysText(value);
    if (kind === "ratio") return fixed(value, 2);
    return kind === "text" ? String(value) : fixed(value);
  }
  if (kind === "date") return dayText(String(value), true);
  if (kind === "month") return dayText(String(value), false);
  return String(value);
}

/* ---- The board and its parts ---- */

function createBoard(parent, name) {
  const root = make("div", "cl-board");
  root.dataset.board = name;
  const figures = make("section", "cl-figures");
  figures.setAttribute("aria-label", "Key figures");
  const cards = make("div", "cl-cards");
  const heading = make("h2", "cl-hidden", "Findings");
  root.append(figures, heading, cards);
  parent.append(root);
  const board = { name, parent, root, figures, cards, byKey: new Map(), figureTexts: [], generation: 0, payload: null, rest: null };
  board.observer = new ResizeObserver((entries) => entries.forEach((entry) => fit(entry.target.clCard)));
  board.onPresenting = () => redrawAll(board);
  PRESENTING.addEventListener("change", board.onPresenting);
  board.onPrint = () => board.byKey.forEach((card) => fit(card));
  window.addEventListener("beforeprint", board.onPrint);
  return board;
}

function destroy(board) {
  board.generation += 1;
  leave(board, true);
  board.observer.disconnect();
  PRESENTING.removeEventListener("change", board.onPresenting);
  window.removeEventListener("beforeprint", board.onPrint);
  for (const card of board.byKey.values()) if (card.drawn) window.Plotly?.purge(card.canvas);
  board.root.remove();
  if (boards.get(board.name) === board) boards.delete(board.name);
}

function update(board, payload) {
  if (board.payload?.hash === payload.hash) return;
  board.payload = payload;
  updateFigures(board, payload.figures, payload.stamp);
  refresh(board);
}

/* Whether the rest of what the first part belongs to is still on its way. */
function awaiting(board) {
  return board.payload.parts > 1 && board.rest?.run !== board.payload.run;
}

function refresh(board) {
  const { payload, rest } = board;
  board.root.dataset.hash = payload.run + "." + payload.hash + (payload.parts === 1 ? "" : awaiting(board) ? ".waiting" : "." + rest.hash);
  updateCards(board, payload, [...payload.cards, ...(payload.parts > 1 && rest ? rest.cards : [])]);
  if (board.stage) arrange(board);
  drawCharts(board);
}

/* ---- Key figures ---- */

function updateFigures(board, figures, stamp) {
  board.figures.hidden = figures.length === 0;
  board.figures.style.setProperty("--cl-count", figures.length);
  const texts = figures.map((figure) => JSON.stringify([figure, stamp.as_of, stamp.version, stamp.load]));
  while (board.figures.children.length > figures.length) board.figures.lastChild.remove();
  figures.forEach((figure, index) => {
    if (texts[index] === board.figureTexts[index] && board.figures.children[index]) return;
    const node = figureNode(figure, index, stamp);
    if (board.figures.children[index]) board.figures.children[index].replaceWith(node);
    else board.figures.append(node);
  });
  board.figureTexts = texts;
}

function figureNode(figure, index, stamp) {
  const node = make("div", "cl-figure");
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", figure.label);
  node.dataset.metric = figure.metric_id;
  node.append(figureHead(figure, index, stamp), make("p", "cl-value", figure.value));
  if (figure.value.length > 9) node.classList.add(figure.value.length > 14 ? "cl-long" : "cl-middle");
  if (/[a-z]{3}/.test(figure.value) && !/\d/.test(figure.value)) node.classList.add("cl-word");
  node.append(changeNode(figure));
  if (figure.signal) node.append(signalNode(figure));
  const small = make("p", "cl-small");
  // Each remark breaks as a whole, so that none runs out of a narrow figure.
  for (const text of [figure.interval, ...figure.n.split(" · "), figure.provisional ? "provisional" : ""]) if (text) small.append(make("span", "", text), " ");
  node.append(small);
  node.append(sparkline(figure));
  return node;
}

const ARROWS = { up: "▲", down: "▼", flat: "■" };
const DIRECTION_WORDS = { up: "up", down: "down", flat: "no change" };
const MEANING_WORDS = { good: "better", bad: "worse", neutral: "" };

function changeNode(figure) {
  const line = make("p", "cl-change");
  if (figure.change) {
    const chip = make("span", "cl-chip cl-" + figure.meaning);
    if (figure.direction !== "flat") {
      const arrow = make("span", "cl-arrow", ARROWS[figure.direction] || "");
      arrow.setAttribute("aria-hidden", "true");
      chip.append(arrow);
    }
    const word = figure.direction === "flat" ? "no change " : DIRECTION_WORDS[figure.direction] + " ";
    chip.append(make("span", "cl-hidden", word), make("span", "", figure.change));
    if (MEANING_WORDS[figure.meaning]) chip.append(make("span", "cl-hidden", ", " + MEANING_WORDS[figure.meaning]));
    line.append(chip);
  }
  line.append(make("span", "cl-against", figure.against));
  return line;
}

function sparkline(figure) {
  const holder = make("div", "cl-spark");
  holder.setAttribute("aria-hidden", "true");
  const known = figure.trend.filter((value) => value !== null);
  if (known.length < 2) return holder;
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const step = 100 / Math.max(figure.trend.length - 1, 1);
  const spots = figure.trend.map((value, index) => (value === null ? null : [index * step, 34 - ((value - low) / span) * 28]));
  const picture = drawing("svg", { viewBox: "0 0 100 40", preserveAspectRatio: "none", focusable: "false" });
  const solid = figure.provisional ? spots.slice(0, -1) : spots;
  picture.append(drawing("path", { d: areaPath(solid), class: "cl-spark-area" }));
  picture.append(drawing("path", { d: linePath(solid), class: "cl-spark-line" }));
  if (figure.provisional) picture.append(drawing("path", { d: linePath(spots.slice(-2)), class: "cl-spark-line cl-spark-dash" }));
  holder.append(picture);
  const last = spots.findLast((spot) => spot !== null);
  const dot = make("span", figure.provisional ? "cl-dot cl-dot-open" : "cl-dot");
  dot.style.left = last[0] + "%";
  dot.style.top = (last[1] / 40) * 100 + "%";
  holder.append(dot);
  return holder;
}

function linePath(spots) {
  let path = "";
  let pen = "M";
  for (const spot of spots) {
    if (spot === null) { pen = "M"; continue; }
    path += pen + spot[0].toFixed(2) + " " + spot[1].toFixed(2);
    pen = "L";
  }
  return path;
}

/* The area below each unbroken stretch of the line: a month without a value is a gap in both. */
function areaPath(spots) {
  const stretches = [[]];
  for (const spot of spots) {
    if (spot === null) stretches.push([]);
    else stretches.at(-1).push(spot);
  }
  const whole = stretches.filter((stretch) => stretch.length > 1);
  return whole.map((stretch) => linePath(stretch) + "L" + stretch.at(-1)[0].toFixed(2) + " 40L" + stretch[0][0].toFixed(2) + " 40Z").join("");
}

/* ---- Cards ---- */

function updateCards(board, payload, cards) {
  const keys = new Set(cards.map((card) => card.key));
  for (const [key, card] of board.byKey) {
    if (keys.has(key)) continue;
    if (card.drawn) window.Plotly?.purge(card.canvas);
    board.observer.unobserve(card.plot);
    card.node.remove();
    board.byKey.delete(key);
  }
  const meanings = { ...payload.meanings, ...board.rest?.meanings };
  const nodes = cards.map((data) => {
    const card = board.byKey.get(data.key) || createCard(board, data.key);
    if (card.data?.hash !== data.hash) fillCard(card, data);
    fillAbout(card, data.about, meanings);
    card.exports.hidden = !payload.canExport || data.columns.length === 0;
    return card.node;
  });
  markWide(cards, nodes);
  nodes.forEach((node, index) => {
    if (board.cards.children[index] !== node) board.cards.insertBefore(node, board.cards.children[index] || null);
  });
}

/* A card alone in its row takes the whole row. */
function markWide(cards, nodes) {
  let place = 0;
  cards.forEach((card, index) => {
    const alone = place === 0 && (index === cards.length - 1 || cards[index + 1].wide);
    const wide = card.wide || alone;
    nodes[index].classList.toggle("cl-wide", wide);
    place = wide ? 0 : 1 - place;
  });
}

function createCard(board, key) {
  const node = make("article", "cl-card");
  node.dataset.card = key;
  const title = make("h3", "cl-title");
  title.id = "cl-title-" + key.replace(/[^\w-]/g, "-");
  node.setAttribute("aria-labelledby", title.id);
  const subtitle = make("p", "cl-subtitle");
  const plot = make("div", "cl-plot");
  const canvas = make("div", "cl-canvas");
  plot.append(canvas);
  const empty = make("div", "cl-empty");
  const note = make("p", "cl-note");
  const foot = make("div", "cl-foot");
  const card = { board, key, node, title, subtitle, plot, canvas, empty, note, foot, data: null, drawn: false, dirty: false, room: 0, tall: 0 };
  card.details = detailsNode(card);
  card.about = aboutNode(card);
  card.exports = exportsNode(card);
  foot.append(card.details, card.about, card.exports);
  node.append(title, subtitle, plot, empty, note, foot);
  plot.clCard = card;
  board.observer.observe(plot);
  board.byKey.set(key, card);
  return card;
}

function detailsNode(card) {
  const details = make("details", "cl-details");
  const summary = make("summary", "", "View as table");
  card.sheet = make("div", "cl-sheet");
  details.append(summary, card.sheet);
  details.addEventListener("toggle", () => {
    card.node.classList.toggle("cl-open", details.open);
    setText(summary, details.open ? "Hide table" : "View as table");
    if (details.open) showTable(card);
  });
  details.name = card.title.id + "-open";
  closeByEscape(details, summary);
  return details;
}

function exportsNode(card) {
  const holder = make("div", "cl-exports");
  for (const [format, run] of [["csv", exportCsv], ["png", exportPng]]) {
    const button = make("button", "cl-button", format.toUpperCase());
    button.type = "button";
    button.dataset.format = format;
    button.addEventListener("click", () => run(card));
    card[format] = button;
    holder.append(button);
  }
  return holder;
}

function fillCard(card, data) {
  card.data = data;
  if (data.narrow) data.narrow.data = data.narrow.data.map((trace) => (typeof trace === "number" ? data.chart.data[trace] : trace));
  setText(card.title, data.title);
  setText(card.subtitle, data.subtitle);
  setText(card.note, data.note);
  card.plot.hidden = !data.chart;
  card.empty.hidden = Boolean(data.chart);
  card.empty.replaceChildren(make("p", "", data.empty || (data.chart ? "" : "Nothing to draw for these filters.")));
  if (data.way) card.empty.append(wayOut(data.way));
  card.canvas.setAttribute("role", "img");
  card.canvas.setAttribute("aria-label", data.alt);
  card.csv.setAttribute("aria-label", "Download as CSV: " + data.title);
  card.png.setAttribute("aria-label", "Download as PNG: " + data.title);
  card.png.hidden = !data.chart;
  card.details.hidden = data.columns.length === 0;
  card.foot.hidden = data.columns.length === 0;
  card.dirty = Boolean(data.chart);
  if (card.details.open) showTable(card);
}

function scaleNow(card) {
  if (card && onStage(card)) return stageScale(card);
  return PRESENTING.matches ? PRESENTATION_SCALE : 1;
}

/* Whether a card is a slide of its own now. */
function onStage(card) {
  return Boolean(card.board.stage) && !listing();
}

/* By the width at the last look: to ask the browser between two changes would lay the page out each time. */
function isNarrow(card) {
  if (onStage(card)) return false;
  return card.room > 0 && card.room < (card.data.wide ? NARROW_WIDE : NARROW);
}

function reserve(card) {
  if (!card.data.chart || onStage(card)) return;
  const height = isNarrow(card) && card.data.narrow ? card.data.heightNarrow : card.data.height;
  card.plot.style.minHeight = Math.round(height * scaleNow()) + "px";
}

/* ---- Charts ---- */

async function drawCharts(board) {
  board.generation += 1;
  const generation = board.generation;
  const cards = [...board.byKey.values()];
  if (!window.Plotly && cards.some((card) => card.dirty)) {
    lookAt(board, cards); // the room of each chart is kept free while Plotly comes
    try {
      await loadPlotly(board.payload.plotly);
    } catch (error) {
      board.root.dataset.failed = "plotly";
      cards.filter((card) => card.dirty).forEach((card) => showFailure(card, "The chart could not be loaded. The table holds the same numbers."));
      return;
    }
    if (generation !== board.generation) return;
  }
  const { first, later, whole } = lookAt(board, cards);
  for (const card of first) drawCard(card);
  if (whole) board.root.dataset.first = board.root.dataset.hash;
  let since = performance.now();
  for (const card of later) {
    if (performance.now() - since > SLICE || card === later[0]) {
      await pause();
      if (generation !== board.generation) return;
      since = performance.now();
    }
    drawCard(card);
  }
  if (!awaiting(board)) board.root.dataset.drawn = board.root.dataset.hash;
}

/* All sizes in one look, after everything is written and before anything is drawn.
   Returns the charts to draw now (on screen) and later, and whether nothing on screen is still on its way. */
function lookAt(board, cards) {
  const rooms = cards.map((card) => card.plot.clientWidth);
  cards.forEach((card, index) => { card.room = rooms[index] || card.room; });
  cards.forEach(reserve);
  cards.forEach((card) => { if (card.dirty) card.height = card.plot.clientHeight; });
  const spots = cards.map((card) => card.node.getBoundingClientRect());
  const onScreen = (index) => spots[index].top < window.innerHeight && spots[index].bottom > 0;
  const own = new Set(board.payload.cards.map((card) => card.key));
  const lowest = Math.max(0, ...spots.filter((_, index) => own.has(cards[index].key)).map((spot) => spot.bottom));
  const whole = !awaiting(board) || (lowest >= window.innerHeight && cards.every((card, index) => own.has(card.key) || !onScreen(index)));
  const dirty = cards.map((card, index) => [card, index]).filter(([card]) => card.dirty);
  const first = dirty.filter(([, index]) => onScreen(index)).map(([card]) => card);
  return { first, later: dirty.map(([card]) => card).filter((card) => !first.includes(card)), whole };
}

/* A link to this page with some parameters changed; the others are those of the address when it is followed. */
function wayOut(way) {
  const link = make("a", "cl-way", way.label);
  link.target = "_self";
  const point = () => {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(way.change)) query.set(name, value);
    link.href = "?" + query;
  };
  point();
  for (const event of ["pointerdown", "focus", "click"]) link.addEventListener(event, point);
  return link;
}

function showFailure(card, message) {
  card.plot.hidden = true;
  card.empty.hidden = false;
  card.empty.replaceChildren(make("p", "", message));
}

function drawCard(card) {
  if (!card.dirty || !card.data.chart) return;
  // A slide that is not shown has no size; it is drawn when its turn comes.
  if (onStage(card) && card.plot.clientWidth === 0) return;
  card.dirty = false;
  card.narrow = isNarrow(card);
  card.scale = scaleNow(card);
  card.width = card.room;
  card.tall = card.height;
  const spec = prepared((card.narrow && card.data.narrow) || card.data.chart, card.scale);
  spec.layout.width = Math.max(card.width, spec.layout.width || 0);
  slide(card, spec.layout.width > card.width);
  spec.layout.height = card.tall;
  spec.layout.autosize = false;
  window.Plotly.react(card.canvas, spec.data, spec.layout, CONFIG);
  card.drawn = true;
}

/* A chart that needs more room than its card has slides sideways. */
function slide(card, wanted) {
  card.plot.classList.toggle("cl-slide", wanted);
  if (wanted) card.plot.tabIndex = 0;
  else card.plot.removeAttribute("tabindex");
}

function fit(card) {
  // A chart that waits to be drawn is drawn in its new size anyway.
  if (!card?.data?.chart || !card.drawn || card.dirty || card.plot.clientWidth === 0) return;
  card.room = card.plot.clientWidth;
  if (onStage(card)) card.height = card.plot.clientHeight;
  const same = card.plot.clientWidth === card.width && card.plot.clientHeight === card.tall;
  if (same && card.scale === scaleNow(card)) return;
  if (isNarrow(card) !== card.narrow || card.scale !== scaleNow(card) || card.plot.classList.contains("cl-slide")) {
    card.dirty = true;
    reserve(card);
    card.height = card.plot.clientHeight;
    drawCard(card);
    return;
  }
  card.width = card.plot.clientWidth;
  card.tall = card.plot.clientHeight;
  window.Plotly.relayout(card.canvas, { width: card.width, height: card.tall });
  if (card.details.open) placeTable(card);
}

function redrawAll(board) {
  board.byKey.forEach((card) => { card.dirty = Boolean(card.data.chart); });
  drawCharts(board);
}

/* A copy of the chart with everything that is measured in pixels enlarged. */
const HOLDERS = new Set(["font", "textfont", "tickfont", "marker", "line", "margin"]);
const ALWAYS = new Set(["xshift", "yshift", "ticklen", "ticklabelstandoff"]);
const SIZES = new Set(["size", "width", "l", "r", "t", "b"]);

function prepared(value, scale, key = "", holder = "") {
  if (Array.isArray(value)) {
    const grows = scale !== 1 && key === "size" && holder === "marker";
    if (grows) return value.map((part) => part * scale);
    return typeof value[0] === "object" && value[0] !== null ? value.map((part) => prepared(part, scale)) : value;
  }
  if (value && typeof value === "object") {
    const copy = {};
    for (const [name, part] of Object.entries(value)) copy[name] = prepared(part, scale, name, key);
    return copy;
  }
  if (scale === 1 || typeof value !== "number") return value;
  return ALWAYS.has(key) || (HOLDERS.has(holder) && SIZES.has(key)) ? value * scale : value;
}
