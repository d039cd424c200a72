"""Coreference: whom a pronoun, "the minister" or a surname means, by what the article said before.

An article's sentences are told to a `Discourse` one after another; it remembers who was met, and
answers whom the next mention means. A trained `Namer` chooses among those met; without one, rules
do. A name that was never met stays itself, and a pronoun without an antecedent has no name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from stance.mentions import ROLE_NOUNS, Mention, Token
from stance.targets import Target, fold, fold_letters

_MOST_CANDIDATES = 12
_APPOSITION = 6
# Words so short are articles and prepositions of a name.
_SHORT = 3
_PLURALS = frozenset("people police men women children clergy elite media crew youth".split())
_NUMBERS = ("two", "three", "both")


@dataclass
class Entity:
    """Somebody met in an article.

    Parameters
    ----------
    canonical : str
        The name.
    kind : str
        As of `stance.mentions.Mention`; ``name`` for somebody whom the target does not know.
    nouns : set of str
        The describing nouns that stand for this one: of the name, the aliases, the titles.
    phrases : set of str
        The same with the word before each ("foreign minister").
    last : int
        Number of the sentence in which it was met last.
    acted : int
        Number of the sentence in which it took part last; -1 for never.
    led : int
        Number of the last sentence whose first actor it was; -1 for none.
    count : int
        How often it was met.
    order : int
        Grows with each meeting: the last met has the highest.
    """

    canonical: str
    kind: str
    nouns: set[str]
    phrases: set[str]
    last: int = 0
    acted: int = -1
    led: int = -1
    count: int = 0
    order: int = 0


@dataclass
class Namer:
    """A trained model of whom a pronoun or a description means.

    Parameters
    ----------
    weights : mapping of str to float
        Weight of each feature of a (mention, candidate) pair.
    usual : mapping of str to mapping of str to float
        For a description in small letters, whom it meant in the training articles, and in which
        share of them.
    """

    weights: Mapping[str, float]
    usual: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def score(self, features: Iterable[str]) -> float:
        """Return how well a candidate fits, as log-odds without the intercept."""
        get = self.weights.get
        return sum(get(feature, 0.0) for feature in features)


class Discourse:
    """Who has been met so far in an article.

    Parameters
    ----------
    target : Target
        Its names and the offices held tell which nouns stand for whom.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.entities: dict[str, Entity] = {}
        self.surnames: dict[str, str] = {}
        self.pair: list[str] = []
        self.speaker: str | None = None
        self.in_quotation = False
        self.number = 0
        self._order = 0

    def own_name(self, mention: Mention) -> str:
        """Return the words themselves, or the fuller name under which somebody was met."""
        if mention.kind != "name":
            return mention.text
        surname = mention.text.split()[-1]
        if " " in mention.text:
            self.surnames[surname] = mention.text
        return self.surnames.get(surname, mention.text)

    def meet(
        self,
        mention: Mention,
        canonical: str,
        tokens: Sequence[Token],
        place: int,
        *,
        acts: bool,
        leads: bool,
    ) -> None:
        """Remember that somebody was mentioned in the present sentence, at a token's place."""
        entity = self.entities.pop(canonical, None)
        if entity is None:
            nouns, phrases = _known_nouns(self.target, canonical)
            kind = mention.kind
            if mention.pronoun or kind == "role":
                actor = self.target.by_name.get(fold(canonical))
                kind = actor.kind if actor else kind
            entity = Entity(canonical, kind, set(nouns), set(phrases))
        # The last met stands last.
        self.entities[canonical] = entity
        self._order += 1
        entity.order = self._order
        entity.last = self.number
        entity.count += 1
        if acts:
            entity.acted = self.number
        if leads:
            entity.led = self.number
        if mention.kind in ("role", "name"):
            words = fold_letters(mention.text).split()
            entity.nouns.add(words[-1])
            entity.phrases.add(" ".join(words[-2:]))
        if not mention.pronoun and mention.kind != "role":
            _learn_titles(entity, mention, tokens, place)

    def end_sentence(self, actors: Sequence[Mention]) -> None:
        """Remember who took part, for "both", and go on to the next sentence."""
        named = list(dict.fromkeys(a.canonical for a in actors if a.canonical))
        if actors:
            self.pair = named[-2:]
        self.number += 1

    def candidates(self, mention: Mention, namer: Namer) -> list[str]:
        """Return who may be meant: those met, the last first, and whom the words usually mean."""
        names = list(islice(reversed(self.entities), _MOST_CANDIDATES))
        if not mention.pronoun:
            text = fold_letters(mention.text)
            usual = namer.usual.get(text) or namer.usual.get(text.split()[-1], {})
            names += [name for name in usual if name not in names]
            if self.own_name(mention) not in names:
                names.append(self.own_name(mention))
        elif mention.kind == "speaker" and self.speaker and self.speaker not in names:
            names.append(self.speaker)
        return names

    def describe(
        self,
        mention: Mention,
        tokens: Sequence[Token],
        place: int,
        names: Sequence[str],
        namer: Namer,
        *,
        inside: bool,
        here: dict[str, None],
    ) -> Iterator[list[str]]:
        """Yield the features of each candidate.

        Parameters
        ----------
        mention : Mention
            The pronoun or description.
        tokens : sequence of Token
            The sentence's tokens.
        place : int
            The mention's first token.
        names : sequence of str
            The candidates.
        namer : Namer
            Knows whom a description usually means.
        inside : bool
            Whether the mention stands in a quotation.
        here : dict of str to None
            The actors before it in the sentence: a set in order, the last one last.
        """
        word = fold_letters(mention.text)
        head = word.split()[-1]
        before = tokens[place - 1].folded if place else "|"
        plural = head in _PLURALS or (head.endswith("s") and not head.endswith(("ss", "us")))
        asks = mention.kind
        if mention.kind == "role" and plural:
            asks = "roles"
        own_name = None if mention.pronoun else self.own_name(mention)
        if mention.kind == "speaker":
            asks = "I" if word in ("i", "me", "my") else "we"
        phrase = " ".join(word.split()[-2:]) if " " in word else f"{before} {head}"
        usual = namer.usual.get(word) or namer.usual.get(head, {})
        rank = 0
        for name in names:
            entity = self.entities.get(name)
            share = usual.get(name, 0.0)
            features = [f"{asks} usual {_bin(share)}"] if not mention.pronoun else []
            if entity is None:
                own = name == own_name
                features += [f"{asks} {'own' if own else 'unmet'}"]
                if own:
                    features += [
                        f"own {head}",
                        f"own after {before} {asks}",
                        f"own {_bin(max(usual.values(), default=0.0))}",
                    ]
                elif name == self.speaker:
                    features.append(f"{asks} speaker {inside}")
                yield features
                continue
            fits = _fits(asks, entity.kind)
            far = min(4, self.number - entity.last)
            features += [
                f"{asks} {entity.kind}",
                f"{asks} far {far}",
                f"{asks} {fits} far {far} acted {min(4, self.number - entity.acted)}"
                if entity.acted >= 0
                else f"{asks} {fits} far {far} never",
                f"{asks} led {min(3, self.number - entity.led) if entity.led >= 0 else '-'} {fits}",
                f"{asks} count {min(4, entity.count)} {fits}",
                f"{asks} here {_back(here, name)} {inside}",
                f"{asks} rank {min(4, rank) if fits else '-'}",
                f"{asks} speaker {name == self.speaker} {inside}",
                f"{word} {entity.kind} {fits}" if mention.pronoun else f"{head} {entity.kind}",
            ]
            if not mention.pronoun:
                bears = head in entity.nouns
                says = phrase in entity.phrases
                features += [
                    f"{asks} bears {bears} {says} {before in ('a', 'an', 'another', 'some')}",
                    f"{asks} bears {bears} far {far}",
                    f"{asks} bears {bears} usual {_bin(share)}",
                    f"{asks} bears {bears} {before}" if bears else f"{asks} strange {before}",
                ]
            rank += fits
            yield features


def _back(names: dict[str, None], name: str) -> int:
    """Return how far back a name stands: 1 for the last, 2 for one before, 0 for absent."""
    return (1 if next(reversed(names)) == name else 2) if name in names else 0


def _bin(share: float) -> str:
    """Return a share as a coarse step."""
    return str(sum(share > step for step in (0.0, 0.15, 0.3, 0.5, 0.75)))


def _fits(asks: str, kind: str) -> bool:
    """Tell whether a pronoun or description may stand for somebody of a kind."""
    if asks in ("men", "women"):
        return kind in (asks, "name")
    if asks == "I":
        return kind in ("men", "women", "name")
    if asks == "roles":
        return kind in ("groups", "bodies", "role")
    return asks in ("role", "we", "name") or kind == asks or (asks == "groups" and kind == "role")


@lru_cache(maxsize=4096)
def _known_nouns(target: Target, canonical: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the describing nouns in the names and offices of an actor, alone and in phrases."""
    actor = target.by_name.get(fold(canonical))
    names = list(actor.names) if actor else [canonical]
    if actor:
        names += target.offices(actor.canonical)
    nouns, phrases = set(), set()
    for name in names:
        words = fold_letters(name).replace("-", " ").split()
        for i, word in enumerate(words):
            if len(word) > _SHORT:
                nouns.add(word)
                if i:
                    phrases.add(f"{words[i - 1]} {word}")
    return frozenset(nouns), frozenset(phrases)


def _learn_titles(entity: Entity, mention: Mention, tokens: Sequence[Token], place: int) -> None:
    """Add the describing nouns right before a name, and those of an apposition after it."""
    before = [token.folded for token in tokens[max(0, place - 3) : place]]
    last = place
    while last < len(tokens) and tokens[last].start < mention.end:
        last += 1
    after = [token.folded for token in tokens[last : last + _APPOSITION + 1]]
    words = list(before)
    if after[:1] == [","] and after[1:2] and after[1] in ("the", "a", "an", "its", "his", "their"):
        words += ["|", *after[1:]]
    for i, word in enumerate(words):
        if word in ROLE_NOUNS:
            entity.nouns.add(word)
            if i:
                entity.phrases.add(f"{words[i - 1]} {word}")


def resolve_mentions(
    mentions: Sequence[Mention],
    chosen: Sequence[bool],
    tokens: Sequence[Token],
    quoted: Sequence[bool],
    discourse: Discourse,
    namer: Namer | None,
    speaker: Mention | None,
) -> list[Mention]:
    """Name the actors of one sentence, and remember everybody in it.

    Parameters
    ----------
    mentions : sequence of Mention
        Everybody mentioned, in order.
    chosen : sequence of bool
        Which of them take part.
    tokens : sequence of Token
        The sentence's tokens.
    quoted : sequence of bool
        For each token, whether it stands inside quotation marks.
    discourse : Discourse
        Who was met before; learns who is met here.
    namer : Namer or None
        Chooses among candidates; None leaves that to rules.
    speaker : Mention or None
        Whose words the sentence's quotation holds, where that is told.

    Returns
    -------
    list of Mention
        Those that take part, with canonical names; "both" twice.
    """
    index = {token.start: i for i, token in enumerate(tokens)}
    named: dict[int, Sequence[str]] = {}
    here: dict[str, None] = {}
    for i in _order(mentions, quoted, index, speaker):
        mention, acts = mentions[i], chosen[i]
        if mention.pronoun and not acts:
            continue
        place = index[mention.start]
        names = _name(mention, tokens, place, discourse, namer, here, inside=quoted[place])
        named[i] = names
        if speaker is not None and mention.start == speaker.start and names:
            discourse.speaker = names[0]
        for name in names:
            discourse.meet(mention, name, tokens, place, acts=acts, leads=acts and not here)
        # As a set in order, the last one last.
        for name in names if acts else ():
            here.pop(name, None)
            here[name] = None
    actors = [
        mention._replace(canonical=name)
        for i, mention in enumerate(mentions)
        if chosen[i]
        for name in named[i] or (None,)
    ]
    discourse.end_sentence(actors)
    return actors


def _order(
    mentions: Sequence[Mention],
    quoted: Sequence[bool],
    index: Mapping[int, int],
    speaker: Mention | None,
) -> list[int]:
    """Return in which order to name mentions: "we" after the speaker, whom it may precede."""
    waits = [
        speaker is not None and mention.kind == "speaker" and quoted[index[mention.start]]
        for mention in mentions
    ]
    return sorted(range(len(mentions)), key=waits.__getitem__)


def _name(
    mention: Mention,
    tokens: Sequence[Token],
    place: int,
    discourse: Discourse,
    namer: Namer | None,
    here: dict[str, None],
    *,
    inside: bool,
) -> Sequence[str]:
    """Return who is meant: nobody, one, or the two of "both"."""
    if mention.kind == "pair":
        return discourse.pair if len(discourse.pair) == 2 else []
    if mention.canonical:
        return [mention.canonical]
    decide = _by_rule if namer is None else choose
    name = decide(mention, tokens, place, discourse, namer, here, inside=inside)
    return [name] if name else []


def choose(
    mention: Mention,
    tokens: Sequence[Token],
    place: int,
    discourse: Discourse,
    namer: Namer | None,
    here: dict[str, None],
    *,
    inside: bool,
) -> str | None:
    """Return the candidate that a trained model finds the likeliest; None without any."""
    assert namer is not None
    names = discourse.candidates(mention, namer)
    described = discourse.describe(mention, tokens, place, names, namer, inside=inside, here=here)
    scores = [namer.score(features) for features in described]
    return names[max(range(len(names)), key=scores.__getitem__)] if names else None


def _by_rule(
    mention: Mention,
    tokens: Sequence[Token],
    place: int,
    discourse: Discourse,
    namer: Namer | None,
    here: dict[str, None],
    *,
    inside: bool,
) -> str | None:
    """Return the nearest that fits: of this sentence, then who led the one before, then anybody."""
    entities = list(islice(reversed(discourse.entities.values()), _MOST_CANDIDATES))
    if not mention.pronoun:
        head = fold_letters(mention.text).split()[-1]
        definite = not place or tokens[place - 1].folded not in ("a", "an")
        bearers = [e for e in entities if definite and head in e.nouns]
        if mention.kind == "name" or not bearers:
            return discourse.own_name(mention)
        return max(bearers, key=lambda e: e.order).canonical
    if mention.kind == "speaker":
        return discourse.speaker if inside else None
    fitting = [e for e in entities if _fits(mention.kind, e.kind)]
    nearest = [e for e in fitting if e.canonical in here]
    if not nearest:
        nearest = [e for e in fitting if e.led == discourse.number - 1] or fitting
    return max(nearest, key=lambda e: e.order).canonical if nearest else None
