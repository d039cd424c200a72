"""Kill `stance score` at random moments, a hundred times, and print what came of it.

Each time a real run is killed with SIGKILL, half of the times anywhere between its start and the
time that a whole run takes, half of the times in its later part, where it works. Before the next
begins, what lies on the disk is looked at: the output is not there, or whole; every part that the
journal names is what its checksum says. When a run gets to its end, the output is compared byte for
byte with that of a run that nobody disturbed, and another begins.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stance.articles import read_articles
from stance.tables import format_plain

FORM = ".jsonl.gz"
# Makes many parts of few rows, so that a run is short and is killed in all that it does.
PADDING = 60_000


def write_input(data: Path, path: Path, count: int) -> None:
    """Write the first articles of the corpus, with a column that makes each row long."""
    with path.open("w", encoding="utf-8") as stream:
        for number, article in enumerate(read_articles(data)):
            if number == count:
                break
            row = {"id": article.id, "text": article.text[:1500], "padding": "x" * PADDING}
            stream.write(json.dumps(row) + "\n")
        stream.write("no JSON\n")


def start(arguments: argparse.Namespace, path: Path, out: Path) -> subprocess.Popen[bytes]:
    """Start a run."""
    return subprocess.Popen(
        [sys.executable, "-m", "stance", "score", str(path), str(out), "--model",
         str(arguments.model), "--jobs", str(arguments.jobs)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def count_damaged(out: Path, wanted: bytes) -> tuple[int, int]:
    """Return how many of the files that must be whole are not, and how many parts are finished."""
    damaged = int(out.exists() and out.read_bytes() != wanted)
    folder = out.with_name(f"{out.name}.parts")
    journal = folder / "journal.jsonl"
    if not journal.exists():
        return damaged, 0
    lines = journal.read_bytes().split(b"\n")[:-1]
    parts = [json.loads(line[9:]) for line in lines[1:]]
    for part in parts:
        data = (folder / f"part-{part['part']:05}{FORM}").read_bytes()
        gzip.decompress(data)
        damaged += hashlib.sha256(data).hexdigest() != part["sha256"]
    return damaged, len({part["part"] for part in parts})


def main() -> None:
    """Run and kill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/raw"))
    parser.add_argument("--model", type=Path, default=Path("models/stance"))
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--articles", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    counts = dict.fromkeys(("kills", "in_work", "whole_runs", "damaged", "differing", "failed"), 0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, out = folder / "in.jsonl", folder / f"out{FORM}"
        write_input(arguments.data, path, arguments.articles)
        arguments.model = Path(shutil.copytree(arguments.model, folder / "model"))
        begin = time.perf_counter()
        assert start(arguments, path, out).wait() == 0
        seconds = time.perf_counter() - begin
        wanted, bad = out.read_bytes(), out.with_name(f"{out.name}.bad.jsonl").read_bytes()
        out.unlink()
        # The last run is left in peace, and so is, on average, one in four before it.
        while counts["kills"] < arguments.times or out.with_name(f"{out.name}.parts").exists():
            is_last = counts["kills"] >= arguments.times
            process = start(arguments, path, out)
            try:
                first = draw.choice([0, seconds / 2])
                process.wait(None if is_last else draw.uniform(first, seconds * 4 / 3))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                counts["kills"] += 1
                damaged, finished = count_damaged(out, wanted)
                counts["damaged"] += damaged
                counts["in_work"] += finished > 0
                continue
            counts["failed"] += process.returncode != 0
            if process.returncode != 0:
                assert process.stderr is not None
                sys.stderr.write(process.stderr.read().decode())
                break
            counts["whole_runs"] += 1
            same = out.read_bytes() == wanted
            same &= out.with_name(f"{out.name}.bad.jsonl").read_bytes() == bad
            left = {file.name for file in folder.iterdir()}
            same &= left == {path.name, "model", out.name, f"{out.name}.bad.jsonl"}
            counts["differing"] += not same
            out.unlink()
    names = {
        "kills": "times killed",
        "in_work": "of them with finished parts",
        "whole_runs": "runs that came to their end",
        "damaged": "files that were not whole",
        "differing": "outputs that differ",
        "failed": "runs that could not go on",
    }
    rows = [[text, str(counts[name])] for name, text in names.items()]
    print("\n".join(format_plain(["", "count"], rows, numeric=[1])))
    value = counts["damaged"] + counts["differing"] + counts["failed"]
    print(json.dumps({"benchmark": "kill-score", "metric": "faults", "value": value, **counts}))
    sys.exit(value > 0)


if __name__ == "__main__":
    main()
