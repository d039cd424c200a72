"""Journal: the finished parts of a run on the disk, so that a kill costs none of them.

Beside the output lies a folder ``OUT.parts``: a file for each part, one for its bad rows, and a
journal that says what the run was asked, and of each finished part its checksums. A part counts
once its line is in the journal; a torn line, a part that is missing or damaged do not. A journal
of another model, input or option is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from stance.bulk.plan import Part, Scored
from stance.errors import StanceError
from stance.files import explained_os_errors, write_whole

JOINED, RETIRED = "joined", "retired"
_JOURNAL, _LOCK = "journal.jsonl", "lock"
_WHAT = {
    "model": "the model has",
    "input": "the input has",
    "options": "an option has",
    "versions": "the installed version of stance or pyarrow has",
}


@dataclass(frozen=True)
class Entry:
    """One finished part.

    Parameters
    ----------
    part : int
        Its number.
    input : str
        Hash of the rows that it was made of.
    rows, bad, claims : int
        How many rows it has, how many are bad, how many rows they have become.
    sha256, bad_sha256 : str
        Hashes of its files; "" where it has no bad rows.
    """

    part: int
    input: str
    rows: int
    bad: int
    claims: int
    sha256: str
    bad_sha256: str


class Journal:
    """The folder of the finished parts.

    Parameters
    ----------
    out : Path
        The output, beside which the folder lies.
    form : str
        Ending of a part's file.
    facts : mapping of str to object
        What the run was asked: ``model``, ``input``, ``options``, ``versions``.
    restart : bool, default=False
        Throw away what is there.

    Raises
    ------
    StanceError
        If what is there was asked for another model, input or options, is not ours, or another
        run is at work on it.
    """

    def __init__(
        self, out: Path, form: str, facts: Mapping[str, Any], *, restart: bool = False
    ) -> None:
        self.out = out
        self.folder = folder_of(out)
        self._form = form
        self._entries: dict[int, Entry] = {}
        with explained_os_errors("write", self.folder):
            shutil.rmtree(_gone(self.folder), ignore_errors=True)
            _check_ours(self.folder, out)
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(self.folder / _LOCK, out)
            try:
                self._open(facts, restart)
            except BaseException:
                self._lock.close()
                raise

    def _open(self, facts: Mapping[str, Any], restart: bool) -> None:
        """Read what is there, or begin anew."""
        self._tidy(restart)
        path = self.folder / _JOURNAL
        lines = list(_read_lines(path)) if path.exists() else []
        if not lines:
            if path.exists() and path.stat().st_size:
                raise StanceError(f"{path} is damaged; begin anew with --restart.")
            write_whole(path, _seal({"stance score": 1, **facts}))
        elif lines[0] is None:
            raise StanceError(f"{path} is damaged; begin anew with --restart.")
        else:
            _check_facts(lines[0], facts, self.folder)
        for line in lines[1:]:
            if line is not None:
                entry = Entry(**line)
                self._entries[entry.part] = entry
        _cut_torn_line(path)
        self._stream: IO[bytes] = path.open("ab")

    def _tidy(self, restart: bool) -> None:
        """Take away what a killed run left half done, and with `restart` the rest."""
        retired = self.folder / RETIRED
        if retired.exists() and not self.out.exists():
            os.replace(retired, self.out)
        for file in self.folder.iterdir():
            is_half = file.name.startswith(".") or file.name in (JOINED, RETIRED)
            if is_half or (restart and file.name != _LOCK):
                shutil.rmtree(file) if file.is_dir() else file.unlink()

    def find(self, part: Part) -> Entry | None:
        """Return what is known of a part that is finished and whole; None to make it.

        Parameters
        ----------
        part : Part
            The part, as it was read now.

        Returns
        -------
        Entry or None

        Raises
        ------
        StanceError
            If it was made of other rows than those that were read now.
        """
        entry = self._entries.get(part.number)
        if entry is None:
            return None
        if entry.input != part.sha256:
            raise StanceError(_refusal(_WHAT["input"], self.folder))
        if self._is_whole(entry):
            return entry
        del self._entries[part.number]
        return None

    def check_count(self, n_parts: int) -> None:
        """Raise unless the journal knows as many parts as the input has now."""
        if len(self._entries) != n_parts:
            raise StanceError(_refusal(_WHAT["input"], self.folder))

    def _is_whole(self, entry: Entry) -> bool:
        """Tell whether the files of a part are what they were."""
        try:
            data = self._path(entry.part).read_bytes()
            bad = self._bad_path(entry.part).read_bytes() if entry.bad_sha256 else b""
        except FileNotFoundError:
            return False
        return (_hash(data), _hash(bad) if bad else "") == (entry.sha256, entry.bad_sha256)

    def keep(self, part: Part, scored: Scored) -> None:
        """Put a finished part on the disk.

        Parameters
        ----------
        part : Part
            Which it is.
        scored : Scored
            What it has become.
        """
        entry = Entry(
            part.number,
            part.sha256,
            scored.n_rows,
            scored.n_bad,
            scored.n_claims,
            _hash(scored.data),
            _hash(scored.bad) if scored.bad else "",
        )
        write_whole(self._path(part.number), scored.data)
        if scored.bad:
            write_whole(self._bad_path(part.number), scored.bad)
        with explained_os_errors("write", self.folder / _JOURNAL):
            self._stream.write(_seal(asdict(entry)))
            self._stream.flush()
            os.fsync(self._stream.fileno())
        self._entries[part.number] = entry

    def read_parts(self) -> Iterator[bytes]:
        """Yield the data of the parts in order, checked."""
        for number in sorted(self._entries):
            data = self._path(number).read_bytes()
            if _hash(data) != self._entries[number].sha256:
                raise StanceError(
                    f"{self._path(number)} was damaged; run the same command again to mend it."
                )
            yield data

    def read_bad(self) -> Iterator[bytes]:
        """Yield the bad rows of the parts in order."""
        for number in sorted(self._entries):
            if self._entries[number].bad_sha256:
                yield self._bad_path(number).read_bytes()

    def link_parts(self, folder: Path) -> None:
        """Put every part into a folder, without a copy where the disk can do that."""
        folder.mkdir()
        for number in sorted(self._entries):
            place = folder / self._path(number).name
            try:
                os.link(self._path(number), place)
            except OSError:
                shutil.copyfile(self._path(number), place)

    def close(self) -> None:
        """Let go of the folder and leave it for another run."""
        self._stream.close()
        self._lock.close()

    def remove(self) -> None:
        """Take the folder away; the output is whole."""
        self._stream.close()
        gone = _gone(self.folder)
        # At one stroke: half a folder would be taken for a run that is to go on.
        os.replace(self.folder, gone)
        self._lock.close()
        shutil.rmtree(gone, ignore_errors=True)

    def _path(self, number: int) -> Path:
        """Return the file of a part."""
        return self.folder / f"part-{number:05}{self._form}"

    def _bad_path(self, number: int) -> Path:
        """Return the file of a part's bad rows."""
        return self.folder / f"part-{number:05}.bad.jsonl"


def folder_of(out: Path) -> Path:
    """Return the folder of the parts of an output."""
    return out.with_name(f"{out.name}.parts")


def _gone(folder: Path) -> Path:
    """Return the name that the folder has while it is taken away."""
    return folder.with_name(f".{folder.name}.gone")


def _check_ours(folder: Path, out: Path) -> None:
    """Raise where a folder of that name holds something else."""
    if folder.is_dir():
        others = [f for f in folder.iterdir() if f.name != _LOCK and not f.name.startswith(".")]
        is_ours = not others or (folder / _JOURNAL).exists()
    else:
        is_ours = not folder.exists()
    if not is_ours:
        raise StanceError(
            f"{folder} is in the way: finished parts of {out.name} are to lie there. Move it, or "
            "name another output."
        )


def _lock(path: Path, out: Path) -> IO[bytes]:
    """Lock the folder for as long as the file that is returned is open."""
    stream = path.open("ab")
    with contextlib.suppress(ImportError):  # Windows has no such locks
        import fcntl

        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            stream.close()
            raise StanceError(
                f"another run is at work on {out}; wait for it, or name another output."
            ) from error
    return stream


def _seal(facts: Mapping[str, Any]) -> bytes:
    """Return a line of the journal, with its own checksum."""
    body = json.dumps(facts, sort_keys=True)
    return f"{zlib.crc32(body.encode()):08x} {body}\n".encode()


def _read_lines(path: Path) -> Iterator[dict[str, Any] | None]:
    """Yield the whole lines of a journal, None for one that is damaged."""
    for line in path.read_bytes().split(b"\n")[:-1]:
        check, _, body = line.partition(b" ")
        is_whole = check == b"%08x" % zlib.crc32(body)
        yield json.loads(body) if is_whole else None


def _cut_torn_line(path: Path) -> None:
    """Take off what a kill or a full disk left of a last line."""
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        with path.open("r+b") as stream:
            stream.truncate(whole)


def _check_facts(found: Mapping[str, Any], facts: Mapping[str, Any], folder: Path) -> None:
    """Raise where a journal is of another run."""
    for name, what in _WHAT.items():
        if found.get(name) != facts[name]:
            raise StanceError(_refusal(what, folder))


def _refusal(what: str, folder: Path) -> str:
    """Return the one line that says what has changed."""
    return (
        f"{what} changed since the parts in {folder} were made; run with what it was to go on, or "
        "begin anew with --restart."
    )


def _hash(data: bytes) -> str:
    """Return a hash as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
