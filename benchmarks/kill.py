"""Kill `label`, `train` and the review page of `serve` at random moments, and look at what is left.

Each run is a process of its own on a small corpus and ends by SIGKILL, half of the times anywhere
between start and end, half of the times near its end, where it writes. Afterwards every file must
be the old one or the new one, nothing that was acknowledged may be lost, no process may be left
over, and a run that is not killed must do all there is to do.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from stance.examples import read_labels
from stance.model import MODEL_FILES, read_evaluation, read_metadata
from stance.reading import load, read
from stance.tables import format_plain

_PATIENCE = 30
PROJECT = Path(__file__).parent.parent
TARGET = """
name = "toy"
title = "the toy vote"
[actors.women]
"Ann Lee" = ["Lee"]
[actors.men]
"Bob Ray" = ["Ray"]
[actors.bodies]
"European Union" = ["EU"]
[[cues]]
name = "rejects"
stance = "criticizes"
pattern = "(reject*|condemn*) ... (vote|count|result)"
[[cues]]
name = "praises"
stance = "supports"
pattern = "(prais*|recogni*|congratulat*)"
"""
CLAIMS = [
    ("rejected the vote as rigged", "c"), ("condemned the count and called it a fraud", "c"),
    ("praised the vote as fair", "s"), ("recognised the result as lawful", "s"),
    ("will meet reporters on Monday", "n"), ("called for calm on all sides", "n"),
]  # fmt: skip
ACTORS = ["Ann Lee", "Bob Ray", "EU|European Union"]


def build_corpus(folder: Path, n_articles: int = 9) -> Path:
    """Write a small corpus, in which each actor takes each stance."""
    from stance.exchange.inline import import_inline

    drafts = folder / "drafts"
    drafts.mkdir(parents=True)
    for number in range(n_articles):
        lines = [
            f"{{{letter}|{ACTORS[(number + i) % 3]}}} {claim} on day {number}."
            for i, (claim, letter) in enumerate(CLAIMS)
        ]
        (drafts / f"article-{number}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_inline(sorted(drafts.iterdir()), folder / "raw", folder / "labels", "tester")
    (folder / "toy.toml").write_text(TARGET, encoding="utf-8")
    return folder


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start a command in the folder, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "stance", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


def run_whole(folder: Path, *words: str) -> float:
    """Run a command to its end, which must be a good one; return the seconds."""
    begin = time.perf_counter()
    with start(folder, *words) as process:
        _, said = process.communicate()
    assert process.returncode == 0, said
    return time.perf_counter() - begin


def kill_at(process: subprocess.Popen[str], moment: float) -> bool:
    """Kill a process after some seconds; tell whether it was still running then."""
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    process.stderr.close()  # type: ignore[union-attr]
    _await_end_of_group(process.pid)
    return process.returncode == -signal.SIGKILL


def _await_end_of_group(group: int) -> None:
    """Wait until the last of a killed process's children has ended."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < until, "a killed command has left processes behind"
        time.sleep(0.05)


def moments(times: int, seconds: float, seed: int, counts: Counter[str]) -> Iterator[float]:
    """Yield when to kill, half anywhere in a run, half near its end, until so many were killed."""
    draw = random.Random(seed)
    for number in range(3 * times):
        if counts["killed"] >= times:
            return
        yield draw.uniform(0.7 * seconds if number % 2 else 0, seconds)


def _leftovers(folder: Path) -> list[str]:
    """Return the names of what was not finished."""
    return sorted(p.name for p in folder.iterdir() if p.name.endswith((".part", ".old")))


def kill_label(folder: Path, times: int, seed: int = 0) -> Counter[str]:
    """Kill `stance label` and look at its file of labels."""
    words = ["label", "raw", "--target", "toy.toml", "--labels", "labels"]
    out = folder / "labels" / "weak.jsonl"
    seconds = run_whole(folder, *words, "--out", str(out))
    new = out.read_bytes()
    old = b"".join(new.splitlines(keepends=True)[:3])
    counts: Counter[str] = Counter()
    for number, moment in enumerate(moments(times, seconds, seed, counts)):
        out.write_bytes(old)
        counts["killed"] += kill_at(start(folder, *words, "--out", str(out)), moment)
        found = out.read_bytes()
        assert found in (old, new), "the file of labels is neither the old nor the new one"
        counts["old" if found == old else "new"] += 1
        read_labels(out)
        left = _leftovers(out.parent)
        assert len(left) <= 1, left
        counts["left a part"] += len(left)
        if number % 10 == 9:
            run_whole(folder, *words, "--out", str(out))
            assert out.read_bytes() == new and not _leftovers(out.parent)
            counts["reruns"] += 1
    return counts


def _hash_model(folder: Path) -> str:
    """Return what tells two models apart, once all files of one are there and fit together."""
    assert sorted(p.name for p in folder.iterdir()) == sorted(MODEL_FILES)
    metadata, model = read_metadata(folder), load(folder)
    assert read_evaluation(folder)["held_out"]
    assert read("Ann Lee rejected the vote.", model)
    penalty = metadata["training"]["settings"]["C"]
    digest = hashlib.sha256((folder / "model.stance").read_bytes()).hexdigest()
    return f"{penalty} {digest}"


def kill_train(folder: Path, times: int, seed: int = 0) -> Counter[str]:
    """Kill `stance train` and look at the model's folder."""
    words = ["train", "--raw", "raw", "--labels", "labels", "--target", "toy.toml", "--jobs", "1"]
    words += ["--out", "models/toy"]
    out = folder / "models" / "toy"
    known, seconds = {}, 0.0
    for penalty in ("1", "2"):
        seconds = run_whole(folder, *words, "--c", penalty)
        known[penalty] = _hash_model(out)
    assert known["1"] != known["2"]
    counts: Counter[str] = Counter()
    stands = "2"
    for number, moment in enumerate(moments(times, seconds, seed, counts)):
        # What stands is old; the other one is new.
        asked = "1" if stands == "2" else "2"
        counts["killed"] += kill_at(start(folder, *words, "--c", asked), moment)
        found = _hash_model(out)
        assert found in known.values(), "the model is neither the old nor the new one"
        counts["old" if found == known[stands] else "new"] += 1
        stands = asked if found == known[asked] else stands
        left = _leftovers(out.parent)
        assert len(left) <= 1, left
        counts["left a part"] += len(left)
        if number % 10 == 9:
            asked = "1" if stands == "2" else "2"
            run_whole(folder, *words, "--c", asked)
            assert _hash_model(out) == known[asked] and not _leftovers(out.parent)
            stands = asked
            counts["reruns"] += 1
    return counts


class Reviewer:
    """Posts labels to a review page until the page is gone."""

    def __init__(self, address: str, acknowledged: set[str]) -> None:
        self.host, _, self.port = address.removeprefix("http://").rstrip("/").partition(":")
        self.acknowledged = acknowledged
        self.sent = len(acknowledged)
        self._lock = threading.Lock()

    def ask(self, connection: http.client.HTTPConnection, path: str, body: object = None) -> bool:
        """Post, and tell whether the answer was good."""
        connection.request(
            "POST", path, json.dumps(body or {}), {"Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return True

    def work(self) -> None:
        """Post labels, every tenth time an export as well."""
        connection = http.client.HTTPConnection(self.host, int(self.port), timeout=30)
        try:
            while True:
                with self._lock:
                    self.sent += 1
                    number = self.sent
                name = f"decision-{number:06}-{random.getrandbits(32):08x}"
                body = {
                    "id": name, "article": "article-0", "start": 0, "end": 9, "actor_start": 0,
                    "actor_end": 3, "canonical": f"Name {name}", "label": "neutral",
                    "annotator": "ann", "expected_version": 0,
                }  # fmt: skip
                if self.ask(connection, "/api/labels", body):
                    with self._lock:
                        self.acknowledged.add(name)
                if number % 10 == 0:
                    self.ask(connection, "/api/labels/export")
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()


def _open_page(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start the web app; return its process and its address."""
    process = start(
        folder, "serve", "--port", "0", "--raw", "raw", "--labels", "labels", "--model",
        "models/toy",
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"stance is at (http://[\d.]+:\d+)", line):
            return process, found[1]
    raise AssertionError("the page did not open")


def kill_review(folder: Path, times: int, seed: int = 0) -> Counter[str]:
    """Kill the review page while labels come in, and look for those that it acknowledged."""
    draw = random.Random(seed)
    journal = folder / "labels" / "review-journal.jsonl"
    reviewed = folder / "labels" / "reviewed.jsonl"
    acknowledged: set[str] = set()
    counts: Counter[str] = Counter()
    for _ in range(times):
        process, address = _open_page(folder)
        reviewer = Reviewer(address, acknowledged)
        workers = [threading.Thread(target=reviewer.work) for _ in range(4)]
        for worker in workers:
            worker.start()
        counts["killed"] += kill_at(process, draw.uniform(0, 1.0))
        for worker in workers:
            worker.join(60)
        lines = journal.read_bytes().split(b"\n") if journal.is_file() else [b""]
        counts["torn last lines"] += bool(lines[-1])
        ids = [json.loads(line)["id"] for line in lines[:-1]]
        assert len(ids) == len(set(ids)), "a decision stands twice"
        assert acknowledged <= set(ids), "an acknowledged decision is lost"
        read_labels(reviewed)
        assert len(_leftovers(folder / "labels")) <= 1
    process, address = _open_page(folder)
    reviewer = Reviewer(address, set())
    connection = http.client.HTTPConnection(reviewer.host, int(reviewer.port), timeout=60)
    assert reviewer.ask(connection, "/api/labels/export")
    connection.close()
    process.send_signal(signal.SIGINT)
    process.communicate()
    names = {row.canonical for row in read_labels(reviewed)}
    assert {f"Name {name}" for name in acknowledged} <= names, "an export lost a decision"
    counts["acknowledged"] = len(acknowledged)
    counts["reruns"] = 1
    return counts


JOBS: dict[str, Callable[[Path, int, int], Counter[str]]] = {
    "label": kill_label,
    "train": kill_train,
    "review": kill_review,
}


def main() -> None:
    """Kill each command so many times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="kills of each command")
    parser.add_argument("--command", choices=list(JOBS), help="this alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=None, help="not used; as other benchmarks")
    args = parser.parse_args()
    found: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory(prefix="kill-") as name:
        folder = build_corpus(Path(name))
        train = ["train", "--raw", "raw", "--labels", "labels", "--target", "toy.toml"]
        run_whole(folder, *train, "--out", "models/toy", "--c", "2", "--jobs", "1")
        for command in [args.command] if args.command else list(JOBS):
            found[command] = JOBS[command](folder, args.times, args.seed)
            print(f"{command}: {dict(found[command])}", file=sys.stderr, flush=True)
    columns = ["killed", "old", "new", "left a part", "torn last lines", "acknowledged", "reruns"]
    rows = [[c, *(str(counts[n]) if n in counts else "–" for n in columns)] for c, counts in
            found.items()]  # fmt: skip
    print("\n".join(format_plain(["command", *columns], rows, range(1, len(columns) + 1))))
    kills = sum(counts["killed"] for counts in found.values())
    # A lost or broken file ends the run with an error.
    summary = {"benchmark": "kill", "metric": "lost_or_broken", "value": 0, "kills": kills}
    print(json.dumps({**summary, "peers": {}}))


if __name__ == "__main__":
    main()
