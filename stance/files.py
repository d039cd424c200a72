"""Whole files or none: writing that a full disk or a kill cannot leave half done."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from stance.errors import StanceError


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
        if error.errno == errno.ENOSPC:
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
        File to write; its folder is made when it is not there.
    data : str or bytes
        Its whole content; text is encoded as UTF-8 and line ends stay as they are.

    Raises
    ------
    StanceError
        If the disk is full or the place may not be written to. The old file is untouched.
    """
    import tempfile

    path = Path(path)
    payload = data.encode("utf-8") if isinstance(data, str) else data
    with explained_os_errors("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(payload)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise


@contextlib.contextmanager
def folder_written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield an empty folder to fill, which takes the place of `path` when the block ends well.

    If the block raises, or the process is killed, the folder that was there before stays as it
    was. Between taking the old folder away and putting the new one in its place there is one
    instant without either; `recover_folder` mends a kill in that instant.

    Parameters
    ----------
    path : path-like
        Folder to make or replace.

    Raises
    ------
    StanceError
        If the disk is full or the place may not be written to.
    """
    import shutil
    import tempfile

    path = Path(path)
    with explained_os_errors("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        recover_folder(path)
        fresh = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part"))
        try:
            yield fresh
            for child in fresh.rglob("*"):
                if child.is_file():
                    _sync(child)
            os.chmod(fresh, 0o777 & ~_umask())
            old = _retired(path)
            if path.exists():
                os.replace(path, old)
            os.replace(fresh, path)
            shutil.rmtree(old, ignore_errors=True)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise


def recover_folder(path: str | os.PathLike[str]) -> None:
    """Put back the folder that a killed `folder_written_whole` had set aside, if there is one."""
    path = Path(path)
    old = _retired(path)
    if old.exists():
        import shutil

        if path.exists():
            shutil.rmtree(old, ignore_errors=True)
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
