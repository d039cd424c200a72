"""The report as a reader has it: in a real browser, with and without script, wide and narrow."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from browser import open_browser
from test_cli import run

PROJECT = Path(__file__).parent.parent
SEED = PROJECT.parent / "shared" / "seed"
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
HOSTILE = """---
title: <script>document.title = 'owned'</script>
date: 2020-08-12
outlet: "><img src=https://example.org/x.png onerror="document.title='owned'">
url: javascript:document.title='owned'
---

Ann Lee rejected <script>document.title = 'owned'</script> the vote as rigged.
"""


@pytest.fixture(scope="module")
def browser():
    with open_browser() as found:
        yield found


@pytest.fixture(scope="module")
def report(model_folder, tmp_path_factory):
    """Thirty articles of the corpus, and one that means harm."""
    folder = tmp_path_factory.mktemp("report")
    articles = folder / "articles"
    articles.mkdir()
    for path in sorted((PROJECT / "data" / "raw").glob("*.md"))[:30]:
        shutil.copy(path, articles)
    (articles / "hostile.md").write_text(HOSTILE, encoding="utf-8")
    run("report", articles, "-o", folder / "r.html", "--model", model_folder)
    return folder / "r.html"


@pytest.fixture
def visit(browser):
    """Open a page; when the test ends, nothing but the page itself has been asked for."""
    contexts, requests, errors = [], [], []

    def opened(path, **options):
        context = browser.new_context(**{"viewport": WIDE, **options})
        contexts.append(context)
        page = context.new_page()
        page.route("**/*", lambda route: (requests.append(route.request.url), route.continue_()))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert all(url.startswith("file://") for url in requests)
    assert len(requests) == len(contexts)
    assert errors == []


def visible_claims(page):
    return page.locator("#claims li:not([hidden])").count()


def test_nothing_of_an_article_runs_and_nothing_is_fetched(visit, report):
    page = visit(report)
    page.wait_for_timeout(100)
    assert page.title().startswith("Who stands where")
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0
    assert page.get_by_text("<script>document.title = 'owned'</script>").count() >= 2


def test_filters_work_by_keyboard(visit, report):
    page = visit(report)
    total = visible_claims(page)
    assert page.locator("output").inner_text().startswith(f"All {total:,} claims")
    page.locator("select[name=actor]").focus()
    page.keyboard.press("ArrowDown")
    first = page.locator("select[name=actor] option").nth(1).inner_text()
    wanted = int(first.rsplit("(", 1)[1].rstrip(")"))
    assert visible_claims(page) == wanted
    assert f"{wanted:,} of {total:,}" in page.locator("output").inner_text()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "c":
            break
    page.keyboard.press("Space")
    stances = page.locator("#claims li:not([hidden])").evaluate_all(
        "items => items.map(item => item.dataset.stance)"
    )
    assert "c" not in stances
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "reset":
            break
    page.keyboard.press("Enter")
    page.locator("output", has_text="All ").wait_for()
    assert visible_claims(page) == total


def test_filters_by_outlet_and_date(visit, report):
    page = visit(report)
    page.select_option("select[name=outlet]", index=1)
    name = page.locator("select[name=outlet] option").nth(1).inner_text().rsplit(" (", 1)[0]
    shown = page.locator("#claims article:not([hidden])")
    assert {text.split(" · ")[1] for text in shown.locator(".source").all_text_contents()} == {name}
    page.locator("button[type=reset]").click()
    page.fill("input[name=from]", "2020-08-06")
    page.fill("input[name=to]", "2020-08-08")
    dates = shown.evaluate_all("articles => articles.map(article => article.dataset.date)")
    assert dates
    assert all("2020-08-06" <= day <= "2020-08-08" for day in dates)


def test_an_actor_of_the_chart_leads_to_its_claims(visit, report):
    page = visit(report)
    link = page.locator("#actors tbody th a").first
    name = link.inner_text()
    link.focus()
    page.keyboard.press("Enter")
    shown = page.locator("#claims li:not([hidden]) .who b").all_inner_texts()
    assert set(shown) == {name}
    assert page.evaluate("document.activeElement.id") == "claims"
    # A place that the filter hides is shown when somebody goes there.
    page.evaluate("document.querySelector('#index a[href=\"#c1\"]').click()")
    assert page.locator("#c1").is_visible()


def test_without_script_everything_is_there(visit, report):
    page = visit(report, java_script_enabled=False)
    assert not page.locator("#filters").is_visible()
    assert page.locator("#claims li").first.is_visible()
    assert page.locator("#actors tbody th a").first.get_attribute("href") == "#actor-0"
    assert page.locator("#actor-0").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_it_fits_the_screen_and_can_be_read(visit, report, scheme, size):
    page = visit(report, viewport=size, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    overflowing = page.evaluate(
        """() => [...document.querySelectorAll('td, th, .chip, figcaption, label')]
             .filter(cell => cell.checkVisibility() && !cell.closest('.scroll, thead'))
             .filter(cell => cell.scrollWidth > cell.clientWidth + 1 && cell.clientWidth)
             .map(cell => cell.outerHTML.slice(0, 200))"""
    )
    assert overflowing == []
    assert page.evaluate(CONTRAST) == []


# Contrast of text with what is behind it, by the formula of WCAG 2; 4.5 is what it asks for.
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => rgb(colour).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (rgb(colour)[3] === 255) return colour;
    }
    return 'white';
  };
  const bad = new Set();
  for (const element of document.querySelectorAll('main *, header *')) {
    if (![...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    if (!element.checkVisibility() || element.closest('svg')) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return [...bad];
}"""


def test_a_screen_reader_hears_rows_of_the_chart(visit, report):
    page = visit(report, viewport=PHONE)  # where the table is laid out as cards
    table = page.get_by_role("table", name="Actors with the most statements")
    row = table.get_by_role("row").nth(1)
    assert row.get_by_role("rowheader").count() == 1
    assert row.get_by_role("cell").count() == 6
    chart = page.get_by_role("img", name="All statements: corrected balance")
    assert "n = " in chart.first.get_attribute("aria-label")


def test_it_prints(visit, report):
    page = visit(report, color_scheme="dark")
    assert page.pdf(format="A4")[:5] == b"%PDF-"
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible()
    page.set_viewport_size({"width": 680, "height": 1000})  # A4 less its margins
    assert page.locator("#actors thead").first.bounding_box()["height"] > 10  # no cards
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"


@pytest.mark.skipif(not SEED.is_dir(), reason="the seed article lies beside the project only here")
def test_the_seed_article(visit, model_folder, tmp_path):
    run("report", SEED, "-o", tmp_path / "seed.html", "--model", model_folder)
    page = visit(tmp_path / "seed.html", viewport=PHONE)
    assert visible_claims(page) > 5
    assert page.locator("#time").count() == 0
