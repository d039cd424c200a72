// Markdown enters, elements leave: headings, paragraphs, lists, tables; enough for a guideline. It is
// built of elements and text, so that markup in it is shown and never obeyed.

import { make } from "./page.js";

const INLINE = /\*\*(.+?)\*\*|\*(.+?)\*|`(.+?)`|\[(.+?)\]\((.+?)\)/g;

function inline(text) {
  const children = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, strong, em, code, link] = found;
    children.push(text.slice(at, found.index));
    if (strong) children.push(make("strong", {}, strong));
    else if (em) children.push(make("em", {}, em));
    else if (code) children.push(make("code", {}, code));
    // The pages that a guideline points to are files beside it, which the app does not serve.
    else children.push(link);
    at = found.index + whole.length;
  }
  children.push(text.slice(at));
  return children;
}

const cellsOf = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

function table(lines) {
  const [head, , ...rows] = lines.map(cellsOf);
  return make(
    "div",
    { class: "scroll" },
    make(
      "table",
      {},
      make("thead", {}, make("tr", {}, ...head.map((cell) => make("th", { scope: "col" }, ...inline(cell))))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, ...inline(cell)))))),
    ),
  );
}

function list(lines) {
  const items = [];
  for (const line of lines) {
    if (/^[-*] /.test(line)) items.push(line.slice(2));
    else items.push(`${items.pop() ?? ""} ${line.trim()}`);
  }
  return make("ul", {}, ...items.map((item) => make("li", {}, ...inline(item.trim()))));
}

function block(lines) {
  const [first] = lines;
  const heading = /^(#+) (.*)/.exec(first);
  // The dialog has the first two levels.
  if (heading) {
    const rest = lines.slice(1);
    const title = make(heading[1].length > 2 ? "h4" : "h3", {}, ...inline(heading[2]));
    return rest.length ? [title, ...block(rest)] : [title];
  }
  if (first.trimStart().startsWith("|") && lines.length > 1) return [table(lines)];
  if (/^[-*] /.test(first)) return [list(lines)];
  return [make("p", {}, ...inline(lines.join(" ")))];
}

export function renderGuideline(markdown) {
  const blocks = markdown.replaceAll("\r", "").split(/\n\s*\n/);
  return blocks.map((text) => text.split("\n").filter(Boolean)).filter((lines) => lines.length).flatMap(block);
}
