"""Actors: which mentions of a sentence speak or act, and who they are.

Sentences of one article go in, in order; for each, the mentions that take part come out, with
pronouns and "both" resolved to somebody named before. A name that the target does not know stays
itself, and a pronoun without an antecedent keeps no canonical name: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from stance.coreference import Discourse, Namer, resolve_mentions
from stance.detection import Detector
from stance.mentions import Mention, Token, locate_mentions, tokenize
from stance.targets import Target
from stance.verbs import (
    ADVERBIALS,
    AUXILIARIES,
    BE,
    OUTLET_NOUNS,
    POSITION_NOUNS,
    REPORTING_VERBS,
    STATIVES,
    VERBS,
)

_QUOTES = frozenset('"\u201c\u201d\u201e\u00ab\u00bb')
_OPENING = frozenset("\u201c\u201e\u00ab")
_APPOSITION_LIMIT = 16
OBJECT_PRONOUNS = frozenset("him them us me".split())
TAKE_OBJECTS = frozenset("told tell tells telling".split())
PREPOSITIONS = frozenset(
    "of in with against on to at into between from for near outside inside over under through "
    "than towards about behind around across".split()
)
# Without one of these before it nobody is named as the source of something.
_SOURCE_SIGNS = REPORTING_VERBS | frozenset("to by from".split())
# What may stand between a subject and its verb.
PASSED_OVER = ADVERBIALS | frozenset(", ' n't t to".split())
_CLOSING = {",": ",", "(": ")", "-": "-"}
BEFORE_NAMES = frozenset("the a an president minister".split())
POSSESSIVES = frozenset("his her its their our my".split())

# The mentions of a sentence, each with whether it takes part.
Acting = tuple[tuple[Mention, bool], ...]
# Each actor of a sentence is asked about, one right after the other: of the last few sentences,
# none longer than so many characters, the mentions are kept.
_MOST_REMEMBERED = 64
_LONGEST_REMEMBERED = 1000
_REMEMBERED: dict[tuple[str, Target], Acting] = {}
_AHEAD: dict[Target, Callable[[str], Acting | None]] = {}


def detect_actors(
    sentences: Iterable[str],
    target: Target,
    detector: Detector | None = None,
    namer: Namer | None = None,
) -> list[list[Mention]]:
    r"""Find the actors of each sentence of an article.

    Parameters
    ----------
    sentences : iterable of str
        The article's sentences, in order: what "he" means depends on those before.
    target : Target
        Its alias table names the known actors; it may be empty. `Target.on` gives it as of the
        article's day.
    detector : Detector, optional
        A trained model of who takes part; without it, rules decide.
    namer : Namer, optional
        A trained model of whom pronouns and descriptions mean; without it, rules decide.

    Returns
    -------
    list of list of Mention
        For each sentence its actors, in order of their place. "Both" gives one mention for each
        of the two.

    Examples
    --------
    >>> from stance.targets import parse_target
    >>> target = parse_target('name = "t"\n[actors.women]\n"Ann Lee" = ["Lee"]')
    >>> found = detect_actors(["Lee condemned the count.", "She called Bob Ray a fraud."], target)
    >>> [[(m.text, m.canonical) for m in mentions] for mentions in found]
    [[('Lee', 'Ann Lee')], [('She', 'Ann Lee')]]
    """
    discourse = Discourse(target)
    found: list[list[Mention]] = []
    waiting: list[int] = []
    for sentence in sentences:
        begun_inside = discourse.in_quotation
        actors, speaker = _read_sentence(sentence, discourse, detector, namer)
        if begun_inside and speaker:
            # “We agreed. We will help,” he said: the first sentence learns who "we" are.
            for i in waiting:
                found[i] = [_spoken_by(actor, speaker) for actor in found[i]]
        if not discourse.in_quotation or not begun_inside:
            waiting = []
        if discourse.in_quotation:
            waiting.append(len(found))
        found.append(actors)
    return found


def _spoken_by(actor: Mention, speaker: Mention) -> Mention:
    """Return a first person without a name as the speaker of its quotation."""
    if actor.kind == "speaker" and actor.canonical is None:
        return actor._replace(canonical=speaker.canonical)
    return actor


def acting_mentions(sentence: str, target: Target) -> Acting:
    """Find the mentions of one sentence, each with whether it takes part.

    Parameters
    ----------
    sentence : str
        The sentence, without its article: pronouns stay unresolved.
    target : Target
        Names the known actors.

    Returns
    -------
    tuple of (Mention, bool)
        In order of their place.
    """
    found = _REMEMBERED.get((sentence, target))
    if found is None:
        found = _look_ahead(sentence, target)
        if found is None:
            found = _find_acting(sentence, target)
        if len(_REMEMBERED) >= _MOST_REMEMBERED:
            _REMEMBERED.clear()
        if len(sentence) <= _LONGEST_REMEMBERED:
            _REMEMBERED[sentence, target] = found
    return found


def set_ahead(target: Target, find: Callable[[str], Acting | None]) -> None:
    """Take what was found of many sentences ahead of `acting_mentions`, in place of the last such.

    Parameters
    ----------
    target : Target
        For which it was found.
    find : callable
        Returns the mentions of a sentence, or None for one that was not looked at.
    """
    _AHEAD.clear()
    _AHEAD[target] = find


def _look_ahead(sentence: str, target: Target) -> Acting | None:
    """Return what was found of a sentence ahead."""
    find = _AHEAD.get(target)
    return find(sentence) if find is not None else None


def _find_acting(sentence: str, target: Target) -> Acting:
    """Find the mentions of one sentence, each with whether it takes part."""
    tokens = tokenize(sentence)
    words = [token.folded for token in tokens]
    return tuple(
        (mention, _takes_part(words, first, last))
        for mention, first, last in locate_mentions(sentence, target, tokens)
    )


def _read_sentence(
    sentence: str, discourse: Discourse, detector: Detector | None, namer: Namer | None
) -> tuple[list[Mention], Mention | None]:
    """Find the actors of one sentence and remember them; return who speaks its quotation, too."""
    tokens = tokenize(sentence)
    quoted, discourse.in_quotation = mark_quotations(tokens, opened=discourse.in_quotation)
    located = locate_mentions(sentence, discourse.target, tokens)
    mentions = [mention for mention, _, _ in located]
    if detector is None:
        words = [token.folded for token in tokens]
        chosen = [_takes_part(words, first, last) for _, first, last in located]
    else:
        chances = detector.probabilities(tokens, mentions, quoted)
        chosen = [chance >= detector.threshold for chance in chances]
    taking_part = [m for m, takes in zip(mentions, chosen, strict=True) if takes]
    speaker = find_speaker(taking_part, tokens, quoted)
    actors = resolve_mentions(mentions, chosen, tokens, quoted, discourse, namer, speaker)
    if speaker is not None:
        named = [a for a in actors if a.start == speaker.start and a.canonical]
        speaker = named[0] if named else None
    actors = list(_once_each(actors))
    named = [actor for actor in actors if actor.canonical]
    if speaker is not None or (named and not any(quoted)):
        discourse.speaker = (speaker or named[-1]).canonical
    return actors, speaker


def _once_each(actors: list[Mention]) -> Iterator[Mention]:
    """Yield the first mention of each actor, and each that stands for nobody known."""
    seen: set[str] = set()
    for actor in actors:
        key = actor.canonical or f"{actor.start}"
        if key not in seen:
            seen.add(key)
            yield actor


def _span(tokens: Sequence[Token], index: dict[int, int], mention: Mention) -> tuple[int, int]:
    """Return the first token of a mention and the one after its last."""
    first = index[mention.start]
    last = first
    while last < len(tokens) and tokens[last].start < mention.end:
        last += 1
    return first, last


def mark_quotations(tokens: Sequence[Token], *, opened: bool = False) -> tuple[list[bool], bool]:
    """Tell for each token whether it stands inside double quotation marks.

    Parameters
    ----------
    tokens : sequence of Token
        The sentence's tokens.
    opened : bool, default=False
        Whether a quotation runs on from the sentence before.

    Returns
    -------
    quoted : list of bool
        One for each token; the marks themselves are inside.
    opened : bool
        Whether a quotation runs on into the next sentence.
    """
    quoted = []
    for i, token in enumerate(tokens):
        if token.text not in _QUOTES:
            quoted.append(opened)
            continue
        quoted.append(True)
        after = tokens[i - 1].end < token.start if i else True
        before = i + 1 < len(tokens) and token.end == tokens[i + 1].start
        # A mark that touches the word after it alone opens, also where one is open already: each
        # paragraph of a long quotation begins with one, and only the last ends with one.
        if after == before:
            opened = not opened if token.text == '"' else token.text in _OPENING
        else:
            opened = before and after
    return quoted, opened


def _takes_part(words: Sequence[str], first: int, last: int) -> bool:
    """Tell whether a mention is a subject, an agent or a source, and not only mentioned."""
    word = words[first]
    before = words[max(0, first - 4) : first]
    if word in POSSESSIVES:
        return _owns_position(words, last)
    if before and before[-1] in POSSESSIVES or _is_outlet(words, first, last):
        return False
    if _is_source(before, words, first):
        return True
    if word in OBJECT_PRONOUNS:
        return False
    if last < len(words) and words[last] == "'s":
        return _owns_position(words, last + 1) or _finds_verb(words, last + 1, contracted=True)
    if before and before[-1] in PREPOSITIONS:
        return False
    return _finds_verb(words, last)


def _is_outlet(words: Sequence[str], first: int, last: int) -> bool:
    """Tell whether a mention is the outlet that carries the news ("the RBC news website")."""
    return not (
        OUTLET_NOUNS.isdisjoint(words[last : last + 3])
        and OUTLET_NOUNS.isdisjoint(words[max(0, first - 2) : first])
    )


def _is_source(before: Sequence[str], words: Sequence[str], first: int) -> bool:
    """Tell whether the words before a mention make it a speaker or an agent."""
    if _SOURCE_SIGNS.isdisjoint(before):
        return False
    lead = [word for word in before if word not in BEFORE_NAMES]
    if not lead:
        return False
    if lead[-2:] == ["according", "to"] or lead[-1] == "by" and "named" not in lead:
        return _follows_participle(words, first) if lead[-1] == "by" else True
    if lead[-1] == "from":
        return not POSITION_NOUNS.isdisjoint(lead[:-1])
    # "…, said Lavrov" and "…” Lavrov said", but not "told Lukashenko": that takes an object.
    inverted = len(lead) > 1 and lead[-2] in ('"', ",", "?", "!")
    verb = lead[-1]
    return (
        inverted
        and verb in REPORTING_VERBS
        and verb not in TAKE_OBJECTS
        and words[first] not in ("it", "her")
    )


def _follows_participle(words: Sequence[str], first: int) -> bool:
    """Tell whether "by" follows a participle or a position ("rejected by", "a statement by")."""
    window = words[max(0, first - 6) : first]
    return any(word in POSITION_NOUNS or word in VERBS for word in window)


def _owns_position(words: Sequence[str], i: int) -> bool:
    """Tell whether a noun of position follows a possessive ("Lukashenko's claim")."""
    return not POSITION_NOUNS.isdisjoint(words[i : i + 3])


def _finds_verb(words: Sequence[str], i: int, *, contracted: bool = False) -> bool:
    """Tell whether the words from token `i` on are what a subject is followed by."""
    i = _skip_apposition(words, i)
    seen_be = contracted
    seen_auxiliary = contracted
    for word in words[i : i + 6]:
        if word in AUXILIARIES:
            seen_be = word in BE
            seen_auxiliary = True
        elif word in STATIVES and seen_be:
            return True
        elif word in VERBS:
            return not (seen_be and word.endswith(("ed", "en")))
        elif word not in PASSED_OVER and not word.endswith("ly"):
            return seen_auxiliary and not seen_be
    return seen_auxiliary and not seen_be


def _skip_apposition(words: Sequence[str], i: int) -> int:
    """Return the token after ", the Kremlin's spokesman," where one follows."""
    if i + 1 < len(words) and words[i] in _CLOSING:
        closing = _CLOSING[words[i]]
        for j in range(i + 2, min(i + _APPOSITION_LIMIT, len(words))):
            if words[j] == closing:
                return j + 1
    return i


def find_speaker(
    actors: Sequence[Mention], tokens: Sequence[Token], quoted: Sequence[bool]
) -> Mention | None:
    """Return who speaks the quotation of a sentence.

    Parameters
    ----------
    actors : sequence of Mention
        Those who take part.
    tokens : sequence of Token
        The sentence's tokens.
    quoted : sequence of bool
        For each token, whether it stands inside quotation marks.

    Returns
    -------
    Mention or None
        The first actor outside of the quotation that stands by a verb of saying, or else the first
        outside of it; None without a quotation.
    """
    if not any(quoted):
        return None
    index = {token.start: i for i, token in enumerate(tokens)}
    outside = [actor for actor in actors if not quoted[index[actor.start]]]
    for actor in outside:
        first, last = _span(tokens, index, actor)
        near = [*tokens[max(0, first - 3) : first], *tokens[last : last + 4]]
        if any(token.folded in REPORTING_VERBS for token in near):
            return actor
    return outside[0] if outside else None
