"""Detection: which of the mentions in a sentence speak or act, judged by a small trained model.

Mentions enter with the words around them, a probability for each leaves: a logistic regression over
words and word classes near the mention, trained on a corpus whose every actor is marked. It needs
no parser. Where no model has been trained, the rules of `stance.actors` decide instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from stance.mentions import Mention, Token
from stance.verbs import (
    ACTING_VERBS,
    ADVERBIALS,
    AUXILIARIES,
    POSITION_NOUNS,
    REPORTING_VERBS,
    VERBS,
)

_EDGE = "|"
_REACH = 15
_FUNCTION_WORDS = frozenset(
    "the a an of in on at to by for from with against between and or but that which who whom whose "
    "as when while after before because if not , . \" ; : - ( ) ' 's his her its their he she it "
    "they we i this these those over into about under according what where than".split()
)


@dataclass
class Detector:
    """A trained model of who takes part.

    Parameters
    ----------
    weights : mapping of str to float
        Weight of each feature in the log-odds of taking part.
    intercept : float
        Log-odds without any feature.
    threshold : float in (0, 1)
        From which probability on a mention takes part.
    """

    weights: Mapping[str, float]
    intercept: float
    threshold: float = 0.5

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
        get = self.weights.get
        result = []
        for features in describe_mentions(tokens, mentions, quoted):
            score = self.intercept
            for feature in features:
                score += get(feature, 0.0)
            result.append(1 / (1 + math.exp(-max(-500.0, min(500.0, score)))))
        return result


def describe_mentions(
    tokens: Sequence[Token], mentions: Sequence[Mention], quoted: Sequence[bool]
) -> list[list[str]]:
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
    list of list of str
        For each mention the names of the features that it has: the words and word classes around
        it, the next verb and the one before with what lies between, its kind, place and quotation.
        Never whose name it is: only pronouns and describing nouns enter by their word.
    """
    words = [token.folded for token in tokens]
    spans = _spans(tokens, mentions)
    reports = any(word in REPORTING_VERBS for word in words)
    seen: dict[str, int] = {}
    result = []
    for number, (mention, (first, last)) in enumerate(zip(mentions, spans, strict=True)):
        features = _near(words, first, last, mention)
        features += _verbs_around(words, first, last, spans)
        repeated = seen.get(mention.canonical or "", 0)
        features += [
            f"quoted={quoted[first]}",
            f"place={0 if first < 2 else 1 if first < 6 else 2 if first < 15 else 3}",
            f"before={min(3, number)}",
            f"behind={min(3, len(mentions) - number - 1)}",
            f"repeated={min(2, repeated)}",
            f"reports={reports}",
        ]
        if mention.canonical:
            seen[mention.canonical] = repeated + 1
        result.append(features)
    return result


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


def _near(words: Sequence[str], first: int, last: int, mention: Mention) -> list[str]:
    """Return what the mention is and which words stand next to it."""
    known = "known" if mention.canonical else "new"
    kind = mention.kind
    left = [_at(words, first - k) for k in (1, 2, 3, 4)]
    right = [_at(words, last + k) for k in (1, 2, 3, 4)]
    left_kinds = [word_class(word) for word in left]
    right_kinds = [word_class(word) for word in right]
    features = [
        f"kind={kind}",
        f"known={known}",
        f"kind,left={kind} {left[0]}",
        f"kind,right={kind} {right_kinds[0]}",
        f"left2={left_kinds[1]} {left[0]}",
        f"right2={right[0]} {right_kinds[1]}",
        f"left3={left_kinds[2]} {left_kinds[1]} {left_kinds[0]}",
        f"right3={right_kinds[0]} {right_kinds[1]} {right_kinds[2]}",
        f"sides={left[0]} {right_kinds[0]}",
    ]
    for k in range(4):
        features += [
            f"left{k}={left[k]}",
            f"right{k}={right[k]}",
            f"leftclass{k}={left_kinds[k]}",
            f"rightclass{k}={right_kinds[k]}",
        ]
    if mention.pronoun or kind not in ("women", "men", "bodies", "name"):
        features.append(f"head={words[last]}")
        features.append(f"head,right={words[last]} {right_kinds[0]}")
    if right[0] == "'s":
        features.append(f"owns={right[1]}")
        features.append(f"ownsclass={right_kinds[1]} {right_kinds[2]}")
    return features


def _verbs_around(
    words: Sequence[str], first: int, last: int, spans: Sequence[tuple[int, int]]
) -> list[str]:
    """Return the next verb and the verb before, with what lies between."""
    features = []
    after = _first_verb(words, range(last + 1, min(last + 1 + _REACH, len(words))))
    if after is not None:
        between = words[last + 1 : after]
        others = min(2, sum(last < start < after for start, _ in spans))
        kind = word_class(words[after])
        following = word_class(_at(words, after + 1))
        features += [
            f"verb={words[after]}",
            f"verbfar={kind} {min(5, len(between))}",
            f"verbcommas={min(3, between.count(','))}",
            f"verbnext={kind} {following}",
            f"verbothers={kind} {others} {word_class(_at(words, last + 1))}",
        ]
    before = _first_verb(words, range(first - 1, max(first - _REACH, -1), -1))
    if before is not None:
        others = min(2, sum(before < start < first for start, _ in spans))
        features += [
            f"verbbefore={words[before]}",
            f"verbbeforefar={min(5, first - before)}",
            f"verbbeforeothers={word_class(words[before])} {others}",
        ]
    return features


def _first_verb(words: Sequence[str], places: range) -> int | None:
    """Return the first of the places at which a verb stands."""
    return next((i for i in places if words[i] in VERBS or words[i] in AUXILIARIES), None)


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
