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

// The model reads a sentence in several views; to a reader the same word is one word.
function strongestOf(contributions) {
  const merged = new Map();
  for (const { view, term, weight } of contributions) {
    const kind = CATEGORIES.has(view) ? "category" : view === "article" ? "article" : "word";
    const key = `${kind} ${term}`;
    const entry = merged.get(key) ?? { kind, term, weight: 0 };
    entry.weight += weight;
    merged.set(key, entry);
  }
  const sorted = [...merged.values()].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return sorted.slice(0, SHOWN);
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
  const strongest = strongestOf(explanation.contributions);
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
