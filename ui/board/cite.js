/* Cite this view: what is on screen in a sentence, with a link that keeps its data version, to copy with one click. */
export default function cite({ data, parentElement }) {
  const told = (parentElement.clCite ??= build(parentElement));
  told.data = data;
  if (!told.panel.hidden) fill(told);
  return () => told.holder.remove();
}

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function build(parent) {
  const holder = element("div", "cl-cite");
  const button = element("button", "cl-cite-button", "Cite this view");
  const panel = element("div", "cl-cite-panel");
  const told = { holder, button, panel, words: element("p", "cl-cite-words"), link: element("input", "cl-cite-link"), data: null };
  const label = element("label", "cl-cite-label", "Link to this view with its data version");
  const copy = element("button", "cl-cite-copy", "Copy");
  const said = element("span", "cl-cite-said");
  button.type = copy.type = "button";
  panel.id = "cl-cite-panel";
  panel.hidden = true;
  panel.setAttribute("role", "group");
  panel.setAttribute("aria-label", "Citation");
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", panel.id);
  told.link.readOnly = true;
  told.link.id = "cl-cite-link";
  label.htmlFor = told.link.id;
  said.setAttribute("role", "status");
  const open = (wanted) => {
    panel.hidden = !wanted;
    button.setAttribute("aria-expanded", String(wanted));
    said.textContent = "";
    if (wanted) { fill(told); copy.focus(); }
  };
  button.addEventListener("click", () => open(panel.hidden));
  holder.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    open(false);
    button.focus();
  });
  copy.addEventListener("click", async () => {
    fill(told);
    said.textContent = (await copied(told.words.textContent + " " + told.link.value, told.link)) ? "Copied" : "Press Ctrl+C to copy the link";
  });
  const row = element("div", "cl-cite-row");
  row.append(copy, said);
  panel.append(told.words, label, told.link, row);
  holder.append(button, panel);
  parent.append(holder);
  return told;
}

/* The address as it is now, which names every filter, with the version that answered it. */
function fill({ words, link, data }) {
  const address = new URL(window.location.href);
  address.searchParams.set("version", data.version);
  address.hash = "";
  words.textContent = data.words;
  link.value = address.href;
}

/* The clipboard is there on secure addresses alone; elsewhere the link is selected, and copied where the browser still allows it. */
async function copied(text, link) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    link.select();
    return false;
  }
}
