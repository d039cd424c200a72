// The reading page: a text enters, its claims leave, coloured by stance and summed up by actor.

import { showActors } from "./actors.js";
import { download, request } from "./api.js";
import { ArticleView, UNCERTAIN, nameOf, stanceOf } from "./article.js";
import { hideClaim, showClaim, showExplanation } from "./claim.js";
import { setUpFiles } from "./files.js";
import { byId, listenForKeys, make, number, percent, showStatus, sourceLine, tell, tellProblem } from "./page.js";
import { setUpPicker } from "./picker.js";

const PAUSE = 70;
const view = new ArticleView(byId("body"));
const state = { documents: [], at: 0, answer: null, abstain: 0, chosen: null, active: null };
const explanations = new Map();
let timer = 0;
let asking = null;

const current = () => state.documents[state.at];
// A file's name tells the server whether it is a web page.
const sourceOf = ({ article, text, name, isFile }) =>
  article ? { article } : { text, ...(isFile ? { name } : {}) };

// Reading

async function read(entry) {
  asking?.abort();
  asking = new AbortController();
  byId("status").textContent = "Reading";
  byId("read").disabled = true;
  try {
    const answer = await request("POST", "/api/predict", {
      body: sourceOf(entry),
      signal: asking.signal,
    });
    tell(null);
    showAnswer(entry, answer);
  } catch (problem) {
    tellProblem(problem);
  } finally {
    byId("read").disabled = false;
  }
}

function showAnswer(entry, answer) {
  Object.assign(state, { answer, chosen: null, active: null });
  explanations.clear();
  hideClaim();
  byId("intake").hidden = true;
  byId("result").hidden = false;
  byId("title").textContent = answer.title || entry.name || "Pasted text";
  document.title = `${byId("title").textContent} · stance`;
  const n = answer.claims.length;
  const took = `${number(n)} ${n === 1 ? "claim" : "claims"} in ${Math.max(1, Math.round(1000 * answer.seconds))} ms`;
  const source = sourceLine(answer).filter(Boolean);
  byId("source").replaceChildren(...source, source.length ? " · " : "", took);
  view.show(answer.text, answer.claims);
  showDocuments();
  paint();
  byId("status").textContent = took;
  byId("main").focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

function paint() {
  const { claims } = state.answer;
  view.paint(state.abstain, state.chosen);
  showActors(byId("actors"), claims, state.abstain, state.chosen, choose);
  const n = claims.filter((claim) => stanceOf(claim, state.abstain) === UNCERTAIN).length;
  byId("abstain-count").textContent = n ? `That is ${n} of ${claims.length} here.` : "";
  if (state.active !== null) activate(state.active);
}

function showDocuments() {
  const list = byId("documents");
  list.hidden = state.documents.length < 2;
  list.replaceChildren(
    ...state.documents.map((entry, i) =>
      make(
        "button",
        { type: "button", class: "small", "aria-current": i === state.at ? "true" : undefined, onclick: () => turnTo(i) },
        entry.name,
      ),
    ),
  );
}

function turnTo(index) {
  state.at = index;
  read(current());
}

function readAll(documents) {
  state.documents = documents;
  turnTo(0);
}

function openArticle(id, { remember = true } = {}) {
  if (remember) history.pushState({}, "", `/?article=${encodeURIComponent(id)}`);
  readAll([{ article: id, name: id }]);
}

function showIntake() {
  byId("result").hidden = true;
  byId("intake").hidden = false;
  document.title = "Read · stance";
  state.answer = null;
  byId("text").focus();
}

// One claim

function activate(index) {
  const claim = state.answer.claims[index];
  state.active = index;
  view.activate(index);
  showClaim(claim, state.abstain);
  clearTimeout(timer);
  if (explanations.has(index)) view.underline(showExplanation(explanations.get(index)));
  else timer = setTimeout(() => explain(index), PAUSE);
}

async function explain(index) {
  const claim = state.answer.claims[index];
  const { answer } = state;
  try {
    const explanation = await request("POST", "/api/explain", {
      body: { ...sourceOf(current()), start: claim.start, actor_start: claim.actor_start },
    });
    if (answer !== state.answer) return;
    explanations.set(index, explanation);
    if (state.active === index) view.underline(showExplanation(explanation));
  } catch (problem) {
    if (state.active === index) byId("claim-words").textContent = problem.message;
    if (!("status" in problem)) throw problem;
  }
}

function letGo() {
  if (state.active === null && state.chosen === null) return false;
  const mention = view.mentions[state.active];
  state.active = null;
  view.activate(null);
  hideClaim();
  mention?.blur();
  if (state.chosen !== null) choose(null);
  return true;
}

function choose(name) {
  state.chosen = name;
  paint();
}

function walk(step) {
  if (!state.answer) return false;
  const order = view.order.filter(
    (index) => state.chosen === null || nameOf(state.answer.claims[index]) === state.chosen,
  );
  if (!order.length) return false;
  const at = order.indexOf(state.active);
  const next = Number.isFinite(step)
    ? order[Math.max(0, Math.min(order.length - 1, at < 0 ? (step > 0 ? 0 : order.length - 1) : at + step))]
    : order.at(step > 0 ? -1 : 0);
  activate(next);
  view.mentions[next].focus({ preventScroll: true });
  view.mentions[next].scrollIntoView({ block: "nearest", behavior: "smooth" });
  return true;
}

// Ways out

async function exportAs(format, button) {
  const several = state.documents.length > 1;
  const source = several
    ? { articles: state.documents.map(({ name, text }) => ({ name, text })) }
    : sourceOf(current());
  const stem = (several ? "articles" : current().name || "article").replace(/[^\p{L}\p{N}._-]+/gu, "-");
  button.disabled = true;
  try {
    if (format === "report") await download("/api/report", `${stem}.html`, { body: source });
    else {
      const body = state.abstain ? { ...source, abstain: state.abstain } : source;
      await download("/api/export", `${stem}.${format}`, { query: { format }, body });
    }
    tell(null);
    byId("status").textContent = "Exported";
  } catch (problem) {
    tellProblem(problem);
  } finally {
    button.disabled = false;
  }
}

// Wiring

function readPasted() {
  const text = byId("text").value;
  if (!text.trim()) {
    byId("text").focus();
    return;
  }
  history.pushState({}, "", "/");
  readAll([{ text, name: "Pasted text" }]);
}

function setAbstain() {
  const value = Number(byId("abstain").value);
  state.abstain = value > Number(byId("abstain").min) ? value / 100 : 0;
  byId("abstain-value").textContent = state.abstain ? percent(state.abstain) : "never";
  paint();
}

const indexAt = (event) => {
  const part = event.target.closest?.("[data-claim]");
  return part ? Number(part.dataset.claim) : null;
};

// Text that scrolls under a pointer at rest was not pointed at.
const pointer = { x: -1, y: -1 };
const isAtRest = ({ clientX, clientY }) => clientX === pointer.x && clientY === pointer.y;

function setUpArticle() {
  for (const type of ["pointerover", "focusin", "click"]) {
    byId("body").addEventListener(type, (event) => {
      const index = indexAt(event);
      if (index === null || index === state.active) return;
      if (type === "pointerover" && isAtRest(event)) return;
      activate(index);
    });
  }
  addEventListener("pointermove", ({ clientX: x, clientY: y }) => Object.assign(pointer, { x, y }));
}

const openPicker = setUpPicker(openArticle);
byId("paste").addEventListener("submit", (event) => {
  event.preventDefault();
  readPasted();
});
byId("text").addEventListener("keydown", (event) => {
  // No article begins with a slash: in the empty field it is the key.
  if (event.key === "/" && !byId("text").value) {
    event.preventDefault();
    openPicker();
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    readPasted();
  }
});
byId("again").addEventListener("click", () => {
  history.pushState({}, "", "/");
  showIntake();
});
byId("claim-close").addEventListener("click", letGo);
byId("abstain").addEventListener("input", setAbstain);
byId("help-button").addEventListener("click", () => byId("help").showModal());
for (const button of document.querySelectorAll("[data-export]")) {
  button.addEventListener("click", () => exportAs(button.dataset.export, button));
}
byId("pick").addEventListener("click", openPicker);
setUpFiles((documents) => {
  history.pushState({}, "", "/");
  readAll(documents);
});
setUpArticle();
const isSlider = (event) => event.target === byId("abstain");
listenForKeys({
  ArrowRight: (event) => !isSlider(event) && walk(1),
  ArrowLeft: (event) => !isSlider(event) && walk(-1),
  // Without a claim in hand these keys scroll the page, as everywhere.
  Home: (event) => !isSlider(event) && state.active !== null && walk(-Infinity),
  End: (event) => !isSlider(event) && state.active !== null && walk(Infinity),
  Escape: letGo,
  "/": openPicker,
  "?": () => byId("help").showModal(),
});

function follow() {
  const article = new URLSearchParams(location.search).get("article");
  if (article) openArticle(article, { remember: false });
  else showIntake();
}
addEventListener("popstate", follow);

showStatus()
  .then(({ question }) => {
    if (question) byId("question").textContent = question;
  })
  .catch(tellProblem);
follow();
