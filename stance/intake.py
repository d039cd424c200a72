"""Intake: the bytes of files that somebody else made, from regular files alone and of bounded size.

Paths enter; bytes, or the paths of a folder's files, leave. Devices, pipes and links that lead out
of a folder are refused, and what is packed may not unpack to more than a table may hold.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from stance.errors import ArticleError
from stance.files import explained_os_errors

if TYPE_CHECKING:
    import gzip

# A table is read into memory whole. An article of ten million bytes is three times "War and Peace".
LARGEST_TABLE = 1 << 30
LARGEST_ARTICLE = 10_000_000
MOST_ROWS = 5_000_000
_PIECE = 1 << 20
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def read_file(path: str | os.PathLike[str], largest: int = LARGEST_TABLE) -> bytes:
    """Return the bytes of a regular file.

    Parameters
    ----------
    path : path-like
        The file, or a link to it.
    largest : int, default=LARGEST_TABLE
        How many bytes it may hold.

    Returns
    -------
    bytes

    Raises
    ------
    StanceError
        If it is no regular file, holds more, or cannot be read.
    """
    path = Path(path)
    with explained_os_errors("read", path):
        # Looked at before it is opened, for to open a pipe is to wait, and a device may act on it.
        _check_regular(os.stat(path), path)
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
        with os.fdopen(handle, "rb") as stream:
            found = os.fstat(handle)
            _check_regular(found, path)
            if found.st_size > largest:
                raise _too_large(str(path), largest)
            return _read_at_most(stream, largest, str(path))


_BINARY = getattr(os, "O_BINARY", 0)


def read_standard_input(largest: int = LARGEST_ARTICLE) -> bytes:
    """Return what comes in on standard input, up to its end.

    Parameters
    ----------
    largest : int, default=LARGEST_ARTICLE
        How many bytes it may be.

    Returns
    -------
    bytes

    Raises
    ------
    StanceError
        If it is more.
    """
    with explained_os_errors("read", Path("-")):
        return _read_at_most(sys.stdin.buffer, largest, "standard input")


def unpack_gzip(data: bytes, origin: str, largest: int = LARGEST_TABLE) -> bytes:
    """Unpack what gzip packed, a piece at a time, so that a bomb is refused before it bursts.

    Parameters
    ----------
    data : bytes
        What was packed.
    origin : str
        What messages call it.
    largest : int, default=LARGEST_TABLE
        How many bytes it may unpack to.

    Returns
    -------
    bytes

    Raises
    ------
    ArticleError
        If it is damaged, or holds more.
    """
    import gzip
    import io
    import zlib

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            return _read_at_most(stream, largest, f"{origin}, unpacked,")
    except (EOFError, OSError, zlib.error) as error:
        raise ArticleError(f"{origin} is damaged gzip: {error}; fetch or pack it again.") from error


def list_files(
    folder: str | os.PathLike[str], is_wanted: Callable[[tuple[str, ...]], bool]
) -> list[Path]:
    """Return the files of a folder and those below it, in order of their paths.

    Parameters
    ----------
    folder : path-like
        The folder. It may be a link itself.
    is_wanted : callable
        Told the parts of a path below `folder`; whether the file is to be read.

    Returns
    -------
    list of Path

    Raises
    ------
    ArticleError
        If a wanted file is a device or a pipe, or a link that leads out of the folder or nowhere:
        what lies elsewhere does not belong to whoever made the folder.
    StanceError
        If a folder below it cannot be read.

    Notes
    -----
    Links to folders are never followed, so that one which leads back up ends nothing: within the
    folder what they lead to is read in its own place, and one that leads out is refused.
    """
    folder = Path(folder)
    root = os.path.realpath(folder)
    found = []
    for place in _walk(folder):
        parts = place.relative_to(folder).parts
        is_link = place.is_symlink()
        if is_link and os.path.isdir(place):
            if not any(part.startswith(".") for part in parts):
                _check_inside(place, root, folder)
        elif is_wanted(parts):
            if is_link:
                _check_inside(place, root, folder)
            with explained_os_errors("read", place):
                _check_regular(os.stat(place), place)
            found.append(place)
    return sorted(found)


def _walk(folder: Path) -> Iterator[Path]:
    """Yield all that is in a folder and those below it, but for the folders themselves."""

    def complain(error: OSError) -> None:
        raise error

    with explained_os_errors("read", folder):
        for place, folders, files in os.walk(folder, onerror=complain):
            yield from (Path(place, name) for name in files)
            yield from (Path(place, name) for name in folders if os.path.islink(f"{place}/{name}"))


def _check_inside(link: Path, root: str, folder: Path) -> None:
    """Raise for a link that leads out of its folder."""
    target = os.path.realpath(link)
    if not Path(target).is_relative_to(root):
        raise ArticleError(
            f"{link} is a link that leads out of {folder}; put a copy there, or take it away."
        )


def _check_regular(found: os.stat_result, path: Path) -> None:
    """Raise for what is no regular file."""
    if not stat.S_ISREG(found.st_mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(found.st_mode)), "no file")
        raise ArticleError(f"{path} is {kind}, and a file is wanted; name one.")


def _read_at_most(stream: BinaryIO | gzip.GzipFile, largest: int, origin: str) -> bytes:
    """Return what is left of a stream."""
    pieces = []
    size = 0
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > largest:
            raise _too_large(origin, largest)
        pieces.append(piece)
    return b"".join(pieces)


def _too_large(origin: str, largest: int) -> ArticleError:
    """Return the error for more than can be read at once."""
    return ArticleError(
        f"{origin} holds more than {largest / 1e6:,.0f} MB, the most that is read at once; "
        "divide it."
    )
