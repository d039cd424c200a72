"""The bytes of a portable model: named arrays in pages, each checked when it is first touched.

Arrays enter and one string of bytes leaves; or a file enters, mapped into memory, and its arrays
are read in place. Only pages that are touched are read from the disk, and no page is used before
its checksum was found right. What the arrays mean is the business of `stance.scorer`.
docs/model-format.md describes every byte.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, islice
from math import isqrt
from operator import lt
from typing import TYPE_CHECKING, Any
from zlib import crc32

from stance.errors import ModelError

if TYPE_CHECKING:
    import numpy as np

MAGIC = b"stance model\n"
FORMAT_VERSION = 4
PAGE = 4096

_ALIGNMENT = 64
_LENGTH = 8
_CHECKSUM = 4
_LARGEST_HEADER = 1 << 22
_LARGEST_ARRAY = (1 << 32) - 1
_WIDTHS = {"d": 8, "I": 4}
_LARGEST = 1e300
_MEMO = 50_000


class ModelFile:
    """A portable model's bytes, read in place.

    Parameters
    ----------
    data : bytes or mmap
        The whole file.
    origin : str, default="the model"
        What messages call it.

    Raises
    ------
    ModelError
        If it is no such file, of another format, cut short, or its header is damaged.
    """

    def __init__(self, data: bytes | mmap.mmap, origin: str = "the model") -> None:
        self.origin = origin
        view = memoryview(data)
        if bytes(view[: len(MAGIC)]) != MAGIC:
            raise self.error("no stance model")
        start = len(MAGIC) + _LENGTH
        size = int.from_bytes(view[len(MAGIC) : start], "little")
        if size > _LARGEST_HEADER:
            raise self.error("damaged (the length of its header)")
        end = start + size
        if end + _CHECKSUM > len(view):
            raise self.error("cut short")
        self.header = self._read_header(bytes(view[start:end]))
        if crc32(view[:end]) != int.from_bytes(view[end : end + _CHECKSUM], "little"):
            raise self.error("damaged (the checksum of its header does not match)")
        self._open_body(view, end + _CHECKSUM)

    def error(self, reason: str) -> ModelError:
        """Return the refusal of this file for a reason, as ``"cut short"``."""
        return ModelError(f"{self.origin} is {reason}; make it anew with: stance train.")

    def damaged(self, what: str) -> ModelError:
        """Return the refusal of this file because something in it cannot be."""
        return self.error(f"damaged ({what})")

    def _read_header(self, text: bytes) -> dict[str, Any]:
        """Return the header, which must be a plain JSON object of this format."""
        try:
            header: Any = json.loads(
                text, object_pairs_hook=_no_key_twice, parse_constant=_no_constant
            )
        except (ValueError, RecursionError) as error:
            raise self.damaged(f"its header is no JSON: {error}") from error
        found = header.get("format") if isinstance(header, dict) else None
        if type(found) is not int or found != FORMAT_VERSION:
            raise self.error(f"of format {found!r:.40}, and this version reads {FORMAT_VERSION}")
        return dict(header)

    def _open_body(self, view: memoryview, position: int) -> None:
        """Find the pages and their checksums, and the arrays in them."""
        count, checksum = self.number("pages"), self.number("checksum")
        start = position + -position % _ALIGNMENT
        stop = start + 4 * count
        body = stop + -stop % PAGE
        if len(view) != body + PAGE * count:
            raise self.error("cut short" if len(view) < body + PAGE * count else "too long")
        sums = view[start:stop]
        if crc32(sums) != checksum or any(view[position:start]) or any(view[stop:body]):
            raise self.damaged("the checksums of its pages")
        self._sums = _native(sums, "I")
        self.body = view[body:]
        self.is_checked = bytearray(count)
        self._places = self._read_places()

    def _read_places(self) -> dict[str, tuple[int, int]]:
        """Return where each array begins and how long it is; all lie inside the body."""
        places = self.table("arrays")
        for name, place in places.items():
            if not (
                isinstance(place, list)
                and len(place) == 2
                and all(type(part) is int and part >= 0 for part in place)
                and place[0] % _ALIGNMENT == 0
                and place[0] + place[1] <= len(self.body)
            ):
                raise self.damaged(f"the place of {name:.40}")
        return {name: (start, size) for name, (start, size) in places.items()}

    def number(self, key: str, table: Mapping[str, Any] | None = None) -> int:
        """Return a whole number from 0 on out of the header, or a part of it."""
        value = (self.header if table is None else table).get(key)
        if type(value) is not int or not 0 <= value <= _LARGEST_ARRAY:
            raise self.damaged(f"{key} in its header")
        return value

    def real(self, key: str, table: Mapping[str, Any]) -> float:
        """Return a finite number out of a part of the header."""
        value = table.get(key)
        if not isinstance(value, (int, float)) or not abs(value) < _LARGEST:
            raise self.damaged(f"{key} in its header")
        return float(value)

    def text(self, key: str, table: Mapping[str, Any]) -> str:
        """Return a text out of a part of the header."""
        value = table.get(key)
        if not isinstance(value, str):
            raise self.damaged(f"{key} in its header")
        return value

    def table(self, key: str) -> dict[str, Any]:
        """Return an object out of the header."""
        value = self.header.get(key)
        if not isinstance(value, dict):
            raise self.damaged(f"{key} in its header")
        return value

    def touch(self, start: int, stop: int) -> None:
        """Check the pages that hold the bytes of the body from `start` to `stop`."""
        is_checked = self.is_checked
        for page in range(start // PAGE, (stop + PAGE - 1) // PAGE):
            if not is_checked[page]:
                if crc32(self.body[page * PAGE : (page + 1) * PAGE]) != self._sums[page]:
                    raise self.error(f"damaged (the checksum of page {page} does not match)")
                is_checked[page] = 1

    def place(self, name: str) -> tuple[int, int]:
        """Return the first byte of an array in the body, and its length in bytes."""
        if name not in self._places:
            raise self.damaged(f"it has no {name}")
        return self._places[name]

    def take(self, name: str) -> memoryview:
        """Return all bytes of an array, checked."""
        start, size = self.place(name)
        self.touch(start, start + size)
        return self.body[start : start + size]

    def column(self, name: str, code: str, length: int) -> Column:
        """Return an array of so many numbers, to be read in place.

        Parameters
        ----------
        name : str
            The array.
        code : {"d", "I"}
            Of float64, or of unsigned numbers of 32 bits.
        length : int
            How many it must hold.

        Returns
        -------
        Column
        """
        start, size = self.place(name)
        if size != length * _WIDTHS[code]:
            raise self.damaged(f"the length of {name}")
        return Column(self, start, _native(self.body[start : start + size], code))

    def floats(self, name: str, length: int) -> list[float]:
        """Return all numbers of a short array, which must be finite."""
        column = self.column(name, "d", length)
        column.touch(0, length)
        numbers: list[float] = list(column.items)
        if not all(abs(number) < float("inf") for number in numbers):
            raise self.damaged(f"{name} holds a number that is not finite")
        return numbers

    def matrix(self, name: str, n_rows: int, n_columns: int) -> np.ndarray:
        """Return an array whole, all pages and all numbers checked."""
        import numpy as np

        data = self.take(name)
        if len(data) != 8 * n_rows * n_columns:
            raise self.damaged(f"the length of {name}")
        found = np.frombuffer(data, dtype="<f8").reshape(n_rows, n_columns)
        if not np.isfinite(found).all():
            raise self.damaged(f"{name} holds a number that is not finite")
        return found

    def lines(self, name: str, length: int) -> Lines:
        """Return an array of so many texts, to be read in place."""
        return Lines(self, name, length)

    def keys(self, name: str) -> Keys:
        """Return a table of texts, each to be found by itself."""
        return Keys(self, name)

    def parse(self, text: bytes, what: str) -> Any:
        """Return the value of a JSON text of the body."""
        try:
            return json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise self.damaged(f"{what}: {error}") from error


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object, unless it has a key twice."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands twice")
    return table


def _no_constant(name: str) -> float:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(f"{name} is no number")


def _native(data: memoryview, code: str) -> memoryview:
    """Return little-endian bytes as numbers, in place where this machine writes them so, too."""
    if sys.byteorder == "little":
        return data.cast(code)  # type: ignore[call-overload, no-any-return]
    numbers = array(code, bytes(data))
    numbers.byteswap()
    return memoryview(numbers)


class Column:
    """Numbers of one kind, read in place: `items` after `touch`.

    Parameters
    ----------
    file : ModelFile
        Checks the pages.
    start : int
        First byte in the body.
    items : memoryview
        The numbers.
    """

    __slots__ = ("file", "items", "start", "width")

    def __init__(self, file: ModelFile, start: int, items: memoryview) -> None:
        self.file, self.start, self.items, self.width = file, start, items, items.itemsize

    def touch(self, first: int, last: int) -> None:
        """Check the pages of the items from `first` to before `last`."""
        start, width = self.start, self.width
        self.file.touch(start + first * width, start + last * width)

    def __getitem__(self, number: int) -> Any:
        """Return one item, checked."""
        at = self.start + number * self.width
        # An item never crosses a page: pages and arrays begin at multiples of its width.
        if not self.file.is_checked[at // PAGE]:
            self.file.touch(at, at + self.width)
        return self.items[number]


class Lines:
    """Texts by their number, read in place.

    Parameters
    ----------
    file : ModelFile
        Where they stand: ``name``, each text with a line feed after it, and ``name.starts``.
    name : str
        The array.
    length : int
        How many there are.
    """

    def __init__(self, file: ModelFile, name: str, length: int) -> None:
        self.file, self.name, self.length = file, name, length
        self._start, self._size = file.place(name)
        self._starts = file.column(f"{name}.starts", "I", length + 1)

    def __len__(self) -> int:
        """Return how many there are."""
        return self.length

    def __getitem__(self, number: int) -> bytes:
        """Return one text as UTF-8."""
        first, stop = self._starts[number], self._starts[number + 1]
        if not first < stop <= self._size:
            raise self.file.damaged(f"the places in {self.name}")
        first, stop = first + self._start, stop + self._start - 1
        self.file.touch(first, stop)
        return bytes(self.file.body[first:stop])

    def texts(self) -> list[str]:
        """Return all of them."""
        data = self.file.take(self.name)
        starts = self._starts
        starts.touch(0, self.length + 1)
        lengths = map(len, bytes(data).split(b"\n")[:-1])
        try:
            # Read at once where none holds a line feed itself, else one by one.
            if starts.items.tolist() == list(accumulate(lengths, _next_start, initial=0)):
                return str(data, "utf-8").split("\n")[:-1]
            return [str(self[i], "utf-8") for i in range(self.length)]
        except UnicodeDecodeError as error:
            raise self.file.damaged(f"{self.name} is not UTF-8") from error


def _next_start(start: int, length: int) -> int:
    """Return where the next text begins."""
    return start + length + 1


class Keys:
    """Texts, each found by itself in place: the number of the one that is asked for.

    Parameters
    ----------
    file : ModelFile
        Where they stand: the `Lines` ``name.keys``, their checksums ``name.hashes`` in ascending
        order, and ``name.numbers``, whose each is.
    name : str
        The table.
    """

    def __init__(self, file: ModelFile, name: str) -> None:
        self.file, self.name = file, name
        size = file.place(f"{name}.hashes")[1]
        length = size // 4
        self._lines = Lines(file, f"{name}.keys", length)
        self._hashes = file.column(f"{name}.hashes", "I", length)
        self._numbers = file.column(f"{name}.numbers", "I", length)
        # Hashes are as good as random: one stands where its size says, give or take a few.
        self._spread = 2 * isqrt(length) + 8

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._lines)

    def find(self, text: str) -> int:
        """Return the number of a text, -1 for one that is not among the keys."""
        # Half a character is in no key, and its bytes are those of no text.
        data = text.encode("utf-8", "surrogatepass")
        code = crc32(data)
        hashes, length = self._hashes, len(self)
        guess = code * length >> 32
        low, high = max(0, guess - self._spread), min(length, guess + self._spread)
        hashes.touch(low, high)
        at = bisect_left(hashes.items, code, low, high)
        if (at == low and low) or (at == high and high < length):
            hashes.touch(0, length)
            at = bisect_left(hashes.items, code)
        if at == length or hashes[at] != code:
            return -1
        return self._confirm(data, at, code)

    def _confirm(self, data: bytes, at: int, code: int) -> int:
        """Return the number of a key whose hash stands at `at`, if it is the one asked for."""
        number = int(self._numbers[at])
        if number >= len(self):
            raise self.file.damaged(f"the numbers of {self.name}")
        if self._lines[number] == data:
            return number
        hashes, length = self._hashes, len(self)
        if at + 1 == length or hashes[at + 1] != code:
            return -1
        # Several keys of one hash: they stand in their own order.
        hashes.touch(0, length)
        stop = bisect_right(hashes.items, code, at)
        numbers = [int(self._numbers[i]) for i in range(at, min(stop, at + _MEMO))]
        if max(numbers) >= length:
            raise self.file.damaged(f"the numbers of {self.name}")
        found = bisect_left(numbers, data, key=self._lines.__getitem__)
        if found < len(numbers) and self._lines[numbers[found]] == data:
            return numbers[found]
        return -1

    def texts(self) -> list[str]:
        """Return all keys in their order, which must be ascending."""
        texts = self._lines.texts()
        if len(texts) != len(self) or not all(map(lt, texts, islice(texts, 1, None))):
            raise self.file.damaged(f"the order of {self.name}.keys")
        return texts


class StoredTable(Mapping[str, Any]):
    """A table of a model's file that is read in place: key by key, or whole.

    Parameters
    ----------
    keys : Keys
        The keys.
    value : callable
        From a key's number to its value.
    values : callable, optional
        Returns all values in the keys' order; by default one by one.
    """

    def __init__(
        self,
        keys: Keys,
        value: Callable[[int], Any],
        values: Callable[[], Sequence[Any]] | None = None,
    ) -> None:
        self._keys, self._value, self._values = keys, value, values
        self._memo: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, `default` for one that is not there."""
        value = self._memo.get(key, self)
        if value is self:
            number = self._keys.find(key)
            value = None if number < 0 else self._value(number)
            if len(self._memo) < _MEMO:
                self._memo[key] = value
        return default if value is None else value

    def __getitem__(self, key: str) -> Any:
        """Return the value of a key that is there."""
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        """Tell whether a key is there."""
        return isinstance(key, str) and self.get(key) is not None

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._keys)

    def __iter__(self) -> Any:
        """Iterate over the keys."""
        return iter(self._whole)

    def items(self) -> Any:
        """Return all keys with their values."""
        return self._whole.items()

    @property
    def _whole(self) -> dict[str, Any]:
        """The whole table."""
        number = range(len(self))
        values = self._values() if self._values else [self._value(i) for i in number]
        whole = dict(zip(self._keys.texts(), values, strict=True))
        self._memo.update(whole)
        return whole

    def __reduce__(self) -> Any:
        """Travel as a plain table."""
        return dict, (self._whole,)


def open_model_file(path: str | os.PathLike[str]) -> ModelFile:
    """Map a model's file into memory.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    ModelFile

    Raises
    ------
    ModelError
        If it is no such file.
    OSError
        If it cannot be read.
    """
    with open(path, "rb") as stream:
        data: bytes | mmap.mmap
        try:
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):  # an empty file, or a file system that maps nothing
            data = stream.read()
    return ModelFile(data, str(path))


def pack(header: Mapping[str, Any], arrays: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a model's file.

    Parameters
    ----------
    header : mapping
        What to tell besides the places of the arrays, as JSON.
    arrays : mapping of str to bytes
        The arrays by their names, in the order in which they are written.

    Returns
    -------
    bytes
        The same for the same header and arrays.

    Raises
    ------
    ModelError
        If an array, or the header, is larger than the format can hold.
    """
    body = bytearray()
    places: dict[str, list[int]] = {}
    for name, data in arrays.items():
        if len(data) > _LARGEST_ARRAY:
            raise ModelError(f"{name} takes {len(data)} bytes, more than a model file can hold.")
        body.extend(bytes(-len(body) % _ALIGNMENT))
        places[name] = [len(body), len(data)]
        body.extend(data)
    body.extend(bytes(-len(body) % PAGE))
    view = memoryview(body)
    sums = pack_numbers(crc32(view[at : at + PAGE]) for at in range(0, len(body), PAGE))
    whole = {
        **header,
        "format": FORMAT_VERSION,
        "pages": len(body) // PAGE,
        "checksum": crc32(sums),
        "arrays": places,
    }
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()
    if len(text) > _LARGEST_HEADER:
        raise ModelError(f"the header takes {len(text)} bytes, more than a model file can hold.")
    head = MAGIC + len(text).to_bytes(_LENGTH, "little") + text
    head += crc32(head).to_bytes(_CHECKSUM, "little")
    head += bytes(-len(head) % _ALIGNMENT) + sums
    return head + bytes(-len(head) % PAGE) + bytes(body)


def pack_numbers(numbers: Iterable[int]) -> bytes:
    """Return unsigned numbers of 32 bits, little-endian."""
    return _little(array("I", numbers))


def pack_floats(numbers: Iterable[float]) -> bytes:
    """Return float64 numbers, little-endian."""
    return _little(array("d", numbers))


def _little(numbers: array[Any]) -> bytes:
    """Return the bytes of an array, little-endian."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def pack_lines(name: str, texts: Iterable[str]) -> dict[str, bytes]:
    """Return the arrays of `Lines`."""
    encoded = [text.encode() for text in texts]
    starts = accumulate(map(len, encoded), _next_start, initial=0)
    return {
        name: b"".join(text + b"\n" for text in encoded),
        f"{name}.starts": pack_numbers(starts),
    }


def pack_keys(name: str, texts: Sequence[str]) -> dict[str, bytes]:
    """Return the arrays of `Keys`, whose texts must be in ascending order."""
    codes = [crc32(text.encode()) for text in texts]
    numbers = sorted(range(len(texts)), key=codes.__getitem__)
    return {
        **pack_lines(f"{name}.keys", texts),
        f"{name}.hashes": pack_numbers(codes[number] for number in numbers),
        f"{name}.numbers": pack_numbers(numbers),
    }
