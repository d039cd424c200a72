// A claim and its explanation enter; the card with its probabilities and its words leaves.

import { nameOf, stanceOf } from "./article.js";
import { bars, byId, make, shape } from "./page.js";

const SHOWN = 7;
const CATEGORIES = new Set(["categories", "near_categories"]);

export function showClaim(claim, abstain) {
  const stance = stanceOf(claim, abstain);
  byId("claim-title").textContent = claim.actor ? nameOf(claim) : "The sentence as a whole";
  byId("claim-stance").className = `verdict ${stance}`;
  byId("claim-stance").replaceChildren(shape(stance), stance);
  byId("claim-bars").replaceChildren(bars(claim.probabilities));
  byId("claim-words").replaceChildren(make("p", { class: "note" }, "…"));
  byId("claim").hidden = false;
  byId("claim-hint").hidden = true;
}

export function hideClaim() {
  byId("claim").hidden = true;
  byId("claim-hint").hidden = false;
}

// What a reader takes for one thing: a word that several views hold, or of which letters were read.
function entryOf({ view, term, weight }) {
  if (CATEGORIES.has(view)) return { kind: "category", term: term.toLowerCase().replaceAll("_", " "), weight };
  if (view === "article") return { kind: "article", term, weight };
  return { kind: "word", term: term.replace(/[^\p{L}\p{N}]+$/u, ""), weight };
}

const holds = (phrase, words) => ` ${phrase} `.includes(` ${words} `);

// Two runs of words belong together where one is part of the other and both pull one way.
function isOne(a, b) {
  if (a.kind !== b.kind || a.weight > 0 !== b.weight > 0) return false;
  if (a.kind !== "word") return a.term === b.term;
  return holds(a.term, b.term) || holds(b.term, a.term);
}

// Shares are added, never dropped: “streets” and “to the streets” make one line with both weights,
// named by the stronger of the two, which comes first.
function strongestOf(terms) {
  const entries = [];
  for (const entry of terms.map(entryOf)) {
    const kin = entries.find((other) => isOne(other, entry));
    if (!kin) entries.push(entry);
    else kin.weight += entry.weight;
  }
  entries.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return entries.slice(0, SHOWN);
}

function termElement({ kind, term }) {
  if (kind === "category") return make("span", { class: "term" }, make("em", {}, "kind of word: "), term);
  if (kind === "article") return make("span", { class: "term" }, make("em", {}, term));
  const pieces = term.split(/\bACTOR\b/);
  const children = pieces.flatMap((piece, i) => (i ? [make("em", {}, "the actor"), piece] : [piece]));
  return make("span", { class: "term" }, ...children);
}

function weightElement(weight, largest) {
  const bar = make("i", { class: weight > 0 ? "for" : "against" });
  bar.style.setProperty("--share", Math.abs(weight) / largest);
  const text = `${weight > 0 ? "for" : "against"}, ${Math.abs(weight).toFixed(2)}`;
  return make("span", { class: "weight" }, bar, make("span", { class: "hidden" }, text));
}

// Returns the words that spoke for the stance, to be marked in the sentence.
export function showExplanation(explanation) {
  const strongest = strongestOf(explanation.terms);
  if (!strongest.length) {
    byId("claim-words").replaceChildren(make("p", { class: "note" }, "The model knows none of them."));
    return [];
  }
  const largest = Math.max(...strongest.map(({ weight }) => Math.abs(weight)));
  const scale = make(
    "p",
    { class: "scale", "aria-hidden": "true" },
    make("span", {}, `for “${explanation.explained}”`),
    make("span", {}, make("span", {}, "against"), make("span", {}, "for")),
  );
  const items = strongest.map((entry) =>
    make("li", {}, termElement(entry), weightElement(entry.weight, largest)),
  );
  byId("claim-words").replaceChildren(scale, make("ol", {}, ...items));
  return strongest.filter((e) => e.kind === "word" && e.weight > 0).map((e) => e.term.replace(/\bACTOR\b/g, " "));
}
