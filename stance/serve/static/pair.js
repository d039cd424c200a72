// A pair of sentence and actor enters; it is shown, its mention and name are edited, and the row
// that was meant leaves.

import { countPoints, offsetWithin, slice, toPoints, wordsOf } from "./offsets.js";
import { LABELS, byId, make, percent, sourceLine } from "./page.js";

const AROUND = 260;

// The words next to the sentence, cut between words, on one line.
function cutBefore(text) {
  const flat = text.replace(/\s+/g, " ");
  return flat.length <= AROUND ? flat : `…\u00a0${flat.slice(-AROUND).replace(/^\S*\s/, "")}`;
}

function cutAfter(text) {
  const flat = text.replace(/\s+/g, " ");
  return flat.length <= AROUND ? flat : `${flat.slice(0, AROUND).replace(/\s\S*$/, "")}\u00a0…`;
}

export class Pair {
  constructor(onProblem) {
    this.onProblem = onProblem;
    document.addEventListener("pointerup", () => setTimeout(() => this.#takeSelection(), 0));
    byId("actor").addEventListener("change", () => this.#takeTyped());
    byId("canonical").addEventListener("input", () => (this.canonical = byId("canonical").value.trim()));
  }

  show(item, saved) {
    this.item = item;
    this.points = toPoints(item.sentence);
    this.words = wordsOf(item.sentence);
    this.start = item.actor_start;
    this.end = item.actor_end;
    this.canonical = item.canonical ?? "";
    byId("note").value = item.note ?? "";
    Object.assign(this, saved ?? {});
    if (saved) byId("note").value = saved.note;
    byId("pair-title").replaceChildren(item.title || item.article, " · ", ...sourceLine(item).filter(Boolean));
    byId("reason").textContent = item.reason;
    byId("reason").className = `badge ${item.arm}`;
    byId("before").textContent = cutBefore(item.before);
    byId("after").textContent = cutAfter(item.after);
    this.#showLabels();
    this.render();
  }

  #showLabels() {
    const { label, probabilities } = this.item;
    for (const button of document.querySelectorAll("[data-label]")) {
      const share = probabilities?.[button.dataset.label];
      button.style.setProperty("--share", share ?? 0);
      const text = button.querySelector(".share");
      if (text) text.textContent = share === undefined ? "" : percent(share);
      button.setAttribute("aria-pressed", String(label === button.dataset.label));
    }
    const parts = [];
    if (label) parts.push(`Labelled “${label}” so far.`);
    if (probabilities) {
      const best = LABELS.reduce((a, b) => (probabilities[b] > probabilities[a] ? b : a));
      parts.push(`The model says “${best}”, ${percent(probabilities[best])}.`);
    }
    byId("known").textContent = parts.join(" ");
  }

  get actor() {
    return slice(this.points, this.start, this.end);
  }

  render() {
    const mark = make("mark", {}, this.actor);
    byId("sentence").replaceChildren(
      slice(this.points, 0, this.start),
      this.end > this.start ? mark : "",
      slice(this.points, this.end),
    );
    if (document.activeElement !== byId("actor")) byId("actor").value = this.actor;
    if (document.activeElement !== byId("canonical")) byId("canonical").value = this.canonical;
  }

  // What has changed hands when the pair is put aside and taken up again.
  get edits() {
    return { start: this.start, end: this.end, canonical: this.canonical, note: byId("note").value };
  }

  get row() {
    const { key, article, start, end } = this.item;
    return {
      key,
      article,
      start,
      end,
      actor_start: this.start,
      actor_end: this.end,
      canonical: this.canonical,
      note: byId("note").value.trim(),
    };
  }

  // A name that was only the mention follows the mention.
  #setMention(start, end) {
    if (start >= end || start < 0 || end > this.points.length) return false;
    const followed = this.canonical === this.actor || this.canonical === "";
    this.start = start;
    this.end = end;
    if (followed) this.canonical = this.actor;
    this.render();
    return true;
  }

  moveEnd(step) {
    if (this.end === this.start) return this.#setFirstWord();
    if (step > 0) {
      const next = this.words.find(([, end]) => end > this.end);
      return next ? this.#setMention(this.start, next[1]) : false;
    }
    const inside = this.words.filter(([start, end]) => start >= this.start && end < this.end);
    return inside.length ? this.#setMention(this.start, inside.at(-1)[1]) : false;
  }

  moveStart(step) {
    if (this.end === this.start) return this.#setFirstWord();
    if (step < 0) {
      const before = this.words.filter(([start]) => start < this.start);
      return before.length ? this.#setMention(before.at(-1)[0], this.end) : false;
    }
    const next = this.words.find(([start, end]) => start > this.start && end <= this.end);
    return next ? this.#setMention(next[0], this.end) : false;
  }

  #setFirstWord() {
    return this.words.length > 0 && this.#setMention(...this.words[0]);
  }

  #takeSelection() {
    const selection = getSelection();
    const sentence = byId("sentence");
    if (!this.item || !selection.rangeCount || selection.isCollapsed) return;
    const range = selection.getRangeAt(0);
    if (!sentence.contains(range.startContainer) || !sentence.contains(range.endContainer)) return;
    let start = offsetWithin(sentence, range.startContainer, range.startOffset);
    let end = offsetWithin(sentence, range.endContainer, range.endOffset);
    while (start < end && /\s/.test(this.points[start])) start += 1;
    while (start < end && /\s/.test(this.points[end - 1])) end -= 1;
    if (this.#setMention(start, end)) selection.removeAllRanges();
  }

  // The mention as typed must stand in the sentence; of several places the nearest is meant.
  #takeTyped() {
    const typed = byId("actor").value.trim();
    const places = typed ? placesOf(typed, this.item.sentence) : [];
    if (!places.length) {
      this.onProblem(
        typed
          ? `“${typed}” does not stand in the sentence; mark the words there instead.`
          : "A mention needs words; press x where nobody takes part.",
      );
      byId("actor").value = this.actor;
      return;
    }
    this.onProblem(null);
    const distance = (place) => Math.abs(place - this.start);
    const place = places.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    this.#setMention(place, place + countPoints(typed));
  }
}

function placesOf(words, text) {
  const places = [];
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    places.push(countPoints(text.slice(0, at)));
  }
  return places;
}
