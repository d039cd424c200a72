// A pair enters; the article around it opens, its sentence marked, labels beside it unless blind.

import { request } from "./api.js";
import { slice, toPoints } from "./offsets.js";
import { byId, make, shape, sourceLine, tellProblem, tell } from "./page.js";

// The pieces of a text: the sentence asked about, the mentions that bear labels, and what is between.
function marksOf(pair, labels) {
  const marks = [{ start: pair.start, end: pair.end, isHere: true }];
  for (const label of labels) {
    const start = label.start + label.actor_start;
    const end = label.start + label.actor_end;
    const isFree = marks.every((mark) => end <= mark.start || mark.end <= start);
    const isLabelled = label.actor && label.label && label.label !== "none";
    if (isLabelled && isFree) marks.push({ start, end, label });
  }
  return marks.sort((a, b) => a.start - b.start);
}

function markElement(mark, text) {
  if (mark.isHere) return make("mark", { id: "here", class: "around-here" }, text);
  const { label, canonical } = mark.label;
  const title = `${canonical}: ${label}`;
  return make("mark", { class: `labelled ${label}`, title }, shape(label), text);
}

function paragraphsOf(text, marks) {
  const points = toPoints(text);
  const paragraphs = [make("p")];
  const addText = (piece) => {
    const [first, ...rest] = piece.split(/\n\s*\n/);
    paragraphs.at(-1).append(first);
    for (const part of rest) paragraphs.push(make("p", {}, part));
  };
  let at = 0;
  for (const mark of marks) {
    addText(slice(points, at, mark.start));
    paragraphs.at(-1).append(markElement(mark, slice(points, mark.start, mark.end)));
    at = mark.end;
  }
  addText(slice(points, at));
  return paragraphs;
}

export async function showAround(pair, { blind, annotator }) {
  try {
    const article = await request("GET", `/api/articles/${encodeURIComponent(pair.article)}`, {
      query: { blind: blind ? 1 : 0, annotator },
    });
    tell(null);
    byId("article-title").textContent = article.title || pair.article;
    byId("article-source").replaceChildren(...sourceLine(article).filter(Boolean));
    byId("article-body").replaceChildren(...paragraphsOf(article.text, marksOf(pair, article.labels ?? [])));
    byId("article").showModal();
    byId("article-body").focus();
    byId("here").scrollIntoView({ block: "center" });
  } catch (problem) {
    tellProblem(problem);
  }
}
