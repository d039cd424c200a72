// What is typed enters; the article chosen from the collection leaves.

import { request } from "./api.js";
import { byId, make, number, tellProblem } from "./page.js";

const SHOWN = 50;
const PAUSE = 120;

export function setUpPicker(open) {
  const dialog = byId("picker");
  const query = byId("query");
  const list = byId("found");
  let articles = [];
  let selected = 0;
  let timer = 0;
  let asking = null;
  // Whoever types fast presses Enter before the list has come.
  let isWanted = false;
  let isStale = false;

  function select(index) {
    if (!articles.length) return;
    selected = Math.max(0, Math.min(index, articles.length - 1));
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === selected)));
    query.setAttribute("aria-activedescendant", `found-${selected}`);
    list.children[selected].scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    if (!articles[index]) return;
    dialog.close();
    open(articles[index].id);
  }

  function itemOf(article, index) {
    const about = [article.outlet, article.date].filter(Boolean).join(" · ");
    const labels = article.n_labels ? `${article.n_labels} labels` : "";
    return make(
      "li",
      { role: "option", id: `found-${index}`, "aria-selected": "false", onclick: () => take(index) },
      make("b", {}, article.title || article.id),
      make("span", { class: "source" }, [about, labels].filter(Boolean).join(" · ")),
    );
  }

  async function search() {
    asking?.abort();
    asking = new AbortController();
    try {
      const found = await request("GET", "/api/articles", {
        query: { query: query.value.trim(), limit: SHOWN },
        signal: asking.signal,
      });
      articles = found.articles;
      list.replaceChildren(...articles.map(itemOf));
      byId("found-count").textContent =
        found.total > articles.length
          ? `${number(found.total)} articles, the first ${articles.length} shown`
          : `${number(found.total)} articles`;
      query.removeAttribute("aria-activedescendant");
      isStale = false;
      select(0);
      if (isWanted) take(0);
      isWanted = false;
    } catch (problem) {
      if (problem.name === "AbortError") return;
      dialog.close();
      tellProblem(problem);
    }
  }

  query.addEventListener("input", () => {
    clearTimeout(timer);
    isStale = true;
    isWanted = false;
    timer = setTimeout(search, PAUSE);
  });
  query.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in moves) select(selected + moves[event.key]);
    else if (event.key !== "Enter") return;
    else if (isStale) isWanted = true;
    else take(selected);
    event.preventDefault();
  });

  return () => {
    dialog.showModal();
    query.focus();
    query.select();
    isWanted = false;
    isStale = true;
    if (!articles.length) byId("found-count").textContent = "Looking …";
    search();
  };
}
