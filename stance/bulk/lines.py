"""Lines: a stream of bytes becomes lines and CSV records of bounded length, with their numbers.

Whatever is longer, or cannot be told apart, leaves as a fault under the number of its line; the
stream goes on after it. Nothing is held but the line in hand.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from stance.errors import StanceError

LONGEST_LINE = 8 << 20
LONGEST_RECORD = 1 << 20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_PIECE = 1 << 12
# What a damaged stream raises, by whoever unpacks it.
DAMAGES = (EOFError, OSError, zlib.error)


class Line(NamedTuple):
    """A line, or a record of several.

    Parameters
    ----------
    number : int
        Of its first line, from 1.
    data : bytes
        As it stands; its beginning where there is a fault.
    fault : str
        What is wrong with it; "" for nothing.
    """

    number: int
    data: bytes
    fault: str = ""


def unpack(raw: IO[bytes]) -> Any:
    """Return what a file holds, unpacked as it is read where gzip or zstd packed it.

    Parameters
    ----------
    raw : binary file
        At its beginning.

    Returns
    -------
    binary file
    """
    magic = raw.read(4)
    raw.seek(0)
    if magic.startswith(_GZIP):
        return gzip.GzipFile(fileobj=raw)
    if magic == _ZSTD:
        import pyarrow as pa

        stream = pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")
        # In small pieces: of the piece in which a file breaks off nothing is returned.
        return io.BufferedReader(stream, _PIECE)
    return raw


def read_head(path: Path, size: int) -> bytes:
    """Return the first bytes of a file, unpacked; of a damaged one what can be had."""
    with path.open("rb") as raw:
        stream, head = unpack(raw), b""
        try:
            while len(head) < size and (more := stream.read(_PIECE)):
                head += more
        except DAMAGES:
            pass
    if head.startswith(_UTF16):
        raise StanceError(f"{path} is UTF-16; save it as UTF-8, as with: iconv -f UTF-16 -t UTF-8")
    return head


def read_lines(stream: IO[bytes], longest: int = LONGEST_LINE) -> Iterator[Line]:
    r"""Read lines.

    Parameters
    ----------
    stream : binary file
        What to read; UTF-8, with or without a byte-order mark.
    longest : int, default=LONGEST_LINE
        How many bytes a line may have.

    Yields
    ------
    Line
        Each with its line end. One that is too long has a fault and only its beginning.

    Examples
    --------
    >>> [line.number for line in read_lines(io.BytesIO(b"a\n\nb"))]
    [1, 2, 3]
    >>> list(read_lines(io.BytesIO(b"abcdef\ng\n"), longest=3))[0].fault
    'the line is longer than 3 bytes'
    """
    number = 0
    while line := stream.readline(longest + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf") or b"\n"
        if len(line) <= longest or line.endswith(b"\n"):
            yield Line(number, line)
            continue
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(1 << 16)
        yield Line(number, line[:1024], f"the line is longer than {longest} bytes")


def read_csv_records(
    lines: Iterator[Line], delimiter: str, quoting: int, longest: int = LONGEST_RECORD
) -> Iterator[Line]:
    r"""Join the lines of CSV whose quoted cells hold line ends.

    Parameters
    ----------
    lines : iterator of Line
        The lines of the file.
    delimiter : str
        What stands between cells.
    quoting : int
        Whether quotation marks quote, as `csv` says it.
    longest : int, default=LONGEST_RECORD
        How many bytes a record may have.

    Yields
    ------
    Line
        A record under the number of its first line. Where a quotation mark is never closed, only
        that line has a fault, and the next is read as a record of its own.

    Examples
    --------
    >>> text = b'a,"x\ny"\n"open,1\nb,2\n'
    >>> [(line.number, line.fault[:16]) for line in read_csv_records(
    ...     read_lines(io.BytesIO(text)), ",", csv.QUOTE_MINIMAL)]
    [(1, ''), (3, 'a quotation mark'), (4, '')]
    """
    csv.field_size_limit(2**31 - 1)
    if quoting == csv.QUOTE_NONE:
        yield from lines
        return
    records = _Records(lines, delimiter, longest)
    while (record := records.take()) is not None:
        yield record


class _Records:
    """Takes records off lines, and puts lines back where a record does not end."""

    def __init__(self, lines: Iterator[Line], delimiter: str, longest: int) -> None:
        self._lines = lines
        self._waiting: deque[Line] = deque()
        self._delimiter = delimiter
        self._longest = longest

    def take(self) -> Line | None:
        """Return the next record; None at the end."""
        first = self._next()
        if first is None or first.fault or b'"' not in first.data:
            return first
        taken = [first]
        try:
            next(csv.reader(self._decoded(taken), delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            self._waiting.extendleft(reversed(taken[1:]))
            reason = "a quotation mark is not closed" if len(taken) > 1 else f"not CSV: {error}"
            if "end of data" in str(error):
                reason = "a quotation mark is not closed"
            return Line(first.number, first.data, reason)
        return Line(first.number, b"".join(line.data for line in taken))

    def _next(self) -> Line | None:
        """Return the next line: one that was put back, or a fresh one."""
        return self._waiting.popleft() if self._waiting else next(self._lines, None)

    def _decoded(self, taken: list[Line]) -> Iterator[str]:
        """Yield the first line and those that the record goes on with, and note them."""
        size = len(taken[0].data)
        yield taken[0].data.decode("utf-8", "surrogateescape")
        while size <= self._longest and (line := self._next()) is not None:
            taken.append(line)
            if line.fault:
                return
            size += len(line.data)
            yield line.data.decode("utf-8", "surrogateescape")
