"""The web app as people have it: read and reviewed in a real browser, by mouse and by keys."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from browser import open_browser
from serving import Server, copy_corpus, serving

import stance
from stance.articles import parse_article
from stance.reading import read

PROJECT = Path(__file__).parent.parent
WIDE, PHONE, NARROW = (
    {"width": width, "height": height} for width, height in ((1360, 900), (390, 844), (320, 640))
)
# An emoji is one character to the server and two to the browser.
TEXT = (
    "🗳️🗳️ Ann Lee rejected the vote as rigged on day 1. Bob Ray praised the vote as fair.\n\n"
    "The EU condemned the count and called it a fraud. Ann Lee will meet reporters on Monday."
)
HOSTILE = """---
title: <script>document.title = 'owned'</script>
date: 2020-08-12
outlet: "><img src=x onerror="document.title='owned'">
url: javascript:document.title='owned'
---

Ann Lee rejected <script>document.title = 'owned'</script> the vote as rigged. Bob Ray praised
<img src=x onerror="document.title='owned'"> the vote as fair.
"""
PAGE = """<html><body><article><p>Ann Lee rejected the vote as rigged on day 2.</p>
<script>document.title = 'owned'</script><img src=x onerror="document.title = 'owned'">
<p>Bob Ray praised the vote as fair on day 2.</p></article></body></html>"""
LABELS = ("criticizes", "neutral", "supports")


@pytest.fixture(scope="module")
def browser():
    with open_browser() as found:
        yield found


@pytest.fixture(scope="module")
def server(corpus_folder, model_folder, tmp_path_factory):
    """A server for reading, which changes nothing."""
    folder = copy_corpus(corpus_folder, tmp_path_factory.mktemp("serve"))
    (folder / "raw" / "hostile.md").write_text(HOSTILE, encoding="utf-8")
    guideline = PROJECT / "docs" / "guideline.md"
    running = Server(folder, model_folder, "--guideline", str(guideline))
    yield running
    running.kill()


@pytest.fixture
def own_server(corpus_folder, model_folder, tmp_path):
    """A server whose journal and model nobody else writes to."""
    folder = copy_corpus(corpus_folder, tmp_path)
    shutil.copytree(model_folder, folder / "model")
    with serving(folder, folder / "model") as running:
        yield running


@pytest.fixture
def start_server():
    """Start servers; none outlives the test."""
    started = []

    def start(*arguments):
        started.append(Server(*arguments))
        return started[-1]

    yield start
    for running in started:
        running.kill()


def read_journal(folder: Path) -> list[dict]:
    path = folder / "labels" / "review-journal.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def visit(browser):
    """Open a page; when the test ends, no script has failed and no policy was broken."""
    contexts, errors, foreign = [], [], []

    def opened(url, context=None, **options):
        if context is None:
            context = browser.new_context(**{"viewport": WIDE, **options})
            contexts.append(context)
        page = context.new_page()
        origin = re.match(r"http://[^/]+", url)[0]
        page.on("request", lambda r: r.url.startswith((origin, "blob:")) or foreign.append(r.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(f"{message.type}: {message.text}"))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    # A browser tells of every refused request; that is what some tests are about.
    assert [error for error in errors if "Failed to load resource" not in error] == []
    assert foreign == []


def expect(locator):
    """Wait for a locator; waiting for a function would be against the page's policy."""
    from playwright.sync_api import expect as waits

    return waits(locator)


def read_text(page, text=TEXT):
    page.locator("#text").fill(text)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#result:not([hidden])")


def shown_text(page):
    """The article as it stands on the page, without the names that were put beside mentions."""
    return page.evaluate(
        """() => {
            const copy = document.getElementById("body").cloneNode(true);
            copy.querySelectorAll(".who").forEach((chip) => chip.remove());
            return copy.textContent;
        }"""
    )


def squeeze(text):
    return re.sub(r"\s+", "", text)


def mark_of(page):
    return page.locator("#sentence mark").text_content()


def axe_findings(page):
    from axe_playwright_python.sync_playwright import Axe

    violations = Axe().run(page).response["violations"]
    return [
        (v["id"], [n["target"] for n in v["nodes"]][:5])
        for v in violations
        if v["impact"] in ("serious", "critical")
    ]


# Reading


def test_every_claim_stands_where_the_model_made_it(visit, server, model_folder):
    page = visit(server.origin)
    read_text(page)
    claims = read(parse_article(TEXT, "", "text"), stance.load(model_folder))
    assert squeeze(shown_text(page)) == squeeze(TEXT)
    for number, claim in enumerate(claims):
        mention = page.locator(f".mention[data-claim='{number}']")
        assert claim.stance in mention.get_attribute("class").split()
        name = mention.locator(".who").text_content() if mention.locator(".who").count() else ""
        assert mention.text_content() == (claim.actor or "") + name


def test_the_keyboard_alone_walks_the_claims(visit, server, model_folder):
    page = visit(server.origin)
    page.keyboard.insert_text(TEXT)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#result:not([hidden])")
    claims = read(parse_article(TEXT, "", "text"), stance.load(model_folder))
    for claim in claims:
        page.keyboard.press("ArrowRight")
        assert page.locator("#claim-title").text_content() == claim.canonical
        assert page.locator("#claim-stance").text_content() == claim.stance
        shown = page.locator("#claim-bars .value").all_text_contents()
        assert shown == [f"{round(100 * claim.probabilities[label])} %" for label in LABELS]
        page.wait_for_selector("#claim-words li")
        assert page.evaluate("document.activeElement.classList.contains('active')")
    page.keyboard.press("Home")
    assert page.locator("#claim-title").text_content() == claims[0].canonical
    page.keyboard.press("Escape")
    assert page.locator("#claim").is_hidden()


def test_the_words_that_drove_a_claim_are_marked_in_its_sentence(visit, server):
    page = visit(server.origin)
    read_text(page)
    page.locator(".mention").first.hover()
    page.wait_for_selector("#claim-words li")
    terms = page.locator("#claim-words .term").all_text_contents()
    assert any("rejected" in term for term in terms)
    marked = page.evaluate("[...CSS.highlights.get('words')].map((range) => range.toString())")
    assert "rejected" in " ".join(marked)
    sentence = page.locator(".said").first.text_content()
    assert all(words in sentence for words in marked)


def test_the_panel_counts_each_actor_and_shows_one_alone(visit, server, model_folder):
    page = visit(server.origin)
    read_text(page)
    claims = read(parse_article(TEXT, "", "text"), stance.load(model_folder))
    counts = Counter(claim.canonical for claim in claims)
    rows = page.locator("#actors button")
    assert rows.count() == len(counts)
    assert rows.first.locator("b").text_content() == "Ann Lee"
    assert rows.first.locator(".counts").text_content() == f"{counts['Ann Lee']} claims"
    rows.first.click()
    walked = []
    for _ in range(counts["Ann Lee"] + 1):
        page.keyboard.press("ArrowRight")
        walked.append(page.locator(".mention.active").get_attribute("data-claim"))
    assert set(walked) == {str(i) for i, c in enumerate(claims) if c.canonical == "Ann Lee"}
    assert page.locator(".mention.chosen").count() == counts["Ann Lee"]


def test_the_slider_abstains_as_the_library_does(visit, server, model_folder):
    page = visit(server.origin)
    read_text(page)
    page.locator("#abstain").focus()
    page.keyboard.press("End")
    assert page.locator("#abstain-value").text_content() == "99 %"
    claims = read(parse_article(TEXT, "", "text"), stance.load(model_folder), abstain=0.99)
    shown = [m.get_attribute("class").split()[1] for m in page.locator(".mention").all()]
    assert shown == [claim.stance for claim in claims]
    assert "uncertain" in shown


def test_an_article_is_picked_by_keys_and_left_by_the_back_button(visit, server):
    page = visit(server.origin)
    page.keyboard.press("/")
    page.wait_for_selector("#found li")
    page.keyboard.type("article 7")
    expect(page.locator("#found-count")).to_have_text("1 articles")
    page.keyboard.press("Enter")
    page.wait_for_selector("#result:not([hidden])")
    assert page.locator("#title").text_content() == "Article 7"
    assert page.url.endswith("/?article=article-7")
    page.reload()
    page.wait_for_selector("#result:not([hidden])")
    page.go_back()
    page.wait_for_selector("#intake:not([hidden])")


def test_files_are_read_turned_over_and_exported(visit, server, tmp_path, model_folder):
    (tmp_path / "one.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "two.md").write_text("---\ntitle: Two\n---\nBob Ray praised the vote.", "utf-8")
    page = visit(server.origin)
    page.locator("#files").set_input_files([tmp_path / "one.txt", tmp_path / "two.md"])
    page.wait_for_selector("#result:not([hidden])")
    assert page.locator("#documents button").all_text_contents() == ["one.txt", "two.md"]
    page.get_by_role("button", name="two.md").click()
    expect(page.locator("#title")).to_have_text("Two")
    exported = {}
    for name in ("JSON", "CSV", "HTML report"):
        with page.expect_download() as found:
            page.get_by_role("button", name=name, exact=True).click()
        exported[name] = Path(found.value.path()).read_text("utf-8-sig")
    n = len(read(parse_article(TEXT, "", "text"), stance.load(model_folder))) + 1
    assert len(list(csv.DictReader(io.StringIO(exported["CSV"])))) == n
    assert exported["JSON"].count('"canonical"') >= n
    assert json.loads(exported["JSON"])
    assert exported["HTML report"].startswith("<!doctype html>")
    assert "Bob Ray praised the vote." in re.sub("<[^>]+>", "", exported["HTML report"])


def test_a_dropped_web_page_is_read_and_not_run(visit, server):
    page = visit(server.origin)
    page.evaluate(
        """(html) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([html], "page.html", { type: "text/html" }));
            for (const type of ["dragover", "drop"]) {
                document.body.dispatchEvent(new DragEvent(
                    type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
            }
        }""",
        PAGE,
    )
    page.wait_for_selector("#result:not([hidden]) .mention")
    assert "rejected the vote" in shown_text(page)
    assert "owned" not in page.title()


@pytest.mark.parametrize("how", ["pasted", "picked"])
def test_markup_in_an_article_harms_nobody(visit, server, how):
    page = visit(server.origin)
    if how == "pasted":
        read_text(page, HOSTILE)
    else:
        page.goto(server.origin + "/?article=hostile")
        page.wait_for_selector("#result:not([hidden])")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#claim-words li")
    assert "<script>document.title = 'owned'</script>" in shown_text(page)
    assert page.locator("#title").text_content() == "<script>document.title = 'owned'</script>"
    assert page.title().endswith("· stance")
    assert page.locator("img, iframe, a[href^='javascript']").count() == 0
    assert page.locator("script").count() == 1


def test_an_error_of_the_server_is_said_plainly(visit, server):
    page = visit(server.origin + "/?article=nowhere")
    page.wait_for_selector("#notice:not([hidden])")
    assert "No article 'nowhere'" in page.locator("#notice").text_content()


# Reviewing


def begin_review(page, name="ann"):
    page.wait_for_selector("#name")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_selector("#sentence mark")


def wait_saved(page, text):
    expect(page.locator("#saved")).to_have_text(text)


def test_reviewing_by_keys_alone(visit, own_server):
    page = visit(own_server.origin + "/review")
    begin_review(page)
    sentences = []
    for key, label in (("1", "criticizes"), ("n", "neutral"), ("3", "supports")):
        sentences.append(page.locator("#sentence").text_content())
        page.keyboard.press(key)
        wait_saved(page, f"Saved: {label}")
    rows = read_journal(own_server.folder)
    assert [row["label"] for row in rows] == list(LABELS)
    assert [row["sentence"] for row in rows] == sentences
    assert {row["annotator"] for row in rows} == {"ann"}
    page.keyboard.press("u")
    wait_saved(page, "Taken back")
    assert page.locator("#sentence").text_content() == sentences[-1]
    assert read_journal(own_server.folder)[-1]["undoes"] == rows[-1]["id"]
    page.keyboard.press("x")
    wait_saved(page, "Saved: none")
    assert read_journal(own_server.folder)[-1]["sentence"] == sentences[-1]
    expect(page.locator("#done")).to_have_text("3")


def test_mention_name_and_note_are_edited_by_keys(visit, own_server):
    page = visit(own_server.origin + "/review?")
    begin_review(page)
    while mark_of(page) != "Ann Lee":
        page.keyboard.press("k")
    page.keyboard.press("Shift+ArrowRight")
    words = mark_of(page)
    assert words.startswith("Ann Lee ")
    assert words.count(" ") == 2
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    assert mark_of(page) == "Lee"
    page.keyboard.press("w")
    page.keyboard.type("Ann B. Lee")
    page.keyboard.press("Enter")
    page.keyboard.press("e")
    page.keyboard.type("2 of them are sure")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    wait_saved(page, "Saved: criticizes")
    [row] = read_journal(own_server.folder)
    assert (row["actor"], row["canonical"]) == ("Lee", "Ann B. Lee")
    assert row["sentence"][row["actor_start"] : row["actor_end"]] == "Lee"
    assert row["note"] == "2 of them are sure"


def test_the_mention_is_marked_with_the_mouse_or_typed(visit, own_server):
    page = visit(own_server.origin + "/review")
    begin_review(page)
    while "Bob Ray" != mark_of(page):
        page.keyboard.press("k")
    box = page.locator("#sentence").evaluate(
        """e => { const range = document.createRange(); const node = e.lastChild;
            range.setStart(node, node.data.length - 5); range.setEnd(node, node.data.length - 4);
            const { x, y, width, height } = range.getBoundingClientRect();
            return [x + width / 2, y + height / 2]; }"""
    )
    page.mouse.dblclick(*box)
    expect(page.locator("#sentence mark")).not_to_have_text("Bob Ray")
    assert mark_of(page) == "day"
    page.locator("#actor").fill("nobody of that name")
    page.keyboard.press("Enter")
    assert "does not stand in the sentence" in page.locator("#notice").text_content()
    page.locator("#actor").fill("Ray")
    page.keyboard.press("Enter")
    assert mark_of(page) == "Ray"
    assert page.locator("#notice").is_hidden()


def test_a_blind_reader_sees_neither_label_nor_model(visit, own_server):
    page = visit(own_server.origin + "/review")
    begin_review(page, "second")
    assert page.locator("#known").text_content() != ""
    page.keyboard.press("b")
    expect(page.locator("#known")).to_have_text("")
    page.wait_for_selector("#sentence mark")
    assert page.locator("[data-label][aria-pressed=true]").count() == 0
    assert set(page.locator(".label .share").all_text_contents()) == {""}
    assert "%" not in page.locator("#card").text_content()
    page.keyboard.press("a")
    page.wait_for_selector("#article[open] #here")
    assert page.locator("#article mark.labelled").count() == 0
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    wait_saved(page, "Saved: neutral")
    assert read_journal(own_server.folder)[-1]["blind"] is True
    expect(page.locator("#alpha-n")).to_have_text("over 1 pairs")


def test_the_article_opens_around_the_pair_and_the_guideline_beside_it(visit, server):
    page = visit(server.origin + "/review")
    begin_review(page)
    while "script" in page.locator("#pair-title").text_content():
        page.keyboard.press("k")
    sentence = page.locator("#sentence").text_content()
    page.keyboard.press("a")
    page.wait_for_selector("#article[open] #here")
    assert page.locator("#here").text_content() == sentence
    assert page.locator("#article mark.labelled").count() > 0
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector("#guideline table")
    assert "What the labels mean" in page.locator("#guideline").text_content()


def test_markup_harms_no_reviewer(visit, server):
    page = visit(server.origin + "/review")
    begin_review(page)
    while "<" not in page.locator("#sentence").text_content():
        page.keyboard.press("k")
    assert "<script>" in page.locator("#pair-title").text_content()
    page.keyboard.press("a")
    page.wait_for_selector("#article[open] #here")
    around = page.locator("#article-body").text_content()
    assert "<script>document.title = 'owned'</script>" in around
    assert page.title() == "Review · stance"
    assert page.locator("img, iframe, a[href^='javascript']").count() == 0


def test_two_annotators_are_not_shown_the_same_pair(visit, own_server):
    pages = [visit(own_server.origin + "/review") for _ in range(2)]
    for page, name in zip(pages, ("ann", "bob"), strict=True):
        begin_review(page, name)
    for label in LABELS:
        for page in pages:
            page.locator(f"button[data-label={label}]").click()
            wait_saved(page, f"Saved: {label}")
    rows = read_journal(own_server.folder)
    assert Counter(row["annotator"] for row in rows) == {"ann": 3, "bob": 3}
    assert len({row["pair"] for row in rows}) == 6


@pytest.mark.parametrize("keep", ["mine", "theirs"])
def test_a_label_of_another_tab_is_not_overwritten_unasked(visit, own_server, keep):
    first = visit(own_server.origin + "/review")
    begin_review(first)
    second = visit(own_server.origin + "/review", first.context)
    second.wait_for_selector("#sentence mark")
    # The second tab may have been given another order meanwhile, when the model had read more.
    while second.locator("#sentence").text_content() != first.locator("#sentence").text_content():
        second.keyboard.press("k")
    first.keyboard.press("1")
    wait_saved(first, "Saved: criticizes")
    second.keyboard.press("3")
    second.wait_for_selector("#conflict[open]")
    assert "changed by 'ann'" in second.locator("#conflict-text").text_content()
    assert axe_findings(second) == []
    second.locator(f"#keep-{keep}").click()
    wait_saved(second, "Saved: supports" if keep == "mine" else "Theirs was kept")
    labels = [row["label"] for row in read_journal(own_server.folder)]
    assert labels == (["criticizes", "supports"] if keep == "mine" else ["criticizes"])


def test_nothing_is_lost_while_the_server_is_gone(
    visit, start_server, corpus_folder, model_folder, tmp_path
):
    folder = copy_corpus(corpus_folder, tmp_path)
    running = start_server(folder, model_folder)
    page = visit(running.origin + "/review")
    begin_review(page)
    running.kill()
    shown = []
    for key in "123":
        shown.append(page.locator("#sentence").text_content())
        page.keyboard.press(key)
    expect(page.locator("#notice")).to_contain_text("3 decisions wait")
    assert "does not answer" in page.locator("#notice").text_content()
    assert page.locator("#saved").text_content() == "Not saved yet: 3"
    # The tab is closed; what waits is sent by the next one.
    context = page.context
    page.close()
    running = start_server(folder, model_folder, "--port", str(running.port))
    page = visit(running.origin + "/review", context)
    wait_saved(page, "Saved: supports")
    assert page.locator("#notice").is_hidden()
    rows = read_journal(folder)
    assert [row["label"] for row in rows] == list(LABELS)
    assert [row["sentence"] for row in rows] == shown


def test_an_answer_that_is_lost_on_the_way_doubles_nothing(visit, own_server):
    page = visit(own_server.origin + "/review")
    begin_review(page)
    lost = []

    def lose_first(route):
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().json())
            route.abort()
        else:
            route.continue_()

    page.route("**/api/labels", lose_first)
    page.keyboard.press("2")
    page.wait_for_selector("#notice:not([hidden])")
    page.get_by_role("button", name="Try now").click()
    wait_saved(page, "Saved: neutral")
    assert [row["id"] for row in read_journal(own_server.folder)] == [lost[0]["id"]]


def test_labels_are_exported_from_the_page(visit, own_server):
    page = visit(own_server.origin + "/review")
    begin_review(page)
    row = page.locator("#sentence").text_content()
    page.keyboard.press("x")
    wait_saved(page, "Saved: none")
    before = (own_server.folder / "labels" / "reviewed.jsonl").read_text("utf-8").splitlines()
    page.get_by_role("button", name="Export labels").click()
    expect(page.locator("#export-note")).to_contain_text("1 removed")
    after = (own_server.folder / "labels" / "reviewed.jsonl").read_text("utf-8").splitlines()
    gone = [json.loads(line) for line in before if line not in after]
    assert [found["sentence"] for found in gone] == [row]


def test_a_model_is_trained_from_the_page(visit, own_server):
    page = visit(own_server.origin + "/review")
    begin_review(page)
    page.keyboard.press("1")
    wait_saved(page, "Saved: criticizes")
    old = (own_server.folder / "model" / "model.stance").stat().st_mtime_ns
    page.get_by_role("button", name="Train").click()
    page.wait_for_selector("#train-progress:not([hidden])")
    assert page.get_by_role("button", name="Training").is_disabled()
    expect(page.locator("#train-message")).to_have_text("The new model is in use.", timeout=120_000)
    assert (own_server.folder / "model" / "model.stance").stat().st_mtime_ns > old
    assert "Accuracy" in page.locator("#train-result").text_content()
    page.wait_for_selector("#sentence mark")


# For everybody


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("light", WIDE), ("dark", WIDE), ("light", PHONE)],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing_serious(visit, server, scheme, viewport):
    page = visit(server.origin, color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    findings = {"intake": axe_findings(page)}
    read_text(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#claim-words li")
    findings["claim"] = axe_findings(page)
    page.locator("#claim-close").click()
    page.keyboard.press("/")
    page.wait_for_selector("#found li")
    findings["picker"] = axe_findings(page)
    page.goto(server.origin + "/review")
    page.wait_for_selector("#name")
    findings["welcome"] = axe_findings(page)
    begin_review(page)
    findings["review"] = axe_findings(page)
    page.keyboard.press("a")
    page.wait_for_selector("#article[open] #here")
    findings["article"] = axe_findings(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector("#guideline table")
    findings["guideline"] = axe_findings(page)
    assert {place: found for place, found in findings.items() if found} == {}


@pytest.mark.parametrize("viewport", [WIDE, PHONE, NARROW], ids=["wide", "phone", "narrow"])
def test_no_page_is_wider_than_its_window(visit, server, viewport):
    page = visit(server.origin, viewport=viewport)
    too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(too_wide)
    read_text(page, TEXT + " " + "W" * 200)
    page.keyboard.press("ArrowRight")
    assert not page.evaluate(too_wide)
    page.goto(server.origin + "/review")
    begin_review(page)
    assert not page.evaluate(too_wide)
