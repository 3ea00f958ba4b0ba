/* ---- What numbers mean, and whether they are signal or noise ---- */

function figureHead(figure, index, stamp) {
  const head = make("div", "cl-figure-head");
  head.append(make("p", "cl-label", figure.label));
  if (!figure.definition) return head;
  const button = make("button", "cl-info", "i");
  const tip = tipNode(figure, stamp);
  tip.id = "cl-tip-" + figure.metric_id.replace(/[^\w-]/g, "") + "-" + index;
  tip.setAttribute("role", "tooltip");
  button.type = "button";
  button.setAttribute("aria-label", "What " + figure.label + " means");
  button.setAttribute("aria-describedby", tip.id);
  button.addEventListener("keydown", (event) => { if (event.key === "Escape") button.blur(); });
  head.append(button, tip);
  return head;
}

/* The definition, then what stands behind the number and from when and which data it comes. */
function tipNode(figure, stamp) {
  const tip = make("div", "cl-tip");
  const facts = [...figure.facts, ["As of", stamp.as_of], ["Data", [stamp.version, stamp.load].filter(Boolean).join(", ")]];
  tip.append(make("div", "cl-tip-definition", figure.definition));
  for (const [name, words] of facts) {
    const line = make("div", "cl-fact");
    line.append(make("span", "cl-fact-name", name), " ", make("span", "", words));
    tip.append(line);
  }
  return tip;
}

/* Signal or noise: a shape, a word, and whether the target will be met. */
const SHAPES = { good: "■", bad: "◆", up: "▲", down: "▼", none: "" };

function shapeOf(tone) {
  const shape = make("span", "cl-shape", SHAPES[tone]);
  shape.setAttribute("aria-hidden", "true");
  return shape;
}

function signalNode(figure) {
  const line = make("p", "cl-signal cl-signal-" + figure.signal_tone);
  const word = make("span", "cl-signal-word");
  if (SHAPES[figure.signal_tone]) word.append(shapeOf(figure.signal_tone), " ");
  word.append(make("span", "cl-hidden", "Signal: "), figure.signal[0].toUpperCase() + figure.signal.slice(1));
  line.append(word);
  if (figure.assurance) line.append(" ", make("span", "cl-assurance", figure.assurance[0].toUpperCase() + figure.assurance.slice(1)));
  return line;
}

/* What the numbers of a card mean: its subject's signal in a word, the definitions when it is opened. */
function aboutNode(card) {
  const details = make("details", "cl-details cl-about");
  card.aboutHead = make("summary");
  card.aboutText = make("div", "cl-meanings");
  details.name = card.title.id + "-open";
  details.append(card.aboutHead, card.aboutText);
  closeByEscape(details, card.aboutHead);
  return details;
}

/* `about`: name, signal, word and tone of each metric, its subject first; `meanings`: name -> definition, once for all cards. */
function fillAbout(card, about, meanings) {
  card.about.hidden = about.length === 0;
  const text = JSON.stringify(about);
  if (about.length === 0 || card.aboutSaid === text) return;
  card.aboutSaid = text;
  const [[name, , said, tone]] = about;
  const word = make("span", "cl-signal-word", said);
  if (SHAPES[tone]) word.prepend(shapeOf(tone), " ");
  card.about.className = "cl-details cl-about cl-signal-" + tone;
  card.aboutHead.replaceChildren(make("span", "cl-about-name", said ? name + ": " : "What it means"), word);
  card.aboutText.replaceChildren(...about.flatMap(([metric, signal]) => meaningNodes(metric, meanings[metric], signal)));
}

function meaningNodes(name, definition, signal) {
  const text = make("p");
  text.append(make("strong", "", name + ". "), definition);
  return signal ? [text, make("p", "cl-about-signal", "Signal: " + signal + ".")] : [text];
}

function closeByEscape(details, summary) {
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    summary.focus();
  });
}
