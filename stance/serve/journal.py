"""Journal: decisions of reviewers, one JSON line each, on the disk before anybody is told so.

Decisions enter; they leave as they stand now, each with its version. Lines are only ever added: an
undo is a line of its own. A process that is killed in the middle of a line leaves a torn one, which
the next to open the journal drops; several processes may write to one journal.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stance.errors import LabelError, StanceError
from stance.files import explained_os_errors

FILE_NAME = "review-journal.jsonl"
NO_ACTOR = "none"


class ConflictError(StanceError):
    """Somebody else was faster: the pair has another version than the one that was read.

    Parameters
    ----------
    message : str
        What happened and what to do.
    version : int
        The pair's version now.
    annotator : str
        Who made it.
    """

    def __init__(self, message: str, version: int, annotator: str) -> None:
        super().__init__(message)
        self.version = version
        self.annotator = annotator


@dataclass(frozen=True)
class Decision:
    """What a reviewer said of one pair.

    Parameters
    ----------
    id : str
        Made by the caller or the app; a decision that comes twice under one id is kept once.
    pair : str
        Key of the pair as it was shown, see `pair_key`.
    annotator : str
        Who decided.
    article : str
        Id of the article.
    start, end : int
        Offsets of the sentence in the article's text, as they should stand.
    sentence : str
        The sentence.
    actor : str
        The mention.
    actor_start, actor_end : int
        Offsets of the mention in the sentence.
    canonical : str
        Who is meant.
    label : {"criticizes", "neutral", "supports", "none"}
        The stance; ``none`` says that nobody takes part there.
    note : str
        What to remember.
    origin : tuple of (int, int, int, str)
        Start of the sentence, start and end of the mention and canonical name as they were shown.
    blind : bool
        Whether labels were hidden: a second, independent reading.
    time : str
        When, ISO 8601, UTC.
    version : int
        The pair's version that it made, from 1.
    """

    id: str
    pair: str
    annotator: str
    article: str
    start: int
    end: int
    sentence: str
    actor: str
    actor_start: int
    actor_end: int
    canonical: str
    label: str
    note: str
    origin: tuple[int, int, int, str]
    blind: bool = False
    time: str = ""
    version: int = 0

    @property
    def content(self) -> dict[str, Any]:
        """What must be equal for two decisions with one id to be one."""
        return {k: v for k, v in asdict(self).items() if k not in ("time", "version")}


def pair_key(article: str, start: int, actor_start: int, actor_end: int, canonical: str) -> str:
    """Return a short key of a pair: of the mention's place, and of who is meant there.

    Examples
    --------
    >>> pair_key("a", 0, 0, 3, "Ann Lee")
    'df904abc358ffb82'
    """
    text = json.dumps([article, start, actor_start, actor_end, canonical])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Journal:
    """The decisions on disk.

    Parameters
    ----------
    path : Path
        The file; it need not be there yet.
    tell : callable, optional
        Told of what was mended.
    """

    def __init__(self, path: Path, tell: Callable[[str], None] = lambda message: None) -> None:
        from filelock import FileLock

        self.path = path
        self._tell = tell
        self._threads = threading.RLock()
        with explained_os_errors("write", path):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._processes = FileLock(path.with_name(f".{path.name}.lock"))
        self._forget()
        with self.locked():
            self._mend()

    def _forget(self) -> None:
        """Begin with nothing read."""
        self._read_bytes = 0
        self._n_lines = 0
        self._inode = -1
        self._by_id: dict[str, Decision] = {}
        self._by_pair: dict[str, list[Decision]] = {}
        self._versions: dict[str, int] = {}
        self._writers: dict[str, str] = {}
        self._undone: dict[str, int] = {}

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other thread and process from writing while the block runs."""
        with self._threads, self._processes:
            self._refresh()
            yield

    def append(self, decision: Decision, expected_version: int | None = None) -> Decision:
        """Put a decision on the disk.

        Parameters
        ----------
        decision : Decision
            Its time and version are set here.
        expected_version : int, optional
            The version that its maker saw; without it, the last to come wins.

        Returns
        -------
        Decision
            As it was written, or as it stands since an earlier call with the same id.

        Raises
        ------
        ConflictError
            If the pair has another version by now, or the id was used for something else.
        StanceError
            If the disk is full or may not be written to; then nothing is kept.
        """
        with self.locked():
            earlier = self._by_id.get(decision.id)
            if earlier is not None:
                return self._repeated(earlier, decision)
            version = self._versions.get(decision.pair, 0)
            if expected_version is not None and expected_version != version:
                raise ConflictError(
                    f"this pair was changed by {self._writers.get(decision.pair, 'nobody')!r} "
                    f"since you opened it (version {version}, you saw {expected_version}); look "
                    "at it again.",
                    version,
                    self._writers.get(decision.pair, ""),
                )
            made = replace(decision, time=_now(), version=version + 1)
            self._write(asdict(made))
            return made

    def _repeated(self, earlier: Decision, decision: Decision) -> Decision:
        """Return the decision that was made under this id before."""
        if earlier.content != decision.content:
            raise ConflictError(
                f"the id {decision.id!r} was used for another decision; make a new one.",
                earlier.version,
                earlier.annotator,
            )
        return earlier

    def undo(self, decision_id: str, annotator: str | None = None) -> int | None:
        """Take a decision back, which brings the one before it back to life.

        Parameters
        ----------
        decision_id : str
            Its id. Undoing twice is undoing once.
        annotator : str, optional
            Whose it must be.

        Returns
        -------
        int or None
            The pair's new version; None where there is no such decision.

        Raises
        ------
        ConflictError
            If it is somebody else's.
        """
        with self.locked():
            decision = self._by_id.get(decision_id)
            if decision is None:
                return None
            if annotator is not None and annotator != decision.annotator:
                raise ConflictError(
                    f"this decision is that of {decision.annotator!r}; only they can undo it.",
                    self._versions[decision.pair],
                    decision.annotator,
                )
            if decision_id in self._undone:
                return self._undone[decision_id]
            version = self._versions[decision.pair] + 1
            self._write(
                {
                    "undoes": decision_id,
                    "pair": decision.pair,
                    "annotator": decision.annotator,
                    "time": _now(),
                    "version": version,
                }
            )
            return version

    def version(self, pair: str) -> int:
        """Return the version of a pair, 0 where nobody has decided on it."""
        with self._threads:
            return self._versions.get(pair, 0)

    def first(self, pair: str) -> Decision | None:
        """Return the first decision on a pair, undone or not; None where there is none."""
        with self._threads:
            self._refresh_unlocked()
            made = self._by_pair.get(pair)
            return made[0] if made else None

    def standing(self) -> dict[str, list[Decision]]:
        """Return the decisions in force: of each pair the last of each annotator, oldest first."""
        with self._threads:
            self._refresh_unlocked()
            return {
                pair: last for pair in self._by_pair if (last := self._last(self._by_pair[pair]))
            }

    def _last(self, made: Iterable[Decision]) -> list[Decision]:
        """Return the last decision of each annotator that was not undone, oldest first."""
        last = {d.annotator: d for d in made if d.id not in self._undone}
        return sorted(last.values(), key=lambda d: d.version)

    def _refresh_unlocked(self) -> None:
        """Take in what other processes have written, where anything was."""
        with contextlib.suppress(FileNotFoundError):
            found = os.stat(self.path)
            if found.st_ino != self._inode or found.st_size != self._read_bytes:
                with self.locked():
                    pass

    def _refresh(self) -> None:
        """Read the lines that have been added since; all of them where the file is another."""
        try:
            data, found = self._read_from(self._read_bytes)
        except FileNotFoundError:
            self._forget()
            return
        if found.st_ino != self._inode or found.st_size < self._read_bytes:
            inode = found.st_ino
            if self._inode != -1:
                self._forget()
                data, found = self._read_from(0)
            self._inode = inode
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.split(b"\n")[:-1]:
            self._take_in(line)
        self._read_bytes += len(whole)

    def _read_from(self, offset: int) -> tuple[bytes, os.stat_result]:
        """Return what stands in the file from an offset on."""
        with self.path.open("rb") as stream:
            stream.seek(offset)
            return stream.read(), os.fstat(stream.fileno())

    def _take_in(self, line: bytes) -> None:
        """Take in one whole line."""
        self._n_lines += 1
        if not line.strip():
            return
        try:
            self._apply(json.loads(line))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise LabelError(
                f"{self.path}, line {self._n_lines}: not a decision: {line[:60]!r}; restore the "
                "file, or take the line out."
            ) from error

    def _apply(self, row: dict[str, Any]) -> None:
        """Let one line take effect."""
        pair = str(row["pair"])
        version = max(int(row["version"]), self._versions.get(pair, 0) + 1)
        if "undoes" in row:
            self._undone[row["undoes"]] = version
        elif row["id"] not in self._by_id:
            start, actor_start, actor_end, canonical = row["origin"]
            origin = (int(start), int(actor_start), int(actor_end), str(canonical))
            decision = Decision(**{**row, "origin": origin, "version": version})
            self._by_id[decision.id] = decision
            self._by_pair.setdefault(pair, []).append(decision)
        self._versions[pair] = version
        self._writers[pair] = str(row["annotator"])

    def _mend(self) -> None:
        """Drop a last line that a killed process left torn; nobody was told that it was saved."""
        with explained_os_errors("read", self.path), contextlib.suppress(FileNotFoundError):
            tail, _ = self._read_from(self._read_bytes)
            if not tail:
                return
            if _is_whole(tail):
                # An editor that drops the last line's end must not cost a decision.
                with self.path.open("ab") as stream:
                    stream.write(b"\n")
                self._refresh()
                return
            self._tell(
                f"{self.path}: the last line was torn when a process was killed; dropped "
                f"{len(tail)} bytes that nobody was told were saved."
            )
            os.truncate(self.path, self._read_bytes)

    def _write(self, row: dict[str, Any]) -> None:
        """Add a line, and wait until it is on the disk."""
        self._mend()
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        is_new = not self.path.exists()
        with explained_os_errors("write", self.path):
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                _write_all(handle, line)
                os.fsync(handle)
            except BaseException:
                # What was not acknowledged must not come back to life.
                with contextlib.suppress(OSError):
                    os.ftruncate(handle, self._read_bytes)
                raise
            finally:
                os.close(handle)
            if is_new:
                _sync_folder(self.path.parent)
        self._refresh()


def _is_whole(line: bytes) -> bool:
    """Tell whether a last line without its end is a decision all the same."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and "pair" in row and "version" in row


def _write_all(handle: int, data: bytes) -> None:
    """Write all of `data`, of which the system may take a part at a time."""
    while data:
        data = data[os.write(handle, data) :]


def _sync_folder(folder: Path) -> None:
    """Put a new file's name on the disk."""
    with contextlib.suppress(OSError):  # not every system can
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _now() -> str:
    """Return the time, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
