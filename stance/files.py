"""Whole files or none: writing that a full disk or a kill cannot leave half done."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from stance.errors import StanceError, shortlist


@contextlib.contextmanager
def explained_os_errors(action: str, path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into one line that names the path.

    Parameters
    ----------
    action : str
        What was being done, in the infinitive (``"write"``).
    path : Path
        The file or folder that it was done to.

    Raises
    ------
    StanceError
        In place of any OSError.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        hint = ""
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            hint = " Free some space and run the command again; what was there before is untouched."
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            hint = " Choose another place, or change its permissions."
        elif error.errno == errno.ENOENT:
            hint = " Check the path."
        raise StanceError(f"cannot {action} {path}: {reason}.{hint}") from error


def write_whole(path: str | os.PathLike[str], data: str | bytes) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never a part.

    Parameters
    ----------
    path : path-like
        File to write; its folder is made when it is not there. A link is replaced by the file,
        and what it leads to stays as it is. A device or a pipe is written to as it stands.
    data : str or bytes
        Its whole content; text is encoded as UTF-8 and line ends stay as they are.

    Raises
    ------
    StanceError
        If the disk is full or the place may not be written to. The old file is untouched.
    """
    path = Path(path)
    payload = data.encode("utf-8") if isinstance(data, str) else data
    with explained_os_errors("write", path):
        if _is_stream(path):
            with path.open("wb") as stream:
                stream.write(payload)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = _open_part(path)
        with os.fdopen(handle, "wb") as stream:
            try:
                stream.write(payload)
                stream.flush()
                os.fsync(handle)
                os.chmod(name, 0o666 & ~_umask())
                os.replace(name, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(name)
                    # Nothing that could not be written shall be tried once more at the end.
                    os.ftruncate(handle, 0)
                raise


@contextlib.contextmanager
def folder_written_whole(path: str | os.PathLike[str], only: Sequence[str]) -> Iterator[Path]:
    """Yield an empty folder to fill, which takes the place of `path` when the block ends well.

    If the block raises, or the process is killed, the folder that was there before stays as it
    was. On Linux the two change places in one step. Elsewhere there is one instant without
    either; `recover_folder` mends a kill in that instant.

    Parameters
    ----------
    path : path-like
        Folder to make or replace; where it is a link, the folder that it leads to.
    only : sequence of str
        Patterns of the files that may be replaced, as of `check_replaceable`.

    Raises
    ------
    StanceError
        If the disk is full, the place may not be written to, or other files would be lost.
    """
    path = Path(os.path.realpath(path))
    with explained_os_errors("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        recover_folder(path)
        check_replaceable(path, only)
        handle, fresh = _make_part(path)
        try:
            yield fresh
            for child in fresh.rglob("*"):
                if child.is_file():
                    _sync(child)
            os.chmod(fresh, 0o777 & ~_umask())
            _put_in_place(fresh, path)
        except BaseException:
            _remove(fresh)
            raise
        finally:
            if handle is not None:
                os.close(handle)


def check_replaceable(path: str | os.PathLike[str], only: Sequence[str]) -> None:
    """Raise where writing a folder anew would take something along that is of another kind.

    Parameters
    ----------
    path : path-like
        The folder; it need not be there.
    only : sequence of str
        Patterns of the files that may be replaced, relative to the folder, as ``"data/*.parquet"``.

    Raises
    ------
    StanceError
        If it is a file, or holds other files.
    """
    path = Path(path)
    if not os.path.lexists(path):
        return
    if not path.is_dir():
        raise StanceError(f"{path} is a file, and a folder is to be written; name another place.")
    patterns = (*only, *_LITTER)
    names = (child.relative_to(path).as_posix() for child in path.rglob("*") if not _is_dir(child))
    others = [name for name in names if not any(fnmatchcase(name, p) for p in patterns)]
    if others:
        raise StanceError(
            f"{path} also holds {shortlist(others)}, and all that is there would be replaced; name "
            "another folder, or take that out first."
        )


def _is_dir(path: Path) -> bool:
    """Tell whether a path is a folder and no link to one."""
    return path.is_dir() and not path.is_symlink()


def _remove(folder: Path) -> None:
    """Remove a folder of ours, as far as it can be removed."""
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(fresh: Path, path: Path) -> None:
    """Let a finished folder take the place of the old one, and remove that."""
    if path.exists() and _exchange(fresh, path):
        _remove(fresh)
        return
    old = _retired(path)
    if path.exists():
        os.replace(path, old)
    os.replace(fresh, path)
    _remove(old)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; tell whether the system could."""
    import ctypes

    try:
        rename = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):  # not Linux, or an old one
        return False
    return bool(rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)


_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
# What file managers leave in any folder.
_LITTER = (".DS_Store", "Thumbs.db")
_STREAMS = tuple(map(Path, ("/dev", "/dev/fd", "/proc/self/fd")))


def _is_stream(path: Path) -> bool:
    """Tell whether a path is a device, a pipe, or a name for an open file."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    is_open = path.parent in _STREAMS and not stat.S_ISDIR(mode)
    return is_open or stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _open_part(path: Path) -> tuple[int, str]:
    """Return a new file beside `path`: the one that a killed process has left, if there is one.

    Who writes it holds a lock, so that two at once get two files.
    """
    name = path.with_name(f".{path.name}.part")
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    with contextlib.suppress(OSError):
        handle = os.open(name, flags, 0o600)
        if _is_ours(handle, name):
            os.ftruncate(handle, 0)
            return handle, str(name)
        os.close(handle)
    import tempfile

    return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")


def _make_part(path: Path) -> tuple[int | None, Path]:
    """Return a new folder beside `path`, emptied of what a killed process has left in it."""
    place = path.with_name(f".{path.name}.part")
    with contextlib.suppress(OSError):
        place.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        if _is_ours(handle, place):
            for child in place.iterdir():
                _remove(child) if _is_dir(child) else child.unlink()
            return handle, place
        os.close(handle)
    import tempfile

    other = tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    return None, Path(other)


def _is_ours(handle: int, path: Path) -> bool:
    """Lock what was opened, and tell whether it is ours alone and still bears its name."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        there = os.stat(path, follow_symlinks=False)
    except OSError:
        return False
    found = os.fstat(handle)
    is_same = (found.st_ino, found.st_dev) == (there.st_ino, there.st_dev)
    is_single = found.st_nlink == 1 or stat.S_ISDIR(found.st_mode)
    return is_same and is_single and found.st_uid == os.geteuid()


def recover_folder(path: str | os.PathLike[str]) -> None:
    """Put back the folder that a killed `folder_written_whole` had set aside, if there is one."""
    path = Path(path)
    old = _retired(path)
    if old.exists():
        if path.exists():
            _remove(old)
        else:
            os.replace(old, path)


def _retired(path: Path) -> Path:
    """Return where the old folder waits while the new one takes its place."""
    return path.with_name(f".{path.name}.old")


def _sync(path: Path) -> None:
    """Ask the system to put a finished file on the disk."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
