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

/* A text that a spreadsheet could take for a formula gets an apostrophe in front. Its twin for files that the server writes: `harmless` in ui/sheet.py. */
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
