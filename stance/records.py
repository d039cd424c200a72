"""Records: a file of rows, in any of the forms that such files have, becomes mappings.

CSV with any delimiter, encoding and quoting, JSON Lines, a JSON array, Parquet, each of the text
forms also packed with gzip, or a folder of such files or of what `datasets` saved. Values leave as
they stand; what they mean is for the reader of articles or of labels to say.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from stance.errors import ArticleError
from stance.intake import LARGEST_TABLE, MOST_ROWS, list_files, read_file, unpack_gzip

DELIMITED_SUFFIXES = (".csv", ".tsv")
JSON_LINES_SUFFIXES = (".jsonl", ".ndjson")
# In a folder these are tables; a file that is named may also end in .txt, as many of them do.
FOLDER_SUFFIXES = (*DELIMITED_SUFFIXES, *JSON_LINES_SUFFIXES, ".json", ".parquet")

# Encodings of news that is not UTF-8, by how often they are met in this field's languages.
_LEGACY_ENCODINGS = ["cp1251", "cp1252", "koi8-r", "iso8859_2", "cp1254", "mac_cyrillic"]
_DELIMITERS = ",;\t|"
_SAMPLE = 1 << 16
# Stands for a delimiter where the first line holds none: the file has one column.
_NO_DELIMITER = "\x1f"
_SAVED_DATASET = ("dataset_info.json", "dataset_dict.json", "state.json")
_SPLITS = {
    "train": "train", "test": "test", "validation": "validation", "valid": "validation",
    "val": "validation", "dev": "validation",
}  # fmt: skip
_SPLIT_NAME = re.compile(r"[a-z]+")

Row = Mapping[Any, Any]
_T = TypeVar("_T")


class Record(NamedTuple):
    """One row of a file.

    Parameters
    ----------
    where : str
        File and line, for messages.
    values : mapping
        Column to value. A row of CSV that is too short has None for what it lacks; what is too
        much stands under None.
    split : {"", "train", "validation", "test"}
        Which part of a dataset folder it belongs to.
    """

    where: str
    values: Row
    split: str = ""


def decode(data: bytes, origin: str = "text") -> str:
    r"""Decode the bytes of a text: UTF-8, UTF-16, else the likeliest code page.

    Parameters
    ----------
    data : bytes
        The file's content.
    origin : str, default="text"
        What messages call it.

    Returns
    -------
    str

    Raises
    ------
    ArticleError
        If the bytes are no text.

    Examples
    --------
    >>> decode("\u041c\u0438\u043d\u0441\u043a \u0432\u0435\u0440\u0438\u0442".encode("cp1251"))
    '\u041c\u0438\u043d\u0441\u043a \u0432\u0435\u0440\u0438\u0442'
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise ArticleError(f"{origin} is damaged {encoding} text: {error}.") from error
    if b"\x00" in data:
        raise ArticleError(f"{origin} is binary, not text; save it as text first.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data, origin)


def _decode_legacy(data: bytes, origin: str) -> str:
    """Decode text that is not Unicode by the statistics of its letters."""
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=_LEGACY_ENCODINGS).best()
    text = str(best) if best is not None else ""
    controls = sum(not c.isprintable() and c not in "\n\r\t" for c in text)
    if not text or controls > len(text) / 100:
        raise ArticleError(f"{origin} is binary, not text; save it as text first.")
    return text


def read_records(path: str | os.PathLike[str], *, header: bool = True) -> list[Record]:
    """Read every row of a file, or of the files of a folder.

    Parameters
    ----------
    path : path-like
        CSV, TSV or any text with a delimiter; JSON Lines; a JSON array; Parquet; one of the text
        forms with ``.gz`` after its ending; a folder of such files; or a folder that
        ``datasets.save_to_disk`` wrote.
    header : bool, default=True
        Whether the first line of CSV names the columns; without it they are 1, 2, 3 and so on.

    Returns
    -------
    list of Record
        In the order of the file, or of the files' names.

    Raises
    ------
    ArticleError
        If there are no rows, or the file is damaged; the message names the line.
    """
    path = Path(path)
    if path.is_dir():
        records = list(_read_folder(path, header))
    else:
        records = list(_read_file(path, header, ""))
    if not records:
        raise ArticleError(f"{path} holds no rows.")
    return records


def _read_folder(path: Path, header: bool) -> Iterator[Record]:
    """Read a folder of tables, or one that `datasets` saved."""
    if any((path / name).is_file() for name in _SAVED_DATASET):
        yield from _read_saved_dataset(path)
        return
    files = list_files(path, _is_table)
    if not files:
        raise ArticleError(
            f"folder {path} holds no table; put files ending in {', '.join(FOLDER_SUFFIXES)} "
            "there, or name a file."
        )
    for file in files:
        match = _SPLIT_NAME.match(file.name.lower())
        yield from _read_file(file, header, _SPLITS.get(match[0], "") if match else "")


def _is_table(parts: tuple[str, ...]) -> bool:
    """Tell by its path whether a file of a folder is a table."""
    is_hidden = any(part.startswith(".") for part in parts)
    return parts[-1].lower().removesuffix(".gz").endswith(FOLDER_SUFFIXES) and not is_hidden


def _read_file(path: Path, header: bool, split: str) -> Iterator[Record]:
    """Read one file, of whatever kind."""
    data = read_file(path)
    name = path.name.lower()
    if name.endswith(".parquet"):
        yield from _read_parquet(data, path, split)
        return
    if data.startswith(b"\x1f\x8b"):
        data, name = unpack_gzip(data, str(path)), name.removesuffix(".gz")
    if not data.strip():
        raise ArticleError(f"{path} is empty; a table needs rows.")
    if name.endswith((".xlsx", ".xls", ".ods")):
        raise ArticleError(f"{path} is a spreadsheet; save it as CSV (UTF-8) first.")
    text = decode(data, str(path)).removeprefix("\ufeff")
    unit = "line"
    if name.endswith(".json") and text.lstrip().startswith("["):
        unit, rows = "row", json_array(text, path)
    elif name.endswith((*JSON_LINES_SUFFIXES, ".json")):
        rows = json_records(text, path)
    else:
        rows = csv_records(text, path, header=header)
    yield from (Record(f"{path}, {unit} {number}", row, split) for number, row in rows)


def csv_records(
    text: str, origin: str | os.PathLike[str], *, header: bool = True
) -> Iterator[tuple[int, Row]]:
    r"""Read CSV with the delimiter and the quoting that its lines show.

    Parameters
    ----------
    text : str
        The file's content.
    origin : str or path-like
        What messages call it.
    header : bool, default=True
        Whether the first row names the columns; without it they are called 1, 2, 3, …, in order.

    Yields
    ------
    (int, mapping)
        Line number and row; rows without any value are left out. A row that is too short has
        None for what it lacks; what is too much stands under None.

    Raises
    ------
    ArticleError
        If it is not CSV, or two columns have one name.

    Notes
    -----
    Tables of text are often written without any quoting, and a text that begins with a quotation
    mark would then swallow the rows after it. So quotation marks are taken for letters where all
    rows are equally long that way and quoting would break rows or join lines.

    Examples
    --------
    >>> [row for _, row in csv_records('text\tday\n"No, he said\t1\n"Yes\t2', "t.tsv")]
    [{'text': '"No, he said', 'day': '1'}, {'text': '"Yes', 'day': '2'}]
    """
    csv.field_size_limit(2**31 - 1)
    rows = _parse_delimited(text, _find_delimiter(text), origin)
    rows = [(line, row) for line, row in rows if any(cell.strip() for cell in row)]
    if not rows:
        return
    width = max(len(row) for _, row in rows)
    names = rows.pop(0)[1] if header else [str(number + 1) for number in range(width)]
    names = [name.strip() for name in names]
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise ArticleError(f"{origin}: two columns are called {twice[0]!r}; rename one.")
    for line, row in rows:
        values: dict[Any, Any] = dict.fromkeys(names)
        values.update(zip(names, row, strict=False))
        if len(row) > len(names):
            values[None] = row[len(names) :]
        yield line, values


def find_dialect(head: str) -> tuple[str, int]:
    r"""Tell how CSV is written by its first lines.

    Parameters
    ----------
    head : str
        Its beginning; what the last line lacks does no harm.

    Returns
    -------
    delimiter : str
        What stands between cells; one that no text holds where there is a single column.
    quoting : int
        `csv.QUOTE_NONE` where quotation marks are letters, as in `csv_records`.

    Examples
    --------
    >>> find_dialect('text\tday\n"No, he said\t1\n"Yes\t2\n') == ("\t", csv.QUOTE_NONE)
    True
    """
    head = head[: head.rfind("\n") + 1] or head
    delimiter = _find_delimiter(head)
    bare = _cut(head, delimiter, csv.QUOTE_NONE)
    quoted = _cut(head, delimiter, csv.QUOTE_MINIMAL, strict=False)
    is_bare = bool(bare) and _is_even(bare) and len(bare[0][1]) > 1
    if '"' in head and is_bare and (not _is_even(quoted) or len(quoted) < len(bare)):
        return delimiter, csv.QUOTE_NONE
    return delimiter, csv.QUOTE_MINIMAL


def _find_delimiter(text: str) -> str:
    """Return that delimiter of the first line which cuts the others into as many cells."""
    head = text[:_SAMPLE]
    if len(text) > _SAMPLE:
        head = head[: head.rfind("\n") + 1] or head
    first = head.lstrip().partition("\n")[0]
    best, found = (0.0, 0), _NO_DELIMITER
    for delimiter in _DELIMITERS:
        if delimiter not in first:
            continue
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            widths = [len(row) for _, row in _cut(head, delimiter, quoting, strict=False) if row]
            if widths and widths[0] > 1:
                score = (widths.count(widths[0]) / len(widths), widths[0])
                best, found = max((best, found), (score, delimiter))
    return found


def _parse_delimited(
    text: str, delimiter: str, origin: str | os.PathLike[str]
) -> list[tuple[int, list[str]]]:
    """Cut a text into rows, with quotation marks as quoting or as letters."""
    bare = _cut(text, delimiter, csv.QUOTE_NONE)
    if '"' not in text:
        return bare
    # One column tells nothing about how marks are meant: there, quoting is.
    bare_fits = _is_even(bare) and len(bare[0][1]) > 1
    try:
        quoted = _cut(text, delimiter, csv.QUOTE_MINIMAL)
    except csv.Error as error:
        if bare_fits:
            return bare
        line = re.search(r"line (\d+)", str(error))
        reason = str(error).partition(": ")[2] if line else str(error)
        raise ArticleError(
            f"{origin}, line {line[1] if line else '?'}: not CSV: {reason}. "
            "Write quotation marks within a quoted cell twice."
        ) from error
    if bare_fits and (not _is_even(quoted) or len(quoted) < len(bare)):
        return bare
    return quoted


def _cut(
    text: str, delimiter: str, quoting: Any, *, strict: bool = True
) -> list[tuple[int, list[str]]]:
    """Return the rows with the numbers of their last lines; errors begin with the line."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=strict
    )
    try:
        return [(reader.line_num, row) for row in _counted(reader) if row]
    except csv.Error as error:
        raise csv.Error(f"line {reader.line_num}: {error}") from error


def _counted(rows: Iterable[_T]) -> Iterator[_T]:
    """Yield rows, and raise where there are more than can be held."""
    for number, row in enumerate(rows):
        if number >= MOST_ROWS:
            raise ArticleError(
                f"the table has more than {MOST_ROWS:,} rows, the most that are read at once; "
                "divide it."
            )
        yield row


def _is_even(rows: Sequence[tuple[int, list[str]]]) -> bool:
    """Tell whether all rows have as many cells."""
    return len({len(row) for _, row in rows}) == 1


def json_records(text: str, origin: str | os.PathLike[str]) -> Iterator[tuple[int, Row]]:
    """Read JSON Lines.

    Parameters
    ----------
    text : str
        The file's content.
    origin : str or path-like
        What messages call it.

    Yields
    ------
    (int, mapping)
        Line number and object.

    Raises
    ------
    ArticleError
        For the first line that is not a JSON object.
    """
    for number, line in enumerate(_counted(text.split("\n")), start=1):
        if line.strip():
            row = _parse_json(line, f"{origin}, line {number}")
            if not isinstance(row, dict):
                raise ArticleError(f"{origin}, line {number}: not a JSON object.")
            yield number, row


def json_array(text: str, origin: str | os.PathLike[str]) -> Iterator[tuple[int, Row]]:
    """Read a JSON array of objects; as `json_records`, with the numbers of the rows."""
    rows = _parse_json(text, str(origin))
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise ArticleError(f"{origin}, row {number}: not a JSON object.")
        yield number, row


def _parse_json(text: str, where: str) -> Any:
    """Parse one JSON value."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArticleError(f"{where}: not JSON: {error}.") from error


def _read_parquet(data: bytes, path: Path, split: str) -> Iterator[Record]:
    """Read Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(data))
        _check_unpacked(file.metadata, path)
        # How many values lists hold is known only once they are there: they stay out.
        flat = [field for field in file.schema_arrow if not pa.types.is_nested(field.type)]
        # Texts stay in their dictionaries until it is known how long they are when written out.
        texts = [field.name for field in flat if _is_text(field.type)]
        table = pq.read_table(
            io.BytesIO(data), columns=[field.name for field in flat], read_dictionary=texts
        )
        _check_written_out(table, path)
        rows = table.to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, ArticleError):
            raise
        reason = str(error).split("\n")[0]
        raise ArticleError(f"{path} is no Parquet file, or damaged: {reason}") from error
    yield from _named_records(rows, _class_names(table.schema), path, split)


def _is_text(kind: Any) -> bool:
    """Tell whether a column of this type holds texts."""
    import pyarrow as pa

    return any(
        is_it(kind)
        for is_it in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )


def _check_unpacked(metadata: Any, path: Path) -> None:
    """Raise for Parquet that says of itself that it holds more than can be read at once."""
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    size = sum(group.total_byte_size for group in groups)
    if sum(group.num_rows for group in groups) > MOST_ROWS or size > LARGEST_TABLE:
        raise ArticleError(
            f"{path} holds {metadata.num_rows:,} rows of {size / 1e6:,.0f} MB unpacked; at most "
            f"{MOST_ROWS:,} rows of {LARGEST_TABLE / 1e6:,.0f} MB are read at once. Divide it."
        )


def _check_written_out(table: Any, path: Path) -> None:
    """Raise where rows that share a text would take more than can be read at once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    size = 0
    for column in table.columns:
        for chunk in column.chunks if pa.types.is_dictionary(column.type) else ():
            lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
            size += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    if size > LARGEST_TABLE:
        raise ArticleError(
            f"{path} unpacks to {size / 1e6:,.0f} MB of text; at most {LARGEST_TABLE / 1e6:,.0f} "
            "MB are read at once. Divide it."
        )


def _class_names(schema: Any) -> dict[str, list[str]]:
    """Return the names of class labels, which `datasets` writes beside the numbers."""
    try:
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        return {
            column: list(feature["names"])
            for column, feature in features.items()
            if feature.get("_type") == "ClassLabel"
        }
    except (TypeError, KeyError, ValueError, AttributeError):
        return {}


def _read_saved_dataset(path: Path) -> Iterator[Record]:
    """Read what `save_to_disk` of a Dataset or a DatasetDict wrote."""
    from datasets import ClassLabel, DatasetDict, load_from_disk

    try:
        saved = load_from_disk(str(path))
        sides = saved if isinstance(saved, DatasetDict) else {"": saved}
        for name, side in sides.items():
            # Offsets of damaged Arrow may point anywhere, and nothing else checks them.
            side.data.table.validate(full=True)
            names = {c: f.names for c, f in side.features.items() if isinstance(f, ClassLabel)}
            rows = side.with_format("arrow")[:].to_pylist()
            split = _SPLITS.get(name, "")
            yield from _named_records(rows, names, path / name, split)
    except ArticleError:
        raise
    except Exception as error:  # of a damaged folder, the library raises whatever it falls over
        reason = str(error).split("\n")[0]
        raise ArticleError(f"{path} is a damaged dataset folder: {reason}") from error


def _named_records(
    rows: Sequence[dict[str, Any]], names: Mapping[str, Sequence[str]], path: Path, split: str
) -> Iterator[Record]:
    """Yield rows with the names of their classes in place of the numbers."""
    for number, row in enumerate(rows, start=1):
        for column, classes in names.items():
            value = row.get(column)
            if type(value) is int and 0 <= value < len(classes):
                row[column] = classes[value]
        yield Record(f"{path}, row {number}", row, split)
