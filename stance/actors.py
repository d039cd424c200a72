"""Actors: which mentions of a sentence speak or act, and who they are.

Sentences of one article go in, in order; for each, the mentions that take part come out, with
pronouns and "both" resolved to somebody named before. A name that the target does not know stays
itself, and a pronoun without an antecedent keeps no canonical name: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from stance.detection import Detector
from stance.mentions import ROLE_NOUNS, Mention, Token, find_mentions, tokenize
from stance.targets import Target, fold, fold_letters
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
_APPOSITION_LIMIT = 16
_OBJECT_PRONOUNS = frozenset("him them us me".split())
_TAKE_OBJECTS = frozenset("told tell tells telling".split())
_PREPOSITIONS = frozenset(
    "of in with against on to at into between from for near outside inside over under through "
    "than towards about behind around across".split()
)
_POSSESSIVES = frozenset("his her its their our my".split())


def detect_actors(
    sentences: Iterable[str], target: Target, detector: Detector | None = None
) -> list[list[Mention]]:
    r"""Find the actors of each sentence of an article.

    Parameters
    ----------
    sentences : iterable of str
        The article's sentences, in order: what "he" means depends on those before.
    target : Target
        Its alias table names the known actors; it may be empty.
    detector : Detector, optional
        A trained model of who takes part; without it, rules decide.

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
    memory = _Memory()
    found: list[list[Mention]] = []
    waiting: list[int] = []
    for sentence in sentences:
        begun_inside = memory.in_quotation
        actors, speaker = _read_sentence(sentence, target, memory, detector)
        if begun_inside and speaker:
            # “We agreed. We will help,” he said: the first sentence learns who "we" are.
            for i in waiting:
                found[i] = [_spoken_by(actor, speaker) for actor in found[i]]
        if not memory.in_quotation or not begun_inside:
            waiting = []
        if memory.in_quotation:
            waiting.append(len(found))
        found.append(actors)
    return found


def _spoken_by(actor: Mention, speaker: Mention) -> Mention:
    """Return a first person without a name as the speaker of its quotation."""
    if actor.kind == "speaker" and actor.canonical is None:
        return replace(actor, canonical=speaker.canonical)
    return actor


def acting_mentions(sentence: str, target: Target) -> list[tuple[Mention, bool]]:
    """Find the mentions of one sentence, each with whether it takes part.

    Parameters
    ----------
    sentence : str
        The sentence, without its article: pronouns stay unresolved.
    target : Target
        Names the known actors.

    Returns
    -------
    list of (Mention, bool)
        In order of their place.
    """
    tokens = tokenize(sentence)
    index = {token.start: i for i, token in enumerate(tokens)}
    return [
        (mention, _takes_part(tokens, _span(tokens, index, mention)))
        for mention in find_mentions(sentence, target, tokens)
    ]


@dataclass
class _Memory:
    """Who has been met so far in the article."""

    people: dict[str, str] = field(default_factory=dict)
    # Canonical name by kind: of the last met anywhere, and of the first in the sentence before.
    met: dict[str, str] = field(default_factory=dict)
    previous: dict[str, str] = field(default_factory=dict)
    pair: list[str] = field(default_factory=list)
    # Canonical name by the last word of a name or title: who was last met as "minister".
    bearers: dict[str, str] = field(default_factory=dict)
    speaker: Mention | None = None
    in_quotation: bool = False


def _read_sentence(
    sentence: str, target: Target, memory: _Memory, detector: Detector | None
) -> tuple[list[Mention], Mention | None]:
    """Find the actors of one sentence and remember them; return who speaks its quotation, too."""
    tokens = tokenize(sentence)
    quoted, memory.in_quotation = mark_quotations(tokens, opened=memory.in_quotation)
    found = find_mentions(sentence, target, tokens)
    mentions = _named_in_full(found, memory, tokens)
    index = {token.start: i for i, token in enumerate(tokens)}
    if detector is None:
        chosen = [_takes_part(tokens, _span(tokens, index, mention)) for mention in mentions]
    else:
        chances = detector.probabilities(tokens, found, quoted)
        chosen = [chance >= detector.threshold for chance in chances]
    taking_part = [mention for mention, takes in zip(mentions, chosen, strict=True) if takes]
    own_speaker = _quoted_speaker(taking_part, tokens, index, quoted)
    # A quotation that opens here without a speaker may have one in a later sentence.
    speaker = own_speaker or (memory.speaker if any(quoted) else None)
    actors: list[Mention] = []
    here: dict[str, str] = {}
    for mention in taking_part:
        inside = quoted[index[mention.start]]
        for actor in _resolve(mention, here, memory, speaker, inside=inside):
            actors.append(actor)
            if actor.canonical:
                here[actor.kind] = actor.canonical
    actors = list(_once_each(actors))
    _remember(memory, mentions, actors)
    for mention in mentions:
        if mention.canonical and not mention.pronoun and mention.kind != "role":
            words = _bearing_words(mention.canonical, target)
            words |= _title_before(mention, sentence)
            memory.bearers.update(dict.fromkeys(words, mention.canonical))
    named = [actor for actor in actors if actor.canonical]
    memory.speaker = speaker or (named[-1] if named else memory.speaker)
    if own_speaker is not None:
        named_speaker = [a for a in actors if a.start == own_speaker.start and a.canonical]
        own_speaker = named_speaker[0] if named_speaker else own_speaker
    return actors, own_speaker


@lru_cache(maxsize=4096)
def _known_words(target: Target, canonical: str) -> frozenset[str]:
    """Return the describing nouns in the names of an actor of the table."""
    actor = target.by_name.get(fold(canonical))
    names = actor.names if actor else (canonical,)
    words = {fold_letters(word) for name in names for word in name.split()}
    return frozenset(words & ROLE_NOUNS)


def _bearing_words(canonical: str, target: Target) -> set[str]:
    """Return by which nouns an actor may be meant later: "ministry" for an Interior Ministry."""
    return set(_known_words(target, canonical))


def _title_before(mention: Mention, sentence: str) -> set[str]:
    """Return the nouns of the title right before a name."""
    words = {fold_letters(word) for word in sentence[: mention.start].split()[-3:]}
    return words & ROLE_NOUNS


def _remember(memory: _Memory, mentions: list[Mention], actors: list[Mention]) -> None:
    """Keep who was met in a sentence, for the pronouns of the next."""
    for mention in mentions:
        if mention.canonical:
            memory.met[mention.kind] = mention.canonical
    if actors:
        named = [actor for actor in actors if actor.canonical]
        memory.previous = {a.kind: a.canonical for a in reversed(named) if a.canonical}
        memory.pair = list(dict.fromkeys(a.canonical for a in named if a.canonical))[-2:]


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
    for token in tokens:
        if token.folded in _QUOTES or token.text in _QUOTES:
            opened = not opened
            quoted.append(True)
        else:
            quoted.append(opened)
    return quoted, opened


def _named_in_full(
    mentions: list[Mention], memory: _Memory, tokens: Sequence[Token]
) -> list[Mention]:
    """Give an unknown surname its fuller name, and a role the one who bears it, from before."""
    named = []
    for mention in mentions:
        if mention.kind == "name":
            surname = mention.text.split()[-1]
            if " " in mention.text:
                memory.people[surname] = mention.text
            mention = replace(mention, canonical=memory.people.get(surname, mention.text))
        elif mention.kind == "role":
            head = fold_letters(mention.text.split()[-1])
            bearer = memory.bearers.get(head) if _is_definite(mention, tokens) else None
            mention = replace(mention, canonical=bearer or mention.text)
        named.append(mention)
    return named


def _is_definite(mention: Mention, tokens: Sequence[Token]) -> bool:
    """Tell whether a role is one that has been spoken of: "the minister", not "a minister"."""
    before = [token.folded for token in tokens if token.end <= mention.start][-1:]
    return before != ["a"] and before != ["an"]


def _takes_part(tokens: Sequence[Token], span: tuple[int, int]) -> bool:
    """Tell whether a mention is a subject, an agent or a source, and not only mentioned."""
    first, last = span
    word = tokens[first].folded
    before = [token.folded for token in tokens[max(0, first - 4) : first]]
    if word in _POSSESSIVES:
        return _owns_position(tokens, last)
    if before and before[-1] in _POSSESSIVES or _is_outlet(tokens, first, last):
        return False
    if _is_source(before, tokens, first):
        return True
    if word in _OBJECT_PRONOUNS:
        return False
    if last < len(tokens) and tokens[last].folded == "'s":
        return _owns_position(tokens, last + 1) or _finds_verb(tokens, last + 1, contracted=True)
    if before and before[-1] in _PREPOSITIONS:
        return False
    return _finds_verb(tokens, last)


def _is_outlet(tokens: Sequence[Token], first: int, last: int) -> bool:
    """Tell whether a mention is the outlet that carries the news ("the RBC news website")."""
    return any(token.folded in OUTLET_NOUNS for token in tokens[last : last + 3]) or any(
        token.folded in OUTLET_NOUNS for token in tokens[max(0, first - 2) : first]
    )


def _is_source(before: Sequence[str], tokens: Sequence[Token], first: int) -> bool:
    """Tell whether the words before a mention make it a speaker or an agent."""
    words = [word for word in before if word not in ("the", "a", "an", "president", "minister")]
    if not words:
        return False
    if words[-2:] == ["according", "to"] or words[-1] == "by" and "named" not in words:
        return _follows_participle(tokens, first) if words[-1] == "by" else True
    if words[-1] == "from":
        return bool(POSITION_NOUNS & set(words[:-1]))
    # "…, said Lavrov" and "…” Lavrov said", but not "told Lukashenko": that takes an object.
    inverted = len(words) > 1 and words[-2] in ('"', ",", "?", "!")
    verb = words[-1]
    return (
        inverted
        and verb in REPORTING_VERBS
        and verb not in _TAKE_OBJECTS
        and tokens[first].folded not in ("it", "her")
    )


def _follows_participle(tokens: Sequence[Token], first: int) -> bool:
    """Tell whether "by" follows a participle or a position ("rejected by", "a statement by")."""
    window = [token.folded for token in tokens[max(0, first - 6) : first]]
    return any(word in POSITION_NOUNS or word in VERBS for word in window)


def _owns_position(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether a noun of position follows a possessive ("Lukashenko's claim")."""
    return any(token.folded in POSITION_NOUNS for token in tokens[i : i + 3])


def _finds_verb(tokens: Sequence[Token], i: int, *, contracted: bool = False) -> bool:
    """Tell whether the words from token `i` on are what a subject is followed by."""
    i = _skip_apposition(tokens, i)
    seen_be = contracted
    seen_auxiliary = contracted
    for token in tokens[i : i + 6]:
        word = token.folded
        if word in AUXILIARIES:
            seen_be = word in BE
            seen_auxiliary = True
        elif word in STATIVES and seen_be:
            return True
        elif word in VERBS:
            return not (seen_be and word.endswith(("ed", "en")))
        elif word in ADVERBIALS or word.endswith("ly") or word in (",", "'", "n't", "t", "to"):
            continue
        else:
            return seen_auxiliary and not seen_be
    return seen_auxiliary and not seen_be


def _skip_apposition(tokens: Sequence[Token], i: int) -> int:
    """Return the token after ", the Kremlin's spokesman," where one follows."""
    if i < len(tokens) and tokens[i].folded in (",", "(", "-") and i + 1 < len(tokens):
        closing = {"(": ")", "-": "-"}.get(tokens[i].folded, ",")
        for j in range(i + 2, min(i + _APPOSITION_LIMIT, len(tokens))):
            if tokens[j].folded == closing:
                return j + 1
    return i


def _quoted_speaker(
    actors: Sequence[Mention],
    tokens: Sequence[Token],
    index: dict[int, int],
    quoted: Sequence[bool],
) -> Mention | None:
    """Return who speaks the quotation: the actor outside of it that stands by a verb of saying."""
    if not any(quoted):
        return None
    outside = [actor for actor in actors if not quoted[index[actor.start]]]
    for actor in outside:
        first, last = _span(tokens, index, actor)
        near = [*tokens[max(0, first - 3) : first], *tokens[last : last + 4]]
        if any(token.folded in REPORTING_VERBS for token in near):
            return actor
    return outside[0] if outside else None


def _resolve(
    mention: Mention,
    here: dict[str, str],
    memory: _Memory,
    speaker: Mention | None,
    *,
    inside: bool,
) -> Iterator[Mention]:
    """Yield the mention with the name of whom it means; "both" yields two."""
    if not mention.pronoun:
        yield mention
    elif mention.kind == "pair":
        for name in memory.pair if len(memory.pair) == 2 else []:
            yield replace(mention, canonical=name)
    elif mention.kind == "speaker":
        canonical = speaker.canonical if speaker and inside else None
        yield replace(mention, canonical=canonical)
    else:
        yield replace(mention, canonical=_antecedent(mention, here, memory))


def _antecedent(mention: Mention, here: dict[str, str], memory: _Memory) -> str | None:
    """Return whom a third-person pronoun means: the nearest actor that it fits.

    Actors of this sentence come first, then the first of the sentence before (its subject), then
    anybody met, the last first.
    """
    wanted = (mention.kind, "name") if mention.kind in ("men", "women") else (mention.kind,)
    for known in (here, memory.previous, memory.met):
        for kind in wanted:
            if kind in known:
                return known[kind]
    return None
