"""Targets: what the stance is about, who may take it, and the cues that label it.

A target is one TOML file. This module reads and checks it, and answers which canonical name an
alias stands for. It never guesses: a name that is in no alias list has no canonical name here.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from stance.cues import NEGATIONS, SCOPES, STANCES, Cue, compile_pattern
from stance.dictionary import index_categories, load_dictionary
from stance.errors import StanceError, TargetError, shortlist, suggestion
from stance.normalization import normalize

DEFAULT_TARGET = "belarus-2020"

KINDS = ("women", "men", "bodies", "groups")
UNITS = ("actor", "text")
LARGEST_TARGET = 10_000_000
_DEEPEST_KEY = 50
# The parser takes the square of the time for the parts of a key.
_DEEP_KEY = re.compile(
    rf"""(?:(?:(?<![\w-])[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{_DEEPEST_KEY}}}"""
)
_KEYS = ("name", "title", "question", "date", "unit", "actors", "roles", "cues")
_ROLE_KEYS = ("names", "holders")
_CUE_KEYS = ("name", "stance", "pattern", "scope", "negation")


@dataclass(frozen=True)
class Actor:
    """Somebody who may take a stance.

    Parameters
    ----------
    canonical : str
        The one spelling under which the actor is counted.
    kind : {"women", "men", "bodies", "groups"}
        Which pronoun stands for the actor: she, he, it (offices, institutions, countries), they.
    aliases : tuple of str
        Other spellings and roles; the canonical name is always one of the names as well.
    """

    canonical: str
    kind: str
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The canonical name and the aliases."""
        return (self.canonical, *self.aliases)


@dataclass(frozen=True)
class Role:
    """An office that one actor holds after another: "US Secretary of State".

    Parameters
    ----------
    names : tuple of str
        Under which it is written.
    holders : tuple of (str, str)
        From which day on (ISO 8601) who holds it, the earliest first; a holder's canonical name,
        or "" where the office is vacant.
    """

    names: tuple[str, ...]
    holders: tuple[tuple[str, str], ...]

    def holder(self, date: str) -> str:
        """Return who holds it on a day (ISO 8601), or "" for nobody that is known."""
        return next((actor for since, actor in reversed(self.holders) if since <= date), "")


@dataclass(frozen=True, eq=False)
class Target:
    r"""What the stance is about.

    Parameters
    ----------
    name : str
        Short name, fit for a file name.
    title : str
        As a reader would say it (``"2020 Belarus election"``).
    question : str
        What an annotator asks of each (sentence, actor) pair.
    actors : tuple of Actor
        The alias table; may be empty.
    cues : tuple of Cue
        The labelling functions; may be empty.
    date : str
        The day (ISO 8601) of which an article without a date is taken to tell.
    roles : tuple of Role
        Offices; they are aliases of whoever holds them on an article's day.
    unit : {"actor", "text"}
        What is asked about: each actor of each sentence, or a text as a whole, as by a model that
        learnt from a table without actors.
    source : str
        The TOML text that it was read from, for hashing and for keeping it with a model.
    dictionary : mapping of str to str, optional
        Category of each word form; the one that comes with this version where none is given. A
        model keeps the one that it was trained with.

    Examples
    --------
    >>> target = parse_target('name = "toy"\n[actors.women]\n"Ann Lee" = ["Lee"]')
    >>> target.canonical("lee"), target.canonical("Lees")
    ('Ann Lee', None)
    """

    name: str
    title: str = ""
    question: str = ""
    actors: tuple[Actor, ...] = ()
    cues: tuple[Cue, ...] = ()
    date: str = "9999-12-31"
    roles: tuple[Role, ...] = ()
    unit: str = "actor"
    source: str = field(default="", repr=False)
    dictionary: Mapping[str, str] | None = field(default=None, repr=False, compare=False)

    @property
    def categories(self) -> Mapping[str, str]:
        """The category of each word form."""
        return load_dictionary() if self.dictionary is None else self.dictionary

    @cached_property
    def category_of(self) -> Mapping[str, str]:
        """What stands for a word among the categories: its category, or itself; else nothing."""
        return index_categories(self.categories)

    @cached_property
    def by_name(self) -> Mapping[str, Actor]:
        """Every name, folded, to its actor; roles to whoever holds them at the target's date."""
        table = {_fold_again(name): actor for actor in self.actors for name in actor.names}
        for role in self.roles:
            holder = table.get(fold(role.holder(self.date)))
            if holder:
                table.update((fold(name), holder) for name in role.names)
        return table

    def on(self, date: str | None) -> Target:
        r"""Return the target as it reads an article of a day: with the offices held that day.

        Parameters
        ----------
        date : str or None
            The day, ISO 8601; None or "" for the target's own date.

        Returns
        -------
        Target

        Examples
        --------
        >>> target = parse_target(
        ...     'name = "t"\n[actors.men]\n"Ed Lee" = []\n"Al Ray" = []\n'
        ...     '[[roles]]\nnames = ["mayor"]\n'
        ...     'holders = [{since = 2019-01-01, actor = "Ed Lee"}, '
        ...     '{since = 2021-05-01, actor = "Al Ray"}]'
        ... )
        >>> target.on("2020-08-09").canonical("mayor"), target.on("2022-01-01").canonical("mayor")
        ('Ed Lee', 'Al Ray')
        """
        date = (date or self.date)[:10]
        if date == self.date:
            return self
        dated = self._dated.get(date)
        if dated is None:
            # One object for the same holders, so that its index is kept.
            holders = tuple(role.holder(date) for role in self.roles)
            dated = self._dated.setdefault(holders, replace(self, date=date))
            self._dated[date] = dated
        return dated

    @cached_property
    def _dated(self) -> dict[Any, Target]:
        """The target as of other days, by the day and by the holders of that day."""
        return {tuple(role.holder(self.date) for role in self.roles): self}

    def canonical(self, name: str) -> str | None:
        """Return the canonical name of `name`, or None for one that the table does not know."""
        actor = self.by_name.get(fold(name))
        return actor.canonical if actor else None

    def offices(self, canonical: str) -> list[str]:
        """Return the names of the offices that an actor holds on the target's day."""
        return self._offices.get(canonical, [])

    @cached_property
    def _offices(self) -> dict[str, list[str]]:
        """The names of the offices that each actor holds on the target's day."""
        offices: dict[str, list[str]] = {}
        for role in self.roles:
            offices.setdefault(role.holder(self.date), []).extend(role.names)
        return offices

    def stored_aliases(self) -> Any:
        """Return the alias table that a model keeps; None for a target that was parsed."""
        return None

    def __deepcopy__(self, memo: dict[int, Any]) -> Target:
        """Return the target itself: it never changes, and scikit-learn's clone copies deeply."""
        return self

    @cached_property
    def sha256(self) -> str:
        """Hash of the TOML text, as hexadecimal digits."""
        import hashlib

        return hashlib.sha256(self.source.encode()).hexdigest()


def fold(name: str) -> str:
    r"""Return the form of a name in which spellings are compared.

    Examples
    --------
    >>> fold("The  EU\u2019s"), fold("Gitanas Naus\u0117da")
    ("eu's", 'gitanas nauseda')
    """
    # Tables hold thousands of names, nearly all of them plain: those need no normalization.
    plain = name.isascii() and "`" not in name
    folded = " ".join(name.lower().split()) if plain else fold_letters(normalize(name))
    for article in ("the ", "a ", "an "):
        if folded.startswith(article):
            return folded[len(article) :]
    return folded


# Each day has its own table, and nearly all of the names are the same on every day.
_fold_again = lru_cache(maxsize=65536)(fold)


def fold_letters(text: str) -> str:
    r"""Return `text` in small letters without accents.

    Examples
    --------
    >>> fold_letters("LINKEVI\u010cIUS")
    'linkevicius'
    """
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))


def load_target(reference: str | os.PathLike[str] = DEFAULT_TARGET) -> Target:
    """Read a target by the name of a shipped one, or from a TOML file.

    Parameters
    ----------
    reference : str or path-like, default="belarus-2020"
        A shipped target's name, or the path of a ``.toml`` file.

    Returns
    -------
    Target

    Raises
    ------
    TargetError
        If there is no such target, or its file is wrong; the message names the key.
    """
    from importlib import resources

    path = Path(reference)
    if path.suffix == ".toml" or path.is_file():
        return parse_target(_read_toml(path), origin=str(path))
    shipped = resources.files("stance") / "targets" / f"{reference}.toml"
    if not re.fullmatch(r"[\w-]+", str(reference)) or not shipped.is_file():
        names = list_targets()
        raise TargetError(
            f"no target {str(reference)!r}: it is neither a TOML file nor one of "
            f"{shortlist(names)}.{suggestion(str(reference), names)}"
        )
    return parse_target(shipped.read_text(encoding="utf-8"), origin=f"{reference}.toml")


def _read_toml(path: Path) -> str:
    """Return the text of a target's file."""
    from stance.intake import read_file

    advice = f"Name a TOML file, or one of {shortlist(list_targets())}."
    try:
        # A line ends in "\n", however it was written.
        return (
            read_file(path, LARGEST_TARGET)
            .decode("utf-8-sig")
            .replace("\r\n", "\n")
            .replace("\r", "\n")
        )
    except UnicodeDecodeError as error:
        raise TargetError(f"cannot read target {path}: it is not UTF-8 text. {advice}") from error
    except StanceError as error:
        reason = str(error).removeprefix(f"cannot read {path}: ")
        raise TargetError(f"cannot read target {path}: {reason} {advice}") from error


def list_targets() -> list[str]:
    """Return the names of the shipped targets, sorted."""
    from importlib import resources

    folder = resources.files("stance") / "targets"
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml"))


def draft_target(name: str, today: str) -> str:
    """Return the text of a new target to be filled in, with comments.

    Parameters
    ----------
    name : str
        Its name: letters, digits, ``-`` and ``_``.
    today : str
        The day to write as its date, ISO 8601.

    Returns
    -------
    str
        TOML that `parse_target` reads.

    Raises
    ------
    TargetError
        If the name is no such name.
    """
    from importlib import resources

    if not re.fullmatch(r"[\w-]+", name):
        raise TargetError(f"a target's name must be letters, digits, '-' and '_', found {name!r}.")
    template = resources.files("stance") / "targets" / "template.txt"
    text = template.read_text(encoding="utf-8")
    return text.replace("@NAME@", name).replace("@TODAY@", today)


def parse_target(text: str, origin: str = "target") -> Target:
    """Read and check the TOML text of a target.

    Parameters
    ----------
    text : str
        TOML with the keys ``name``, ``title``, ``question``, the tables ``[actors.women]``,
        ``[actors.men]``, ``[actors.bodies]``, ``[actors.groups]`` (canonical name = list of
        aliases), ``date``, ``unit`` and any number of ``[[roles]]`` and ``[[cues]]``.
    origin : str, default="target"
        What messages call it.

    Returns
    -------
    Target

    Raises
    ------
    TargetError
        If it is not TOML, has an unknown key, gives one alias to two actors, or has a bad cue.
    """
    import tomllib

    if _DEEP_KEY.search(text):
        raise TargetError(f"{origin}: a key has more than {_DEEPEST_KEY} parts; a target has two.")
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise TargetError(f"{origin} is not TOML: {error}.") from error
    _refuse_unknown_keys(table, _KEYS, origin)
    name = _text(table, "name", origin)
    actors = _read_actors(table.get("actors", {}), origin)
    if not re.fullmatch(r"[\w-]+", name):
        raise TargetError(f"{origin}: name {name!r} must be letters, digits, '-' and '_'.")
    return Target(
        name=name,
        title=_text(table, "title", origin, default=name),
        question=_text(table, "question", origin, default=""),
        actors=actors,
        cues=_read_cues(table.get("cues", []), origin),
        date=_day(table.get("date", "9999-12-31"), f"{origin}: date"),
        roles=_read_roles(table.get("roles", []), actors, origin),
        unit=_choice(table, "unit", UNITS, origin, default="actor"),
        source=text,
    )


def about_texts(target: Target) -> Target:
    """Return the target as it is asked about texts as a whole.

    Examples
    --------
    >>> about_texts(parse_target('name = "toy"')).unit
    'text'
    """
    if target.unit == "text":
        return target
    rest = re.sub(r"""^unit[ \t]*=[ \t]*["']actor["'][^\n]*\n?""", "", target.source, flags=re.M)
    return replace(target, unit="text", source=f'unit = "text"\n{rest}')


def _read_actors(table: Any, origin: str) -> tuple[Actor, ...]:
    """Check the alias table: known kinds, lists of names, no name for two actors."""
    if not isinstance(table, Mapping):
        raise TargetError(f"{origin}: actors must be a table such as [actors.women].")
    _refuse_unknown_keys(table, KINDS, f"{origin}, [actors]")
    actors = [
        Actor(canonical, kind, _names(aliases, canonical, origin))
        for kind in KINDS
        for canonical, aliases in table.get(kind, {}).items()
    ]
    owner: dict[str, str] = {}
    for actor in actors:
        for name in actor.names:
            if not fold(name):
                raise TargetError(f"{origin}: {actor.canonical!r} has an empty name.")
            other = owner.setdefault(fold(name), actor.canonical)
            if other != actor.canonical:
                raise TargetError(
                    f"{origin}: alias {name!r} is claimed by {other!r} and by "
                    f"{actor.canonical!r}; leave it with one of them."
                )
    return tuple(actors)


def _names(aliases: Any, canonical: str, origin: str) -> tuple[str, ...]:
    """Check one actor's list of aliases."""
    if not isinstance(aliases, Sequence) or isinstance(aliases, str):
        raise TargetError(f"{origin}: the aliases of {canonical!r} must be a list of names.")
    wrong = [alias for alias in aliases if not isinstance(alias, str)]
    if wrong:
        raise TargetError(f"{origin}: alias {wrong[0]!r} of {canonical!r} is not a text.")
    return tuple(aliases)


def _read_roles(rows: Any, actors: Sequence[Actor], origin: str) -> tuple[Role, ...]:
    """Check the offices: names that are nobody's alias, days, holders that the table knows."""
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise TargetError(f"{origin}: roles must be written as [[roles]] tables.")
    taken = {fold(name): actor.canonical for actor in actors for name in actor.names}
    known = [actor.canonical for actor in actors]
    roles = []
    for row in rows:
        where = f"{origin}, role {row.get('names', '?')!r}"
        _refuse_unknown_keys(row, _ROLE_KEYS, where)
        names = _names(row.get("names", 0), "the role", origin)
        for name in names:
            if fold(name) in taken:
                raise TargetError(
                    f"{where}: {name!r} also stands for {taken[fold(name)]}; leave it with one."
                )
            taken[fold(name)] = "another role"
        holders = row.get("holders")
        if not isinstance(holders, list) or not all(isinstance(h, Mapping) for h in holders):
            raise TargetError(f"{where}: holders must be a list of {{since = DAY, actor = NAME}}.")
        steps = []
        for holder in holders:
            _refuse_unknown_keys(holder, ("since", "actor"), where)
            actor = _text(holder, "actor", where, default="")
            if actor and actor not in known:
                raise TargetError(
                    f"{where}: the holder {actor!r} stands in no [actors] table; add him or her."
                    f"{suggestion(actor, known)}"
                )
            steps.append((_day(holder.get("since"), f"{where}: since"), actor))
        roles.append(Role(names, tuple(sorted(steps))))
    return tuple(roles)


def _day(value: Any, where: str) -> str:
    """Return a TOML date, or a text in the same form, as ISO 8601."""
    import datetime

    try:
        return datetime.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise TargetError(f"{where} must be a day such as 2020-08-09, found {value!r}.") from None


def _read_cues(rows: Any, origin: str) -> tuple[Cue, ...]:
    """Check the cues: known keys and values, patterns that compile, no name twice."""
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise TargetError(f"{origin}: cues must be written as [[cues]] tables.")
    cues: dict[str, Cue] = {}
    for row in rows:
        where = f"{origin}, cue {row.get('name', '?')!r}"
        _refuse_unknown_keys(row, _CUE_KEYS, where)
        cue = Cue(
            name=_text(row, "name", where),
            stance=_choice(row, "stance", STANCES, where),
            pattern=_text(row, "pattern", where),
            scope=_choice(row, "scope", SCOPES, where, default="clause"),
            negation=_choice(row, "negation", NEGATIONS, where, default="abstain"),
        )
        if cue.name in cues:
            raise TargetError(f"{where} stands twice; give each cue a name of its own.")
        try:
            compile_pattern(cue.pattern)
        except TargetError as error:
            raise TargetError(f"{where}: {error}") from error
        cues[cue.name] = cue
    return tuple(cues.values())


def _refuse_unknown_keys(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Raise for the first key that is not `known`."""
    for key in table:
        if key not in known:
            raise TargetError(
                f"{where}: unknown key {key!r}; the keys are {', '.join(known)}."
                f"{suggestion(key, known)}"
            )


def _text(table: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
    """Return the text under `key`."""
    value = table.get(key, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise TargetError(f"{where}: {key} must be a text, found {value!r}.")
    return value


def _choice(
    table: Mapping[str, Any],
    key: str,
    choices: Sequence[str],
    where: str,
    default: str | None = None,
) -> str:
    """Return the value under `key`, one of `choices`."""
    value = _text(table, key, where, default)
    if value not in choices:
        raise TargetError(
            f"{where}: {key} {value!r} is not one of {', '.join(choices)}."
            f"{suggestion(value, choices)}"
        )
    return value
