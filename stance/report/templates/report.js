"use strict";
(() => {
  const form = document.getElementById("filters");
  const articles = Array.from(document.querySelectorAll("#claims article"), (element) => ({
    element,
    outlet: element.dataset.outlet,
    date: element.dataset.date,
    claims: Array.from(element.querySelectorAll("li")),
  }));
  const total = articles.reduce((sum, article) => sum + article.claims.length, 0);
  const say = new Intl.NumberFormat("en");

  const apply = () => {
    const wanted = new FormData(form);
    const actor = wanted.get("actor") || "";
    const outlet = wanted.get("outlet") || "";
    const from = wanted.get("from") || "";
    const to = wanted.get("to") || "";
    const stances = new Set(wanted.getAll("stance"));
    let shown = 0;
    for (const article of articles) {
      const fits =
        (!outlet || article.outlet === outlet) &&
        (!from || (article.date && article.date >= from)) &&
        (!to || (article.date && article.date <= to));
      let here = 0;
      for (const claim of article.claims) {
        const { actor: who, stance } = claim.dataset;
        claim.hidden = !(fits && (!actor || who === actor) && stances.has(stance));
        here += claim.hidden ? 0 : 1;
      }
      article.element.hidden = here === 0;
      shown += here;
    }
    form.querySelector("output").textContent =
      shown === total
        ? `All ${say.format(total)} claims are shown.`
        : `${say.format(shown)} of ${say.format(total)} claims are shown.`;
  };

  const choose = (name, value) => {
    form.reset();
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
    apply();
  };

  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    const { actor, outlet } = link.dataset;
    if (actor !== undefined || outlet !== undefined) {
      event.preventDefault();
      choose(actor !== undefined ? "actor" : "outlet", actor !== undefined ? actor : outlet);
      const claims = document.getElementById("claims");
      claims.scrollIntoView();
      claims.focus({ preventScroll: true });
      return;
    }
    const place = document.getElementById(link.hash.slice(1));
    if (place && place.closest("[hidden]")) choose("actor", "");
  });
  apply();
})();
