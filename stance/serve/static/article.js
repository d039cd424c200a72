// An article and its claims enter; paragraphs leave in which each claim's words carry its stance.

import { slice, toPoints } from "./offsets.js";
import { LABELS, make, percent, shape } from "./page.js";

export const UNCERTAIN = "uncertain";

const BLANK_LINE = /\n[^\S\n]*\n\s*/;

// The likeliest stance; the first of the three wins a tie, as it does on the server.
export function stanceOf(claim, abstain = 0) {
  const best = LABELS.reduce((a, b) => (claim.probabilities[b] > claim.probabilities[a] ? b : a));
  return claim.probabilities[best] < abstain ? UNCERTAIN : best;
}

export const nameOf = (claim) => claim.canonical ?? claim.actor;

function groupBySentence(claims) {
  const sentences = new Map();
  claims.forEach((claim, index) => {
    const key = `${claim.start}-${claim.end}`;
    if (!sentences.has(key)) sentences.set(key, { start: claim.start, end: claim.end, claims: [] });
    sentences.get(key).claims.push({ ...claim, index });
  });
  return [...sentences.values()].sort((a, b) => a.start - b.start);
}

// Where claims overlap, words belong to the one whose stretch is shorter: the inner clause.
function ownerAt(place, claims) {
  const covering = claims.filter((claim) => claim.span_start <= place && place < claim.span_end);
  covering.sort((a, b) => a.span_end - a.span_start - (b.span_end - b.span_start));
  return covering[0] ?? null;
}

function partsOf(sentence, points) {
  const { claims } = sentence;
  const length = sentence.end - sentence.start;
  const edges = new Set([0, length]);
  for (const claim of claims) {
    for (const edge of [claim.span_start, claim.span_end, claim.actor_start, claim.actor_end]) {
      if (edge !== null && edge >= 0 && edge <= length) edges.add(edge);
    }
  }
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((start, i) => ({
    start,
    end: sorted[i + 1],
    text: slice(points, sentence.start + start, sentence.start + sorted[i + 1]),
    owner: ownerAt(start, claims),
  }));
}

function who(claim) {
  if (!claim.canonical || claim.canonical === claim.actor) return null;
  return make("span", { class: "who" }, claim.canonical);
}

// A line may end within a mention, but not between its marker and its first word.
function mentionElement(claim, text) {
  const [first] = /^\S*/.exec(text);
  const knot = make("span", { class: "knot" }, shape(UNCERTAIN), first);
  const element = make("span", { role: "button", tabindex: "-1", "data-claim": claim.index }, knot);
  element.append(text.slice(first.length));
  if (claim.actor) element.append(...[who(claim)].filter(Boolean));
  return element;
}

function sentenceElement(sentence, points) {
  // A model of texts as a whole takes several paragraphs for one sentence.
  const text = slice(points, sentence.start, sentence.end);
  const element = make("span", { class: BLANK_LINE.test(text) ? "said whole" : "said" });
  let mentioned = -1;
  for (const part of partsOf(sentence, points)) {
    const starting = sentence.claims.filter((c) => c.actor && c.actor_start === part.start);
    const inside = sentence.claims.some(
      (c) => c.actor && c.actor_start <= part.start && part.start < c.actor_end,
    );
    if (!inside || part.start < mentioned) {
      // A mention inside another's mention keeps its marker, without the words a second time.
      if (part.start >= mentioned) {
        const words = make("span", { class: "part" }, part.text);
        if (part.owner) words.dataset.claim = part.owner.index;
        element.append(words);
      }
      for (const claim of starting) element.append(mentionElement(claim, ""));
      continue;
    }
    const [first, ...others] = starting;
    if (!first) continue;
    const text = slice(points, sentence.start + first.actor_start, sentence.start + first.actor_end);
    element.append(mentionElement(first, text), ...others.map((c) => mentionElement(c, "")));
    mentioned = Math.max(mentioned, first.actor_end);
  }
  for (const claim of sentence.claims.filter((c) => !c.actor)) {
    element.append(" ", mentionElement(claim, ""));
  }
  return element;
}

// Text between sentences: a blank line in it ends the paragraph.
function addGap(paragraphs, text) {
  const [first, ...rest] = text.split(BLANK_LINE);
  paragraphs.at(-1).append(first);
  for (const piece of rest) paragraphs.push(make("p", {}, piece));
}

export class ArticleView {
  constructor(element) {
    this.element = element;
    this.claims = [];
  }

  show(text, claims) {
    this.claims = claims;
    const points = toPoints(text);
    const paragraphs = [make("p")];
    let at = 0;
    for (const sentence of groupBySentence(claims)) {
      if (sentence.start < at) continue;
      addGap(paragraphs, slice(points, at, sentence.start));
      paragraphs.at(-1).append(sentenceElement(sentence, points));
      at = sentence.end;
    }
    addGap(paragraphs, slice(points, at, points.length));
    this.element.replaceChildren(...paragraphs.filter((p) => p.textContent.trim() || p.children.length));
    this.parts = [...this.element.querySelectorAll("[data-claim]")];
    this.mentions = [];
    for (const part of this.parts) {
      if (part.role === "button" || part.getAttribute("role") === "button") {
        this.mentions[part.dataset.claim] = part;
      }
    }
  }

  // Where along the text the claims stand, for walking: as printed, not as answered.
  get order() {
    return this.parts.filter((p) => p.classList.contains("mention")).map((p) => Number(p.dataset.claim));
  }

  paint(abstain, chosen) {
    this.element.classList.toggle("dim", chosen !== null);
    for (const part of this.parts) {
      const claim = this.claims[part.dataset.claim];
      const stance = stanceOf(claim, abstain);
      const isMention = part.getAttribute("role") === "button";
      part.className = `${isMention ? "mention" : "part"} ${stance}`;
      part.classList.toggle("chosen", chosen !== null && chosen === nameOf(claim));
      if (isMention) this.#name(part, claim, stance);
    }
    this.activate(this.active ?? null);
  }

  #name(part, claim, stance) {
    part.querySelector(".shape").className = `shape ${stance}`;
    part.classList.toggle("bare", !part.textContent);
    const name = claim.actor ? nameOf(claim) : "the sentence, no actor";
    const how = stance === UNCERTAIN ? UNCERTAIN : `${stance}, ${percent(claim.probabilities[stance])}`;
    part.setAttribute("aria-label", `${name}: ${how}`);
  }

  activate(index) {
    this.active = index;
    for (const part of this.parts) {
      part.classList.toggle("active", index !== null && Number(part.dataset.claim) === index);
    }
    this.mentions.forEach((mention, i) => {
      mention.tabIndex = i === (index ?? this.order[0]) ? 0 : -1;
    });
    this.underline([]);
  }

  // Mark the words of the active claim's sentence that the model took for its stance. A highlight
  // of the browser leaves the elements as they are; where there is none, the list has to do.
  underline(terms) {
    if (!CSS.highlights) return;
    const mention = this.mentions[this.active];
    const ranges = mention ? terms.flatMap((term) => rangesOf(term, mention.closest(".said"))) : [];
    CSS.highlights.set("words", new Highlight(...ranges));
  }
}

function textNodesOf(element) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement.classList.contains("who") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  const nodes = [];
  for (let node = walker.nextNode(), at = 0; node; node = walker.nextNode()) {
    nodes.push({ node, start: at, end: (at += node.length) });
  }
  return nodes;
}

function rangesOf(term, element) {
  const nodes = textNodesOf(element);
  const text = nodes.map(({ node }) => node.data).join("");
  const words = term.match(/[\p{L}\p{N}]+/gu);
  if (!words) return [];
  const pattern = new RegExp(
    `(?<![\\p{L}\\p{N}])${words.join("[^\\p{L}\\p{N}]+")}(?![\\p{L}\\p{N}])`,
    "giu",
  );
  return [...text.matchAll(pattern)].map((found) => rangeAt(nodes, found.index, found[0].length));
}

function rangeAt(nodes, start, length) {
  const range = document.createRange();
  const first = nodes.find((n) => start < n.end);
  const last = nodes.find((n) => start + length <= n.end);
  range.setStart(first.node, start - first.start);
  range.setEnd(last.node, start + length - last.start);
  return range;
}
