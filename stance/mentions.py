"""Mentions: the places in a sentence where somebody is named, described or meant by a pronoun.

A sentence and a target go in; mentions with offsets come out, in order and without overlap. Whether
a mention takes part, as speaker or doer, is decided in `stance.actors`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from stance.normalization import PLACEHOLDER, align
from stance.targets import Actor, Target, fold_letters

PRONOUNS: Mapping[str, str] = {
    "he": "men", "him": "men", "his": "men",
    "she": "women", "her": "women",
    "it": "bodies", "its": "bodies",
    "they": "groups", "them": "groups", "their": "groups",
    "i": "speaker", "me": "speaker", "my": "speaker",
    "we": "speaker", "us": "speaker", "our": "speaker",
    "both": "pair",
}  # fmt: skip

# A soft hyphen (a placeholder, once aligned) parts no word.
_TOKEN = re.compile(rf"[^\W_]+(?:[-.&{PLACEHOLDER}][^\W_]+)*|'s\b|[^\w\s]")
_PARTICLES = frozenset("van von de der den du la le al el bin ibn dos da di af zu".split())
# Words that are capitalised without being anybody's name.
_NOT_NAMES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april "
    "may june july august september october november december aug sept oct nov dec jan feb mr "
    "mrs ms dr christmas easter english russian belarusian belarussian german french polish "
    "covid-19 covid telegram twitter facebook instagram youtube".split()
)
_TITLES = frozenset(
    "president minister chancellor chairman chairwoman spokesman spokeswoman spokesperson "
    "secretary prime foreign commissioner ambassador general colonel professor sen rep gov mr "
    "mrs ms dr sir lord archbishop bishop metropolitan cardinal pope premier chief leader "
    "director head candidate representative deputy".split()
)
_SENTENCE_OPENERS = frozenset(
    "a about above according accused across actually additionally after again against ahead "
    "all almost along already also although amid among an and another any are as asked at "
    "away back based because before behind being below besides between beyond both but by can "
    "clearly commenting contrary could crowds despite did do does dozens during each earlier "
    "either even eventually every everyone few finally first following footage for former "
    "four from further given had has have having he her here hers his how however hundreds i "
    "if in indeed inside instead is it its journalists just last late later led less like "
    "likewise many meanwhile men more moreover most much my nearly neither never nevertheless "
    "new next no nobody none nor not nothing now of off official officials on once one only "
    "opponents or other others our out outside over overall part people perhaps police "
    "previously prior quoted rather recently regarding responding several she should "
    "similarly since six so some soon speaking state still such taking ten than that the "
    "their them then there these they this those though thousands three through throughout "
    "thus to today together tomorrow tonight too toward towards two under unlike until up "
    "upon us very video was we well were what whatever when whenever where whereas whether "
    "which while who whoever whole whose why will with within without women workers would yes "
    "yesterday yet you your".split()
)
ROLE_NOUNS = frozenset(
    "activist activists actors administration adviser advisers agencies agency agents aide "
    "aides alliance allies ally ambassador ambassadors analyst analysts archbishop army "
    "artists assembly association associations athlete athletes audience author authorities "
    "authors autocrat bank billionaire bishop bishops bloc blogger bloggers bodies body "
    "businesses businessman businessmen cabinet campaign campaigners candidate candidates "
    "capitals captain cardinal chairman chairwoman chancellor channel chief church citizens "
    "clergy coach coalition colleague colleagues commentator commentators commission "
    "commissioner commissions committee community companies company conscripts coordinator "
    "cordon correspondents council countries country court courts creditors critics crowd "
    "crowds defenders delegates delegation demonstration demonstrators department deputies "
    "deputy detachments detainees detective dictator diplomat diplomats director doctor "
    "doctors dozens drivers duo economist economists editor editors elderly embassy employees "
    "enterprise enterprises entrepreneur entrepreneurs envoy envoys executive expert experts "
    "exporters eyewitnesses factories fans father federation firm firms forces foundation "
    "girl government governments group groups guard guards head headquarters host hundreds "
    "husband incumbent inspector institution intermediaries investigator investigators "
    "investors journalist journalists judge judges kremlin laureate lawmaker lawmakers lawyer "
    "lawyers leader leaders leadership lecturers lobby locals majority man management manager "
    "managers many mayor media medics members men militia miners minister ministers "
    "ministries ministry mission monarch monitors most mother motorists mourners movement "
    "musicians nations negotiators neighbors neighbours newspaper nuncio observer observers "
    "office officer officers officers-in-charge official officials oligarchs ombudsman "
    "opponents opposition oppositionist organisation organisations organisers organization "
    "organizations organizers others pair parliament participants parties partners party "
    "patriarch pensioners people persons players police policeman policemen politician "
    "politicians pope premier premiers presenters presidency president presidents press "
    "priest priests professor professors programme prosecutor prosecutors protester "
    "protesters protestors public rapporteur regime relatives reporter representative "
    "representatives researcher researchers residents retirees rival rivals ruler rulers "
    "scholar scholars scientists secretary senator senators service servicemen services "
    "several shareholders sides signatories singer society soldiers some source sources "
    "speaker speakers specialists spokesman spokesperson spokeswoman squad squads staff "
    "staffers startups state states strangers striker strikers strongman strongmen student "
    "students successor supporters sympathisers sympathizers teacher teachers team think-tank "
    "those thousands three troops troupe two union unions veterans victims voters watchdog "
    "who wife witness witnesses woman women worker workers workforce writer writers".split()
)


@dataclass(frozen=True)
class Token:
    """One word or sign of a sentence, with its offsets and its folded form."""

    start: int
    end: int
    text: str
    folded: str


@dataclass(frozen=True)
class Mention:
    """One place where somebody is meant.

    Parameters
    ----------
    start, end : int
        Offsets into the sentence, in characters, end exclusive.
    text : str
        The words as they stand, without article and title.
    kind : str
        ``women``, ``men``, ``bodies`` or ``groups`` for an actor of the target; ``name`` and
        ``role`` for somebody unknown to it; ``speaker``, ``pair`` or one of the first four for a
        pronoun.
    canonical : str or None
        The one name under which the actor is counted; None until it is resolved.
    pronoun : bool
        Whether the mention is a pronoun.
    """

    start: int
    end: int
    text: str
    kind: str
    canonical: str | None = None
    pronoun: bool = False


class _Alias(NamedTuple):
    """One alias: its folded words, whose it is, whether it needs its capital."""

    words: tuple[str, ...]
    actor: Actor
    proper: bool


# First token, last token, kind, canonical name.
_Found = tuple[int, int, str, str | None]


def tokenize(sentence: str) -> list[Token]:
    r"""Split a sentence into words and signs.

    Examples
    --------
    >>> [token.folded for token in tokenize("Russia\u2019s EU-backed aide, 5.")]
    ['russia', "'s", 'eu-backed', 'aide', ',', '5', '.']
    """
    plain = align(sentence)
    return [
        Token(
            m.start(),
            m.end(),
            sentence[m.start() : m.end()],
            fold_letters(m[0].replace(PLACEHOLDER, "")),
        )
        for m in _TOKEN.finditer(plain)
    ]


def find_mentions(
    sentence: str, target: Target, tokens: Sequence[Token] | None = None
) -> list[Mention]:
    r"""Find everybody who is named, described or meant by a pronoun in a sentence.

    Parameters
    ----------
    sentence : str
        The sentence as printed.
    target : Target
        Its alias table is looked up first; the longest alias wins.
    tokens : sequence of Token, optional
        The sentence's tokens, where they are at hand.

    Returns
    -------
    list of Mention
        In order of their place, without overlap. Only those in the alias table have a canonical
        name.

    Examples
    --------
    >>> from stance.targets import parse_target
    >>> target = parse_target('name = "t"\n[actors.women]\n"Ann Lee" = ["Lee"]')
    >>> for mention in find_mentions("Mrs. Lee told Bob Ray that they agreed.", target):
    ...     print(mention.text, mention.kind, mention.canonical)
    Lee women Ann Lee
    Bob Ray name None
    they groups None
    """
    tokens = tokenize(sentence) if tokens is None else tokens
    aliases = _alias_table(target)
    mentions: list[Mention] = []
    i = 0
    while i < len(tokens):
        found = (
            _match_alias(tokens, i, aliases)
            or _match_pronoun(tokens, i)
            or _match_name(tokens, i)
            or _match_role(tokens, i)
        )
        if found is None:
            i += 1
            continue
        first, last, kind, canonical = found
        start, end = tokens[first].start, tokens[last].end
        mentions.append(
            Mention(start, end, sentence[start:end], kind, canonical, tokens[i].folded in PRONOUNS)
        )
        i = last + 1
    return _without_titles(mentions, sentence)


def _without_titles(mentions: list[Mention], sentence: str) -> list[Mention]:
    """Drop a role or a body that only introduces the name after it ("Kremlin spokesman Peskov")."""
    kept: list[Mention] = []
    for mention in mentions:
        while kept and _introduces(kept[-1], mention, sentence):
            kept.pop()
        kept.append(mention)
    return kept


def _introduces(before: Mention, after: Mention, sentence: str) -> bool:
    """Tell whether `before` is a title of `after`: nothing but a space lies between them."""
    if before.pronoun or after.pronoun or sentence[before.end : after.start].strip():
        return False
    if after.kind in ("women", "men", "name"):
        return before.kind in ("role", "bodies", "groups") or before.canonical == after.canonical
    return after.kind == "role" and before.kind in ("bodies", "groups", "role")


@lru_cache(maxsize=16)
def _alias_table(target: Target) -> dict[str, list[_Alias]]:
    """Index the aliases by their first word, the longest first."""
    table: dict[str, list[_Alias]] = {}
    for actor in target.actors:
        for name in actor.names:
            words = tuple(token.folded for token in tokenize(name))
            if words[:1] == ("the",) and len(words) > 1:
                words = words[1:]
            if words:
                # "us" and "who" are names in capitals only; "protesters" is one in any case.
                proper = len(words) == 1 and actor.kind != "groups" and not name.islower()
                table.setdefault(words[0], []).append(_Alias(words, actor, proper))
    for entries in table.values():
        entries.sort(key=lambda entry: (-len(entry.words), entry.proper))
    return table


def _match_alias(
    tokens: Sequence[Token], i: int, table: Mapping[str, list[_Alias]]
) -> _Found | None:
    """Match the longest alias that begins at token `i`."""
    for alias in table.get(tokens[i].folded, ()):
        window = tokens[i : i + len(alias.words)]
        if tuple(token.folded for token in window) == alias.words and not (
            alias.proper and tokens[i].text.islower()
        ):
            return i, i + len(alias.words) - 1, alias.actor.kind, alias.actor.canonical
    return None


def _match_pronoun(tokens: Sequence[Token], i: int) -> _Found | None:
    """Match a pronoun; "both" only where it stands for two and does not join them."""
    kind = PRONOUNS.get(tokens[i].folded)
    if kind is None or (tokens[i].text.isupper() and tokens[i].folded != "i"):
        return None
    if kind == "pair" and not _stands_alone(tokens, i):
        return None
    return i, i, kind, None


def _stands_alone(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether "both" is a subject ("Both, however, said"), not "both Poland and Latvia"."""
    rest = [token.folded for token in tokens[i + 1 : i + 9]]
    if not rest:
        return False
    upcoming = tokens[i + 1]
    if upcoming.folded in ("of", "sides", "in", "at", "on", "to", "from", "the", "as", "by", "for"):
        return False
    return upcoming.folded == "," or (upcoming.text[0].islower() and "and" not in rest[:3])


def _match_name(tokens: Sequence[Token], i: int) -> _Found | None:
    """Match a capitalised name that the target does not know."""
    # A title is passed over, so that the name after it is looked up in the table first.
    if tokens[i].folded in _TITLES | _NOT_NAMES:
        return None
    stop = _end_of_capitals(tokens, i)
    if stop == i:
        return None
    # A sentence's first word has its capital from its place.
    opens = i == 0 or tokens[i - 1].folded in '".:'
    if opens and (tokens[i].folded in _SENTENCE_OPENERS or tokens[i].folded.endswith("ly")):
        return None
    # "First Deputy Interior Minister Ann Lee": the name begins after the last title.
    titles = [j for j in range(i, stop - 1) if tokens[j].folded in _TITLES]
    return (titles[-1] + 1 if titles else i), stop - 1, "name", None


def _end_of_capitals(tokens: Sequence[Token], i: int) -> int:
    """Return the token after the run of capitalised words that begins at token `i`."""
    j = i
    while j < len(tokens) and (
        _is_capitalised(tokens[j]) or (j > i and tokens[j].folded in _PARTICLES)
    ):
        if j > i and tokens[j].start - tokens[j - 1].end > 1:
            break
        j += 1
    while j > i and tokens[j - 1].folded in _PARTICLES:
        j -= 1
    return j


def _is_capitalised(token: Token) -> bool:
    """Tell whether a token is written like a name."""
    text = token.text
    return text[0].isupper() and (len(text) > 1) and any(c.isalpha() for c in text)


def _match_role(tokens: Sequence[Token], i: int) -> _Found | None:
    """Match a describing noun with the words before it ("striking workers", "riot police")."""
    if tokens[i].folded not in ROLE_NOUNS:
        return None
    last = i
    while last + 1 < len(tokens) and tokens[last + 1].folded in ROLE_NOUNS:
        last += 1
    return i, last, "role", None
