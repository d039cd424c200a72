from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.articles import (
    Article,
    parse_article,
    read_article,
    read_articles,
    split_sentences,
)
from stance.errors import ArticleError
from stance.records import decode

HARD = (
    "Mr. Putin spoke to U.S. reporters on Aug. 9. \u201cWe agreed. We will help,\u201d he said. "
    "Sen. Ben Cardin, D-Md., disagreed! \u00abIt is over,\u00bb wrote Gen. Karayev. "
    "\u201eNicht frei\u201c, said Berlin."
)


@given(st.text(max_size=400))
def test_offsets_point_at_the_sentence(text):
    article = Article("a", text)
    position = 0
    for sentence in split_sentences(article):
        assert article.text[sentence.start : sentence.end] == sentence.text
        assert sentence.text == sentence.text.strip() != ""
        assert not text[position : sentence.start].strip()
        position = sentence.end
    assert not text[position:].strip()


def test_hard_paragraph():
    assert [s.text for s in split_sentences(HARD)] == [
        "Mr. Putin spoke to U.S. reporters on Aug. 9.",
        "\u201cWe agreed.",
        "We will help,\u201d he said.",
        "Sen. Ben Cardin, D-Md., disagreed!",
        "\u00abIt is over,\u00bb wrote Gen. Karayev.",
        "\u201eNicht frei\u201c, said Berlin.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "MINSK, August 20. /TASS/. The commission has met.",
        "He met cries of \u201cGo away!\u201d, footage shows.",
        "They answered with cries of \u201cGo away!\u201d.",
        "The E.U. said no.",
        "Prices rose 3.5 pct. in Belarus, he said.",
    ],
)
def test_one_sentence(text):
    assert [s.text for s in split_sentences(text)] == [text]


def test_ordinary_words_end_sentences():
    assert len(split_sentences("They walked hand in hand. A day later it was over.")) == 2


def test_paragraphs_and_wrapped_lines():
    wrapped = (
        "The commission met on Monday in Minsk and then\nannounced the tally. It was late.\n\nNo."
    )
    assert [(s.paragraph, s.text[:3]) for s in split_sentences(wrapped)] == [
        (0, "The"),
        (0, "It "),
        (1, "No."),
    ]
    listed = "First point\nSecond point\nThird point"
    assert len(split_sentences(listed)) == 3


def test_soft_hyphens_and_spaces_keep_offsets():
    text = "Lu\u00adka\u00adshenko\u00a0said no.\u2009 Then he left."
    assert [s.text for s in split_sentences(text)] == [
        "Lu\u00adka\u00adshenko\u00a0said no.",
        "Then he left.",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_encodings(encoding):
    text = (
        "\u0412\u044b\u0431\u043e\u0440\u044b \u0432 "
        "\u0411\u0435\u043b\u043e\u0440\u0443\u0441\u0441\u0438\u0438 "
        "\u043f\u0440\u043e\u0448\u043b\u0438 \u0441\u043f\u043e\u043a\u043e\u0439\u043d\u043e."
    )
    assert decode(text.encode(encoding)).lstrip("\ufeff") == text


@pytest.mark.parametrize("data", [b"\x00\x01\x02", b"\x89PNG\r\n\x1a\n\x00\x00", bytes(range(256))])
def test_binary_is_refused(data):
    with pytest.raises(ArticleError, match="binary"):
        decode(data, "x.txt")


def test_front_matter():
    article = parse_article('---\ntitle: "A: b"\nurl: https://x.org/a\nfoo: 1\n---\n\nText.')
    assert (article.title, article.url, article.text) == ("A: b", "https://x.org/a", "Text.")
    assert parse_article("--- not front matter\nText.").text.startswith("---")


@pytest.mark.parametrize("text", ["", " \n ", "---\ntitle: x\n---\n"])
def test_empty_article(text):
    with pytest.raises(ArticleError, match="empty"):
        parse_article(text)


def test_folder(tmp_path):
    (tmp_path / "b.txt").write_text("Second.\r\nLine.", encoding="utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.md").write_text("---\ntitle: T\n---\nFirst.", encoding="utf-8")
    (tmp_path / ".hidden.txt").write_text("no", encoding="utf-8")
    (tmp_path / "README.md").write_text("no", encoding="utf-8")
    (tmp_path / "photo.jpg").write_bytes(b"\x00")
    articles = list(read_articles(tmp_path))
    assert [a.id for a in articles] == ["b", "sub/a"]
    assert articles[0].text == "Second.\nLine."


def test_folder_without_articles(tmp_path):
    with pytest.raises(ArticleError, match="holds no articles"):
        list(read_articles(tmp_path))
    with pytest.raises(ArticleError, match="no file or folder"):
        list(read_articles(tmp_path / "none"))


def test_tables(tmp_path):
    (tmp_path / "t.csv").write_text('\ufeffbody;day\n"One; two.";2020-08-09\n', encoding="utf-8")
    found = list(read_articles(tmp_path / "t.csv", {"text": "body", "date": "day"}))
    assert [(a.id, a.text, a.date) for a in found] == [("t-1", "One; two.", "2020-08-09")]
    rows = [{"id": "x", "text": "Hello."}, {"id": "y", "text": "Bye."}]
    lines = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "t.jsonl").write_text(lines, encoding="utf-8")
    assert [a.id for a in read_articles(tmp_path / "t.jsonl")] == ["x", "y"]


def test_table_without_text_column(tmp_path):
    (tmp_path / "t.csv").write_text("body,day\nOne.,2020\n", encoding="utf-8")
    with pytest.raises(ArticleError, match="no column 'text'; found body, day.*--column text=body"):
        list(read_articles(tmp_path / "t.csv"))
    with pytest.raises(ArticleError, match="no field 'txet'.*Did you mean 'text'"):
        list(read_articles(tmp_path / "t.csv", {"txet": "body"}))


def test_broken_jsonl_names_the_line(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"text": "A."}\n{"text": \n', encoding="utf-8")
    with pytest.raises(ArticleError, match="line 2: not JSON"):
        list(read_articles(tmp_path / "t.jsonl"))


def test_html(tmp_path):
    body = "".join(
        f"<p>Paragraph {i} of the article says that the commission met in Minsk on Monday and "
        "that it will publish its tally by the end of the week.</p>"
        for i in range(4)
    )
    page = (
        "<html><head><title>The tally</title></head><body><nav><a href='/'>Home</a></nav>"
        f"<article><h1>The tally</h1>{body}</article><footer>All rights</footer></body></html>"
    )
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    article = read_article(tmp_path / "page.html")
    assert "Paragraph 3" in article.text
    assert "<p>" not in article.text
    assert article.title == "The tally"


def test_html_without_its_package(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "trafilatura", None)
    (tmp_path / "page.html").write_text("<p>Hello</p>", encoding="utf-8")
    with pytest.raises(ArticleError.__mro__[1], match=r"pip install 'stance-trainer\[html\]'"):
        read_article(tmp_path / "page.html")
