"""Plan: what a bulk run was asked to do, and the words in which its rooms talk to each other.

Paths and options enter; what enters a part of the work and what leaves it is defined here. Nothing
is read or written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from stance.errors import StanceError

UNITS = ("article", "sentence")
# What is in hand at one time is bounded by these, and so is what a kill can cost. A part is a share
# of the input's size, so that a small one keeps every core busy and a huge one has few files.
PART_ROWS = 20_000
PART_SHARE = 64
PART_BYTES = (1 << 18, 1 << 22)
_RAW_LENGTH = 200


@dataclass(frozen=True)
class Options:
    """What each row is asked, and which columns say it.

    Parameters
    ----------
    unit : {"article", "sentence"}
        Whether a row's text is an article, read as `stance.read` does, or one ready passage, judged
        as ``model.predict`` does.
    text, actor, id, date : str or None
        Columns; None looks for the usual names of the text, the id and the date. "" stands for no
        such column. The actor's must be named.
    keep : tuple of str
        Columns that are carried over.
    abstain : float or None
        Call a stance ``uncertain`` whose probability is lower.
    """

    unit: str = "article"
    text: str | None = None
    actor: str | None = None
    id: str | None = None
    date: str | None = None
    keep: tuple[str, ...] = ()
    abstain: float | None = None

    def __post_init__(self) -> None:
        """Refuse a unit that is none."""
        if self.unit not in UNITS:
            raise StanceError(f"unit {self.unit!r} must be one of {', '.join(UNITS)}.")

    def as_dict(self) -> dict[str, Any]:
        """Return the options as plain values."""
        return {**asdict(self), "keep": list(self.keep)}


class Bad(NamedTuple):
    """A row that cannot be used.

    Parameters
    ----------
    file : str
        The file within the folder that was given; "" for a single file.
    row : int or None
        Its line, or its row where the format has no lines, from 1; None for the file as a whole.
    reason : str
        What is wrong.
    raw : str
        Its beginning as it stood.
    """

    file: str
    row: int | None
    reason: str
    raw: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values; the file only where there are several."""
        named = {"file": self.file} if self.file else {}
        return {**named, "row": self.row, "reason": self.reason, "raw": self.raw}


def show_raw(data: bytes) -> str:
    r"""Return the beginning of a raw row, what is no UTF-8 as ``\xNN``."""
    text = data[: 4 * _RAW_LENGTH].decode("utf-8", "backslashreplace").rstrip("\r\n")
    return text if len(text) <= _RAW_LENGTH else text[:_RAW_LENGTH] + "…"


@dataclass(frozen=True)
class Layout:
    """How the rows of one file are to be taken apart.

    Parameters
    ----------
    file : str
        The file within the folder that was given; "" for a single file.
    kind : {"article", "jsonl", "csv", "parquet"}
        What it is.
    columns : mapping of str to str
        Which column holds the ``text``, ``actor``, ``id`` and ``date``.
    header : tuple of str
        The columns of CSV.
    delimiter : str
        What stands between its cells.
    quoting : int
        Whether quotation marks quote, as `csv` says it.
    """

    file: str
    kind: str
    columns: Mapping[str, str] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    delimiter: str = ","
    quoting: int = 0


@dataclass(frozen=True)
class Chunk:
    """Neighbouring rows of one file as they stand.

    Parameters
    ----------
    layout : Layout
        How to take them apart.
    rows : list of (int, bytes)
        Number and bytes of each row; of Parquet the number of the first, and all of them in
        Arrow's stream format.
    """

    layout: Layout
    rows: list[tuple[int, bytes]]


@dataclass(frozen=True)
class Part:
    """A piece of the work, of which each is done whole or not at all.

    Parameters
    ----------
    number : int
        From 0.
    chunks : list of Chunk
        Its rows.
    bad : list of Bad
        Rows that could not even be read.
    sha256 : str
        Hash of all that.
    share : float
        How much of the input it is, as a fraction.
    """

    number: int
    chunks: list[Chunk]
    bad: list[Bad]
    sha256: str
    share: float


@dataclass(frozen=True)
class Scored:
    """What a part has become.

    Parameters
    ----------
    data, bad : bytes
        Its rows in the format of the output; its bad rows as JSON Lines.
    n_rows, n_bad, n_claims : int
        How many rows it has, how many of them are bad, and how many rows they have become.
    """

    data: bytes
    bad: bytes
    n_rows: int
    n_bad: int
    n_claims: int


@dataclass(frozen=True)
class Setup:
    """What a worker needs to know beside the model.

    Parameters
    ----------
    options : Options
        What was asked for.
    form : str
        Ending of the output: its format and its compression.
    schema : bytes
        The output's Arrow schema, serialized.
    with_file : bool
        Whether rows say which file they are from.
    """

    options: Options
    form: str
    schema: bytes
    with_file: bool = False
