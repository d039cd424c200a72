"""What the commands read: articles, a text in any of its forms, pairs of an option."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stance.errors import StanceError

if TYPE_CHECKING:
    from stance.articles import Article

ARTICLE_SUFFIXES = (".txt", ".md", ".markdown", ".text", ".html", ".htm", ".xhtml")


def read_paths(paths: list[Path], column: list[str]) -> dict[str, Article]:
    """Read articles from files and folders, and `-` from standard input, by id."""
    from stance.articles import read_article, read_articles

    columns = parse_pairs(column, "--column", "FIELD=NAME", "text=body")
    found: dict[str, Article] = {}
    for path in paths:
        for article in [read_article("-")] if str(path) == "-" else read_articles(path, columns):
            if article.id in found:
                raise StanceError(
                    f"two articles have the id {article.id!r}; rename one of the files."
                )
            found[article.id] = article
    return found


def read_text(text: str) -> Article:
    """Return the article that an argument means: a file, standard input, or the text itself."""
    from stance.articles import parse_article, read_article

    if text == "-":
        return read_article("-")
    if not text.strip():
        raise StanceError("the text is empty; write a sentence, or name a file.")
    path = Path(text)
    try:
        is_path = path.exists()
    except (OSError, ValueError):  # too long for a path, or a NUL in it: it is a text
        is_path = False
    if is_path:
        if path.is_dir():
            raise StanceError(f"{path} is a folder; name one article, or use: stance label.")
        return read_article(path)
    if " " not in text.strip() and path.suffix.lower() in ARTICLE_SUFFIXES:
        raise StanceError(f"no file {path}; check the path.")
    return parse_article(text, origin="the text")


def parse_pairs(pairs: list[str], option: str, form: str, example: str) -> dict[str, str]:
    """Return the names and values of a repeated option."""
    parsed = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not value:
            raise StanceError(f"{option} {pair!r} must be {form}, as in {option} {example}.")
        parsed[name] = value
    return parsed


def check_format(found: str, known: tuple[str, ...], thing: str = "format") -> None:
    """Raise for a format, or another choice, that the command does not know."""
    from stance.errors import suggestion

    if found not in known:
        raise StanceError(
            f"unknown {thing} {found!r}; choose one of {', '.join(known)}."
            f"{suggestion(found, known)}"
        )
