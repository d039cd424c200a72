"""Acting: who takes part in each of many sentences, found at once by the kernel.

Sentences and a target enter; what is found of them is kept for `stance.actors`, which finds the
same one by one, and does where there is no kernel. The rules stand in `stance.mentions` and
`stance.actors`; their compiled twin in ``_acting.c`` is given the word lists of both.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

from stance import actors, mentions, verbs
from stance.actors import Acting, set_ahead
from stance.kernel import encode_lines, find_kernel, index_terms
from stance.mentions import PRONOUNS, ROLE_NOUNS, Mention, list_aliases
from stance.normalization import PLACEHOLDER, align
from stance.targets import Target, fold_letters

if TYPE_CHECKING:
    import numpy as np

_LONGEST = 1000
_COLUMNS = 5
# The order of these is that of the numbers in _acting.c.
_KINDS = ("women", "men", "bodies", "groups", "name", "role", "speaker", "pair")
_NAMELESS = frozenset((_KINDS.index("name"), _KINDS.index("role")))
_PRONOUN_KIND = 37
_N_CHARACTERS = 0x3040


def _word_lists(first_words: Iterable[str]) -> list[frozenset[str]]:
    """Return the words of each flag, in the order of _acting.c."""
    return [
        frozenset(first_words),
        mentions.TITLES,
        mentions.NOT_NAMES,
        mentions.PARTICLES,
        mentions.SENTENCE_OPENERS,
        ROLE_NOUNS,
        frozenset('".:'),
        mentions.JOINING,
        frozenset(","),
        frozenset(["and"]),
        actors.POSSESSIVES,
        verbs.OUTLET_NOUNS,
        actors.BEFORE_NAMES,
        frozenset(["according"]),
        frozenset(["to"]),
        frozenset(["by"]),
        frozenset(["named"]),
        frozenset(["from"]),
        verbs.POSITION_NOUNS,
        verbs.VERBS,
        verbs.REPORTING_VERBS,
        actors.TAKE_OBJECTS,
        actors.OBJECT_PRONOUNS,
        actors.PREPOSITIONS,
        verbs.AUXILIARIES,
        verbs.BE,
        verbs.STATIVES,
        actors.PASSED_OVER,
        frozenset(["it", "her"]),
        frozenset('",?!'),
        frozenset(["'s"]),
        frozenset("("),
        frozenset(")"),
        frozenset("-"),
        frozenset("."),
        frozenset("i"),
        frozenset(PRONOUNS),
    ]


@lru_cache(maxsize=1)
def _character_table() -> np.ndarray:
    """Return for each character its folded form, and flags as _acting.c has them."""
    import numpy as np

    table = np.zeros(_N_CHARACTERS, dtype=np.uint32)
    for code in range(_N_CHARACTERS):
        character = chr(code)
        aligned = align(character)
        folded = fold_letters(aligned)
        if not _is_plain(character, aligned, folded):
            continue
        flags = (
            aligned.isalnum(),
            aligned.isalnum() or aligned == "_",
            character.isspace(),
            character.isupper(),
            character.islower(),
            character.isalpha(),
            True,
            character == "s",
        )
        table[code] = ord(folded) | sum(1 << 16 + i for i, is_set in enumerate(flags) if is_set)
    return table


def _is_plain(character: str, aligned: str, folded: str) -> bool:
    """Tell whether a character can be read by itself, one folded character for one."""
    is_cased = character.isupper() or character.islower()
    return (
        character != "\n"
        and aligned != PLACEHOLDER
        and (character.isprintable() or aligned == " ")
        and character.isspace() == aligned.isspace()
        and (is_cased or character.lower() == character.upper() == character)
        and len(folded) == 1
        and ord(folded) < 0x10000
    )


class _Tables:
    """The words that a target's mentions depend on, as the kernel reads them."""

    def __init__(self, target: Target, kernel: ModuleType) -> None:
        import numpy as np

        first_words, aliases = list_aliases(target)
        lists = _word_lists(first_words)
        words = sorted(set().union(*lists, map(" ".join, aliases)))
        names = sorted({a.actor.canonical for same in aliases.values() for a in same})
        numbers = {name: i for i, name in enumerate(names)}
        place = {word: i for i, word in enumerate(words)}
        # The flags of each word, its alias in any case, and that in capitals only.
        table = np.full((3, len(words)), -1, dtype=np.int64)
        table[0] = 0
        for bit, members in enumerate(lists):
            for word in members:
                table[0, place[word]] |= 1 << bit
        for word, kind in PRONOUNS.items():
            table[0, place[word]] |= _KINDS.index(kind) << _PRONOUN_KIND
        for split, same in aliases.items():
            for alias in reversed(same):
                number = numbers[alias.actor.canonical] * 8 + _KINDS.index(alias.actor.kind)
                table[1 + alias.proper, place[" ".join(split)]] = number
        self.words = table
        self.vocabulary = index_terms(kernel, words)
        self.most_words = max(map(len, aliases), default=1)
        # The last is that of nobody known.
        self.names: list[str | None] = [*names, None]


@lru_cache(maxsize=4)
def _tables(target: Target, kernel: ModuleType) -> _Tables:
    """Return the tables of a target, made once."""
    return _Tables(target, kernel)


def find_acting_ahead(sentences: Iterable[str], target: Target) -> None:
    """Find the mentions of many sentences before they are asked for, where the kernel is there.

    Parameters
    ----------
    sentences : iterable of str
        The sentences of one chunk; they take the place of the last.
    target : Target
        Names the known actors.
    """
    import numpy as np

    kernel = find_kernel()
    if kernel is None:
        return
    wanted = [s for s in dict.fromkeys(sentences) if len(s) <= _LONGEST and "\n" not in s]
    if not wanted:
        return
    tables = _tables(target, kernel)
    data, ends = encode_lines(wanted)
    rows = np.empty((len(data), _COLUMNS), dtype=np.int64)
    counts = np.empty(len(wanted), dtype=np.int64)
    kernel.find_acting(
        data,
        ends,
        _character_table(),
        *tables.vocabulary,
        tables.words,
        tables.most_words,
        rows,
        counts,
    )
    set_ahead(target, _Found(wanted, rows, counts, tables.names).find)


class _Found:
    """What was found of many sentences, kept as a few lists of numbers.

    Objects for each mention would be looked through by the garbage collector again and again.
    """

    def __init__(
        self, sentences: list[str], rows: np.ndarray, counts: np.ndarray, names: list[str | None]
    ) -> None:
        import numpy as np

        self._number = {s: i for i, s in enumerate(sentences)}
        self._ends = np.cumsum(np.maximum(counts, 0)).tolist()
        self._counts: list[int] = counts.tolist()
        used = self._ends[-1]
        self._columns: list[list[int]] = np.ascontiguousarray(rows[:used].T).tolist()
        self._names = names

    def find(self, sentence: str) -> Acting | None:
        """Return the mentions of a sentence; None for one that was left to Python."""
        number = self._number.get(sentence)
        if number is None or self._counts[number] < 0:
            return None
        end = self._ends[number]
        part = slice(end - self._counts[number], end)
        new, names = tuple.__new__, self._names
        return tuple(
            [
                (
                    new(
                        Mention,
                        (
                            start,
                            stop,
                            sentence[start:stop],
                            _KINDS[kind],
                            names[name],
                            name < 0 and kind not in _NAMELESS,
                        ),
                    ),
                    acts > 0,
                )
                for start, stop, kind, name, acts in zip(
                    *(column[part] for column in self._columns), strict=True
                )
            ]
        )
