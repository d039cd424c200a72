// Elements, notices and keys that both pages share. Text enters the page as text, never as markup.

import { request } from "./api.js";

export const LABELS = ["criticizes", "neutral", "supports"];

export const byId = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const shape = (stance) => make("span", { class: `shape ${stance}`, "aria-hidden": "true" });

export const percent = (share) => `${Math.round(100 * share)} %`;

export function number(value) {
  return new Intl.NumberFormat("en").format(value);
}

// A link leads out of the app only to the web: an article's front matter may say javascript:.
export function webLink(url, text) {
  if (!/^https?:\/\//i.test(url ?? "")) return null;
  return make("a", { href: url, rel: "noreferrer noopener", target: "_blank" }, text);
}

export function sourceLine(article) {
  const parts = [article.outlet, article.date].filter(Boolean);
  const link = webLink(article.url, "original");
  return [parts.join(" · "), link && parts.length ? " · " : null, link];
}

export function bars(probabilities) {
  return make(
    "dl",
    { class: "bars" },
    ...LABELS.map((label) => {
      const meter = make("span", { class: `bar ${label}` });
      meter.style.setProperty("--share", probabilities[label] ?? 0);
      const value = make("span", { class: "value" }, percent(probabilities[label] ?? 0));
      return make("div", {}, make("dt", {}, shape(label), label), make("dd", {}, meter, value));
    }),
  );
}

export function tell(message) {
  byId("notice").hidden = !message;
  byId("notice").replaceChildren(...[].concat(message ?? []));
}

export function tellProblem(problem) {
  if (problem?.name === "AbortError") return;
  tell(problem.message);
  if (!("status" in problem)) throw problem;
}

export const isTyping = (event) =>
  event.target.closest?.("input:not([type=range], [type=checkbox]), textarea, select") !== null;

// Keys by name; a key held with Ctrl, Alt or Meta belongs to the browser.
export function listenForKeys(keys) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (isTyping(event) || document.querySelector("dialog[open]")) return;
    const name = event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key;
    if (!(name in keys)) return;
    if (keys[name](event) !== false) event.preventDefault();
  });
}

export async function showStatus() {
  const status = await request("GET", "/api/status");
  byId("target").textContent = status.target;
  return status;
}
