"""A target as a model's file holds it: its names are looked up in place.

Arrays of names leave when a model is saved, and enter when one is read; what the target then
answers equals what its TOML text says. The text itself is parsed only where somebody asks for
its cues.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

from stance.dictionary import KEPT_WORDS, index_categories
from stance.errors import TargetError
from stance.mentions import (
    Alias,
    Aliases,
    AliasTable,
    alias_words,
    first_word,
    is_proper,
    lengths_by_second_word,
)
from stance.modelfile import ModelFile, StoredTable, pack_keys, pack_lines, pack_numbers
from stance.targets import KINDS, UNITS, Actor, Role, Target, fold, parse_target

# So many views are built before the dictionary is read as a whole.
_FEW_TEXTS = 1000
_MOST_KEPT = 65536
_LONGEST_ALIAS = 1000


class _Registry:
    """The actors and offices of a file by their numbers: first all actors, then all offices."""

    def __init__(self, file: ModelFile, n_actors: int, n_roles: int) -> None:
        self.file, self.n_actors, self.n_owners = file, n_actors, n_actors + n_roles
        self._actors = file.lines("target.actors", n_actors)
        self._roles = file.lines("target.roles", n_roles)
        self._known: dict[int, tuple[Actor, list[int]]] = {}
        self._offices: dict[int, Role] = {}
        names = file.keys("names")
        self.names = StoredTable(names, file.column("names.values", "I", len(names)).__getitem__)
        aliases, first = file.keys("aliases"), file.keys("first")
        owners = file.lines("aliases.owners", len(aliases))
        lengths = file.lines("first.lengths", len(first))
        self.owners = StoredTable(aliases, lambda number: file.parse(owners[number], "an alias"))
        self.lengths = StoredTable(first, lambda number: self._read_lengths(lengths[number]))

    def _read_lengths(self, line: bytes) -> dict[str, list[int]]:
        """Return how many words aliases may have, by their second word."""
        lengths = self.file.parse(line, "an alias")
        if not isinstance(lengths, dict) or not isinstance(lengths.get(""), list):
            raise self.file.damaged("an alias")
        for found in lengths.values():
            if not (
                isinstance(found, list)
                and _are(int, found)
                and found == sorted(set(found), reverse=True)
                and all(0 < length <= _LONGEST_ALIAS for length in found)
            ):
                raise self.file.damaged("an alias")
        return lengths

    def actor(self, number: int) -> tuple[Actor, list[int]]:
        """Return an actor, and the numbers of the offices that he or she holds at some time."""
        if number not in self._known:
            row = self._row(self._actors, number)
            match row:
                case [str(name), str(kind), [*aliases], [*roles]] if kind in KINDS:
                    if _are(str, aliases) and _are(int, roles):
                        self._known[number] = Actor(name, kind, tuple(aliases)), roles
            if number not in self._known:
                raise self.file.damaged(f"actor {number}")
        return self._known[number]

    def role(self, number: int) -> Role:
        """Return an office by its number among all owners."""
        if number not in self._offices:
            row = self._row(self._roles, number - self.n_actors)
            match row:
                case [[*names], [*holders]] if _are(str, names) and all(
                    isinstance(holder, list) and len(holder) == 2 and _are(str, holder)
                    for holder in holders
                ):
                    steps = tuple((since, actor) for since, actor in holders)
                    self._offices[number] = Role(tuple(names), steps)
            if number not in self._offices:
                raise self.file.damaged(f"role {number}")
        return self._offices[number]

    def _row(self, lines: Any, number: int) -> Any:
        """Return the JSON of an actor or an office."""
        if not 0 <= number < len(lines):
            raise self.file.damaged(f"the number of a row of {lines.name}")
        return self.file.parse(lines[number], lines.name)

    def holder(self, number: int, date: str) -> Actor | None:
        """Return who an owner stands for on a day: an actor for himself, an office for another."""
        if number < self.n_actors:
            return self.actor(number)[0]
        name = self.role(number).holder(date)
        owner = self.names.get(fold(name)) if name else None
        return None if owner is None or owner >= self.n_actors else self.actor(owner)[0]


def _are(kind: type, values: Iterable[Any]) -> bool:
    """Tell whether all values are of one kind."""
    return all(type(value) is kind for value in values)


class _Names(Mapping[str, Actor]):
    """Every name, folded, to its actor; as `Target.by_name`."""

    def __init__(self, registry: _Registry, date: str) -> None:
        self._registry, self._date = registry, date

    def get(self, key: str, default: Any = None) -> Any:
        """Return whose name it is."""
        owner = self._registry.names.get(key)
        found = None if owner is None else self._registry.holder(owner, self._date)
        return default if found is None else found

    def __getitem__(self, key: str) -> Actor:
        found: Actor | None = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Any:
        return (name for name in self._registry.names if self.get(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _StoredAliases(AliasTable):
    """The aliases of a target, as `stance.mentions` asks for them, on one day."""

    def __init__(self, registry: _Registry, date: str) -> None:
        super().__init__()
        self._registry, self._date = registry, date
        self._ready: dict[tuple[str, ...], Sequence[Alias]] = {}
        self._begun: dict[str, Aliases] = {}

    def __contains__(self, word: str) -> bool:
        return word in self._begun or word in self._registry.lengths

    def __getitem__(self, word: str) -> Aliases:
        begun = self._begun.get(word)
        if begun is None:
            lengths = self._registry.lengths[word]
            begun = self._begun[word] = Aliases(self, lengths)
        return begun

    def get(self, words: tuple[str, ...], default: Sequence[Alias], /) -> Sequence[Alias]:
        """Return the aliases of just these words; first those that need no capital."""
        ready = self._ready.get(words)
        if ready is None:
            owners = self._registry.owners.get(" ".join(words), ())
            ready = self._make(words, owners) if owners else default
            if len(self._ready) < _MOST_KEPT:
                self._ready[words] = ready
        return ready

    def _make(self, words: tuple[str, ...], owners: Any) -> Sequence[Alias]:
        """Return aliases with whose they are on the day."""
        aliases = []
        for owner in owners if isinstance(owners, list) else [None]:
            match owner:
                case [int(number), bool(lower)]:
                    actor = self._registry.holder(number, self._date)
                case _:
                    raise self._registry.file.damaged("an alias")
            if actor is not None:
                aliases.append(Alias(words, actor, is_proper(words, actor, lower=lower)))
        return sorted(aliases, key=lambda alias: alias.proper)


class _Categories(Mapping[str, str]):
    """What stands for a word among the categories, looked up in place; as `Target.category_of`."""

    def __init__(self, dictionary: Mapping[str, str]) -> None:
        self._dictionary = dictionary

    def get(self, key: str, default: Any = None) -> Any:
        """Return a word's category, or the word itself where it is kept."""
        found = self._dictionary.get(key)
        return found or (key if key in KEPT_WORDS else default)

    def __getitem__(self, key: str) -> str:
        return index_categories(self._dictionary)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(index_categories(self._dictionary))

    def __len__(self) -> int:
        return len(index_categories(self._dictionary))


class StoredTarget(Target):
    """A target whose names lie in a model's file; answers as `stance.targets.Target` does."""

    _registry: _Registry
    _siblings: dict[int, StoredTarget]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return a plain target: what `dataclasses.replace` changes is in no file any more."""
        return Target(*args, **kwargs)

    @cached_property
    def source(self) -> str:
        """The TOML text."""
        file = self._registry.file
        try:
            return str(file.take("target"), "utf-8")
        except UnicodeDecodeError as error:
            raise file.damaged("its target is not UTF-8") from error

    @cached_property
    def actors(self) -> tuple[Actor, ...]:
        """The alias table."""
        registry = self._registry
        return tuple(registry.actor(number)[0] for number in range(registry.n_actors))

    @cached_property
    def cues(self) -> Any:
        """The labelling functions, out of the TOML text."""
        try:
            return parse_target(self.source, "its target").cues
        except TargetError as error:
            raise self._registry.file.damaged(str(error)) from error

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        """The offices."""
        registry = self._registry
        return tuple(map(registry.role, range(registry.n_actors, registry.n_owners)))

    @cached_property
    def by_name(self) -> Mapping[str, Actor]:
        """Every name, folded, to its actor; roles to whoever holds them at the target's date."""
        return _Names(self._registry, self.date)

    def offices(self, canonical: str) -> list[str]:
        """Return the names of the offices that an actor holds on the target's day."""
        owner = self._registry.names.get(fold(canonical))
        if owner is None or owner >= self._registry.n_actors:
            return []
        roles = map(self._registry.role, self._registry.actor(owner)[1])
        return [
            name for role in roles if role.holder(self.date) == canonical for name in role.names
        ]

    @cached_property
    def _days(self) -> list[str]:
        """The days on which an office changed hands, in order."""
        file = self._registry.file
        days = file.parse(bytes(file.take("target.days")), "its days")
        if not isinstance(days, list) or not _are(str, days):
            raise file.damaged("its days")
        return days

    def on(self, date: str | None) -> Target:
        """Return the target as it reads an article of a day: with the offices held that day."""
        date = (date or self.date)[:10]
        if date == self.date:
            return self
        # One object for all days between two changes, so that what it looked up is kept.
        between = bisect_right(self._days, date)
        if between == bisect_right(self._days, self.date):
            return self
        if between not in self._siblings:
            facts = {**self.__dict__, "date": date}
            facts.pop("by_name", None)
            self._siblings[between] = _with_facts(facts)
        return self._siblings[between]

    @property
    def category_of(self) -> Mapping[str, str]:
        """What stands for a word among the categories: its category, or itself; else nothing."""
        asked = self.__dict__["_n_asked"] = self.__dict__["_n_asked"] + 1
        return self._few_categories if asked < _FEW_TEXTS else self._all_categories

    @cached_property
    def _few_categories(self) -> Mapping[str, str]:
        """The same for a few texts."""
        return _Categories(self.categories)

    @cached_property
    def _all_categories(self) -> Mapping[str, str]:
        """The same for many: read as a whole."""
        return index_categories(self.categories)

    def stored_aliases(self) -> AliasTable:
        """Return the alias table that is looked up in place."""
        return _StoredAliases(self._registry, self.date)

    def __reduce__(self) -> Any:
        """Travel as what the TOML text says."""
        return _restore, (self.source, self.date, dict(self.dictionary or {}))


def _with_facts(facts: Mapping[str, Any]) -> StoredTarget:
    """Return a stored target with these attributes."""
    target: StoredTarget = object.__new__(StoredTarget)
    target.__dict__.update(facts)
    return target


def _restore(source: str, date: str, dictionary: dict[str, str]) -> Target:
    """Return the plain target that a pickled one was."""
    from dataclasses import replace

    return replace(parse_target(source), date=date, dictionary=dictionary)


def read_target(file: ModelFile) -> StoredTarget:
    """Return the target of a model's file.

    Parameters
    ----------
    file : ModelFile
        The file.

    Returns
    -------
    StoredTarget

    Raises
    ------
    ModelError
        If it is damaged.
    """
    entry = file.table("target")
    facts: dict[str, Any] = {
        key: file.text(key, entry) for key in ("name", "title", "question", "date", "unit")
    }
    if facts["unit"] not in UNITS:
        raise file.damaged("unit in its header")
    facts["dictionary"] = _read_dictionary(file)
    facts["_registry"] = _Registry(
        file, file.number("n_actors", entry), file.number("n_roles", entry)
    )
    facts["_siblings"], facts["_n_asked"] = {}, 0
    return _with_facts(facts)


def _read_dictionary(file: ModelFile) -> Mapping[str, str]:
    """Return the category of each word form."""
    categories = file.header.get("categories")
    if not isinstance(categories, list) or not _are(str, categories):
        raise file.damaged("its dictionary")
    keys = file.keys("dictionary")
    numbers = file.column("dictionary.values", "I", len(keys))

    def category(number: int) -> str:
        code = numbers[number]
        if code >= len(categories):
            raise file.damaged("its dictionary")
        return str(categories[code])

    return StoredTable(keys, category)


def pack_target(target: Target) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return what a model's file says of a target.

    Parameters
    ----------
    target : Target
        The target, with its dictionary.

    Returns
    -------
    header : dict
        Its part of the header.
    arrays : dict of str to bytes
        Its arrays.
    """
    words = sorted(target.categories.items())
    categories = sorted({category for _, category in words})
    code = {category: number for number, category in enumerate(categories)}
    header = {
        "categories": categories,
        "target": {
            "name": target.name,
            "title": target.title,
            "question": target.question,
            "date": target.date,
            "unit": target.unit,
            "n_actors": len(target.actors),
            "n_roles": len(target.roles),
        },
    }
    days = sorted({since for role in target.roles for since, _ in role.holders})
    arrays = {
        **pack_keys("dictionary", [word for word, _ in words]),
        "dictionary.values": pack_numbers(code[category] for _, category in words),
        **_pack_owners(target),
        **_pack_aliases(target),
        "target.days": json.dumps(days).encode(),
        "target": target.source.encode(),
    }
    return header, arrays


def _pack_owners(target: Target) -> dict[str, bytes]:
    """Return the arrays of the actors, of the offices, and of whose each folded name is."""
    held: dict[str, list[int]] = {}
    n_actors = len(target.actors)
    for number, role in enumerate(target.roles, start=n_actors):
        for name in dict.fromkeys(holder for _, holder in role.holders):
            held.setdefault(name, []).append(number)
    owners: dict[str, int] = {}
    for number, owner in enumerate(_owners(target)):
        owners.update((fold(name), number) for name in owner.names)
    names = sorted(owners)
    rows = ([a.canonical, a.kind, a.aliases, held.get(a.canonical, [])] for a in target.actors)
    return {
        **pack_lines("target.actors", map(_to_json, rows)),
        **pack_lines("target.roles", (_to_json([r.names, r.holders]) for r in target.roles)),
        **pack_keys("names", names),
        "names.values": pack_numbers(owners[name] for name in names),
    }


def _pack_aliases(target: Target) -> dict[str, bytes]:
    """Return the arrays of the aliases by their words, and of the longest of each first word."""
    aliases: dict[str, list[list[Any]]] = {}
    first: dict[str, list[tuple[str, ...]]] = {}
    for number, owner in enumerate(_owners(target)):
        for name in owner.names:
            words = alias_words(name)
            # A name of odd spaces is looked up by a word that no text has.
            if words and words[0] == first_word(name):
                aliases.setdefault(" ".join(words), []).append([number, name.islower()])
                first.setdefault(words[0], []).append(words)
    keys, openers = sorted(aliases), sorted(first)
    return {
        **pack_keys("aliases", keys),
        **pack_lines("aliases.owners", (_to_json(aliases[key]) for key in keys)),
        **pack_keys("first", openers),
        **pack_lines(
            "first.lengths",
            (_to_json(lengths_by_second_word(first[word])) for word in openers),
        ),
    }


def _owners(target: Target) -> Iterable[Actor | Role]:
    """Return who has names: first all actors, then all offices."""
    return chain(target.actors, target.roles)


def _to_json(value: Any) -> str:
    """Return a value as one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
