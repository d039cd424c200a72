"""Detection: which of the mentions in a sentence speak or act, judged by a small trained model.

Mentions enter with the words around them, a probability for each leaves: a logistic regression over
words and word classes near the mention, trained on a corpus whose every actor is marked. It needs
no parser. Where no model has been trained, the rules of `stance.actors` decide instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from typing import NamedTuple

from stance import rescoring
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
_GAP = 4
_LONGEST_CLAUSE = 100
# As many mentions are looked up in a model's file before its weights are read as a whole.
_FEW_MENTIONS = 2000
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
    _n_seen: int = field(default=0, init=False, repr=False, compare=False)

    @cached_property
    def _second(self) -> tuple[float, float] | None:
        """Return slope and intercept of the second look; None without one."""
        slope = self.weights.get(rescoring.SLOPE)
        return None if slope is None else (slope, self.weights.get(rescoring.INTERCEPT, 0.0))

    @cached_property
    def _second_lookups(self) -> list[Callable[[Value, float], float]]:
        """Return for each template what finds the weight of a value of `describe_odds`."""
        tables: dict[str, dict[Value, float]] = {name: {} for name in rescoring.TEMPLATES}
        for feature, weight in self.weights.items():
            template, _, value = feature.partition("=")
            if template in tables:
                tables[template][value] = weight
        return [table.get for table in tables.values()]

    @cached_property
    def _lookups(self) -> list[Callable[[Value, float], float]]:
        """Return for each template what finds the weight of a value of `describe_mentions`."""
        tables: dict[str, dict[Value, float]] = {name: {} for name in TEMPLATES}
        for feature, weight in self.weights.items():
            template, _, value = feature.partition("=")
            if template in tables:
                parts = tuple(value.split(" "))
                whole = len(parts) == 1 and template not in _OF_ANY_LENGTH
                tables[template][value if whole else parts] = weight
        return [table.get for table in tables.values()]

    @cached_property
    def _named_lookups(self) -> tuple[list[Callable[[Value, float], float]], ...]:
        """Return the same for a few values, by the features' names, without any table."""
        return tuple(
            [partial(self._weigh, f"{name}=") for name in names]
            for names in (TEMPLATES, rescoring.TEMPLATES)
        )

    def _weigh(self, template: str, value: Value, default: float) -> float:
        """Return the weight of a template's value."""
        if value is None:
            return default
        name = value if isinstance(value, str) else " ".join(value)
        return self.weights.get(template + name, default)

    def _choose_lookups(self, n_mentions: int) -> tuple[list[Callable[[Value, float], float]], ...]:
        """Return how to find weights: by name at first, where that saves reading them all."""
        self._n_seen += n_mentions
        if isinstance(self.weights, dict) or self._n_seen > _FEW_MENTIONS:
            return self._lookups, self._second_lookups
        return self._named_lookups

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
        if not mentions:
            return []
        lookups, second_lookups = self._choose_lookups(len(mentions))
        sentence = _look_at(tokens, mentions)
        odds = []
        for values in _describe(sentence, mentions, quoted):
            score = self.intercept
            for lookup, value in zip(lookups, values, strict=True):
                score += lookup(value, 0.0)
            odds.append(score)
        if self._second is not None:
            bonds = rescoring.find_bonds(sentence.words, sentence.spans, mentions)
            odds = self._look_again(bonds, odds, second_lookups)
        return [1 / (1 + math.exp(-max(-500.0, min(500.0, score)))) for score in odds]

    def _look_again(
        self,
        bonds: rescoring.Bonds,
        odds: Sequence[float],
        lookups: Sequence[Callable[[Value, float], float]],
    ) -> list[float]:
        """Return the log-odds of each mention in the light of its neighbours'."""
        assert self._second is not None
        slope, intercept = self._second
        result = []
        for first, values in zip(odds, rescoring.describe_odds(bonds, odds), strict=True):
            score = intercept + slope * first
            for lookup, value in zip(lookups, values, strict=True):
                score += lookup(value, 0.0)
            result.append(score)
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
    # The nearest verb at each place or after it, and before it; -1 for none.
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
        and word classes around it, the next verb and what lies between, the edges of its clause,
        its kind, place and quotation, its neighbours. Never whose name it is: only pronouns and
        describing nouns enter by their word.
    """
    return _describe(_look_at(tokens, mentions), mentions, quoted) if mentions else []


def bind_mentions(tokens: Sequence[Token], mentions: Sequence[Mention]) -> rescoring.Bonds:
    """Return what ties the mentions of a sentence together, for a second look.

    Parameters
    ----------
    tokens : sequence of Token
        The sentence's tokens.
    mentions : sequence of Mention
        Its mentions, in order.

    Returns
    -------
    Bonds
    """
    return rescoring.find_bonds(
        [token.folded for token in tokens], _spans(tokens, mentions), mentions
    )


def _describe(
    sentence: _Sentence, mentions: Sequence[Mention], quoted: Sequence[bool]
) -> list[tuple[Value, ...]]:
    """Return the features of each mention of a sentence that has some."""
    return [
        (
            *_near(sentence, first, last, mention),
            *_verb_after(sentence, first, last),
            *_governed(sentence, first, last, mention),
            *_chains(sentence, first, last),
            *_clause(sentence, first, last),
            *_neighbours(sentence, number, mentions),
            str(quoted[first]),
        )
        for number, (mention, (first, last)) in enumerate(
            zip(mentions, sentence.spans, strict=True)
        )
    ]


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
    "kind known kind,left kind,right left0 right0 right3 rightclass0 rightclass1 "
    "head head,right right01 ending0 ending1 ending2 ending3"
)


def _near(sentence: _Sentence, first: int, last: int, mention: Mention) -> tuple[Value, ...]:
    """Return what the mention is and which words stand next to it."""
    words, classes = sentence.words, sentence.classes
    kind = mention.kind
    left = _at(words, first - 1)
    r0, r1, r2, r3 = (_at(words, last + k) for k in (1, 2, 3, 4))
    b0, b1 = _at(classes, last + 1), _at(classes, last + 2)
    head = _head(words, last, mention)
    return (
        kind,
        "known" if mention.canonical else "new",
        (kind, left),
        (kind, b0),
        left,
        r0,
        r3,
        b0,
        b1,
        head,
        (head, b0) if head else None,
        (r0, r1),
        left[-3:],
        r0[-3:],
        r1[-3:],
        r2[-3:],
    )


_VERB = "verb verbnext path"


def _verb_after(sentence: _Sentence, first: int, last: int) -> tuple[Value, ...]:
    """Return the next verb, what follows it, and what lies before it."""
    classes = sentence.classes
    verb = sentence.next_verb[last + 1]
    if verb < 0 or verb - last > _REACH:
        return (None, None, None)
    path = _chain(sentence.shapes, range(last + 1, verb))
    return (
        sentence.words[verb],
        (classes[verb], _at(classes, verb + 1)),
        (*path, classes[verb]),
    )


_GOVERNED = "gov gov2 gov2w gov,right skip gov,skip head,left head,gov head,skip"


def _governed(sentence: _Sentence, first: int, last: int, mention: Mention) -> tuple[Value, ...]:
    """Return the function word that governs the mention, beyond its modifiers, and what follows."""
    words, classes = sentence.words, sentence.classes
    i = first - 1
    while i >= max(0, first - _MODIFIERS) and _modifies(words[i]):
        i -= 1
    gov = _at(words, i)
    head = _head(words, last, mention) or "-"
    j = last + 1
    while j < min(len(words), last + _REACH) and (
        words[j] in ADVERBIALS or words[j].endswith("ly")
    ):
        j += 1
    return (
        gov,
        (_at(classes, i - 1), gov),
        (_at(words, i - 1), gov),
        (gov, _at(classes, last + 1)),
        _at(words, j),
        (gov, _at(classes, j)),
        (head, _at(words, first - 1)),
        (head, gov),
        (head, _at(words, j)),
    )


@lru_cache(maxsize=65536)
def _modifies(word: str) -> bool:
    """Tell whether a word before a name may belong to it: an article, an adjective, a noun."""
    return word in _DETERMINERS or not (
        word in _FUNCTION_WORDS or word in _PREPOSITIONS or word in _CONNECTIVES or word in _VERBAL
    )


def _head(words: Sequence[str], last: int, mention: Mention) -> str | None:
    """Return the word of a pronoun or the noun of a description; None for a name."""
    return words[last] if mention.pronoun or mention.kind not in _NAMED else None


_CHAINS = "after2 after3 before3"


def _chains(sentence: _Sentence, first: int, last: int) -> tuple[Value, ...]:
    """Return the word classes after and before the mention, runs of one class as one."""
    shapes = sentence.shapes
    after = _chain(shapes, range(last + 1, min(len(shapes), last + _LONGEST_CLAUSE)), 3)
    before = _chain(shapes, range(first - 1, max(-1, first - _LONGEST_CLAUSE), -1), 3)
    return (
        after[:2] if len(after) > 1 else None,
        after if len(after) > 2 else None,
        before if len(before) > 2 else None,
    )


def _chain(shapes: Sequence[str], places: range, longest: int = _CHAIN) -> tuple[str, ...]:
    """Return the first classes at some places, runs of one class as one."""
    chain: list[str] = []
    for i in places:
        if not chain or chain[-1] != shapes[i]:
            if len(chain) == longest:
                break
            chain.append(shapes[i])
    return tuple(chain)


_CLAUSES = "openswithverb closes closesverbs"


def _clause(sentence: _Sentence, first: int, last: int) -> tuple[Value, ...]:
    """Return what opens and what closes the clause, and which verbs follow in it."""
    words = sentence.words
    # Bounded, so that the time stays linear in the length of the oddest sentence.
    i, lowest = first - 1, max(-1, first - _LONGEST_CLAUSE)
    while i > lowest and words[i] not in _CLAUSE_OPENERS:
        i -= 1
    verbs: list[str] = []
    j, highest = last + 1, min(len(words), last + _LONGEST_CLAUSE)
    while j < highest and words[j] not in _CLAUSE_CLOSERS:
        if words[j] in _VERBAL and len(verbs) < 3:
            verbs.append(sentence.classes[j])
        j += 1
    return (
        (_at(words, i), str(sentence.last_verb[first] > i)),
        _at(words, j),
        tuple(verbs) or ("none",),
    )


_NEIGHBOURS = "gapright kinds before behind"


def _neighbours(sentence: _Sentence, number: int, mentions: Sequence[Mention]) -> tuple[Value, ...]:
    """Return the mentions on either side, and how many there are."""
    last = sentence.spans[number][1]
    before = mentions[number - 1].kind if number else "-"
    behind, gap = "-", None
    if number + 1 < len(mentions):
        behind = mentions[number + 1].kind
        begin = sentence.spans[number + 1][0]
        if begin - last <= _GAP:
            gap = (behind, *sentence.words[last + 1 : begin])
    return (
        gap,
        (before, mentions[number].kind, behind),
        str(min(3, number)),
        str(min(3, len(mentions) - number - 1)),
    )


TEMPLATES: tuple[str, ...] = tuple(
    f"{_NEAR} {_VERB} {_GOVERNED} {_CHAINS} {_CLAUSES} {_NEIGHBOURS} quoted".split()
)
# Templates whose value is a tuple even where it has one part.
_OF_ANY_LENGTH = frozenset(("path", "closesverbs", "gapright"))
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
