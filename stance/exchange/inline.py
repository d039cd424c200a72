"""Inline notation: an article with its labels written into the text, for labelling in any editor.

One sentence a line, a blank line between paragraphs, front matter at the head. Each actor is marked
where it stands: ``{c|the mention|Canonical Name}`` with ``c`` criticizes, ``n`` neutral,
``s`` supports; ``{c|Angela Merkel}`` where the mention is the canonical name; for "both", the
names with ``;`` between. A sentence without a mark is a sentence without an actor.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from stance.articles import FIELDS, Article, parse_article
from stance.corpus import Corpus
from stance.errors import LabelError
from stance.examples import Example, read_labels, write_labels
from stance.files import folder_written_whole, write_whole
from stance.intake import LARGEST_ARTICLE, read_file
from stance.records import decode

LETTERS = {"c": "criticizes", "n": "neutral", "s": "supports"}
_LETTER_OF = {stance: letter for letter, stance in LETTERS.items()}
_MARK = re.compile(r"\{([^{}|]*)\|([^{}|]+)(?:\|([^{}|]+))?\}")


def read_inline(
    text: str, article_id: str, annotator: str = "", source: str = "reviewed"
) -> tuple[Article, list[Example]]:
    r"""Turn an article in inline notation into its text and its labels with offsets.

    Parameters
    ----------
    text : str
        The article in inline notation.
    article_id : str
        Id that the rows refer to.
    annotator : str, default=""
        Who labelled it.
    source : {"reviewed", "gold"}, default="reviewed"
        What kind of labels they are.

    Returns
    -------
    article : Article
        Its text has the sentences of a paragraph joined by a space.
    examples : list of Example
        One row for each mark, and one neutral row without an actor for a sentence that has none.

    Raises
    ------
    LabelError
        If a mark is broken; the message names article and line.

    Examples
    --------
    >>> article, rows = read_inline("{c|Berlin|Germany} doubts it.\nIt rained.", "a")
    >>> article.text
    'Berlin doubts it. It rained.'
    >>> [(row.actor, row.canonical, row.label, row.start, row.end) for row in rows]
    [('Berlin', 'Germany', 'criticizes', 0, 17), ('', '', 'neutral', 18, 28)]
    """
    marked = parse_article(text, article_id, origin=article_id)
    body: list[str] = []
    length = 0
    rows: list[Example] = []
    joint = ""
    for number, line in enumerate(marked.text.split("\n"), start=1):
        line = line.strip()
        if not line:
            joint = "\n\n" if body else ""
            continue
        sentence, marks = _read_line(line, f"{article_id}, line {number} of the text")
        start = length + len(joint)
        body += [joint, sentence]
        length = start + len(sentence)
        joint = " "
        blank = Example(
            article_id, start, length, sentence, "", 0, 0, "", "neutral", source, annotator
        )
        rows += [
            replace(blank, actor=sentence[a:b], actor_start=a, actor_end=b, canonical=c, label=s)
            for a, b, c, s in marks
        ] or [blank]
    return replace(marked, text="".join(body)), rows


def _read_line(line: str, where: str) -> tuple[str, list[tuple[int, int, str, str]]]:
    """Take the marks out of a line; return the sentence and (start, end, canonical, stance)."""
    parts: list[str] = []
    marks: list[tuple[int, int, str, str]] = []
    length = position = 0
    for match in _MARK.finditer(line):
        letter, mention, names = match[1], match[2], match[3] or match[2]
        if letter not in LETTERS:
            raise LabelError(
                f"{where}: mark {match[0]!r} begins with {letter!r}; "
                "begin it with c (criticizes), n (neutral) or s (supports)."
            )
        parts += [line[position : match.start()], mention]
        length += match.start() - position
        marks += [
            (length, length + len(mention), name.strip(), LETTERS[letter])
            for name in names.split(";")
        ]
        length += len(mention)
        position = match.end()
    sentence = "".join([*parts, line[position:]])
    broken = re.search(r"[{}][^{}]{0,30}", sentence)
    if broken:
        raise LabelError(
            f"{where}: broken mark near {broken[0]!r}; write {{c|mention|Canonical Name}}."
        )
    return sentence, marks


def write_inline(article: Article, examples: Iterable[Example]) -> str:
    """Write an article and its labels in inline notation.

    Parameters
    ----------
    article : Article
        The article.
    examples : iterable of Example
        Its rows. Sentences that have none are left out, as unread.

    Returns
    -------
    str
        What `read_inline` turns into the same rows.

    Raises
    ------
    LabelError
        If marks of one sentence overlap without being the same mention.
    """
    sentences: dict[tuple[int, int], list[Example]] = {}
    for example in sorted(examples, key=lambda e: (e.start, e.actor_start)):
        sentences.setdefault((example.start, example.end), []).append(example)
    lines = ["---", *_front_matter(article), "---"]
    previous_end = None
    for (start, end), rows in sentences.items():
        if previous_end is not None and "\n" in article.text[previous_end:start]:
            lines.append("")
        lines.append(_mark_up(article.text[start:end], [row for row in rows if row.has_actor]))
        previous_end = end
    return "\n".join(lines) + "\n"


def _front_matter(article: Article) -> list[str]:
    """Return the article's metadata as lines."""
    return [f"{key}: {getattr(article, key)}" for key in FIELDS[2:] if getattr(article, key)]


def write_article(article: Article) -> str:
    """Return an article as Markdown with front matter, as `stance.articles` reads it."""
    return "\n".join(["---", *_front_matter(article), "---", "", article.text, ""])


def _mark_up(sentence: str, rows: Sequence[Example]) -> str:
    """Write the marks into a sentence."""
    mentions: dict[tuple[int, int], list[Example]] = {}
    for row in rows:
        mentions.setdefault((row.actor_start, row.actor_end), []).append(row)
    parts: list[str] = []
    position = 0
    for (start, end), same in mentions.items():
        if start < position or len({row.label for row in same}) > 1:
            raise LabelError(
                f"{same[0].article}: the marks of {sentence[:40]!r} overlap or disagree about one "
                "mention; inline notation cannot hold them."
            )
        names = ";".join(row.canonical for row in same)
        mention = sentence[start:end]
        tail = "" if names == mention else f"|{names}"
        parts += [sentence[position:start], f"{{{_LETTER_OF[same[0].label]}|{mention}{tail}}}"]
        position = end
    return "".join([*parts, sentence[position:]])


def import_inline(
    paths: Sequence[Path],
    raw: str | os.PathLike[str],
    labels: str | os.PathLike[str],
    annotator: str = "",
) -> dict[str, int]:
    """Bring files in inline notation into a corpus.

    Parameters
    ----------
    paths : sequence of Path
        The files; a file's name without its ending is the article's id.
    raw, labels : path-like
        Folders of the articles and of the labels. An article and its rows replace those of the
        same id.
    annotator : str, default=""
        Who labelled them.

    Returns
    -------
    dict of str to int
        Numbers of ``articles``, of ``pairs`` and of sentences ``without_actor``.

    Raises
    ------
    StanceError
        If a file is wrong, or two have one name; nothing is written then.
    """
    read: dict[str, tuple[Article, list[Example]]] = {}
    for path in paths:
        text = decode(read_file(path, LARGEST_ARTICLE), str(path))
        if path.stem in read:
            raise LabelError(f"two files are named {path.stem!r}; rename one of them.")
        read[path.stem] = read_inline(text, path.stem, annotator)
    reviewed = Path(labels) / "reviewed.jsonl"
    before = read_labels(reviewed) if reviewed.is_file() else []
    fresh = [row for _, rows in read.values() for row in rows]
    for article, _ in read.values():
        write_whole(Path(raw) / f"{article.id}.md", write_article(article))
    write_labels(reviewed, [*(row for row in before if row.article not in read), *fresh])
    return {
        "articles": len(read),
        "pairs": sum(row.has_actor for row in fresh),
        "without_actor": sum(not row.has_actor for row in fresh),
    }


def export_inline(corpus: Corpus, folder: str | os.PathLike[str]) -> int:
    """Write each labelled article of a corpus in inline notation.

    Parameters
    ----------
    corpus : Corpus
        Articles and labels.
    folder : path-like
        Folder to make or replace.

    Returns
    -------
    int
        Number of files.
    """
    by_article: dict[str, list[Example]] = {}
    for example in corpus.examples:
        by_article.setdefault(example.article, []).append(example)
    with folder_written_whole(folder, ["*.txt"]) as fresh:
        for article_id, rows in by_article.items():
            path = _draft_path(fresh, article_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(write_inline(corpus.articles[article_id], rows), encoding="utf-8")
    return len(by_article)


def _draft_path(folder: Path, article_id: str) -> Path:
    """Return where an article goes; one of a table may be called anything."""
    parts = article_id.split("/")
    if not article_id.isprintable() or {"", ".", ".."}.intersection(parts) or "\\" in article_id:
        raise LabelError(f"article {article_id!r:.80} has an id that is no file's name; change it.")
    return folder / f"{article_id}.txt"
