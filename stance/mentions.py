"""Mentions: the places in a sentence where somebody is named, described or meant by a pronoun.

A sentence and a target go in; mentions with offsets come out, in order and without overlap. Whether
a mention takes part, as speaker or doer, is decided in `stance.actors`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from stance.normalization import PLACEHOLDER, align
from stance.targets import Actor, Role, Target, fold, fold_letters

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
# So many words are remembered with what is known of them, if they are no longer than this.
_KEPT_WORDS = 65536
_LONGEST_KEPT = 64
PARTICLES = frozenset("van von de der den du la le al el bin ibn dos da di af zu".split())
# Tokens of initials and particles in a row within a name.
_MOST_INITIALS = 16
# Words that are capitalised without being anybody's name.
NOT_NAMES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april "
    "may june july august september october november december aug sept oct nov dec jan feb mr "
    "mrs ms dr christmas easter english russian belarusian belarussian german french polish "
    "covid-19 covid telegram twitter facebook instagram youtube".split()
)
# After "both" these join two, as in "both of them" and "both the EU and Minsk".
JOINING = frozenset("of sides in at on to from the as by for".split())
TITLES = frozenset(
    "president minister chancellor chairman chairwoman spokesman spokeswoman spokesperson "
    "secretary prime foreign commissioner ambassador general colonel professor sen rep gov mr "
    "mrs ms dr sir lord archbishop bishop metropolitan cardinal pope premier chief leader "
    "director head candidate representative deputy judge writer author journalist lawyer blogger "
    "politician analyst expert activist father fr sister brother reverend captain coach sergeant "
    "rapporteur historian poet singer actor actress musician photographer economist philosopher "
    "athlete rabbi imam king queen prince princess inspector investigator prosecutor commander "
    "marshal admiral major lieutenant".split()
)
SENTENCE_OPENERS = frozenset(
    "a about above according accused across actually additionally after again against ahead "
    "all almost along already also although amid among an and another any are as asked at "
    "away back based because before behind being below besides between beyond both but by can "
    "clearly commenting contrary could crowds despite did do does dozens during each earlier "
    "either even eventually every everybody everyone few finally first following footage for "
    "former four from further given had has have having he her here hers his how however "
    "hundreds i if in indeed inside instead is it its journalists just last late later led less "
    "like likewise many meanwhile men more moreover most much my nearly neither never nevertheless "
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
    "academic academics activist activists actor actors actress actresses addressee adherents "
    "administration adviser advisers advisor advisors advocate advocates agencies agency agents "
    "aide aides airman airmen alliance allies ally ambassador ambassadors analyst analysts "
    "anarchists anchor anchors apparatus applicant applicants archbishop architect army artist "
    "artists assembly assistant assistants association associations astronomer athlete athletes "
    "attacker attackers attendee attendees attorney attorneys audience author authorities "
    "authors autocrat backer backers bank banker bankers bidder bidders billionaire bishop "
    "bishops bloc blogger bloggers board boards bodies body boss bosses boxer boy boys brigade "
    "broadcaster broadcasters brother brothers builder builders bureau bureaucrats businesses "
    "businessman businessmen businesspeople businesswoman buyer buyers cabinet caller callers "
    "camp campaign campaigners candidate candidates capitals captain captors cardinal carrier "
    "cast caucus celebrities celebrity center centers centre centres chair chairman chairwoman "
    "challenger challengers champion champions chancellery chancellor channel chaplain chief "
    "chiefs children church churches citizens civilian civilians claimant clan clergy clergyman "
    "cleric clerics client clients club clubs co-author co-founder coach coalition colleague "
    "colleagues collective collectives college columnist columnists commander commanders "
    "commandos commentator commentators commissars commission commissioner commissioners "
    "commissions committee communique communist communists community companies company comrades "
    "conductor confederation congress congressman congressmen congresswoman conscripts "
    "conservatives consortium constituents consul consulate contender contenders contractor "
    "contractors convoy coordinator cordon corporation correspondent correspondents council "
    "councillor councillors councilor councilors counsel counterpart counterparts countries "
    "country couple court courts creators creditors crew crews critics crowd crowds curators "
    "customer customers dad daredevils daughter daughters dean defector defectors defence "
    "defendant defendants defender defenders defense delegates delegation demonstration "
    "demonstrator demonstrators dentist department deputies deputy deserters designer designers "
    "detachment detachments detainee detainees detective developer developers diaspora dictator "
    "diplomat diplomats director directorate directors dissident dissidents distributors "
    "dockers doctor doctors document donor donors dozens driver drivers duma duo economist "
    "economists editor editorial editorials editors elderly elite elites embassy emigrants "
    "emissaries emissary emperor employee employees employer employers enemies enforcers "
    "engineer engineers enterprise enterprises entrepreneur entrepreneurs envoy envoys "
    "establishment ex-detainees ex-president ex-wife executive expert experts exporters "
    "eyewitnesses faction factions factories faithful families family fan fans farmer farmers "
    "father fathers federation fighter fighters filmmaker financier firefighters firm firms "
    "fisherman followers footballer footballers forces foreigners foundation foundations "
    "founder founders freelancer friend friends fugitive gang gangs generals girl girlfriend "
    "girls government governments governor governors graduate graduates grandmother "
    "grandmothers group groups guard guardians guards guest guests gunman gunmen guru head "
    "headquarters heirs heroes historian historians holders hospital host hostages hosts "
    "housewife housewives hundreds husband husbands imam immigrants incumbent individual "
    "individuals inhabitants initiative initiatives inmates insider insiders inspector "
    "institute institutes institution institutions instructors intellectuals intelligentsia "
    "interlocutor interlocutors intermediaries interpreter interviewee interviewer invaders "
    "investigator investigators investor investors jailer jailers journalist journalists judge "
    "judges judiciary junta jurist jurists kids killers kremlin ladies lady laureate laureates "
    "lawmaker lawmakers lawyer lawyers leader leaders leadership league lecturers legislator "
    "legislators legislature liberals librarians lobby locals loyalist loyalists magistrates "
    "majority man management manager managers manufacturer manufacturers many marchers marines "
    "marshal master mastermind masters mayor media mediator mediators medic medics member "
    "members men mercenaries merchants metropolitan migrants militants military militia "
    "militiamen millionaire millions miners minister ministers ministries ministry minority "
    "mission mob moderates moderator monarch monitor monitors monk monks most mother mothers "
    "motorists mourner mourners movement movements musician musicians nation nationalists "
    "nations negotiators neighbor neighbors neighbour neighbourhood neighbours network "
    "newcomers newspaper newspapers ngo ngos nominee nominees nun nuncio nuns nurse "
    "nurses observer observers office officer officers official officialdom officials oligarch "
    "oligarchs ombudsman ombudswoman onlookers operatives operator operators opponent opponents "
    "opposition oppositionist oppositionists orchestra organisation organisations organiser "
    "organisers organization organizations organizer organizers organs others outlet outlets "
    "owner owners painter pair panel paramedics parents parishioners parliament parliamentarian "
    "parliamentarians parliaments participant participants parties partner partners party "
    "passengers passer-by passers-by pastor patient patients patriarch patriots pensioner "
    "pensioners people performer performers person personnel persons petitioners philosopher "
    "photographer photographers pilot pilots pioneer planners plant plants platform platoon "
    "player players plotters poet poets police policeman policemen policewoman politburo "
    "politician politicians poll polls pollster pollsters pontiff pope populace population "
    "populists practitioners predecessor prefect prelate premier premiers presenter presenters "
    "presidency president presidents press pretender priest priesthood priests prince princess "
    "prisoner prisoners producer producers professionals professor professors programme "
    "proletariat promoters proponents prosecution prosecutor prosecutors protagonists "
    "protectors protester protesters protestors provider provocateurs psychologist "
    "psychologists public publisher publishers pupils queen rabbi rabbis radicals railwaymen "
    "rallygoers rapporteur readers rebels recruits rector rectors referee refugees regime "
    "regiment regulator regulators relative relatives report reporter reporters representative "
    "representatives rescuers researcher researchers resident residents restaurateur retailers "
    "retirees returnees revolutionaries rioters rival rivals ruler rulers runner-up "
    "running-mate saboteurs sailors salesman satirist sceptics scholar scholars school scientist "
    "scientists sculptor secretariat secretaries secretary seller senator senators sergeant "
    "servant servants service servicemen services settlers several shareholder shareholders "
    "sheriff shop-assistant shopkeepers sibling sides signatories signatory singer sister "
    "sisters skeptics society sociologist sociologists soldier soldiers solicitor some son sons "
    "source sources speaker speakers specialists spectators spokesman spokespeople spokesperson "
    "spokespersons spokeswoman sponsor sponsors spouse spy squad squads staff staffers "
    "stakeholders startups state states statesman statesmen strangers strategist strategists "
    "striker strikers strongman strongmen student students subordinate subordinates subscriber "
    "successor superior superiors superpower superpowers supporter supporters surgeon surgeons "
    "survey survivors suspect suspects sympathiser sympathisers sympathizers teacher teachers "
    "team technician technocrats teenager teenagers terrorist terrorists theater theatre "
    "think-tank thinkers those thousands thugs titushki trade-union trader traders trainer "
    "trainers traitor traitors tribunal troop troops troupe trustee trustees tsar tutor two tycoon "
    "tyrant union unionists unions units universities university user users usurper vendor "
    "veteran veterans vice-chairman vice-president victim victims viewer viewers villager "
    "villagers visitor visitors volunteer volunteers voter voters warden warders warriors "
    "watchdog watchdogs website wife witness witnesses wives woman women worker workers "
    "workforce workforces workmate workmates writer writers youngster youngsters youth youths "
    "zealots".split()
)


class Token(NamedTuple):
    """One word or sign of a sentence, with its offsets and its folded form."""

    start: int
    end: int
    text: str
    folded: str


class Mention(NamedTuple):
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


class Alias(NamedTuple):
    """One alias: its folded words, whose it is, whether it needs its capital."""

    words: tuple[str, ...]
    actor: Actor
    proper: bool


class ByWords(Protocol):
    """Aliases by their words."""

    def get(self, words: tuple[str, ...], default: Sequence[Alias], /) -> Sequence[Alias]:
        """Return the aliases of just these words; first those that need no capital."""


class Aliases(NamedTuple):
    """The aliases that begin with one word."""

    by_words: ByWords
    # Their lengths in words, the longest first, by the second word; that of one word by "".
    lengths: Mapping[str, Sequence[int]]


class AliasTable:
    """The aliases of a target by their first word."""

    def __init__(self) -> None:
        self._openers: dict[str, bool] = {}

    def find_openers(self, tokens: Sequence[Token]) -> list[int]:
        """Return at which tokens a mention may begin; of most words it is known at once."""
        known = self._openers
        if len(known) >= _KEPT_WORDS:
            known.clear()
        return [
            i
            for i, (_, _, text, folded) in enumerate(tokens)
            if (known[text] if text in known else self._may_begin(text, folded))
        ]

    def _may_begin(self, text: str, folded: str) -> bool:
        """Tell whether a mention may begin with a word."""
        may = (
            folded in self
            or folded in PRONOUNS
            or text[0].isupper()
            or folded in ROLE_NOUNS
            or "-year-" in folded
        )
        if len(text) <= _LONGEST_KEPT:
            self._openers[text] = may
        return may

    def __contains__(self, word: str) -> bool:
        """Tell whether an alias begins with a folded word."""
        raise NotImplementedError

    def __getitem__(self, word: str) -> Aliases:
        """Return the aliases that begin with a folded word."""
        raise NotImplementedError


class _ParsedAliases(AliasTable):
    """The aliases of a target that was parsed.

    A table holds thousands of names, of which a text needs a few: each is taken apart when a text
    has its first word.
    """

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._target = target
        self._named = _names_by_first_word(target.actors, target.roles)
        self._ready: dict[str, Aliases] = {}

    @property
    def first_words(self) -> Iterable[str]:
        """The words with which a name begins."""
        return self._named.keys()

    def __contains__(self, word: str) -> bool:
        return word in self._named

    def __getitem__(self, word: str) -> Aliases:
        ready = self._ready.get(word)
        if ready is None:
            aliases = self.by_words(word)
            ready = self._ready[word] = Aliases(aliases, lengths_by_second_word(aliases))
        return ready

    def by_words(self, word: str) -> dict[tuple[str, ...], list[Alias]]:
        """Return the aliases that begin with a word, by their words."""
        aliases: dict[tuple[str, ...], list[Alias]] = {}
        for name, owner in self._named[word]:
            actor: Actor | None
            if isinstance(owner, Role):
                actor = self._target.by_name.get(fold(owner.holder(self._target.date)))
            else:
                actor = owner
            if actor is not None:
                alias = _split_alias(name, actor)
                aliases.setdefault(alias.words, []).append(alias)
        for same in aliases.values():
            same.sort(key=lambda alias: alias.proper)
        return aliases


def lengths_by_second_word(aliases: Iterable[tuple[str, ...]]) -> dict[str, list[int]]:
    """Return how many words aliases may have that begin with two words, the longest first."""
    lengths: dict[str, set[int]] = {"": {len(words) for words in aliases if len(words) == 1}}
    for words in aliases:
        if len(words) > 1:
            lengths.setdefault(words[1], set(lengths[""])).add(len(words))
    return {second: sorted(found, reverse=True) for second, found in lengths.items()}


@lru_cache(maxsize=16)
def _names_by_first_word(
    actors: tuple[Actor, ...], roles: tuple[Role, ...]
) -> dict[str, list[tuple[str, Actor | Role]]]:
    """Return all names with whose they are, by their first word."""
    table: dict[str, list[tuple[str, Actor | Role]]] = {}
    owners: list[Actor | Role] = [*actors, *roles]
    for owner in owners:
        for name in owner.names:
            if first := first_word(name):
                table.setdefault(first, []).append((name, owner))
    return table


def first_word(name: str) -> str:
    """Return the word of a name, folded, by which it is looked up; "" where it has none."""
    match = _TOKEN.search(_without_article(align(name)))
    return fold_letters(match[0]) if match else ""


def _without_article(name: str) -> str:
    """Return a name without a leading "the"."""
    return name[4:] if name[:4].lower() == "the " else name


def _split_alias(name: str, actor: Actor) -> Alias:
    """Return an alias in words."""
    words = alias_words(name)
    return Alias(words, actor, is_proper(words, actor, lower=name.islower()))


def is_proper(words: Sequence[str], actor: Actor, *, lower: bool) -> bool:
    """Tell whether an alias, written in small letters or not, needs its capital in a text."""
    # "us", "who" and "west" are names in capitals only; "protesters" is one in any case.
    described = actor.kind == "groups" and (words[-1] in ROLE_NOUNS or words[-1].endswith("s"))
    return len(words) == 1 and not described and not lower


# Each day has its own table, and nearly all of the names are the same on every day.
@lru_cache(maxsize=65536)
def alias_words(name: str) -> tuple[str, ...]:
    """Return the folded words of a name."""
    return tuple(token.folded for token in tokenize(_without_article(name)))


class _Pieces(dict[str, tuple[Token, ...]]):
    """The tokens of each stretch without a space that was met, as far as they may be kept."""

    def __missing__(self, stretch: str) -> tuple[Token, ...]:
        """Cut a stretch that is new."""
        pieces = tuple(
            Token(
                match.start(),
                match.end(),
                stretch[match.start() : match.end()],
                fold_letters(match[0].replace(PLACEHOLDER, "")),
            )
            for match in _TOKEN.finditer(align(stretch))
        )
        if len(stretch) <= _LONGEST_KEPT:
            if len(self) >= _KEPT_WORDS:
                self.clear()
            self[stretch] = pieces
        return pieces


_PIECES = _Pieces()

# First token, last token, kind, canonical name.
_Found = tuple[int, int, str, str | None]


def tokenize(sentence: str) -> list[Token]:
    r"""Split a sentence into words and signs.

    Examples
    --------
    >>> [token.folded for token in tokenize("Russia\u2019s EU-backed aide, 5.")]
    ['russia', "'s", 'eu-backed', 'aide', ',', '5', '.']
    """
    # No token runs across a space, so a stretch between two is cut once, and nearly all are words
    # that were met before. The named tuple's own constructor would take most of the time.
    tokens: list[Token] = []
    add, new, known = tokens.append, tuple.__new__, _PIECES
    begin = 0
    for stretch in sentence.split(" "):
        for start, end, text, folded in known[stretch]:
            add(new(Token, (begin + start, begin + end, text, folded)))
        begin += len(stretch) + 1
    return tokens


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
    return [mention for mention, _, _ in locate_mentions(sentence, target, tokens)]


def locate_mentions(
    sentence: str, target: Target, tokens: Sequence[Token]
) -> list[tuple[Mention, int, int]]:
    """Find everybody, as `find_mentions`, each with the first token and the one after the last."""
    aliases = _alias_table(target)
    mentions: list[tuple[Mention, int, int]] = []
    beyond = 0
    for i in aliases.find_openers(tokens):
        found = _match_at(tokens, i, aliases) if i >= beyond else None
        if found is None:
            continue
        first, last, kind, canonical = found
        start, end = tokens[first].start, tokens[last].end
        pronoun = canonical is None and kind not in ("name", "role")
        mention = Mention(start, end, sentence[start:end], kind, canonical, pronoun)
        beyond = last + 1
        # A role or a body that only introduces the name after it ("Kremlin spokesman Peskov").
        while mentions and _introduces(mentions[-1][0], mention, sentence):
            mentions.pop()
        mentions.append((mention, first, beyond))
    return mentions


def _match_at(tokens: Sequence[Token], i: int, aliases: AliasTable) -> _Found | None:
    """Match whoever is meant by the words from token `i` on."""
    folded, text = tokens[i].folded, tokens[i].text
    if folded in aliases:
        found = _match_alias(tokens, i, aliases[folded])
        if found is not None:
            return found
    if folded in PRONOUNS:
        return _match_pronoun(tokens, i)
    if text[0].isupper() and (found := _match_name(tokens, i, aliases)):
        return found
    return _match_role(tokens, i) if folded in ROLE_NOUNS or "-year-" in folded else None


def _introduces(before: Mention, after: Mention, sentence: str) -> bool:
    """Tell whether `before` is a title of `after`: nothing but a space lies between them."""
    if before.pronoun or after.pronoun or sentence[before.end : after.start].strip():
        return False
    if after.kind in ("women", "men", "name"):
        return before.kind in ("role", "bodies", "groups") or before.canonical == after.canonical
    return after.kind == "role" and before.kind in ("bodies", "groups", "role")


def list_aliases(target: Target) -> tuple[list[str], dict[tuple[str, ...], list[Alias]]]:
    """Return the first words of all names, and the aliases by their words."""
    table = _ParsedAliases(target)
    aliases: dict[tuple[str, ...], list[Alias]] = {}
    for word in table.first_words:
        aliases.update(table.by_words(word))
    return list(table.first_words), aliases


@lru_cache(maxsize=16)
def _alias_table(target: Target) -> AliasTable:
    """Return the index of a target's aliases: the one that a model keeps, or one made here."""
    stored: AliasTable | None = target.stored_aliases()
    return _ParsedAliases(target) if stored is None else stored


def _match_alias(tokens: Sequence[Token], i: int, entries: Aliases) -> _Found | None:
    """Match the longest of the aliases whose first word stands at token `i`."""
    second = tokens[i + 1].folded if i + 1 < len(tokens) else ""
    for length in entries.lengths.get(second) or entries.lengths[""]:
        words = tuple([token.folded for token in tokens[i : i + length]])
        for alias in entries.by_words.get(words, ()):
            if not (alias.proper and tokens[i].text.islower()):
                return i, i + len(words) - 1, alias.actor.kind, alias.actor.canonical
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
    if upcoming.folded in JOINING:
        return False
    return upcoming.folded == "," or (upcoming.text[0].islower() and "and" not in rest[:3])


def _match_name(tokens: Sequence[Token], i: int, aliases: AliasTable) -> _Found | None:
    """Match a capitalised name that the target does not know."""
    # A title is passed over, so that the name after it is looked up in the table first.
    if tokens[i].folded in TITLES or tokens[i].folded in NOT_NAMES:
        return None
    stop = _end_of_capitals(tokens, i)
    if stop == i:
        return None
    # A sentence's first word has its capital from its place.
    opens = i == 0 or tokens[i - 1].folded in '".:'
    if opens and (
        tokens[i].folded in SENTENCE_OPENERS
        or tokens[i].folded.endswith("ly")
        or (stop == i + 1 and tokens[i].folded in ROLE_NOUNS)
    ):
        return None
    # "First Deputy Interior Minister Ann Lee": the name begins after the last title.
    first = i
    for j in range(i, stop - 1):
        if tokens[j].folded in TITLES:
            first = j + 1
    if first > i and tokens[first].folded in aliases:
        known = _match_alias(tokens, first, aliases[tokens[first].folded])
        if known is not None:
            return known
    return first, stop - 1, "name", None


def _end_of_capitals(tokens: Sequence[Token], i: int) -> int:
    """Return the token after the run of capitalised words that begins at token `i`.

    Initials belong to it ("John F. Kennedy"), and so do particles between its words.
    """
    end = j = i
    # Bounded, for a text may be nothing but initials, and each of them is looked at in turn.
    while j < len(tokens) and j - end <= _MOST_INITIALS:
        if j > i and tokens[j].start - tokens[j - 1].end > 1:
            break
        if _is_capitalised(tokens[j]):
            end = j = j + 1
        elif j > i and tokens[j].folded in PARTICLES:
            j += 1
        elif _is_initial(tokens, j):
            j += 2
        else:
            break
    return end


def _is_initial(tokens: Sequence[Token], j: int) -> bool:
    """Tell whether a capital letter with a full stop stands before another part of a name."""
    return (
        j + 2 < len(tokens)
        and len(tokens[j].text) == 1
        and tokens[j].text.isupper()
        and tokens[j + 1].text == "."
        and tokens[j + 1].start == tokens[j].end
        and tokens[j + 2].start == tokens[j + 1].end + 1
    )


def _is_capitalised(token: Token) -> bool:
    """Tell whether a token is written like a name."""
    text = token.text
    return text[0].isupper() and (len(text) > 1) and any(c.isalpha() for c in text)


def _match_role(tokens: Sequence[Token], i: int) -> _Found | None:
    """Match describing nouns ("government spokesman"), and "the 65-year-old"."""
    last = i
    while last + 1 < len(tokens) and tokens[last + 1].folded in ROLE_NOUNS:
        last += 1
    return i, last, "role", None
