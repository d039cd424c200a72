"""Score the same file with one Dask worker and with two, in turn; print how much faster two are.

Scheduler and workers are processes of their own on this machine. The times are those of the whole
run, from reading the input to the joined output; the workers have the model by then, as in a run of
hours. The bytes of all outputs are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stance.articles import read_articles
from stance.bulk.running import score_file
from stance.tables import format_plain


def write_input(data: Path, path: Path, count: int) -> None:
    """Write articles of the corpus, again and again with another first line."""
    texts = [article.text for article in read_articles(data)]
    with path.open("w", encoding="utf-8") as stream:
        for number in range(count):
            text = f"Report {number}.\n\n{texts[number % len(texts)]}"
            stream.write(json.dumps({"id": number, "text": text}) + "\n")


class Cluster:
    """A scheduler and its workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        self._start("scheduler", "--port", "0", "--scheduler-file", str(file))
        while not file.exists() or not file.read_bytes().strip().endswith(b"}"):
            time.sleep(0.1)
        self.address = json.loads(file.read_text())["address"]

    def _start(self, *arguments: str) -> None:
        """Start a process of Dask."""
        with (self.folder / "log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
                    stdout=log, stderr=log, cwd=self.folder,
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                )
            )  # fmt: skip

    def add_worker(self) -> None:
        """Start a worker of one thread."""
        self._start("worker", self.address, "--nthreads", "1")

    def close(self) -> None:
        """End them all."""
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            process.wait()


def main() -> None:
    """Measure in turn."""
    from distributed import Client

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/raw"))
    parser.add_argument("--model", type=Path, default=Path("models/stance"))
    parser.add_argument("--articles", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    model = arguments.model.resolve()
    best = {1: float("inf"), 2: float("inf")}
    outputs, claims = set(), 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, path, out = folder / "s.jsonl", folder / "in.jsonl", folder / "out.parquet"
        write_input(arguments.data, small, 20)
        write_input(arguments.data, path, arguments.articles)
        for _ in range(arguments.rounds):
            for n_workers in best:
                cluster = Cluster(Path(tempfile.mkdtemp(dir=folder)))
                try:
                    for _ in range(n_workers):
                        cluster.add_worker()
                    with Client(cluster.address) as client:
                        client.wait_for_workers(n_workers)
                    score_file(small, out, model=model, cluster=cluster.address)
                    begin = time.perf_counter()
                    claims = score_file(path, out, model=model, cluster=cluster.address).n_claims
                    best[n_workers] = min(best[n_workers], time.perf_counter() - begin)
                finally:
                    cluster.close()
                outputs.add(out.read_bytes())
    assert len(outputs) == 1, "the outputs differ"
    speedup = best[1] / best[2]
    rows = [
        [str(n), f"{seconds:.1f}", f"{claims / seconds:,.0f}", f"{best[1] / seconds:.2f}"]
        for n, seconds in best.items()
    ]
    headers = ["workers", "seconds", "claims a second", "times one"]
    print("\n".join(format_plain(headers, rows, numeric=[0, 1, 2, 3])))
    print(
        json.dumps(
            {"benchmark": "cluster", "metric": "speedup_of_two", "value": round(speedup, 3),
             "seconds": {str(n): round(s, 2) for n, s in best.items()}, "claims": claims}
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
