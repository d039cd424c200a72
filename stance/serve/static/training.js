// A press of the button enters; the progress of the training leaves, and what it changed per actor.

import { request } from "./api.js";
import { byId, make, percent, tell, tellProblem } from "./page.js";

const PAUSE = 1_000;
const SHOWN = 12;
const FIGURES = [
  ["accuracy", "Accuracy"],
  ["macro_f1", "Macro-F1"],
];

const signed = (change) => `${change > 0 ? "+" : ""}${(100 * change).toFixed(1)}`;

function figuresTable(before, after) {
  const rows = FIGURES.filter(([name]) => Number.isFinite(after?.[name])).map(([name, title]) => {
    const old = before?.[name];
    const change = Number.isFinite(old) ? ` (${signed(after[name] - old)})` : "";
    return make("tr", {}, make("td", {}, title), make("td", { class: "change" }, percent(after[name]), change));
  });
  return rows.length ? make("table", {}, make("tbody", {}, ...rows)) : null;
}

function changedTable(changed) {
  if (!changed?.length) return make("p", { class: "note" }, "No actor's accuracy is another than before.");
  const rows = changed.slice(0, SHOWN).map(({ actor, before, after, n }) => {
    const share = (value) => (Number.isFinite(value) ? percent(value) : "–");
    const from = make("span", {}, `${share(before)} → ${share(after)}`);
    return make("tr", {}, make("td", {}, actor), make("td", { class: "change" }, from), make("td", {}, String(n)));
  });
  const head = ["Actor", "Accuracy", "n"].map((title) => make("th", { scope: "col" }, title));
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
  const more = changed.length - SHOWN;
  return make("div", { class: "scroll" }, table, more > 0 ? make("p", { class: "note" }, `and ${more} more`) : null);
}

export function setUpTraining(onTrained) {
  let timer = 0;

  function show(job) {
    const isRunning = job.state === "running";
    byId("training").hidden = job.state === "idle";
    byId("train").disabled = isRunning;
    byId("train").textContent = isRunning ? "Training …" : "Train";
    byId("train-progress").hidden = !isRunning;
    if (job.progress > 0) byId("train-progress").value = job.progress;
    else byId("train-progress").removeAttribute("value");
    const isDone = job.state === "done";
    byId("train-message").textContent = isDone ? "The new model is in use." : job.message;
    byId("train-result").replaceChildren(
      ...(isDone ? [figuresTable(job.before, job.after), changedTable(job.changed)].filter(Boolean) : []),
    );
    return isRunning;
  }

  async function follow(wasRunning) {
    clearTimeout(timer);
    try {
      const job = await request("GET", "/api/train");
      const isRunning = show(job);
      if (isRunning) timer = setTimeout(() => follow(true), PAUSE);
      else if (wasRunning && job.state === "done") onTrained();
    } catch (problem) {
      // The training runs in a process of its own: a moment without an answer does not end it.
      if (problem.isPassing && wasRunning) timer = setTimeout(() => follow(true), 3 * PAUSE);
      else tellProblem(problem);
    }
  }

  byId("train").addEventListener("click", async () => {
    byId("train").disabled = true;
    try {
      await request("POST", "/api/train", { body: {} });
      tell(null);
      await follow(true);
    } catch (problem) {
      byId("train").disabled = false;
      tellProblem(problem);
      // Another tab may have started one: then its progress is of interest here, too.
      if (problem.status === 409) follow(true);
    }
  });
  follow(false);
}
