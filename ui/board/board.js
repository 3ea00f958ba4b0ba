/* The board in the browser: key figures, cards with charts, tables and exports. One copy of Plotly, charts kept alive. */

const TABLE_ROWS = 500;
const NARROW = 470;
/* Milliseconds of drawing below the fold before the browser gets a turn. */
const SLICE = 40;
const PRESENTING = window.matchMedia("(min-width: 1800px)");
const PRESENTATION_SCALE = 1.25;
const CONFIG = { displayModeBar: false, displaylogo: false, scrollZoom: false, doubleClick: false, showTips: false, responsive: false };
const FONT = '"Source Sans", "Source Sans Pro", sans-serif';
const boards = new WeakMap();

export default function draw(component) {
  const { data, parentElement, setTriggerValue } = component;
  const payload = JSON.parse(new TextDecoder().decode(data));
  let board = boards.get(parentElement);
  if (!board) {
    board = createBoard(parentElement);
    boards.set(parentElement, board);
  }
  board.report = (card, format) => setTriggerValue("export", { card, format });
  update(board, payload);
  return () => destroy(board, parentElement);
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

/* ---- Numbers, by the rules of ui/format.py ---- */

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
    return kind === "text" ? String(value) : fixed(value);
  }
  if (kind === "date") return dayText(String(value), true);
  if (kind === "month") return dayText(String(value), false);
  return String(value);
}

/* ---- Plotly: one copy, from this server, kept by the browser ---- */

let plotlyLoading = null;

function runScript(address) {
  return new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => (window.Plotly ? done(window.Plotly) : fail(new Error("Plotly did not start")));
    script.onerror = () => fail(new Error("Plotly could not be loaded from " + address));
    document.head.append(script);
  });
}

/* The server's route gives no lifetime, so the browser's own store keeps the file under its versioned address. */
async function storedAddress(address) {
  const store = await caches.open("centerline-plotly");
  let answer = await store.match(address);
  if (!answer) {
    answer = await fetch(address);
    if (!answer.ok) throw new Error("status " + answer.status);
    for (const old of await store.keys()) await store.delete(old);
    await store.put(address, answer.clone());
  }
  return URL.createObjectURL(new Blob([await answer.blob()], { type: "text/javascript" }));
}

async function startPlotly(address) {
  if (window.Plotly) return window.Plotly;
  if (window.caches) {
    try {
      const stored = await storedAddress(address);
      const plotly = await runScript(stored);
      URL.revokeObjectURL(stored);
      return plotly;
    } catch {
      /* The plain way below works without the store. */
    }
  }
  return runScript(address);
}

function loadPlotly(address) {
  plotlyLoading ??= Promise.all([
    startPlotly(address),
    document.fonts.load("400 13px " + FONT).catch(() => null),
    document.fonts.load("600 13px " + FONT).catch(() => null),
  ]).then(([plotly]) => plotly, (error) => { plotlyLoading = null; throw error; });
  return plotlyLoading;
}

/* ---- The board and its parts ---- */

function createBoard(parent) {
  const root = make("div", "cl-board");
  const figures = make("section", "cl-figures");
  figures.setAttribute("aria-label", "Key figures");
  const cards = make("div", "cl-cards");
  const heading = make("h2", "cl-hidden", "Findings");
  root.append(figures, heading, cards);
  parent.append(root);
  const board = { root, figures, cards, byKey: new Map(), figureTexts: [], generation: 0, payload: null };
  board.observer = new ResizeObserver((entries) => entries.forEach((entry) => fit(entry.target.clCard)));
  board.onPresenting = () => redrawAll(board);
  PRESENTING.addEventListener("change", board.onPresenting);
  board.onPrint = () => board.byKey.forEach((card) => fit(card));
  window.addEventListener("beforeprint", board.onPrint);
  return board;
}

function destroy(board, parent) {
  board.generation += 1;
  board.observer.disconnect();
  PRESENTING.removeEventListener("change", board.onPresenting);
  window.removeEventListener("beforeprint", board.onPrint);
  for (const card of board.byKey.values()) if (card.drawn) window.Plotly?.purge(card.canvas);
  board.root.remove();
  boards.delete(parent);
}

function update(board, payload) {
  if (board.payload?.hash === payload.hash) return;
  board.payload = payload;
  board.root.dataset.hash = payload.hash;
  updateFigures(board, payload.figures);
  updateCards(board, payload);
  drawCharts(board);
}

/* ---- Key figures ---- */

function updateFigures(board, figures) {
  board.figures.hidden = figures.length === 0;
  board.figures.style.setProperty("--cl-count", figures.length);
  const texts = figures.map((figure) => JSON.stringify(figure));
  while (board.figures.children.length > figures.length) board.figures.lastChild.remove();
  figures.forEach((figure, index) => {
    if (texts[index] === board.figureTexts[index] && board.figures.children[index]) return;
    const node = figureNode(figure, index);
    if (board.figures.children[index]) board.figures.children[index].replaceWith(node);
    else board.figures.append(node);
  });
  board.figureTexts = texts;
}

function figureNode(figure, index) {
  const node = make("div", "cl-figure");
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", figure.label);
  node.dataset.metric = figure.metric_id;
  node.append(figureHead(figure, index), make("p", "cl-value", figure.value));
  if (figure.value.length > 9) node.classList.add(figure.value.length > 14 ? "cl-long" : "cl-middle");
  if (/[a-z]{3}/.test(figure.value) && !/\d/.test(figure.value)) node.classList.add("cl-word");
  node.append(changeNode(figure));
  const small = make("p", "cl-small");
  for (const text of [figure.interval, figure.n, figure.provisional ? "provisional" : ""]) if (text) small.append(make("span", "", text), " ");
  node.append(small);
  node.append(sparkline(figure));
  return node;
}

function figureHead(figure, index) {
  const head = make("div", "cl-figure-head");
  head.append(make("p", "cl-label", figure.label));
  if (!figure.definition) return head;
  const button = make("button", "cl-info", "i");
  const tip = make("span", "cl-tip", figure.definition);
  tip.id = "cl-tip-" + figure.metric_id.replace(/[^\w-]/g, "") + "-" + index;
  tip.setAttribute("role", "tooltip");
  button.type = "button";
  button.setAttribute("aria-label", "What " + figure.label + " means");
  button.setAttribute("aria-describedby", tip.id);
  button.addEventListener("keydown", (event) => { if (event.key === "Escape") button.blur(); });
  head.append(button, tip);
  return head;
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

function areaPath(spots) {
  const known = spots.filter((spot) => spot !== null);
  if (known.length < 2) return "";
  return linePath(known) + "L" + known.at(-1)[0].toFixed(2) + " 40L" + known[0][0].toFixed(2) + " 40Z";
}

/* ---- Cards ---- */

function updateCards(board, payload) {
  const keys = new Set(payload.cards.map((card) => card.key));
  for (const [key, card] of board.byKey) {
    if (keys.has(key)) continue;
    if (card.drawn) window.Plotly?.purge(card.canvas);
    board.observer.unobserve(card.plot);
    card.node.remove();
    board.byKey.delete(key);
  }
  const nodes = payload.cards.map((data) => {
    const card = board.byKey.get(data.key) || createCard(board, data.key);
    if (card.data?.hash !== data.hash) fillCard(card, data);
    card.exports.hidden = !payload.canExport || data.columns.length === 0;
    return card.node;
  });
  markWide(payload.cards, nodes);
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
  const card = { board, key, node, title, subtitle, plot, canvas, empty, note, foot, data: null, drawn: false, dirty: false };
  card.details = detailsNode(card);
  card.exports = exportsNode(card);
  foot.append(card.details, card.exports);
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
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    summary.focus();
  });
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
  card.canvas.setAttribute("role", "img");
  card.canvas.setAttribute("aria-label", data.alt);
  card.csv.setAttribute("aria-label", "Download as CSV: " + data.title);
  card.png.setAttribute("aria-label", "Download as PNG: " + data.title);
  card.png.hidden = !data.chart;
  card.details.hidden = data.columns.length === 0;
  card.foot.hidden = data.columns.length === 0;
  card.dirty = Boolean(data.chart);
  reserve(card);
  if (card.details.open) showTable(card);
}

function scaleNow() {
  return PRESENTING.matches ? PRESENTATION_SCALE : 1;
}

function isNarrow(card) {
  return card.plot.clientWidth > 0 && card.plot.clientWidth < NARROW;
}

function reserve(card) {
  if (!card.data.chart) return;
  const height = isNarrow(card) && card.data.narrow ? card.data.heightNarrow : card.data.height;
  card.plot.style.minHeight = Math.round(height * scaleNow()) + "px";
}

/* ---- Charts ---- */

async function drawCharts(board) {
  board.generation += 1;
  const generation = board.generation;
  const waiting = [...board.byKey.values()].filter((card) => card.dirty);
  board.byKey.forEach(reserve);
  if (waiting.length) {
    try {
      await loadPlotly(board.payload.plotly);
    } catch (error) {
      board.root.dataset.failed = "plotly";
      waiting.forEach((card) => showFailure(card, "The chart could not be loaded. The table holds the same numbers."));
      return;
    }
  }
  const inView = (card) => card.node.getBoundingClientRect().top < window.innerHeight;
  const first = waiting.filter(inView);
  const order = [...first, ...waiting.filter((card) => !first.includes(card))];
  let since = performance.now();
  for (const [index, card] of order.entries()) {
    if (index >= first.length && performance.now() - since > SLICE) {
      await pause();
      since = performance.now();
    }
    if (generation !== board.generation) return;
    drawCard(card);
  }
  board.root.dataset.drawn = board.payload.hash;
}

function showFailure(card, message) {
  card.plot.hidden = true;
  card.empty.hidden = false;
  card.empty.replaceChildren(make("p", "", message));
}

function drawCard(card) {
  if (!card.dirty || !card.data.chart) return;
  card.dirty = false;
  reserve(card);
  card.narrow = isNarrow(card);
  card.scale = scaleNow();
  card.width = card.plot.clientWidth;
  card.tall = card.plot.clientHeight;
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
  if (!card?.data?.chart || !card.drawn || card.plot.clientWidth === 0) return;
  const same = card.plot.clientWidth === card.width && card.plot.clientHeight === card.tall;
  if (same && card.scale === scaleNow()) return;
  if (isNarrow(card) !== card.narrow || card.scale !== scaleNow() || card.plot.classList.contains("cl-slide")) {
    card.dirty = true;
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

/* ---- The table behind the chart: it covers the chart, so that nothing moves ---- */

function showTable(card) {
  const { data } = card;
  const region = make("div", "cl-scroll");
  region.tabIndex = 0;
  region.setAttribute("role", "region");
  region.setAttribute("aria-label", "Table: " + data.title);
  region.append(tableNode(data));
  const notes = [data.rowsNote, rowsLine(data)].filter(Boolean).join(" ");
  card.sheet.replaceChildren(region, make("p", "cl-rows", notes));
  card.sheet.lastChild.hidden = !notes;
  placeTable(card);
}

function placeTable(card) {
  const area = card.data.chart ? card.plot : card.empty;
  card.sheet.style.top = area.offsetTop + "px";
  card.sheet.style.bottom = card.node.clientHeight - card.foot.offsetTop + "px";
}

function rowsLine(data) {
  const sent = data.rows.length ? data.rows[0].length : 0;
  if (data.total <= TABLE_ROWS) return "";
  const rest = data.total > sent ? "the first " + fixed(sent) : "all of them";
  return "First " + TABLE_ROWS + " of " + fixed(data.total) + " rows; the CSV holds " + rest + ".";
}

function tableNode(data) {
  const table = make("table", "cl-table");
  table.append(make("caption", "", data.title + ". " + data.subtitle));
  const top = make("tr");
  for (const column of data.columns) {
    const th = make("th", isNumber(column.kind) ? "cl-number" : "", column.label);
    th.scope = "col";
    top.append(th);
  }
  const head = make("thead");
  head.append(top);
  const body = make("tbody");
  const count = Math.min(data.rows.length ? data.rows[0].length : 0, TABLE_ROWS);
  for (let index = 0; index < count; index += 1) body.append(rowNode(data, index));
  table.append(head, body);
  return table;
}

function isNumber(kind) {
  return kind === "count" || kind === "usd" || kind === "share" || kind === "days";
}

function rowNode(data, index) {
  const row = make("tr");
  data.columns.forEach((column, place) => {
    const text = cell(data.rows[place][index], column.kind);
    const node = make(place === 0 ? "th" : "td", isNumber(column.kind) ? "cl-number" : "", text);
    if (place === 0) node.scope = "row";
    row.append(node);
  });
  return row;
}

/* ---- Exports: made here from what is on screen ---- */

function stampLines(card) {
  const { stamp } = card.board.payload;
  const rows = [card.data.title, card.data.subtitle, stamp.sentence, "As of " + stamp.as_of, "Data version " + stamp.version];
  if (stamp.synthetic) rows.push("Synthetic data");
  if (stamp.role) rows.push("View: " + stamp.role);
  return rows.filter(Boolean);
}

/* A text that a spreadsheet could take for a formula gets an apostrophe in front. */
function csvCell(value) {
  if (value === null || value === undefined) return "";
  let text = String(value);
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
  return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

export function csvText(data, lines) {
  const rows = ["# Centerline", ...lines.map((line) => csvCell("# " + line.replace(/[\r\n]+/g, " ")))];
  rows.push(data.columns.map((column) => csvCell(column.name)).join(","));
  const count = data.rows.length ? data.rows[0].length : 0;
  for (let index = 0; index < count; index += 1) rows.push(data.rows.map((column) => csvCell(column[index])).join(","));
  return "\ufeff" + rows.join("\r\n") + "\r\n";
}

function fileName(card, ending) {
  const part = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  return ["centerline", part(card.key), part(card.board.payload.stamp.as_of)].filter(Boolean).join("-") + "." + ending;
}

function save(blob, name) {
  const link = make("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function exportCsv(card) {
  save(new Blob([csvText(card.data, stampLines(card))], { type: "text/csv;charset=utf-8" }), fileName(card, "csv"));
  card.board.report(card.key, "csv");
}

let fontRule = null;

/* A picture cannot use the page's fonts; the type is written into it. */
async function embeddedFont() {
  if (fontRule !== null) return fontRule;
  fontRule = "";
  for (const sheet of document.styleSheets) {
    let rules = [];
    try { rules = [...sheet.cssRules]; } catch { continue; }
    const face = rules.find((rule) => rule instanceof CSSFontFaceRule && /Source Sans/.test(rule.cssText) && !/italic/.test(rule.cssText));
    const found = face && /url\("?([^")]+)"?\)/.exec(face.cssText);
    if (!found) continue;
    const blob = await (await fetch(new URL(found[1], sheet.href || document.baseURI))).blob();
    const address = await new Promise((done) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.readAsDataURL(blob);
    });
    fontRule = '@font-face{font-family:"Source Sans";font-weight:100 900;src:url(' + address + ')}';
    break;
  }
  return fontRule;
}

async function chartImage(card) {
  const address = await window.Plotly.toImage(card.canvas, { format: "svg", width: card.canvas.layout.width, height: card.tall });
  const text = decodeURIComponent(address.slice(address.indexOf(",") + 1));
  const face = await embeddedFont().catch(() => "");
  const picture = text.replace(/(<svg[^>]*>)/, (tag) => tag + "<style>" + face + "</style>");
  const image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(picture);
  await image.decode();
  return image;
}

function wrapped(pen, text, room) {
  const rows = [];
  let row = "";
  for (const word of text.split(/\s+/)) {
    const longer = row ? row + " " + word : word;
    if (row && pen.measureText(longer).width > room) { rows.push(row); row = word; } else row = longer;
  }
  return row ? [...rows, row] : rows;
}

async function exportPng(card) {
  const image = await chartImage(card);
  const { stamp } = card.board.payload;
  const pad = 24;
  const room = card.canvas.layout.width;
  const width = room + 2 * pad;
  const pen = document.createElement("canvas").getContext("2d");
  const parts = [
    { font: "600 19px " + FONT, color: "#1b1b1b", line: 24, text: card.data.title },
    { font: "400 14px " + FONT, color: "#565c65", line: 19, text: card.data.subtitle },
    { picture: image },
    { font: "400 12px " + FONT, color: "#565c65", line: 16, text: card.data.note },
    { font: "400 12px " + FONT, color: "#565c65", line: 16, text: stamp.sentence },
    { font: "400 12px " + FONT, color: "#565c65", line: 16, text: "Centerline · as of " + stamp.as_of + " · data version " + stamp.version + (stamp.role ? " · view: " + stamp.role : "") },
  ].filter((part) => part.picture || part.text);
  for (const part of parts) {
    if (part.picture) continue;
    pen.font = part.font;
    part.rows = wrapped(pen, part.text, room);
  }
  const height = parts.reduce((sum, part) => sum + (part.picture ? card.tall + 16 : part.rows.length * part.line), 0) + 2 * pad;
  const ratio = 2;
  pen.canvas.width = width * ratio;
  pen.canvas.height = height * ratio;
  pen.scale(ratio, ratio);
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, width, height);
  pen.textBaseline = "top";
  let top = pad;
  for (const part of parts) {
    if (part.picture) {
      pen.drawImage(image, pad, top + 8, room, card.tall);
      top += card.tall + 16;
      continue;
    }
    pen.font = part.font;
    pen.fillStyle = part.color;
    for (const row of part.rows) { pen.fillText(row, pad, top); top += part.line; }
  }
  if (stamp.synthetic) drawMark(pen, width - pad, height - pad, "Synthetic data");
  const blob = await new Promise((done) => pen.canvas.toBlob(done, "image/png"));
  save(blob, fileName(card, "png"));
  card.board.report(card.key, "png");
}

function drawMark(pen, right, bottom, text) {
  pen.font = "600 12px " + FONT;
  const wide = pen.measureText(text).width + 16;
  pen.fillStyle = "#faf3d1";
  pen.fillRect(right - wide, bottom - 20, wide, 20);
  pen.fillStyle = "#1b1b1b";
  pen.fillText(text, right - wide + 8, bottom - 16);
}
