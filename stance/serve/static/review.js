// The review page: a queue of pairs enters, decisions leave; one key a label.

import { request, requestText } from "./api.js";
import { showAround } from "./around.js";
import { renderGuideline } from "./guideline.js";
import { Outbox } from "./outbox.js";
import { LABELS, bars, byId, listenForKeys, make, number, showStatus, tell, tellProblem } from "./page.js";
import { Pair } from "./pair.js";
import { setUpTraining } from "./training.js";

const AHEAD = 20;
const REFILL = 8;
const REFRESH = 400;
const SETTINGS = "stance-review";

const state = { queue: [], behind: [], done: [], versions: new Map(), names: new Set(), filling: null, round: 0, isCut: false };
const pair = new Pair((message) => (message ? tell(message) : showOutbox()));
const outbox = new Outbox({
  bodyOf: withVersion,
  saved: onSaved,
  conflict: onConflict,
  changed: showOutbox,
});

// Settings

const settings = { annotator: "", mode: "mixed", label: "criticizes", blind: false, ...readSettings() };

function readSettings() {
  try {
    return JSON.parse(localStorage.getItem(SETTINGS) ?? "{}");
  } catch {
    return {};
  }
}

function showSettings() {
  byId("annotator").value = settings.annotator;
  byId("mode").value = settings.mode;
  byId("class").value = settings.label;
  byId("blind").checked = settings.blind;
  byId("class-field").hidden = settings.mode !== "class";
}

function set(changes) {
  Object.assign(settings, changes);
  localStorage.setItem(SETTINGS, JSON.stringify(settings));
  showSettings();
  startOver();
}

// The queue

async function startOver() {
  state.round += 1;
  Object.assign(state, { queue: [], behind: [], done: [], filling: null });
  byId("undo").disabled = true;
  byId("welcome").hidden = settings.annotator !== "";
  for (const id of ["card", "empty", "actions", "settings"]) byId(id).hidden = true;
  if (!settings.annotator) {
    byId("name").focus();
    return;
  }
  byId("settings").hidden = false;
  await fill();
  showFirst();
}

function fill() {
  state.filling ??= fetchMore(state.round).finally(() => (state.filling = null));
  return state.filling;
}

async function fetchMore(round) {
  try {
    const { annotator, mode, label, blind } = settings;
    const found = await request("GET", "/api/labels/queue", {
      query: { annotator, mode, label: mode === "class" ? label : null, blind: blind ? 1 : 0, n: AHEAD },
    });
    if (round !== state.round) return;
    const known = new Set([...state.queue, ...state.behind, ...state.done.map((d) => d.item)].map((i) => i.key));
    for (const { key } of waiting()) known.add(key);
    state.queue.push(...found.items.filter((item) => !known.has(item.key)));
    offerNames(found.items);
    showProgress(found);
    state.isCut = false;
  } catch (problem) {
    state.isCut = true;
    if (outbox.problem) showOutbox();
    else tellProblem(problem);
  }
}

const waiting = () => outbox.entries.filter((entry) => entry.item).map((entry) => entry.item);

function showFirst() {
  const [item] = state.queue;
  byId("card").hidden = !item;
  byId("empty").hidden = Boolean(item) || state.isCut;
  byId("actions").hidden = false;
  byId("skip").disabled = byId("around").disabled = !item;
  if (!item) return;
  pair.show(item, item.edits);
  byId("sentence").focus({ preventScroll: true });
}

async function next() {
  if (state.queue.length <= REFILL && state.queue.length) fill();
  if (!state.queue.length) await fill();
  showFirst();
}

function skip() {
  if (!state.queue.length) return;
  const item = state.queue.shift();
  state.behind.push({ ...item, edits: pair.edits });
  showOutbox();
  next();
}

function back() {
  const item = state.behind.pop();
  if (!item) return;
  if (state.queue.length) state.queue[0] = { ...state.queue[0], edits: pair.edits };
  state.queue.unshift(item);
  showFirst();
}

// Decisions

function decide(label) {
  if (!state.queue.length) return;
  const item = state.queue.shift();
  const { annotator, blind } = settings;
  const id = crypto.randomUUID();
  const body = { id, ...pair.row, label, annotator, blind };
  state.done.push({ id, item: { ...item, edits: pair.edits } });
  showOutbox();
  byId("undo").disabled = false;
  showSaved("Saving …");
  outbox.add({ method: "POST", path: "/api/labels", body, item, label, version: item.version ?? 0 });
  next();
}

function undo() {
  const last = state.done.pop();
  if (!last) return;
  byId("undo").disabled = !state.done.length;
  showSaved("Taking back …");
  outbox.add({
    method: "DELETE",
    path: `/api/labels/${encodeURIComponent(last.id)}`,
    query: { annotator: settings.annotator },
    item: last.item,
  });
  if (state.queue.length) state.queue[0] = { ...state.queue[0], edits: pair.edits };
  state.queue.unshift(last.item);
  showFirst();
}

// What this page has itself saved since is known to it; anything newer is somebody else's.
function withVersion(entry) {
  if (entry.method !== "POST") return undefined;
  return { ...entry.body, expected_version: state.versions.get(entry.item.key) ?? entry.version };
}

function onSaved(entry, answer) {
  if (answer?.version !== undefined) state.versions.set(entry.item.key, answer.version);
  showSaved(entry.method === "DELETE" ? "Taken back" : `Saved: ${entry.label}`);
  if (outbox.size) return;
  clearTimeout(state.timer);
  state.timer = setTimeout(refreshProgress, REFRESH);
  if (!state.queue.length && state.isCut) next();
}

function onConflict(entry, problem) {
  if (entry.method === "DELETE") {
    outbox.drop(entry);
    tell(problem.message);
    outbox.resume();
    return;
  }
  byId("conflict-text").textContent = `${problem.message} You said “${entry.label}”.`;
  byId("conflict-sentence").textContent = entry.item.sentence;
  const settle = (keepMine) => {
    byId("conflict").close();
    if (keepMine) {
      state.versions.set(entry.item.key, problem.body.version);
      outbox.replace(entry, { version: problem.body.version });
    } else {
      outbox.drop(entry);
      state.done = state.done.filter(({ id }) => id !== entry.body.id);
      byId("undo").disabled = !state.done.length;
      showSaved("Theirs was kept");
    }
    outbox.resume();
  };
  byId("keep-mine").onclick = () => settle(true);
  byId("keep-theirs").onclick = () => settle(false);
  byId("conflict").showModal();
}

// What waits to be saved is more important than any other notice, and is not wiped away by one.
function showOutbox() {
  const { problem } = outbox;
  if (!problem) {
    tell(null);
    return;
  }
  const n = outbox.size;
  const what = `${n} ${n === 1 ? "decision waits" : "decisions wait"} in this browser and will be sent again.`;
  const again = make("button", { type: "button", class: "small", onclick: () => outbox.resume() }, "Try now");
  const drop = make("button", { type: "button", class: "small", onclick: discardFirst }, "Discard it");
  tell([`${problem.message} ${what}`, again, problem.isPassing ? "" : drop]);
  showSaved(`Not saved yet: ${n}`);
}

// A decision that the server refuses for good, as where its article was deleted, bars the way.
function discardFirst() {
  outbox.drop(outbox.entries[0]);
  outbox.problem = null;
  showOutbox();
  outbox.resume();
}

const showSaved = (text) => (byId("saved").textContent = text);

// Progress

function showProgress({ progress, agreement }) {
  if (progress) {
    byId("done").textContent = number(progress.done);
    byId("total").textContent = `of ${number(progress.total)} reviewed by you`;
    byId("progress").max = Math.max(1, progress.total);
    byId("progress").value = progress.done;
    const counts = progress.by_label ?? {};
    const sum = LABELS.reduce((n, label) => n + (counts[label] ?? 0), 0);
    const shares = Object.fromEntries(LABELS.map((label) => [label, (counts[label] ?? 0) / (sum || 1)]));
    byId("by-label").replaceChildren(...(sum ? [bars(shares)] : []));
  }
  const hasAlpha = Number.isFinite(agreement?.alpha);
  byId("alpha").textContent = hasAlpha ? agreement.alpha.toFixed(2) : "–";
  byId("alpha-n").textContent = agreement?.n ? `over ${number(agreement.n)} pairs` : "no pair was read twice yet";
}

async function refreshProgress() {
  try {
    const { annotator, blind } = settings;
    const query = { annotator, mode: "random", blind: blind ? 1 : 0, n: 1 };
    showProgress(await request("GET", "/api/labels/queue", { query }));
  } catch (problem) {
    // Saving tells of a server that is gone; figures can wait.
    if (!("status" in problem)) throw problem;
  }
}

// Guideline and export

async function openGuideline() {
  byId("help").showModal();
  if (byId("guideline").childElementCount) return;
  try {
    byId("guideline").replaceChildren(...renderGuideline(await requestText("/api/guideline")));
  } catch (problem) {
    byId("guideline").replaceChildren(make("p", { class: "note" }, problem.message));
    if (!("status" in problem)) throw problem;
  }
}

async function exportLabels() {
  byId("export").disabled = true;
  try {
    const answer = await request("POST", "/api/labels/export", { body: {} });
    byId("export-note").textContent = exportedText(answer);
    tell(null);
  } catch (problem) {
    tellProblem(problem);
  } finally {
    byId("export").disabled = false;
  }
}

const OUTCOMES = ["added", "changed", "removed", "confirmed", "stale"];

function exportedText(counts) {
  const parts = OUTCOMES.filter((name) => counts[name]).map((name) => `${number(counts[name])} ${name}`);
  return `reviewed.jsonl has ${number(counts.rows)} rows: ${parts.join(", ") || "nothing new"}.`;
}

// Wiring

byId("who").addEventListener("submit", (event) => {
  event.preventDefault();
  const annotator = byId("name").value.trim();
  if (annotator) set({ annotator });
});
byId("settings").addEventListener("submit", (event) => event.preventDefault());
byId("annotator").addEventListener("change", () => set({ annotator: byId("annotator").value.trim() }));
byId("mode").addEventListener("change", () => set({ mode: byId("mode").value }));
byId("class").addEventListener("change", () => set({ label: byId("class").value }));
byId("blind").addEventListener("change", () => set({ blind: byId("blind").checked }));
for (const button of document.querySelectorAll("[data-label]")) {
  button.addEventListener("click", () => decide(button.dataset.label));
}
byId("undo").addEventListener("click", undo);
byId("skip").addEventListener("click", skip);
const openAround = () => state.queue.length && showAround(state.queue[0], settings);
byId("around").addEventListener("click", openAround);
byId("guide").addEventListener("click", openGuideline);
byId("help-button").addEventListener("click", openGuideline);
byId("export").addEventListener("click", exportLabels);

const focusOn = (id) => () => {
  byId(id).focus();
  byId(id).select();
};
for (const id of ["actor", "canonical", "note"]) {
  byId(id).addEventListener("keydown", (event) => {
    const leaves = event.key === "Escape" || (event.key === "Enter" && id !== "note");
    if (!leaves) return;
    event.preventDefault();
    byId(id).blur();
    byId("sentence").focus({ preventScroll: true });
  });
}

const edit = (change) => () => {
  if (state.queue.length) change();
};
listenForKeys({
  1: () => decide("criticizes"),
  c: () => decide("criticizes"),
  2: () => decide("neutral"),
  n: () => decide("neutral"),
  3: () => decide("supports"),
  s: () => decide("supports"),
  x: () => decide("none"),
  u: undo,
  k: skip,
  j: back,
  a: openAround,
  "?": openGuideline,
  b: () => set({ blind: !settings.blind }),
  w: focusOn("canonical"),
  e: focusOn("note"),
  "Shift+ArrowRight": edit(() => pair.moveEnd(1)),
  "Shift+ArrowLeft": edit(() => pair.moveEnd(-1)),
  "Shift+ArrowUp": edit(() => pair.moveStart(-1)),
  "Shift+ArrowDown": edit(() => pair.moveStart(1)),
});

// Names that were met are offered for the next pair.
function offerNames(items) {
  for (const { canonical } of items) if (canonical) state.names.add(canonical);
  byId("names").replaceChildren(...[...state.names].sort().map((value) => make("option", { value })));
}

showStatus()
  .then(({ question }) => (byId("question").textContent = question))
  .catch(tellProblem);
showSettings();
setUpTraining(() => {
  showStatus().catch(tellProblem);
  startOver();
});
startOver();
if (outbox.size) outbox.send();
