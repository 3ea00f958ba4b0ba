/* The button that shows a board full screen. It hands over what the stage says, and reports the slide that is shown. */
export default function start({ data, parentElement, setTriggerValue }) {
  const stages = (window.centerlineStages ??= new Map());
  stages.set(data.board, { ...data, report: (slide) => setTriggerValue("slide", slide) });
  let button = parentElement.querySelector("button.cl-start");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    button.className = "cl-start";
    button.textContent = "Present full screen";
    parentElement.append(button);
  }
  button.onclick = () => window.centerlineStage?.(data.board, true);
  answered(data, (click) => setTriggerValue("file", click));
  window.centerlineStage?.(data.board, false);
  return () => {
    stages.delete(data.board);
    button.remove();
  };
}
