"""Running: a file or folder is scored part by part, and the run goes on where it was stopped.

Paths and options enter; the output leaves, whole or not at all. What a kill, a full disk or a lost
cluster cuts short is kept in ``OUT.parts``, and the same call again takes it from there.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stance import __version__
from stance.bulk.driving import score_parts
from stance.bulk.inputs import PartCutter, find_types, fingerprint, is_within, list_sources
from stance.bulk.journal import JOINED, RETIRED, Journal, folder_of
from stance.bulk.outputs import choose_form, is_folder, join_parts, list_columns, make_schema
from stance.bulk.plan import Options, Part, Scored, Setup
from stance.bulk.pools import InlinePool, LostError, Pool, ProcessPool, count_jobs, hash_file
from stance.errors import StanceError, shortlist
from stance.files import explained_os_errors
from stance.reading import DEFAULT_MODEL, load
from stance.scorer import FILE_NAME

_PART = re.compile(r"part-\d{5,}\.parquet")


@dataclass(frozen=True)
class Progress:
    """How far a run is, or was.

    Parameters
    ----------
    share : float
        How much of the input is done, as a fraction.
    n_rows, n_bad, n_claims : int
        Rows of the input, how many of them are bad, and rows of the output.
    n_parts : int
        Finished parts.
    n_resumed, n_resumed_rows : int
        How many of the parts an earlier run had finished, and their rows.
    """

    share: float = 0.0
    n_rows: int = 0
    n_bad: int = 0
    n_claims: int = 0
    n_parts: int = 0
    n_resumed: int = 0
    n_resumed_rows: int = 0

    def add(self, share: float, n_rows: int, n_bad: int, n_claims: int) -> Progress:
        """Return what there is with one part more."""
        return replace(
            self,
            share=self.share + share,
            n_rows=self.n_rows + n_rows,
            n_bad=self.n_bad + n_bad,
            n_claims=self.n_claims + n_claims,
            n_parts=self.n_parts + 1,
        )


class Interrupted(KeyboardInterrupt):
    """A run that Ctrl-C stopped; its message says how far it was, and how to go on."""


def score_file(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | None = None,
    unit: str = "article",
    text_column: str | None = None,
    actor_column: str | None = None,
    id_column: str | None = None,
    date_column: str | None = None,
    keep: Sequence[str] = (),
    abstain: float | None = None,
    jobs: int = -1,
    cluster: str | None = None,
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Progress:
    """Score a file or folder of any size.

    Parameters
    ----------
    path : path-like
        Parquet, JSON Lines or CSV, the latter two also packed with gzip or zstd; or a folder of
        such files or of articles.
    out : path-like
        ``.parquet``, ``.jsonl``, ``.csv`` or ``.tsv``, all but the first also with ``.gz`` or
        ``.zst``; without an ending, a folder of Parquet files.
    model : path-like, optional
        A model's folder or its ``model.stance``; ``models/stance`` by default.
    unit : {"article", "sentence"}, default="article"
        Whether each text is read as `stance.read` does, with a claim for each actor of each
        sentence; or is one ready passage with one claim, as ``model.predict`` judges it.
    text_column : str, optional
        Column of the text; without it found by its usual names.
    actor_column : str, optional
        Column of the actor whose stance is asked for; without it everyone's is.
    id_column, date_column : str, optional
        Columns of the article's id and day; without them found by their usual names, "" for none.
    keep : sequence of str
        Columns to carry over.
    abstain : float in [0, 1], optional
        Call a stance ``uncertain`` whose probability is lower.
    jobs : int, default=-1
        Processes; -1 for all cores. The bytes of the output do not depend on it.
    cluster : str, optional
        Address of a Dask scheduler to run on; ``local`` starts one here.
    restart : bool, default=False
        Throw away what an earlier run has finished.
    progress : callable, optional
        Called with a `Progress` after each part.

    Returns
    -------
    Progress
        What was done. Bad rows lie in ``OUT.bad.jsonl``, with their number and the reason.

    Raises
    ------
    StanceError
        If the run cannot go on. What is finished is kept, and the same call goes on from there.
    """
    options = Options(
        unit, text_column, actor_column, id_column, date_column, tuple(keep), abstain
    )  # fmt: skip
    run = _Run(Path(path), Path(os.path.abspath(out)), options, _find_model(model))
    try:
        with (
            run.open_pool(count_jobs(jobs), cluster) as pool,
            run.open_journal(restart) as journal,
        ):
            run.work(pool, journal, progress)
            return run.finish(journal)
    except KeyboardInterrupt as error:
        raise Interrupted(f"interrupted: {run.tell_kept()}") from error
    except LostError as error:
        raise StanceError(f"{error} {run.tell_kept()}") from error


def _find_model(model: str | os.PathLike[str] | None) -> Path:
    """Return the file of a model, which must be one."""
    path = Path(model) if model is not None else DEFAULT_MODEL
    if path.suffix == ".joblib":
        raise StanceError(f"{path} cannot be sent to workers; name its folder, or {FILE_NAME}.")
    load(path)  # says what is wrong with it, before anything is written
    return path.resolve() if path.is_file() else path.resolve() / FILE_NAME


class _Run:
    """One run, from its checks to its output."""

    def __init__(self, path: Path, out: Path, options: Options, model: Path) -> None:
        self.path, self.out, self.model = path, out, model
        self.done = Progress()
        form = choose_form(out)
        _check_places(path, out)
        with_file = path.is_dir()
        columns = list_columns(options, with_file)
        sources, bad = list_sources(path)
        self.cutter = PartCutter(sources, options, bad)
        self.parts = self.cutter.cut()
        # What is wrong with the columns is said before anything is written.
        first = list(itertools.islice(self.parts, 2))
        if not first:
            raise StanceError(f"{path} holds no rows.")
        self.is_small = len(first) == 1
        self.parts = itertools.chain(first, self.parts)
        schema = make_schema(columns, find_types(sources, options.keep))
        self.setup = Setup(options, form, schema.serialize().to_pybytes(), with_file)
        self.sha256 = hash_file(model)
        self.facts = {
            "model": self.sha256,
            "input": fingerprint(sources),
            "options": {**options.as_dict(), "form": form},
            "versions": _list_versions(),
        }

    @contextlib.contextmanager
    def open_journal(self, restart: bool) -> Iterator[Journal]:
        """Hold the folder of the parts while the block runs."""
        journal = Journal(self.out, self.setup.form, self.facts, restart=restart)
        try:
            yield journal
        finally:
            journal.close()

    @contextlib.contextmanager
    def open_pool(self, jobs: int, cluster: str | None) -> Iterator[Pool]:
        """Hold the workers, which are stopped when the block ends."""
        with contextlib.ExitStack() as stack:
            pool: Pool
            if cluster is not None:
                from stance.bulk.cluster import ClusterPool, connect

                client = stack.enter_context(connect(cluster, jobs))
                pool = ClusterPool(client, self.model, self.sha256, self.setup)
            elif jobs == 1 or self.is_small:
                pool = InlinePool(self.model, self.sha256, self.setup)
            else:
                pool = ProcessPool(self.model, self.sha256, self.setup, jobs)
            stack.callback(pool.close)
            yield pool

    def work(
        self, pool: Pool, journal: Journal, progress: Callable[[Progress], None] | None
    ) -> None:
        """Score every part that is not finished."""
        tell = progress or (lambda _: None)

        def keep(part: Part, scored: Scored) -> None:
            journal.keep(part, scored)
            self.done = self.done.add(part.share, scored.n_rows, scored.n_bad, scored.n_claims)
            tell(self.done)

        def unfinished() -> Iterator[Part]:
            for part in self.parts:
                entry = journal.find(part)
                if entry is None:
                    yield part
                else:
                    done = self.done.add(part.share, entry.rows, entry.bad, entry.claims)
                    self.done = replace(
                        done,
                        n_resumed=done.n_resumed + 1,
                        n_resumed_rows=done.n_resumed_rows + entry.rows,
                    )
                    tell(self.done)

        score_parts(unfinished(), pool, keep)
        journal.check_count(self.done.n_parts)

    def finish(self, journal: Journal) -> Progress:
        """Join the parts to the output, and take their folder away."""
        done, bad_path = self.done, self.out.with_name(f"{self.out.name}.bad.jsonl")
        with explained_os_errors("write", bad_path):
            _put(bad_path, journal.folder / JOINED, journal.read_bad())
        is_usable = done.n_bad < done.n_rows
        if is_usable:
            with explained_os_errors("write", self.out):
                self._join(journal)
        with explained_os_errors("remove", journal.folder):
            journal.remove()
        damages = self.cutter.damages
        if not is_usable:
            why = damages[0].reason if damages else f"{bad_path} tells of each why"
            raise StanceError(f"none of the {done.n_rows} rows of {self.path} can be used: {why}.")
        if damages:
            names = shortlist(self.path / damage.name for damage in damages)
            raise StanceError(
                f"{names}: {damages[0].reason.rstrip('.')}. {self.out} holds the "
                f"{done.n_rows} rows that could be read; mend the file and run again for the rest."
            )
        return done

    def _join(self, journal: Journal) -> None:
        """Put the output in its place, whole."""
        joined = journal.folder / JOINED
        if is_folder(self.out):
            journal.link_parts(joined)
            if self.out.exists():
                os.replace(self.out, journal.folder / RETIRED)
        else:
            with joined.open("wb") as stream:
                join_parts(journal.read_parts(), stream, self.setup)
                stream.flush()
                os.fsync(stream.fileno())
        os.replace(joined, self.out)

    def tell_kept(self) -> str:
        """Say how far the run is, and how to go on."""
        done = self.done
        return (
            f"{done.n_parts} parts with {done.n_rows:,} rows ({done.share:.0%}) are finished and "
            f"kept in {folder_of(self.out)}; the same command goes on from there."
        )


def _put(path: Path, draft: Path, pieces: Iterator[bytes]) -> None:
    """Write pieces to a file, whole; no pieces, no file."""
    n_bytes = 0
    with draft.open("wb") as stream:
        for piece in pieces:
            n_bytes += stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())
    if n_bytes:
        os.replace(draft, path)
    else:
        draft.unlink()
        path.unlink(missing_ok=True)


def _list_versions() -> dict[str, str]:
    """Return the versions on which the bytes of the output depend."""
    import pyarrow

    return {"stance": __version__, "pyarrow": pyarrow.__version__}


def _check_places(path: Path, out: Path) -> None:
    """Raise where the output would overwrite the input, or a folder of something else."""
    if not path.exists():
        raise StanceError(f"no file or folder {path}; check the path.")
    if out.resolve() == path.resolve() or (path.is_dir() and is_within(out, path)):
        raise StanceError(f"{out} lies in the input; name an output outside of it.")
    with explained_os_errors("read", out):
        others = (
            [f.name for f in out.iterdir() if not _PART.fullmatch(f.name)] if out.is_dir() else []
        )
    if others:
        raise StanceError(
            f"folder {out} holds {shortlist(others, 3)}, and is to hold the parts alone; name a "
            "fresh folder."
        )
