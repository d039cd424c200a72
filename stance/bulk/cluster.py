"""Cluster: parts are scored by the workers of a Dask scheduler, and training's jobs run there.

An address enters, a connection leaves. Rows travel to the workers and answers back, so that they
need no disk in common; the model's bytes go to each worker once. Whatever a lost worker had is
done again by another.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import logging
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

from stance import __version__
from stance.bulk.plan import Part, Scored, Setup
from stance.bulk.pools import LostError, count_jobs
from stance.bulk.scoring import score_part
from stance.errors import MissingExtraError, StanceError
from stance.files import explained_os_errors
from stance.reading import Predictor, load

LOCAL = "local"
_PATIENCE = 5.0
_CONNECT = "10s"
# What a worker holds of the runs that it serves.
_MOST_MODELS = 3
_MODELS: dict[str, Predictor] = {}


@contextlib.contextmanager
def connect(address: str, jobs: int = -1) -> Iterator[Any]:
    """Connect to a Dask scheduler.

    Parameters
    ----------
    address : str
        Its address, as ``tcp://host:8786``; ``local`` starts one here.
    jobs : int, default=-1
        How many workers a local one has; -1 for all cores.

    Yields
    ------
    distributed.Client

    Raises
    ------
    StanceError
        If nobody answers, or the workers have another version of this package.
    MissingExtraError
        If Dask is not installed.
    """
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise MissingExtraError("--cluster", "cluster") from error
    settings = {
        "distributed.comm.timeouts.connect": _CONNECT,
        "distributed.admin.large-graph-warning-threshold": "1GB",
    }
    with dask.config.set(settings), _silenced(), contextlib.ExitStack() as stack:
        if address == LOCAL:
            client = stack.enter_context(_start_local(count_jobs(jobs)))
        else:
            try:
                client = Client(address, timeout=_CONNECT)
            except (OSError, ValueError, TypeError) as error:
                reason = " ".join(str(error).split()) or type(error).__name__
                raise StanceError(
                    f"no Dask scheduler answers at {address!r} ({reason:.120}); give the address "
                    "that it printed when it started, or local."
                ) from error
            stack.callback(_close, client)
        _check_versions(client)
        yield client


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Keep Dask's own messages back: what becomes of the scheduler is told by us, in one line."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextlib.contextmanager
def _start_local(jobs: int) -> Iterator[Any]:
    """Start a scheduler and workers on this machine."""
    from distributed import Client, LocalCluster

    with (
        tempfile.TemporaryDirectory(prefix="stance-cluster-") as folder,
        LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=folder,
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        client = Client(cluster)
        try:
            yield client
        finally:
            _close(client)


@contextlib.contextmanager
def run_on_cluster(address: str, jobs: int = -1) -> Iterator[None]:
    """Let what joblib runs in the block run on the workers of a Dask scheduler.

    Parameters
    ----------
    address : str
        As for `connect`.
    jobs : int, default=-1
        How many workers a local one has.

    Raises
    ------
    StanceError
        As for `connect`.
    """
    import joblib

    with connect(address, jobs) as client, joblib.parallel_config(backend="dask"):
        try:
            yield
        except StanceError:
            raise
        except Exception as error:
            if client.status == "running":
                raise
            raise StanceError(
                f"the Dask scheduler at {client.scheduler.address} is gone; start it, and run the "
                "command again."
            ) from error


def _close(client: Any) -> None:
    """Let go of a client, also of one whose scheduler is gone."""
    with contextlib.suppress(Exception):
        client.close(timeout=2)


def _check_versions(client: Any) -> None:
    """Raise unless every worker has this version of the package."""
    try:
        found = client.run(_version)
    except Exception as error:
        raise StanceError(
            f"the workers of {client.scheduler.address} cannot load stance ({error!s:.120}); "
            f"install stance-trainer {__version__} on each."
        ) from error
    wrong = sorted({version for version in found.values() if version != __version__})
    if wrong:
        raise StanceError(
            f"workers of {client.scheduler.address} have stance {', '.join(wrong)}, here is "
            f"{__version__}; install the same on each, so that they answer alike."
        )


def _version() -> str:
    """Return the version on a worker."""
    import stance

    return stance.__version__


class ClusterPool:
    """Scores on the workers of a Dask scheduler.

    Parameters
    ----------
    client : distributed.Client
        The connection.
    model : Path
        The model's file.
    sha256 : str
        Its hash.
    setup : Setup
        What to ask.
    """

    def __init__(self, client: Any, model: Path, sha256: str, setup: Setup) -> None:
        from distributed import WorkerPlugin

        class SendModel(WorkerPlugin):  # type: ignore[misc]
            """Brings the model to each worker, also to those that join later."""

            def __init__(self, name: str, data: bytes, digest: str) -> None:
                self.name = name
                self.data = data
                self.digest = digest

            def setup(self, worker: Any) -> None:
                """Load the model."""
                receive_model(self.data, self.digest)

        self._client = client
        self._sha256 = sha256
        self._setup = setup
        self._run = f"stance-{uuid.uuid4().hex}"
        self._count = itertools.count()
        self._lost_since = 0.0
        self._address = client.scheduler.address
        with explained_os_errors("read", model):
            data = model.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StanceError(f"{model} was changed during the run; run the command again.")
        with self._noticed():
            client.register_plugin(SendModel(self._run, data, sha256))

    @contextlib.contextmanager
    def _noticed(self) -> Iterator[None]:
        """Turn what a lost connection raises in the block into one line."""
        try:
            yield
        except StanceError:
            raise
        except Exception as error:
            is_slow = isinstance(error, TimeoutError)
            if not is_slow and (isinstance(error, OSError) or self._client.status != "running"):
                raise LostError(self._gone()) from error
            raise

    def capacity(self) -> int:
        """Return how many parts may be under way; more as workers join."""
        with self._noticed():
            workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        return max(2, 2 * sum(int(worker["nthreads"]) for worker in workers))

    def submit(self, part: Part) -> Any:
        """Begin to score a part."""
        with self._noticed():
            return self._client.submit(
                _score,
                part,
                self._sha256,
                self._setup,
                (self._run, __version__),
                key=f"{self._run}-{next(self._count)}",
                pure=False,
            )

    def take(self, future: Any) -> Scored:
        """Return what a part has become, once it has come from its worker."""
        from distributed import KilledWorker

        while True:
            try:
                with self._noticed():
                    scored: Scored = future.result(timeout=2)
                return scored
            except KilledWorker as error:
                raise LostError(
                    "one part has cost several workers their life; give them more memory."
                ) from error
            except CancelledError as error:
                raise LostError(self._gone()) from error
            except TimeoutError:
                self.check()

    def renew(self) -> None:
        """Do nothing: Dask gives what a lost worker had to another."""

    def check(self) -> None:
        """Raise where the scheduler is gone."""
        if self._client.status == "running":
            self._lost_since = 0.0
            return
        now = time.monotonic()
        self._lost_since = self._lost_since or now
        if self._client.status == "closed" or now - self._lost_since > _PATIENCE:
            raise LostError(self._gone())

    def _gone(self) -> str:
        """Say that the scheduler is gone."""
        return f"the Dask scheduler at {self._address} is gone; start it again."

    def close(self) -> None:
        """Leave the workers to others; what is under way is called off with the connection."""
        with contextlib.suppress(Exception):
            if self._client.status == "running":
                self._client.unregister_worker_plugin(self._run)


def receive_model(data: bytes, digest: str) -> None:
    """Load a model on a worker, once.

    Parameters
    ----------
    data : bytes
        Its file.
    digest : str
        Hash of that.
    """
    if digest in _MODELS:
        return
    with tempfile.TemporaryDirectory(prefix="stance-model-") as folder:
        path = Path(folder) / "model.stance"
        path.write_bytes(data)
        model = load(path)
    while len(_MODELS) >= _MOST_MODELS:
        _MODELS.pop(next(iter(_MODELS)))
    _MODELS[digest] = model


def _score(part: Part, digest: str, setup: Setup, run: tuple[str, str]) -> Scored:
    """Score a part on a worker."""
    name, version = run
    if version != __version__:  # it joined later than those that were asked
        raise StanceError(f"a worker has stance {__version__}, not {version}; install the same.")
    if digest not in _MODELS:  # others have been sent since
        from distributed import get_worker

        receive_model(get_worker().plugins[name].data, digest)
    return score_part(part, _MODELS[digest], setup)
