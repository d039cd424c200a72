"""Cues: readable patterns that vote for a stance.

A cue is one line in a target's TOML file. Its pattern is words, not a regular expression, and is
compiled here to one whose running time is bounded: the only repetition is a gap of a few words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from stance.errors import TargetError
from stance.normalization import normalize

STANCES = ("criticizes", "neutral", "supports")
SCOPES = ("clause", "sentence")
NEGATIONS = ("abstain", "flip", "ignore")

_FLIPPED = {"criticizes": "supports", "supports": "criticizes", "neutral": "neutral"}
# Normalized text has single spaces, so neither of these can match one stretch in two ways.
_JOINER = r"\W{1,3}"
_GAP = r"\W{0,2}(?: \S+){0,6}? \W{0,2}"
_NEGATOR = re.compile(
    r"(?:\b(?:not|never|no|nor|without|hardly|cannot|fail\w*|refus\w*|den(?:y|ies|ied|ying)|declin\w*"
    r"|reject\w*|stop\w* short of|rul\w* out|far from)\b|n't\b)(?:\W+\w+){0,3}\W*$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\s*(\.\.\.|[()|?]|[^\s()|?]+)")


@dataclass(frozen=True)
class Cue:
    """One labelling function: votes for a stance where its pattern is found, or abstains.

    Parameters
    ----------
    name : str
        Short name, unique within the target; results carry it.
    stance : {"criticizes", "neutral", "supports"}
        What the cue votes for.
    pattern : str
        Words to find, whatever their case. ``word*`` takes any ending, ``(a|b c)`` is a choice,
        ``(a)?`` may be absent, ``...`` stands for up to six words, ``ACTOR`` for the actor.
    scope : {"clause", "sentence"}, default="clause"
        Where to look: in the actor's own clause, or in the whole sentence.
    negation : {"abstain", "flip", "ignore"}, default="abstain"
        What a negation within four words before the match does to the vote.

    Examples
    --------
    >>> cue = Cue("fair", "supports", "(free and)? fair", negation="flip")
    >>> cue.vote("ACTOR called the vote free and fair"), cue.vote("ACTOR said it was not fair")
    ('supports', 'criticizes')
    >>> cue.vote("ACTOR went home") is None
    True
    """

    name: str
    stance: str
    pattern: str
    scope: str = "clause"
    negation: str = "abstain"

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The compiled pattern."""
        return compile_pattern(self.pattern)

    def vote(self, text: str) -> str | None:
        """Return the stance that the cue votes for in `text`, or None where it abstains.

        Parameters
        ----------
        text : str
            The actor's clause, or the sentence, with the actor's mention written ``ACTOR``.

        Returns
        -------
        str or None
            Where the pattern occurs more than once, the first occurrence that votes counts.
        """
        text = normalize(text)
        for match in self.expression.finditer(text):
            if self.negation == "ignore" or not _NEGATOR.search(text[: match.start()][-60:]):
                return self.stance
            if self.negation == "flip":
                return _FLIPPED[self.stance]
        return None


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a cue's readable pattern.

    Parameters
    ----------
    pattern : str
        Words with ``*``, ``(|)``, ``?`` and ``...``; see `Cue`.

    Returns
    -------
    re.Pattern
        Matches whole words in text that `normalize` has passed.

    Raises
    ------
    TargetError
        If brackets do not pair, or a sign stands where it has no meaning.

    Examples
    --------
    >>> bool(compile_pattern("refus* to (accept|recogni*)").search("He refuses to recognise it"))
    True
    """
    tokens = _TOKEN.findall(normalize(pattern))
    if not tokens:
        raise TargetError("the pattern is empty; write the words that the cue looks for")
    expression, rest = _alternatives(tokens, pattern)
    if rest:
        raise TargetError(f"pattern {pattern!r} has a ')' without a '(' before it")
    compiled = re.compile(rf"(?<!\w)(?:{expression})(?!\w)", re.IGNORECASE)
    if compiled.search(""):
        raise TargetError(f"pattern {pattern!r} matches nothing at all; name at least one word")
    return compiled


def _alternatives(tokens: list[str], pattern: str) -> tuple[str, list[str]]:
    """Read ``a b|c`` up to a closing bracket or the end; return the expression and what is left."""
    branches: list[str] = []
    while True:
        branch, tokens = _sequence(tokens, pattern)
        branches.append(branch)
        if not tokens or tokens[0] != "|":
            return "|".join(branches), tokens
        tokens = tokens[1:]


def _sequence(tokens: list[str], pattern: str) -> tuple[str, list[str]]:
    """Read words, gaps and brackets up to ``|``, ``)`` or the end."""
    parts: list[str] = []
    begun = False
    joiner = _JOINER
    while tokens and tokens[0] not in "|)":
        token, tokens = tokens[0], tokens[1:]
        if token == "?":
            raise TargetError(f"pattern {pattern!r}: '?' must follow a bracket")
        if token == "...":
            if not begun or not tokens or tokens[0] in "|)":
                raise TargetError(f"pattern {pattern!r}: '...' must stand between words")
            joiner = _GAP
            continue
        optional = False
        if token == "(":
            piece, optional, tokens = _bracket(tokens, pattern)
        else:
            piece = _word(token)
        parts.append(_joined(piece, joiner, begun=begun, optional=optional))
        begun = begun or not optional
        joiner = _JOINER
    return "".join(parts), tokens


def _joined(piece: str, joiner: str, *, begun: bool, optional: bool) -> str:
    """Return `piece` with the white space that ties it to its neighbour."""
    if not optional:
        return f"{joiner}{piece}" if begun else piece
    return f"(?:{joiner}{piece})?" if begun else f"(?:{piece}{joiner})?"


def _bracket(tokens: list[str], pattern: str) -> tuple[str, bool, list[str]]:
    """Read the inside of a bracket, its closing and a ``?`` after it."""
    inside, tokens = _alternatives(tokens, pattern)
    if not tokens:
        raise TargetError(f"pattern {pattern!r} has a '(' that is never closed")
    tokens = tokens[1:]
    optional = bool(tokens) and tokens[0] == "?"
    return f"(?:{inside})", optional, tokens[1:] if optional else tokens


def _word(token: str) -> str:
    """Return the expression for one word, in which ``*`` takes any letters."""
    return r"[\w'-]*".join(re.escape(part) for part in token.split("*"))
