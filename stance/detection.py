"""Detection: which of the mentions in a sentence speak or act, judged by a small trained model.

Mentions enter with the words around them, a probability for each leaves: a logistic regression over
words and word classes near the mention, trained on a corpus whose every actor is marked. It needs
no parser. Where no model has been trained, the rules of `stance.actors` decide instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from stance.mentions import Mention, Token
from stance.verbs import (
    ACTING_VERBS,
    ADVERBIALS,
    AUXILIARIES,
    POSITION_NOUNS,
    REPORTING_VERBS,
    VERBS,
)

# A feature is a template with a value; the value of a template with several parts is a tuple.
Value = str | tuple[str, ...] | None

_EDGE = "|"
# Whose words are names, and never looked at: not of the mention itself, nor of its neighbours.
_NAMED = frozenset(("women", "men", "bodies", "name"))
_REACH = 15
_CHAIN = 5
_MODIFIERS = 6
_FUNCTION_WORDS = frozenset(
    "the a an of in on at to by for from with against between and or but that which who whom whose "
    "as when while after before because if not , . \" ; : - ( ) ' 's his her its their he she it "
    "they we i this these those over into about under according what where than".split()
)
_DETERMINERS = frozenset(
    "the a an this these those his her its their our my your some many several two three all both "
    "other another more most no each every".split()
)
_PREPOSITIONS = frozenset(
    "of in on at to by for from with against between into over under about near among amid after "
    "before since during despite towards toward like than as via per inside outside behind without "
    "within across through".split()
)
_CONNECTIVES = frozenset(
    "that which who whom when while where because if although though since as but and or after "
    'before until what how why whether , ; : ( ) - "'.split()
)
_CLAUSE_OPENERS = frozenset(
    ', ; : that which who while but when as because after before where if " ('.split()
)
_CLAUSE_CLOSERS = frozenset(
    ', ; : that which who while but when because after before where if " )'.split()
)


@dataclass
class Detector:
    """A trained model of who takes part.

    Parameters
    ----------
    weights : mapping of str to float
        Weight of each feature in the log-odds of taking part; a feature is written
        ``template=value``, the parts of a value with a space between them.
    intercept : float
        Log-odds without any feature.
    threshold : float in (0, 1)
        From which probability on a mention takes part.
    """

    weights: Mapping[str, float]
    intercept: float
    threshold: float = 0.5

    @cached_property
    def _tables(self) -> list[dict[Value, float]]:
        """Return the weights of each template by value, as `describe_mentions` writes it."""
        tables: dict[str, dict[Value, float]] = {name: {} for name in TEMPLATES}
        for feature, weight in self.weights.items():
            template, _, value = feature.partition("=")
            if template in tables:
                parts = tuple(value.split(" "))
                whole = len(parts) == 1 and template not in _OF_ANY_LENGTH
                tables[template][value if whole else parts] = weight
        return list(tables.values())

    def probabilities(
        self, tokens: Sequence[Token], mentions: Sequence[Mention], quoted: Sequence[bool]
    ) -> list[float]:
        """Return for each mention of a sentence the probability that it takes part.

        Parameters
        ----------
        tokens : sequence of Token
            The sentence's tokens.
        mentions : sequence of Mention
            Its mentions, in order.
        quoted : sequence of bool
            For each token, whether it stands inside quotation marks.

        Returns
        -------
        list of float
            One for each mention.
        """
        tables = self._tables
        result = []
        for values in describe_mentions(tokens, mentions, quoted):
            score = self.intercept
            for table, value in zip(tables, values, strict=True):
                if value is not None and value in table:
                    score += table[value]
            result.append(1 / (1 + math.exp(-max(-500.0, min(500.0, score)))))
        return result


def name_features(values: Sequence[Value]) -> list[str]:
    """Return the features of one mention as they are written in `Detector.weights`."""
    return [
        f"{template}={value if isinstance(value, str) else ' '.join(value)}"
        for template, value in zip(TEMPLATES, values, strict=True)
        if value is not None
    ]


class _Sentence(NamedTuple):
    """What is known of each word of a sentence."""

    words: list[str]
    classes: list[str]
    # The class, or "M" where a mention stands.
    shapes: list[str]
    # The nearest verb from each place on, or before it; -1 for none.
    next_verb: list[int]
    last_verb: list[int]
    spans: list[tuple[int, int]]


def describe_mentions(
    tokens: Sequence[Token], mentions: Sequence[Mention], quoted: Sequence[bool]
) -> list[tuple[Value, ...]]:
    """Return the features of each mention of a sentence.

    Parameters
    ----------
    tokens : sequence of Token
        The sentence's tokens.
    mentions : sequence of Mention
        Its mentions, in order.
    quoted : sequence of bool
        For each token, whether it stands inside quotation marks.

    Returns
    -------
    list of tuple
        For each mention one value for each of `TEMPLATES`, None where it does not apply: the words
        and word classes around it, the next verb and the one before with what lies between, the
        edges of its clause, its kind, place and quotation, its neighbours. Never whose name it is:
        only pronouns and describing nouns enter by their word.
    """
    if not mentions:
        return []
    sentence = _look_at(tokens, mentions)
    reports = str(any(kind == "REPORT" for kind in sentence.classes))
    names = [mention.canonical for mention in mentions]
    result = []
    for number, mention in enumerate(mentions):
        first, last = sentence.spans[number]
        result.append(
            (
                *_near(sentence, first, last, mention),
                *_verbs_around(sentence, first, last),
                *_governed(sentence, first, last),
                *_chains(sentence, first, last),
                *_clause(sentence, first, last),
                *_neighbours(sentence, number, mentions, names),
                str(quoted[first]),
                str(0 if first < 2 else 1 if first < 6 else 2 if first < 15 else 3),
                reports,
            )
        )
    return result


def _look_at(tokens: Sequence[Token], mentions: Sequence[Mention]) -> _Sentence:
    """Return what is known of each word."""
    words = [token.folded for token in tokens]
    spans = _spans(tokens, mentions)
    for mention, (first, last) in zip(mentions, spans, strict=True):
        if mention.kind in _NAMED and not mention.pronoun:
            words[first : last + 1] = ["NAME"] * (last + 1 - first)
    classes = [word_class(word) for word in words]
    shapes = list(classes)
    for first, last in spans:
        shapes[first : last + 1] = ["M"] * (last + 1 - first)
    next_verb, last_verb = [-1] * (len(words) + 1), [-1] * (len(words) + 1)
    for i in range(len(words) - 1, -1, -1):
        next_verb[i] = i if words[i] in _VERBAL else next_verb[i + 1]
    for i, word in enumerate(words):
        last_verb[i + 1] = i if word in _VERBAL else last_verb[i]
    return _Sentence(words, classes, shapes, next_verb, last_verb, spans)


def _spans(tokens: Sequence[Token], mentions: Sequence[Mention]) -> list[tuple[int, int]]:
    """Return the first and the last token of each mention."""
    at = {token.start: i for i, token in enumerate(tokens)}
    spans = []
    for mention in mentions:
        first = last = at[mention.start]
        while last + 1 < len(tokens) and tokens[last + 1].start < mention.end:
            last += 1
        spans.append((first, last))
    return spans


_NEAR = (
    "kind known kind,left kind,right left2 right2 left3 right3 sides "
    "left0 left1 left2w left3w right0 right1 right2w right3w "
    "leftclass0 leftclass1 leftclass2 leftclass3 rightclass0 rightclass1 rightclass2 rightclass3 "
    "head head,right owns ownsclass rr ll lr rrr lll "
    "ending1 ending2 ending3 ending0 endings"
)


def _near(sentence: _Sentence, first: int, last: int, mention: Mention) -> tuple[Value, ...]:
    """Return what the mention is and which words stand next to it."""
    words, classes = sentence.words, sentence.classes
    kind = mention.kind
    l0, l1, l2, l3 = (_at(words, first - k) for k in (1, 2, 3, 4))
    r0, r1, r2, r3 = (_at(words, last + k) for k in (1, 2, 3, 4))
    a0, a1, a2, a3 = (_at(classes, first - k) for k in (1, 2, 3, 4))
    b0, b1, b2, b3 = (_at(classes, last + k) for k in (1, 2, 3, 4))
    described = mention.pronoun or kind not in ("women", "men", "bodies", "name")
    head = words[last] if described else None
    owns = r0 == "'s"
    return (
        kind,
        "known" if mention.canonical else "new",
        (kind, l0),
        (kind, b0),
        (a1, l0),
        (r0, b1),
        (a2, a1, a0),
        (b0, b1, b2),
        (l0, b0),
        *(l0, l1, l2, l3, r0, r1, r2, r3, a0, a1, a2, a3, b0, b1, b2, b3),
        head,
        (head, b0) if head else None,
        r1 if owns else None,
        (b1, b2) if owns else None,
        (r0, r1),
        (l1, l0),
        (l0, r0),
        (r0, r1, r2),
        (l2, l1, l0),
        r0[-3:],
        r1[-3:],
        r2[-3:],
        l0[-3:],
        (l0[-2:], r0[-2:]),
    )


_VERBS = (
    "verb verbfar verbcommas verbnext verbothers path pathverb "
    "verbbefore verbbeforefar verbbeforeothers pathbefore pathverbbefore"
)


def _verbs_around(sentence: _Sentence, first: int, last: int) -> tuple[Value, ...]:
    """Return the next verb and the verb before, with what lies between."""
    words, classes, shapes = sentence.words, sentence.classes, sentence.shapes
    following: tuple[Value, ...] = (None,) * 7
    after = sentence.next_verb[last + 1]
    if after >= 0 and after - last <= _REACH:
        between = shapes[last + 1 : after]
        others = str(min(2, sum(last < start < after for start, _ in sentence.spans)))
        kind, then = classes[after], _at(classes, after + 1)
        path = _collapse(between[:_REACH])[:_CHAIN]
        following = (
            words[after],
            (kind, str(min(5, len(between)))),
            str(min(3, between.count(","))),
            (kind, then),
            (kind, others, _at(classes, last + 1)),
            (*path, kind),
            (*path, words[after], then),
        )
    preceding: tuple[Value, ...] = (None,) * 5
    before = sentence.last_verb[first]
    if before >= 0 and first - before < _REACH:
        others = str(min(2, sum(before < start < first for start, _ in sentence.spans)))
        path = _collapse(shapes[before + 1 : first])[-_CHAIN:]
        preceding = (
            words[before],
            str(min(5, first - before)),
            (classes[before], others),
            (classes[before], *path),
            (words[before], *path),
        )
    return following + preceding


_GOVERNED = "gov gov2 gov2w gov,right govfar skip gov,skip"


def _governed(sentence: _Sentence, first: int, last: int) -> tuple[Value, ...]:
    """Return the function word that governs the mention, beyond its modifiers, and what follows."""
    words, classes = sentence.words, sentence.classes
    i, far = first - 1, 0
    while i >= 0 and far < _MODIFIERS and _modifies(words[i]):
        i, far = i - 1, far + 1
    gov = _at(words, i)
    j = last + 1
    while j < len(words) and (words[j] in ADVERBIALS or words[j].endswith("ly")):
        j += 1
    skip, skipped = _at(words, j), _at(classes, j)
    return (
        gov,
        (_at(classes, i - 1), gov),
        (_at(words, i - 1), gov),
        (gov, _at(classes, last + 1)),
        (str(min(far, 3)), gov),
        skip,
        (gov, skipped),
    )


@lru_cache(maxsize=65536)
def _modifies(word: str) -> bool:
    """Tell whether a word before a name may belong to it: an article, an adjective, a noun."""
    return word in _DETERMINERS or not (
        word in _FUNCTION_WORDS or word in _PREPOSITIONS or word in _CONNECTIVES or word in _VERBAL
    )


_CHAINS = "after2 after3 after4 after5 before2 before3 before4 before5"


def _chains(sentence: _Sentence, first: int, last: int) -> tuple[Value, ...]:
    """Return the word classes after and before the mention, runs of one class as one."""
    shapes = sentence.shapes
    after = _run(shapes, range(last + 1, len(shapes)))
    before = _run(shapes, range(first - 1, -1, -1))
    return (
        *(tuple(after[:n]) if len(after) >= n else None for n in (2, 3, 4, 5)),
        *(tuple(before[:n]) if len(before) >= n else None for n in (2, 3, 4, 5)),
    )


def _run(shapes: Sequence[str], places: range) -> list[str]:
    """Return the first classes at some places, runs of one class as one."""
    chain: list[str] = []
    for i in places:
        if not chain or chain[-1] != shapes[i]:
            if len(chain) == _CHAIN:
                break
            chain.append(shapes[i])
    return chain


def _collapse(shapes: Sequence[str]) -> list[str]:
    """Return word classes, runs of one class as one."""
    return [shape for i, shape in enumerate(shapes) if not i or shapes[i - 1] != shape]


_CLAUSES = "opens opensfar openswithverb closes closesverbs clause closesw"


def _clause(sentence: _Sentence, first: int, last: int) -> tuple[Value, ...]:
    """Return what opens and what closes the clause, and which verbs follow in it."""
    words, classes = sentence.words, sentence.classes
    i = first - 1
    while i >= 0 and words[i] not in _CLAUSE_OPENERS:
        i -= 1
    opens = _at(words, i)
    has_verb = str(sentence.last_verb[first] > i)
    verbs: list[str] = []
    j = last + 1
    while j < len(words) and words[j] not in _CLAUSE_CLOSERS:
        if words[j] in _VERBAL and len(verbs) < 3:
            verbs.append(classes[j])
        j += 1
    closes = _at(words, j)
    return (
        opens,
        (opens, str(min(first - 1 - i, 5))),
        (opens, has_verb),
        closes,
        tuple(verbs) or ("none",),
        (opens, closes, str(bool(verbs))),
        (closes, _at(words, j + 1)),
    )


_NEIGHBOURS = "gapleft gapright kinds repeats others repeated before behind"


def _neighbours(
    sentence: _Sentence, number: int, mentions: Sequence[Mention], names: Sequence[str | None]
) -> tuple[Value, ...]:
    """Return the mentions on either side, and how often the same actor stands here."""
    mention, spans = mentions[number], sentence.spans
    first, last = spans[number]
    before = mentions[number - 1] if number else None
    behind = mentions[number + 1] if number + 1 < len(mentions) else None
    gap_left = gap_right = None
    if before is not None and first - spans[number - 1][1] <= 4:
        gap_left = (before.kind, *sentence.words[spans[number - 1][1] + 1 : first])
    if behind is not None and spans[number + 1][0] - last <= 4:
        gap_right = (behind.kind, *sentence.words[last + 1 : spans[number + 1][0]])
    name = names[number]
    same = names.count(name) - 1 if name else 0
    earlier = names[:number].count(name) if name else 0
    return (
        gap_left,
        gap_right,
        (before.kind if before else "-", mention.kind, behind.kind if behind else "-"),
        (str(min(2, same)), str(min(2, earlier))),
        str(min(6, len(mentions))),
        str(min(2, earlier)),
        str(min(3, number)),
        str(min(3, len(mentions) - number - 1)),
    )


TEMPLATES: tuple[str, ...] = tuple(
    f"{_NEAR} {_VERBS} {_GOVERNED} {_CHAINS} {_CLAUSES} {_NEIGHBOURS} quoted place reports".split()
)
# Templates whose value is a tuple even where it has one part.
_OF_ANY_LENGTH = frozenset(
    "path pathverb pathbefore pathverbbefore closesverbs gapleft gapright".split()
)
_VERBAL = VERBS | AUXILIARIES


def _at(words: Sequence[str], i: int) -> str:
    """Return a word, or the mark of the sentence's edge."""
    return words[i] if 0 <= i < len(words) else _EDGE


@lru_cache(maxsize=65536)
def word_class(word: str) -> str:
    """Return the class of a word: a function word is its own, others by list and ending.

    Examples
    --------
    >>> [word_class(word) for word in ("the", "said", "quickly", "seven", "barbed", "80")]
    ['the', 'REPORT', 'ADV', 'O', 'ED', 'NUM']
    """
    for name, members in (
        ("AUX", AUXILIARIES),
        ("REPORT", REPORTING_VERBS),
        ("ACT", ACTING_VERBS),
        ("POSITION", POSITION_NOUNS),
        ("ADV", ADVERBIALS),
    ):
        if word in members:
            return name
    if word in _FUNCTION_WORDS or word == _EDGE:
        return word
    for ending, name in (("ly", "LY"), ("ing", "ING"), ("ed", "ED")):
        if word.endswith(ending):
            return name
    return "NUM" if word.isdigit() else "O"
