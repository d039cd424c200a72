// Claims enter; a list of who takes which side leaves, each actor with a bar and counts.

import { UNCERTAIN, nameOf, stanceOf } from "./article.js";
import { LABELS, make } from "./page.js";

function countByActor(claims, abstain) {
  const actors = new Map();
  for (const claim of claims) {
    const name = nameOf(claim);
    if (!actors.has(name)) actors.set(name, { name, n: 0, counts: {} });
    const actor = actors.get(name);
    const stance = stanceOf(claim, abstain);
    actor.n += 1;
    actor.counts[stance] = (actor.counts[stance] ?? 0) + 1;
  }
  // Sentences without an actor stand last, however many they are.
  return [...actors.values()].sort((a, b) => (a.name === null) - (b.name === null) || b.n - a.n);
}

function actorElement(actor, chosen, choose) {
  const stances = [...LABELS, UNCERTAIN].filter((stance) => actor.counts[stance]);
  const stack = make("span", { class: "stack", "aria-hidden": "true" });
  for (const stance of stances) {
    const part = make("i", { class: stance });
    part.style.setProperty("--share", actor.counts[stance]);
    stack.append(part);
  }
  const words = stances.map((stance) => `${actor.counts[stance]} ${stance}`).join(", ");
  const line = make(
    "span",
    { class: "line" },
    make("b", {}, actor.name ?? "no actor"),
    make("span", { class: "counts", title: words }, `${actor.n} ${actor.n === 1 ? "claim" : "claims"}`),
    make("span", { class: "hidden" }, words),
  );
  const isChosen = actor.name !== null && actor.name === chosen;
  if (actor.name === null) return make("li", {}, make("div", { class: "nobody" }, line, stack));
  const button = make("button", { type: "button", "aria-pressed": String(isChosen) }, line, stack);
  button.addEventListener("click", () => choose(isChosen ? null : actor.name));
  return make("li", {}, button);
}

export function showActors(list, claims, abstain, chosen, choose) {
  const focused = [...list.querySelectorAll("button")].indexOf(document.activeElement);
  const actors = countByActor(claims, abstain);
  list.replaceChildren(...actors.map((actor) => actorElement(actor, chosen, choose)));
  if (!actors.length) list.append(make("li", { class: "note" }, "No sentence was found."));
  if (focused >= 0) list.querySelectorAll("button")[focused]?.focus();
}
