"""Articles: a file of text, Markdown, HTML, JSON Lines or CSV becomes Article and Sentence.

The text that enters leaves unchanged but for line ends, a byte-order mark and blank lines around
it, so that every offset points at the words that were printed: ``article.text[s.start:s.end] ==
s.text``. Nothing here judges what a sentence says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.errors import ArticleError, MissingExtraError, shortlist, suggestion
from stance.intake import LARGEST_ARTICLE, LARGEST_TABLE, list_files, read_file, read_standard_input
from stance.normalization import align
from stance.records import (
    DELIMITED_SUFFIXES,
    JSON_LINES_SUFFIXES,
    csv_records,
    decode,
    json_records,
)

TEXT_SUFFIXES = (".txt", ".md", ".markdown", ".text")
HTML_SUFFIXES = (".html", ".htm", ".xhtml")
TABLE_SUFFIXES = (*JSON_LINES_SUFFIXES, *DELIMITED_SUFFIXES)
SUFFIXES = (*TEXT_SUFFIXES, *HTML_SUFFIXES, *TABLE_SUFFIXES)

# The time of taking an article out of a page grows with the square of its tags.
MOST_TAGS = 50_000

FIELDS = ("id", "text", "title", "date", "outlet", "url", "language")

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)(?:\n|^)---[ \t]*(?:\n|$)", re.DOTALL | re.MULTILINE)
_FRONT_MATTER_LINE = re.compile(r"([A-Za-z_-]+)[ \t]*:[ \t]*(.*?)[ \t]*$")
_TERMINAL = re.compile(r"[.!?\u2026:;][\"')\]\u201d\u2019\u00bb]*$")
_ORDINARY_END = re.compile(r"(?<![\w.'-])([a-z]{2,}|[A-Z][a-z]{2,})\.[\"']? (?=[\"']?[A-Z])")
_ABBREVIATIONS = frozenset(
    "adm approx asst aug brig capt cent co col corp dec dept dr eng est etc feb fig fr gen gov hon "
    "inc jan jr jul jun lt ltd maj mar mln bln mr mrs ms mt nov oct op pres prof rep reps rev sen "
    "sens sept sep sgt sr st supt tel vol vs viz cf al apr ave messrs mme mlle dem".split()
)
# What is left of a sentence after “Go away!”: a closing mark with a comma, or no word at all.
_CONTINUES = re.compile(r"[\"')\] ]*(?:[,;)]|[.!?:]*$)")
_TITLES = tuple(
    f"{title}." for title in ("Mr", "Mrs", "Ms", "Dr", "Lt", "Gen", "Col", "Sen", "Rep")
)
# Where Punkt may end a sentence, but for the end of the text.
_ENDS, _CLOSING = ".?!\u2026", "\"')]"
_INNER_END = re.compile(rf"[{_ENDS}]\W")
# "MINSK, August 20. /TASS/." and "August 10, 2020, 14:13 - IA Regnum." open a sentence.
_DATELINE = re.compile(
    r"(?:[A-Z][A-Z .-]+, )?[A-Z]\w+\.? \d{1,2}(?:, \d{4})?(?:, \d\d:\d\d)?\.?"
    r"(?: ?[-/(]+ ?[\w ]+ ?[/)]?\.?)?(?: ?-)?"
)


@dataclass(frozen=True)
class Article:
    """One article.

    Parameters
    ----------
    id : str
        The path below the folder that was read, without its ending; unique within a corpus.
    text : str
        What was printed, without front matter.
    title, date, outlet, url, language : str
        Metadata, ``""`` where unknown; the date as ``YYYY-MM-DD``.
    """

    id: str
    text: str
    title: str = ""
    date: str = ""
    outlet: str = ""
    url: str = ""
    language: str = ""


@dataclass(frozen=True)
class Sentence:
    """One sentence of an article.

    Parameters
    ----------
    article : str
        Id of the article.
    start, end : int
        Offsets into the article's text, in characters, end exclusive.
    text : str
        ``article.text[start:end]``.
    paragraph : int
        Index of its paragraph, from 0.
    """

    article: str
    start: int
    end: int
    text: str
    paragraph: int = 0


def read_articles(
    path: str | os.PathLike[str], columns: Mapping[str, str] | None = None
) -> Iterator[Article]:
    """Read every article in a file or, in order of their names, in a folder and those below it.

    Parameters
    ----------
    path : path-like
        A folder, or one file with an ending among `SUFFIXES`.
    columns : mapping of str to str, optional
        For tables: which column holds which of `FIELDS`, as ``{"text": "body"}``.

    Yields
    ------
    Article
        One for each text or HTML file, one for each row of a table.

    Raises
    ------
    ArticleError
        If there is no article, or one of them cannot be read.
    """
    path = Path(path)
    if not os.path.exists(path):
        raise ArticleError(f"no file or folder {path}; check the path.")
    if not path.is_dir():
        yield from _read_file(path, path.parent, columns or {})
        return
    files = list_files(path, _is_article)
    if not files:
        raise ArticleError(
            f"folder {path} holds no articles; put files ending in "
            f"{', '.join(SUFFIXES)} there, or name another folder."
        )
    for file in files:
        yield from _read_file(file, path, columns or {})


def read_article(path: str | os.PathLike[str]) -> Article:
    """Read the one article of a text, Markdown or HTML file.

    Parameters
    ----------
    path : path-like
        File to read, or ``"-"`` for standard input.

    Returns
    -------
    Article

    Raises
    ------
    ArticleError
        If the file is empty, is no text, or holds a table of articles.
    """
    if str(path) == "-":
        text = decode(read_standard_input(), "standard input")
        return parse_article(text, article_id="-", origin="standard input")
    path = Path(path)
    if path.suffix.lower() in TABLE_SUFFIXES:
        raise ArticleError(f"{path} is a table of articles; read it with read_articles.")
    articles = list(_read_file(path, path.parent, {}))
    return articles[0]


def parse_article(text: str, article_id: str = "", origin: str = "text") -> Article:
    r"""Take the front matter off a text and return the article.

    Parameters
    ----------
    text : str
        Plain text or Markdown; lines between two ``---`` at its head are ``key: value``.
    article_id : str, default=""
        Its id.
    origin : str, default="text"
        What messages call it.

    Returns
    -------
    Article

    Raises
    ------
    ArticleError
        If nothing but front matter and white space is there.

    Examples
    --------
    >>> article = parse_article("---\ntitle: A vote\n---\n\nThey voted.\n")
    >>> article.title, article.text
    ('A vote', 'They voted.')
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    meta: dict[str, str] = {}
    match = _FRONT_MATTER.match(text)
    if match:
        meta = _parse_front_matter(match[1])
        text = text[match.end() :]
    text = re.sub(r"\A(?:[ \t]*\n)+", "", text).rstrip()
    if not text.strip():
        raise ArticleError(f"{origin} is empty; an article needs at least one sentence.")
    known = {key: meta[key] for key in FIELDS[2:] if key in meta}
    return Article(id=article_id, text=text, **known)


def _parse_front_matter(block: str) -> dict[str, str]:
    """Return the ``key: value`` lines of front matter; quotes around a value are taken off."""
    meta = {}
    for line in block.splitlines():
        match = _FRONT_MATTER_LINE.match(line)
        if match:
            value = match[2]
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            meta[match[1].lower()] = value
    return meta


def _is_article(parts: tuple[str, ...]) -> bool:
    """Tell by its path whether a file of a folder is to be read: none that is hidden, no README."""
    name = parts[-1].lower()
    hidden = any(part.startswith(".") for part in parts)
    return Path(name).suffix in SUFFIXES and not hidden and name != "readme.md"


def _read_file(path: Path, root: Path, columns: Mapping[str, str]) -> Iterator[Article]:
    """Read one file, of whatever kind."""
    suffix = path.suffix.lower()
    data = read_file(path, LARGEST_TABLE if suffix in TABLE_SUFFIXES else LARGEST_ARTICLE)
    article_id = path.relative_to(root).with_suffix("").as_posix()
    if not data.strip():
        raise ArticleError(f"{path} is empty; an article needs at least one sentence.")
    text = decode(data, str(path))
    if suffix in TABLE_SUFFIXES:
        yield from _read_table(text, path, article_id, columns)
    elif suffix in HTML_SUFFIXES:
        yield parse_html(text, article_id, str(path))
    else:
        yield parse_article(text, article_id, str(path))


def parse_html(text: str, article_id: str = "", origin: str = "page") -> Article:
    """Take the article out of a web page.

    Parameters
    ----------
    text : str
        The page's HTML.
    article_id : str, default=""
        Its id.
    origin : str, default="page"
        What messages call it.

    Returns
    -------
    Article

    Raises
    ------
    ArticleError
        If no article can be told from menus and links.
    MissingExtraError
        If trafilatura is not installed.
    """
    if text.count("<") > MOST_TAGS:
        raise ArticleError(
            f"{origin} has more than {MOST_TAGS:,} tags, ten times those of a long article; save "
            "its text."
        )
    try:
        import trafilatura
    except ImportError as error:
        raise MissingExtraError(f"reading the web page {origin}", "html") from error
    document: Any = trafilatura.bare_extraction(text, with_metadata=True, include_comments=False)
    body = (document.text or "").strip() if document is not None else ""
    if not body:
        raise ArticleError(f"{origin} holds no article that can be told from its menus and links.")
    meta = {
        "title": document.title,
        "date": document.date,
        "outlet": document.sitename,
        "url": document.url,
        "language": document.language,
    }
    return Article(
        id=article_id, text=body, **{key: str(value) for key, value in meta.items() if value}
    )


def _read_table(
    text: str, path: Path, article_id: str, columns: Mapping[str, str]
) -> Iterator[Article]:
    """Read a table with one article a row."""
    for field in columns:
        if field not in FIELDS:
            raise ArticleError(
                f"no field {field!r}; a column can be mapped to {', '.join(FIELDS)}."
                f"{suggestion(field, FIELDS)}"
            )
    read_rows = csv_records if path.suffix.lower() in DELIMITED_SUFFIXES else json_records
    mapping = {field: columns.get(field, field) for field in FIELDS}
    count = 0
    for count, (line, row) in enumerate(read_rows(text, path), start=1):
        if mapping["text"] not in row:
            raise ArticleError(
                f"{path}, line {line}: no column {mapping['text']!r}; found "
                f"{shortlist(filter(None, row))}. Say which column holds the text, as in "
                f"--column text={next(iter(row), 'body')}."
            )
        values = {f: str(row[c]) for f, c in mapping.items() if row.get(c) not in (None, "")}
        body = values.pop("text", "").strip()
        if not body:
            raise ArticleError(f"{path}, line {line}: the text is empty.")
        yield Article(text=body, **{"id": f"{article_id}-{count}", **values})
    if not count:
        raise ArticleError(f"{path} holds no rows.")


def split_sentences(article: Article | str) -> list[Sentence]:
    r"""Split an article into paragraphs and these into sentences.

    Parameters
    ----------
    article : Article or str
        The article, or its text alone.

    Returns
    -------
    list of Sentence
        In order of their place; only white space lies between them.

    Notes
    -----
    The boundaries within a paragraph are those of nupunkt [1]_, an unsupervised Punkt splitter
    with a list of abbreviations, mended where it takes an ordinary word for an abbreviation or a
    dateline for a sentence; benchmarks/splitters.py compares it with others.

    References
    ----------
    .. [1] Kiss, T. and Strunk, J. (2006). Unsupervised multilingual sentence boundary
       detection. Computational Linguistics, 32(4), 485-525.

    Examples
    --------
    >>> text = "Mr. Putin called on Aug. 9. \u201cWe agreed.\u201d\nMinsk was silent."
    >>> [sentence.text for sentence in split_sentences(text)]
    ['Mr. Putin called on Aug. 9.', '\u201cWe agreed.\u201d', 'Minsk was silent.']
    """
    article = Article(id="", text=article) if isinstance(article, str) else article
    sentences = []
    for number, (start, end) in enumerate(_paragraphs(article.text)):
        for begin, stop in _split_paragraph(article.text[start:end]):
            begin, stop = begin + start, stop + start
            sentences.append(
                Sentence(article.id, begin, stop, article.text[begin:stop], paragraph=number)
            )
    return sentences


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the paragraphs: stretches between blank lines, or lines where text is not wrapped."""
    for block in re.finditer(r"\S[^\n]*(?:\n(?![ \t]*\n)[^\n]*)*", text):
        if _is_wrapped(block[0].split("\n")):
            yield block.start(), block.start() + len(block[0].rstrip())
        else:
            for line in re.finditer(r"\S[^\n]*", block[0]):
                yield (
                    block.start() + line.start(),
                    block.start() + line.start() + len(line[0].rstrip()),
                )


def _is_wrapped(lines: list[str]) -> bool:
    """Tell whether the lines are one paragraph broken to a width, not paragraphs of their own."""
    if len(lines) < 2 or max(map(len, lines)) > 120:
        return False
    inner = lines[:-1]
    unfinished = sum(not _TERMINAL.search(line.rstrip()) for line in inner)
    return unfinished * 2 > len(inner) and min(map(len, inner)) > 40


def _split_paragraph(text: str) -> list[tuple[int, int]]:
    """Return the sentences of a paragraph as offsets, without the white space around them."""
    plain = align(text)
    pieces: list[tuple[int, int]] = []
    for start, end in _spans(plain):
        for begin, stop in _missed_ends(plain, start, end):
            begin += len(plain[begin:stop]) - len(plain[begin:stop].lstrip())
            stop -= len(plain[begin:stop]) - len(plain[begin:stop].rstrip())
            if begin >= stop:
                continue
            if pieces and _runs_on(plain[pieces[-1][0] : pieces[-1][1]], plain[begin:stop]):
                pieces[-1] = (pieces[-1][0], stop)
            else:
                pieces.append((begin, stop))
    return pieces


def _spans(plain: str) -> list[tuple[int, int]]:
    """Return the sentences that Punkt finds; where none can end early, without asking it."""
    if not _INNER_END.search(plain.rstrip().rstrip(_CLOSING).rstrip(_ENDS)):
        return [(0, len(plain))]
    from nupunkt import sent_spans

    return sent_spans(plain)


def _missed_ends(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Split a stretch at full stops after ordinary words that Punkt takes for abbreviations."""
    begin = start
    for match in _ORDINARY_END.finditer(text, start, end):
        if match[1].lower() not in _ABBREVIATIONS:
            yield begin, match.end()
            begin = match.end()
    yield begin, end


def _runs_on(before: str, after: str) -> bool:
    """Tell whether a piece continues the one before it."""
    if after[0].islower() or _CONTINUES.match(after):
        return True
    return bool(_DATELINE.fullmatch(before)) or before.endswith(_TITLES)
