"""Inputs: files of any size are cut into parts, always in the same places.

A path enters, parts leave as they are asked for, with the bytes of their rows: Parquet, JSON Lines
and CSV row by row, packed or not, and folders of such files or of articles. Rows are not looked
into here. A file that breaks off gives the rows before that, and a fault.
"""

from __future__ import annotations

import csv
import hashlib
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stance.articles import HTML_SUFFIXES, TEXT_SUFFIXES
from stance.bulk.columns import choose_columns
from stance.bulk.lines import (
    DAMAGES,
    LONGEST_LINE,
    Line,
    read_csv_records,
    read_head,
    read_lines,
    unpack,
)
from stance.bulk.plan import (
    PART_BYTES,
    PART_ROWS,
    PART_SHARE,
    Bad,
    Chunk,
    Layout,
    Options,
    Part,
    show_raw,
)
from stance.errors import MissingExtraError, StanceError
from stance.files import explained_os_errors
from stance.records import DELIMITED_SUFFIXES, JSON_LINES_SUFFIXES, find_dialect

_KINDS = {
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((*JSON_LINES_SUFFIXES, ".json"), "jsonl"),
    **dict.fromkeys(DELIMITED_SUFFIXES, "csv"),
    **dict.fromkeys((*TEXT_SUFFIXES, *HTML_SUFFIXES), "article"),
}
_PACKED = (".gz", ".zst")
_JSON_HEAD = 1 << 20
_CSV_HEAD = 1 << 16
_BATCH_ROWS = 256


@dataclass(frozen=True)
class Source:
    """One file of the input.

    Parameters
    ----------
    path : Path
        Where it is.
    name : str
        Its path within the folder that was given; "" for a single file.
    kind : {"article", "jsonl", "csv", "parquet"}
        What it is, by its ending.
    size, changed : int
        Its bytes, and when it was last written, in nanoseconds.
    """

    path: Path
    name: str
    kind: str
    size: int
    changed: int


@dataclass(frozen=True)
class Damage:
    """A file that breaks off: its name and what is wrong with it."""

    name: str
    reason: str


def list_sources(path: Path) -> tuple[list[Source], list[Bad]]:
    """Find the files of the input.

    Parameters
    ----------
    path : Path
        A file or folder.

    Returns
    -------
    sources : list of Source
        In the order of their names; hidden files and a README.md are none.
    bad : list of Bad
        Files that are passed over: no regular files, and links that lead out of the folder.

    Raises
    ------
    StanceError
        If there is none.
    """
    with explained_os_errors("read", path):
        if not path.is_dir():
            return [_to_source(path, "")], []
        root = path.resolve()
        found = sorted(p for p in path.rglob("*") if not p.is_dir() and _is_wanted(p, path))
        sources, bad = [], []
        for file in found:
            name = file.relative_to(path).as_posix()
            if not file.resolve().is_relative_to(root):
                bad.append(Bad(name, None, "a link that leads out of the folder is not followed"))
            elif not file.is_file():
                bad.append(Bad(name, None, "it is no regular file"))
            else:
                sources.append(_to_source(file, name))
    if not sources:
        raise StanceError(
            f"folder {path} holds nothing to score; put files ending in "
            f"{', '.join(_KINDS)} there, or name a file."
        )
    if any(s.path.suffix.lower() in HTML_SUFFIXES for s in sources) and not find_spec(
        "trafilatura"
    ):
        raise MissingExtraError("reading web pages", "html")
    return sources, bad


def _is_wanted(file: Path, root: Path) -> bool:
    """Tell by its name whether a file of a folder is to be scored."""
    parts = file.relative_to(root).parts
    is_hidden = any(part.startswith((".", "_")) for part in parts)
    return _kind(file) is not None and not is_hidden and parts[-1].lower() != "readme.md"


def _kind(file: Path) -> str | None:
    """Return what a file is, by its ending."""
    name = file.with_suffix("") if file.suffix.lower() in _PACKED else file
    return _KINDS.get(name.suffix.lower())


def _to_source(path: Path, name: str) -> Source:
    """Look at one file."""
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise StanceError(f"{path} is no regular file; a run that is to be resumed needs one.")
    kind = _kind(path)
    if kind is None:
        raise StanceError(
            f"{path} is of no form that can be scored; its name must end in {', '.join(_KINDS)}, "
            "with .gz or .zst after it where it is packed."
        )
    return Source(path, name, kind, facts.st_size, facts.st_mtime_ns)


def fingerprint(sources: list[Source]) -> str:
    """Return a hash of the names, sizes and times of the files."""
    facts = [[source.name, source.size, source.changed] for source in sources]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def find_types(sources: list[Source], keep: tuple[str, ...]) -> dict[str, Any]:
    """Return the Arrow types of the columns that are carried over.

    Parameters
    ----------
    sources : list of Source
        The files.
    keep : tuple of str
        The columns.

    Returns
    -------
    dict of str to pyarrow.DataType
        As Parquet has them, where all files are Parquet and agree; else text.
    """
    import pyarrow as pa

    types: dict[str, Any] = {}
    if keep and all(source.kind == "parquet" for source in sources):
        for source in sources:
            schema = _open_parquet(source).schema_arrow
            for name in set(keep) & set(schema.names):
                kind = schema.field(name).type
                kind = kind.value_type if pa.types.is_dictionary(kind) else kind
                types[name] = kind if types.setdefault(name, kind) == kind else pa.string()
    return {name: types.get(name, pa.string()) for name in keep}


class PartCutter:
    """Cuts the input into parts.

    Parameters
    ----------
    sources : list of Source
        The files.
    options : Options
        Which columns to read.
    bad : list of Bad
        What is known to be bad before anything is read; it goes to the first part.

    Attributes
    ----------
    damages : list of Damage
        The files that turned out to break off.
    """

    def __init__(self, sources: list[Source], options: Options, bad: list[Bad]) -> None:
        self.damages: list[Damage] = []
        self._sources = sources
        self._options = options
        self._total = sum(source.size for source in sources) or 1
        self._longest = min(max(self._total // PART_SHARE, PART_BYTES[0]), PART_BYTES[1])
        self._number = 0
        self._shared = 0.0
        self._chunks: list[Chunk] = []
        self._bad = list(bad)
        self._rows = self._bytes = 0

    def cut(self) -> Iterator[Part]:
        """Yield the parts in order.

        Yields
        ------
        Part

        Raises
        ------
        StanceError
            If the first table lacks a column; later ones are faults of those files.
        """
        behind = 0
        for source in self._sources:
            try:
                for layout, line, at in self._read(source):
                    self._add(layout, line)
                    if self._rows >= PART_ROWS or self._bytes >= self._longest:
                        yield self._finish((behind + at) / self._total)
            except StanceError as error:
                if len(self._sources) == 1:
                    raise
                self._note(source, str(error))
            except DAMAGES as error:
                self._note(source, f"it is damaged: {' '.join(str(error).split())}")
            behind += source.size
        if self._rows or self._bad:
            yield self._finish(1.0)

    def _note(self, source: Source, reason: str) -> None:
        """Note that a file breaks off."""
        self.damages.append(Damage(source.name, reason))
        self._bad.append(Bad(source.name, None, reason))

    def _add(self, layout: Layout, line: Line) -> None:
        """Take one row, or one batch of Parquet, into the part."""
        self._rows += 1
        self._bytes += len(line.data)
        if line.fault:
            self._bad.append(Bad(layout.file, line.number, line.fault, show_raw(line.data)))
            return
        if not self._chunks or self._chunks[-1].layout is not layout:
            self._chunks.append(Chunk(layout, []))
        self._chunks[-1].rows.append((line.number, line.data))
        if layout.kind == "parquet":
            self._rows += _BATCH_ROWS - 1

    def _finish(self, position: float) -> Part:
        """Return the part and begin the next."""
        seen = hashlib.sha256()
        for chunk in self._chunks:
            seen.update(repr((chunk.layout, len(chunk.rows))).encode())
            for number, data in chunk.rows:
                seen.update(b"%d %d\n" % (number, len(data)))
                seen.update(data)
        seen.update(repr(self._bad).encode())
        share, self._shared = position - self._shared, position
        part = Part(self._number, self._chunks, self._bad, seen.hexdigest(), share)
        self._number += 1
        self._chunks, self._bad, self._rows, self._bytes = [], [], 0, 0
        return part

    def _read(self, source: Source) -> Iterator[tuple[Layout, Line, int]]:
        """Yield the rows of a file, each with how many bytes of the file lie before its end."""
        read = {
            "parquet": _read_parquet, "jsonl": _read_jsonl, "csv": _read_csv,
            "article": _read_article,
        }[source.kind]  # fmt: skip
        return read(source, self._options)


def _read_article(source: Source, options: Options) -> Iterator[tuple[Layout, Line, int]]:
    """Yield the one row of a file that is an article."""
    name = source.name or source.path.name
    layout = Layout(source.name, "article", {"id": name})
    with source.path.open("rb") as raw:
        data = unpack(raw).read(LONGEST_LINE + 1)
    fault = f"the article is longer than {LONGEST_LINE} bytes" if len(data) > LONGEST_LINE else ""
    yield layout, Line(1, data[:1024] if fault else data, fault), source.size


def _read_jsonl(source: Source, options: Options) -> Iterator[tuple[Layout, Line, int]]:
    """Yield the lines of JSON Lines."""
    head = read_head(source.path, _JSON_HEAD)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        raise StanceError(
            f"{source.path} is one JSON array, which cannot be read piece by piece; write one "
            "object a line, as with: jq -c '.[]'"
        )
    found = _find_keys(head)
    if not found:  # no line of the first is whole
        found = [name for name in (options.text or "text", options.actor, *options.keep) if name]
    columns = choose_columns(found, options, str(source.path))
    layout = Layout(source.name, "jsonl", columns)
    with source.path.open("rb") as raw:
        for line in read_lines(unpack(raw)):
            if line.fault or line.data.strip():
                yield layout, line, raw.tell()


def _find_keys(head: bytes) -> list[str]:
    """Return the keys of the first objects, in the order in which they are met."""
    names: dict[str, None] = {}
    for line in head.split(b"\n"):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            names.update(dict.fromkeys(row))
    return list(names)


def _read_csv(source: Source, options: Options) -> Iterator[tuple[Layout, Line, int]]:
    """Yield the records of CSV below its header."""
    head = read_head(source.path, _CSV_HEAD).decode("utf-8", "replace").removeprefix("\ufeff")
    delimiter, quoting = find_dialect(head)
    with source.path.open("rb") as raw:
        records = read_csv_records(read_lines(unpack(raw)), delimiter, quoting)
        records = (record for record in records if record.fault or record.data.strip())
        first = next(records, None)
        if first is None:
            return
        layout = _parse_header(
            first, source, Layout(source.name, "csv", {}, (), delimiter, quoting)
        )
        columns = choose_columns(layout.header, options, str(source.path))
        layout = replace(layout, columns=columns)
        for record in records:
            yield layout, record, raw.tell()


def _parse_header(first: Line, source: Source, layout: Layout) -> Layout:
    """Return the layout with the columns that the first record names."""
    try:
        text = first.data.decode("utf-8")
        quoting: Any = layout.quoting
        cells = next(csv.reader([text], delimiter=layout.delimiter, quoting=quoting))
    except (UnicodeDecodeError, csv.Error) as error:
        raise StanceError(
            f"{source.path}: the line of column names is damaged: {error}."
        ) from error
    names = tuple(cell.strip() for cell in cells)
    twice = [name for name in names if name and names.count(name) > 1]
    if twice:
        raise StanceError(f"{source.path}: two columns are called {twice[0]!r}; rename one.")
    return replace(layout, header=names)


def _open_parquet(source: Source) -> Any:
    """Open a Parquet file so that its columns are read piece by piece."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(source.path, buffer_size=1 << 20, pre_buffer=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise StanceError(f"{source.path} is no Parquet file, or damaged: {reason}") from error


def _read_parquet(source: Source, options: Options) -> Iterator[tuple[Layout, Line, int]]:
    """Yield batches of rows in Arrow's stream format, under the number of the first."""
    import pyarrow as pa

    file = _open_parquet(source)
    schema = file.schema_arrow
    columns = choose_columns(schema.names, options, str(source.path))
    _check_text_type(schema.field(columns["text"]), source)
    layout = Layout(source.name, "parquet", columns)
    wanted = list(dict.fromkeys((*columns.values(), *options.keep)))
    number, n_rows = 1, max(1, file.metadata.num_rows)
    batches = (
        batch
        # Group by group: of a batch that reaches into a damaged one nothing is returned.
        for group in range(file.num_row_groups)
        for batch in file.iter_batches(_BATCH_ROWS, [group], wanted, use_threads=False)
    )
    try:
        for batch in batches:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, batch.schema) as writer:
                writer.write_batch(batch)
            data = sink.getvalue().to_pybytes()
            yield layout, Line(number, data), source.size * (number - 1) // n_rows
            number += batch.num_rows
    except pa.ArrowException as error:
        raise OSError(str(error).split("\n")[0]) from error


def _check_text_type(field: Any, source: Source) -> None:
    """Raise where a column holds no texts."""
    import pyarrow as pa

    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    is_text = (
        pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_binary,
        pa.types.is_large_binary, pa.types.is_binary_view,
    )  # fmt: skip
    if not any(check(kind) for check in is_text):
        raise StanceError(
            f"{source.path}: column {field.name!r} holds {field.type}, no texts; name another "
            "with --text-column."
        )


def is_within(path: Path, folder: Path) -> bool:
    """Tell whether a path is a folder, or lies in it."""
    return path.resolve().is_relative_to(folder.resolve())
