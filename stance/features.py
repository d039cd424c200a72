"""Features: a (sentence, actor) pair becomes the text views that the model reads.

Pure functions over text, without scikit-learn. The actor is masked here, so that no later step can
learn who speaks: every mention of the actor is ``ACTOR`` in every view.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stance.actors import acting_mentions
from stance.clauses import own_clause
from stance.dictionary import categorize
from stance.errors import StanceError
from stance.examples import ACTOR_TOKEN, Example
from stance.mentions import find_mentions
from stance.normalization import fold_characters, normalize
from stance.targets import Target, fold

VIEWS = ("sentence", "clause", "before", "after", "near", "categories", "near_categories")

_NEGATION = re.compile(r"(?<=\w)n't\b")
_CANNOT = re.compile(r"\bcannot\b")
_DIGITS = re.compile(r"\d+")
_HASHTAG = re.compile(r"#(\w+)")
_CAMEL_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])")
_WORD = re.compile(r"\w+")
# A private-use character cannot stand in news, so the mask survives lower-casing unmistakably.
_MASK = "\ue000"
_SIDE_WORDS = 8
_NEAR_WORDS = 10
# A sentence longer than this is none that a reader would have written: of it, so many characters
# are read on either side of the actor.
_LONGEST = 1000
_REACH = 250


@dataclass(frozen=True)
class Passage:
    """A sentence with the actor whose stance is asked for.

    Parameters
    ----------
    sentence : str
        The sentence as printed.
    actor_start, actor_end : int
        Offsets of the mention; both 0 where the sentence as a whole is asked about.
    canonical : str
        Who the actor is; other mentions of the same are masked as well.
    """

    sentence: str
    actor_start: int = 0
    actor_end: int = 0
    canonical: str = ""

    @property
    def has_actor(self) -> bool:
        """Whether an actor is given."""
        return self.actor_end > self.actor_start


def to_passages(
    items: Iterable[Any], actors: Sequence[str | None] | None, target: Target
) -> list[Passage]:
    r"""Return what the model can read from what a caller gave.

    Parameters
    ----------
    items : iterable of str, Passage, Example or mapping
        Texts; or texts with their actor marked.
    actors : sequence of str or None, optional
        For each text whose stance is asked for. Without it, each text's first actor is asked
        about, and the text as a whole where none is found, or where the target asks about texts.
    target : Target
        Finds the actor in the text under any of the aliases.

    Returns
    -------
    list of Passage
        In the same order.

    Raises
    ------
    StanceError
        If an item is of no such kind, or there are not as many actors as texts.

    Examples
    --------
    >>> from stance.targets import parse_target
    >>> target = parse_target('name = "t"\n[actors.women]\n"Ann Lee" = ["Lee"]')
    >>> to_passages(["Bob Ray told Mrs Lee."], ["Ann Lee"], target)
    [Passage(sentence='Bob Ray told Mrs Lee.', actor_start=17, actor_end=20, canonical='Ann Lee')]
    >>> to_passages(["Bob Ray told Mrs Lee."], None, target)
    [Passage(sentence='Bob Ray told Mrs Lee.', actor_start=0, actor_end=7, canonical='Bob Ray')]
    """
    return list(read_passages(list_items(items, actors), actors, target))


def read_passages(
    items: Sequence[Any], actors: Sequence[str | None] | None, target: Target
) -> Iterator[Passage]:
    """Yield the passages of `to_passages`, each when it is asked for."""
    for i, item in enumerate(items):
        yield _to_passage(item, actors[i] if actors is not None else None, target)


def list_items(items: Iterable[Any], actors: Sequence[str | None] | None) -> list[Any]:
    """Return what a caller gave as a list, for `to_passages`.

    Raises
    ------
    StanceError
        If it is one text, or there are not as many actors as items.
    """
    if isinstance(items, (str, bytes)):
        raise StanceError(f"a list of texts was expected, found one text; give [{items!r:.40}].")
    items = list(items)
    if actors is not None and len(actors) != len(items):
        raise StanceError(
            f"{len(items)} texts but {len(actors)} actors; give one actor for each text."
        )
    return items


def _to_passage(item: Any, actor: str | None, target: Target) -> Passage:
    """Return the passage that one item asks about."""
    if isinstance(item, Passage):
        return item
    if isinstance(item, Example):
        return Passage(item.sentence, item.actor_start, item.actor_end, item.canonical)
    if isinstance(item, Mapping):
        keys = ("sentence", "actor_start", "actor_end", "canonical")
        return Passage(**{key: item[key] for key in keys if key in item})
    if not isinstance(item, str):
        raise StanceError(
            f"a text was expected, found {type(item).__name__} {item!r:.60}; "
            "give a list of texts, one string each."
        )
    if actor:
        return _locate(str(item), actor, target)
    return Passage(str(item)) if target.unit == "text" else _principal(str(item), target)


def _principal(text: str, target: Target) -> Passage:
    """Return the text with its first actor, or without one."""
    for mention, acts in acting_mentions(text, target):
        if acts:
            canonical = mention.canonical or ("" if mention.pronoun else mention.text)
            return Passage(text, mention.start, mention.end, canonical)
    return Passage(text)


def _locate(text: str, actor: str, target: Target) -> Passage:
    """Find an actor in a text: under an alias, or else letter by letter."""
    canonical = target.canonical(actor) or actor
    for mention in find_mentions(text, target):
        if not mention.pronoun and canonical in (mention.canonical, mention.text):
            return Passage(text, mention.start, mention.end, canonical)
    place = re.search(rf"(?<!\w){re.escape(actor)}(?!\w)", text, re.IGNORECASE)
    if place:
        return Passage(text, place.start(), place.end(), canonical)
    for mention in find_mentions(text, target):
        if not mention.pronoun and fold(mention.text) in fold(actor).split():
            return Passage(text, mention.start, mention.end, canonical)
    return Passage(text, 0, 0, canonical)


def build_views(passage: Passage, target: Target) -> dict[str, str]:
    r"""Return the text views of one passage.

    Parameters
    ----------
    passage : Passage
        The sentence and its actor.
    target : Target
        Finds the other actors, which bound the actor's own clause.

    Returns
    -------
    dict of str to str
        For each of `VIEWS` its text, in small letters but for ``ACTOR``: the masked sentence; the
        masked clause of the actor; the words before and after the mention in it; the nearest words
        of the sentence on either side of it; the dictionary's categories of the sentence's words
        and of the nearest.

    Examples
    --------
    >>> from stance.targets import parse_target
    >>> passage = Passage("Lee didn\u2019t accept it, she said.", 0, 3, "Ann Lee")
    >>> build_views(passage, parse_target('name = "t"'))["sentence"]
    'ACTOR did not accept it, she said.'
    """
    if not passage.has_actor:
        whole = canonical_text(passage.sentence)
        return {
            **dict.fromkeys(VIEWS, ""),
            "sentence": whole,
            # A model of whole texts would read its one view twice; to others it is all they have.
            "clause": "" if target.unit == "text" else whole,
            "categories": categorize(_WORD.findall(whole), target.category_of),
        }
    passage = _crop(passage)
    sentence, own = passage.sentence, (passage.actor_start, passage.actor_end)
    spans, others = _part_mentions(passage, target)
    start, end = own_clause(sentence, *own, others)
    left = _Side(_masked(sentence, spans, 0, own[0]))
    right = _Side(_masked(sentence, spans, own[1], len(sentence)))
    before = left if start == 0 else _Side(_masked(sentence, spans, start, own[0]))
    after = right if end == len(sentence) else _Side(_masked(sentence, spans, own[1], end))
    if 0 <= own[0] and own[1] <= len(sentence):
        whole, clause = _join(left, right), _join(before, after)
        words = _words_of(left, right, whole)
    else:  # a mention that lies outside of its sentence
        whole = canonical_text(_masked(sentence, spans, 0, len(sentence)))
        clause = canonical_text(_masked(sentence, spans, start, end))
        words = _WORD.findall(whole)
    lead, rest = left.words[-_NEAR_WORDS:], right.words[:_NEAR_WORDS]
    return {
        "sentence": whole,
        "clause": clause,
        "before": " ".join(before.words[-_SIDE_WORDS:]),
        "after": " ".join(after.words[:_SIDE_WORDS]),
        "near": f"{' '.join(lead)} {ACTOR_TOKEN} {' '.join(rest)}",
        "categories": categorize(words, target.category_of),
        "near_categories": categorize([*lead, ACTOR_TOKEN, *rest], target.category_of),
    }


def _part_mentions(
    passage: Passage, target: Target
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return where the passage's actor stands, and where others do who take part."""
    spans, others = [(passage.actor_start, passage.actor_end)], []
    for mention, acts in acting_mentions(passage.sentence, target):
        if mention.start < passage.actor_end and mention.end > passage.actor_start:
            continue
        if passage.canonical and mention.canonical == passage.canonical:
            spans.append((mention.start, mention.end))
        elif acts:
            others.append((mention.start, mention.end))
    spans.sort()
    return spans, others


class _Side:
    """What stands on one side of the actor's mention.

    The mask parts a text for good: no word, number, hashtag or contraction runs across it. So each
    side is read once, and the whole is put together from both.
    """

    __slots__ = ("begins_apart", "ends_apart", "text", "words")

    def __init__(self, text: str) -> None:
        plain = fold_characters(text)
        self.begins_apart, self.ends_apart = plain[:1].isspace(), plain[-1:].isspace()
        self.text = _spell_out(" ".join(plain.split()))
        self.words: list[str] = _WORD.findall(self.text)


def _join(left: _Side, right: _Side) -> str:
    """Return the text of two sides with the actor between them."""
    before = f"{left.text} " if left.text and left.ends_apart else left.text
    after = f" {right.text}" if right.text and right.begins_apart else right.text
    return f"{before}{ACTOR_TOKEN}{after}"


def _words_of(left: _Side, right: _Side, whole: str) -> list[str]:
    """Return the words of two sides and the actor between them."""
    last, first = left.text[-1:], right.text[:1]
    if (not left.ends_apart and _WORD.match(last)) or (
        not right.begins_apart and _WORD.match(first)
    ):
        return _WORD.findall(whole)
    return [*left.words, ACTOR_TOKEN, *right.words]


def _crop(passage: Passage) -> Passage:
    """Return an overlong passage without what lies far from the actor.

    Each actor of a sentence is asked about; without a bound, a sentence of ten thousand words with
    as many actors would take a hundred million words to read.
    """
    if len(passage.sentence) <= _LONGEST:
        return passage
    start, end = max(0, passage.actor_start - _REACH), passage.actor_end + _REACH
    return Passage(
        passage.sentence[start:end],
        passage.actor_start - start,
        passage.actor_end - start,
        passage.canonical,
    )


def canonical_text(text: str) -> str:
    r"""Return `text` as the model reads it: normalized, small letters, negations written out.

    Examples
    --------
    >>> canonical_text("He can\u2019t, won\u2019t and cannot say 80.1%")
    'he can not, will not and can not say 00.0%'
    >>> canonical_text("#FreeBelarus now")
    '#freebelarus free belarus now'
    """
    return _spell_out(normalize(text))


def _spell_out(text: str) -> str:
    """Return normalized `text` in small letters, its negations, numbers and hashtags spelled out.

    What cannot match is not looked for: most texts have neither hashtag nor apostrophe.
    """
    if "#" in text:
        text = _HASHTAG.sub(_spell_hashtag, text)
    text = text.lower()
    if "'" in text:
        text = text.replace("won't", "will not").replace("can't", "can not")
        text = _NEGATION.sub(" not", text)
    if "cannot" in text:
        text = _CANNOT.sub("can not", text)
    return _DIGITS.sub(_shape_of_number, text).replace(_MASK, ACTOR_TOKEN)


def _spell_hashtag(match: re.Match[str]) -> str:
    """Return a hashtag and, where it holds several, its words."""
    words = _CAMEL_HUMP.sub(" ", match[1])
    return f"{match[0]} {words}" if " " in words else match[0]


def _shape_of_number(match: re.Match[str]) -> str:
    """Return zeros for digits: how long a number is tells more than which it is."""
    return "0" * min(len(match[0]), 4)


def _masked(sentence: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> str:
    """Return a stretch of the sentence with the actor's mentions masked."""
    parts: list[str] = []
    position = start
    for begin, stop in spans:
        if begin < position or stop > end:
            continue
        parts += [sentence[position:begin], _MASK]
        position = stop
    return "".join([*parts, sentence[position:end]])


def build_view_table(
    passages: Iterable[Passage], target: Target, views: Sequence[str] = VIEWS
) -> dict[str, list[str]]:
    """Return the views of many passages, as one column for each view.

    Parameters
    ----------
    passages : iterable of Passage
        The passages.
    target : Target
        As in `build_views`.
    views : sequence of str, default=VIEWS
        Which views to keep.

    Returns
    -------
    dict of str to list of str
        Columns of equal length, in the order of the passages.
    """
    rows = [build_views(passage, target) for passage in passages]
    return {view: [row[view] for row in rows] for view in views}
