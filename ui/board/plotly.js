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
  ]).then(([plotly]) => quickened(plotly), (error) => { plotlyLoading = null; throw error; });
  return plotlyLoading;
}

/* At every drawing Plotly walks the whole schema of each trace to learn which of its attributes are arrays: a fifth of the
   time of its drawing. The answer depends on the trace's type and on where it has arrays, so it is kept by these. Where
   Plotly is built otherwise, nothing is changed and the charts are the same. */
function quickened(plotly) {
  const schema = plotly.PlotSchema;
  const walk = schema?.findArrayAttributes;
  if (typeof walk !== "function" || walk.clQuick) return plotly;
  const known = new Map();
  const quick = (trace) => {
    const places = [];
    if (!arrayPlaces(trace, "", places, 0)) return walk(trace);
    const key = trace.type + " " + places.join();
    if (!known.has(key)) known.set(key, walk(trace));
    return known.get(key).slice();
  };
  quick.clQuick = walk;
  try {
    schema.findArrayAttributes = quick;
  } catch {
    /* It may not be replaced: Plotly walks as it always did. */
  }
  return plotly;
}

/* Collect where arrays are; false when one holds objects, whose own arrays would count too. */
function arrayPlaces(value, path, places, depth) {
  for (const name in value) {
    if (name[0] === "_") continue;
    const part = value[name];
    if (Array.isArray(part) || ArrayBuffer.isView(part)) {
      places.push(path + name);
      if (part[0] && typeof part[0] === "object" && !Array.isArray(part[0]) && !ArrayBuffer.isView(part[0])) return false;
    } else if (part && typeof part === "object" && (depth > 4 || !arrayPlaces(part, path + name + ".", places, depth + 1))) return false;
  }
  return true;
}
