"""The dictionary: words of news English and the category of each, so that rare words are read.

Of a thousand labelled sentences most verbs stand in one or none; "deplored" is then no help. Text
enters, the categories of its words leave ("deplored" is CONDEMN, like "condemned"). The dictionary
was written for news of politics and conflict and belongs to no target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from stance.verbs import inflect

# Kept among the categories, because they tell who does what to whom.
KEPT_WORDS = frozenset("ACTOR by with against for of that and to".split())


@lru_cache(maxsize=1)
def load_dictionary() -> Mapping[str, str]:
    """Return the category of each word form, in small letters.

    Returns
    -------
    mapping of str to str
        Word form to category, a category in capitals.

    Examples
    --------
    >>> dictionary = load_dictionary()
    >>> dictionary["deplored"], dictionary["applauds"], dictionary.get("table")
    ('CONDEMN', 'PRAISE', None)
    """
    import tomllib
    from importlib.resources import files

    source = files("stance").joinpath("dictionary.toml").read_text(encoding="utf-8")
    return expand_dictionary(tomllib.loads(source))


def expand_dictionary(categories: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the category of each form of the words that a dictionary lists.

    Parameters
    ----------
    categories : mapping of str to mapping
        For each category its ``verbs``, ``nouns`` and other ``words``, each a text of words.

    Returns
    -------
    dict of str to str
        Word form to category in capitals. A form listed as it stands wins over an inflected one,
        and an earlier category over a later.

    Examples
    --------
    >>> expand_dictionary({"help": {"verbs": "aid", "nouns": "ally"}})["allies"]
    'HELP'
    """
    forms: dict[str, str] = {}
    for kind in ("words", "verbs", "nouns"):
        for category, lists in categories.items():
            for word in lists.get(kind, "").split():
                forms.setdefault(word, category.upper())
    for kind, inflected in (("verbs", inflect), ("nouns", _noun_forms)):
        for category, lists in categories.items():
            for word in lists.get(kind, "").split():
                for form in sorted(inflected(word)):
                    forms.setdefault(form, category.upper())
    return forms


def _noun_forms(noun: str) -> set[str]:
    """Return a noun's singular and plural."""
    if noun.endswith("y") and noun[-2:-1] not in set("aeiou"):
        return {noun, f"{noun[:-1]}ies"}
    return {noun, f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"}


def index_categories(dictionary: Mapping[str, str]) -> dict[str, str]:
    """Return what stands for a word among the categories: its category, or the word itself.

    Parameters
    ----------
    dictionary : mapping of str to str
        Word form to category.

    Returns
    -------
    dict of str to str
        Without the words that are left out.
    """
    categories = {word: category for word, category in dictionary.items() if category}
    return {**{word: word for word in KEPT_WORDS}, **categories}


def categorize(words: Iterable[str], index: Mapping[str, str]) -> str:
    """Return the categories of words, in order; other words are left out.

    Parameters
    ----------
    words : iterable of str
        In small letters, but for ``ACTOR``.
    index : mapping of str to str
        As `index_categories` gives it.

    Returns
    -------
    str
        Categories and `KEPT_WORDS`, joined by spaces.

    Examples
    --------
    >>> index = index_categories(load_dictionary())
    >>> categorize("ACTOR visibly angry deplored that crackdown".split(), index)
    'ACTOR ANGER CONDEMN that DETAIN'
    """
    return " ".join(filter(None, map(index.get, words)))
