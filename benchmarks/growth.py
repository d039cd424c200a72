"""Print how cost grows: time and memory a sentence when scoring, and a row when training.

Sentences are put together from the corpus: the beginning of one, up to its actor, and the end of
another, so that a million of them are a million different ones. Each size runs in a process of its
own, on one core: seconds of the processor, and the most memory that the process held.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from stance.corpus import read_corpus
from stance.examples import Example
from stance.features import Passage
from stance.model import StanceClassifier
from stance.reading import DEFAULT_MODEL, load
from stance.tables import format_plain

SCORED = (10_000, 100_000, 1_000_000, 10_000_000)
READ = (10_000, 100_000)
TRAINED = (1_000, 10_000, 100_000, 1_000_000)
CHUNK = 10_000
# Sentences of one file of `stance score` that make up a row, as an article does.
ROW_SENTENCES = 10
BILLION = 1_000_000_000


def combine(examples: list[Example], n: int, seed: int = 0) -> Iterator[tuple[Passage, str]]:
    """Yield new sentences with their actor, and the stance of the sentence that they end like."""
    rng = np.random.default_rng(seed)
    for begin in range(0, n, CHUNK):
        for a, b in rng.integers(0, len(examples), (min(CHUNK, n - begin), 2)).tolist():
            head, tail = examples[a], examples[b]
            sentence = head.sentence[: head.actor_end] + tail.sentence[tail.actor_end :]
            yield (
                Passage(sentence, head.actor_start, head.actor_end, head.canonical),
                tail.label,
            )


def read_examples(data: Path) -> list[Example]:
    """Return the pairs of the corpus."""
    corpus = read_corpus(data / "raw", data / "labels")
    return [example for example in corpus.examples if example.has_actor]


def score(args: argparse.Namespace) -> float:
    """Score new sentences, a chunk at a time, and return the seconds."""
    model = load(args.model)
    stream = combine(read_examples(args.data), args.n)
    model.predict_proba([Passage("The first call builds what later ones share.", 0, 9)] * 100)
    seconds = 0.0
    while chunk := [passage for passage, _ in islice(stream, CHUNK)]:
        began = time.process_time()
        model.predict_proba(chunk)
        seconds += time.process_time() - began
    return seconds


def read(args: argparse.Namespace) -> float:
    """Find and judge the actors of a file of new sentences by the command; return the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.jsonl"
        stream = (passage.sentence for passage, _ in combine(read_examples(args.data), args.n))
        with source.open("w", encoding="utf-8") as file:
            number = 0
            while sentences := list(islice(stream, ROW_SENTENCES)):
                file.write(json.dumps({"id": number, "text": " ".join(sentences)}) + "\n")
                number += 1
        command = [sys.executable, "-m", "stance", "score", source, Path(folder) / "out.jsonl"]
        began = children_seconds()
        subprocess.run(
            [*map(str, command), "--unit", "article", "--jobs", "1", "--model", str(args.model)],
            check=True,
        )
        return children_seconds() - began


def children_seconds() -> float:
    """Return the processor's seconds of the processes that this one has started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def train(args: argparse.Namespace) -> float:
    """Fit a model on new sentences, and return the seconds."""
    passages, labels = zip(*combine(read_examples(args.data), args.n), strict=True)
    began = time.process_time()
    StanceClassifier().fit(list(passages), list(labels))
    return time.process_time() - began


TASKS = {"score": score, "read": read, "train": train}


def measure(task: str, n: int, args: argparse.Namespace) -> tuple[float, float]:
    """Run one size in a process of its own; return its seconds and its peak memory in MB."""
    command = [sys.executable, __file__, "--task", task, "--n", str(n)]
    command += ["--data", str(args.data), "--model", str(args.model)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    result = json.loads(done.stdout.splitlines()[-1])
    return result["seconds"], result["megabytes"]


def tabulate(
    task: str, sizes: list[int], args: argparse.Namespace
) -> list[tuple[int, float, float]]:
    """Measure one task at each size."""
    rows = []
    for n in sizes:
        print(f"{task} {n:,} …", file=sys.stderr)
        rows.append((n, *measure(task, n, args)))
    return rows


def print_costs(unit: str, rows: list[tuple[int, float, float]]) -> None:
    """Print a table of costs a sentence or row."""
    table = [
        [f"{n:,}", f"{s:.1f}", f"{s / n * 1e6:.1f}", f"{n / s:,.0f}", f"{mb:,.0f}"]
        for n, s, mb in rows
    ]
    headers = [unit, "seconds", "microseconds each", "each second", "peak MB"]
    print(*format_plain(headers, table, range(5)), "", sep="\n")


def main() -> None:
    """Measure every size, print the tables, and reckon a billion sentences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("--largest", type=int, default=SCORED[-1], help="of the sentences scored")
    parser.add_argument("--largest-training", type=int, default=TRAINED[-1])
    parser.add_argument("--task", choices=TASKS, help="run one size in this process")
    parser.add_argument("--n", type=int, help="its size")
    args = parser.parse_args()
    if args.task:
        seconds = TASKS[args.task](args)
        who = resource.RUSAGE_CHILDREN if args.task == "read" else resource.RUSAGE_SELF
        megabytes = resource.getrusage(who).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "megabytes": megabytes}))
        return
    scored = tabulate("score", [n for n in SCORED if n <= args.largest], args)
    print("scoring sentences whose actor is given\n")
    print_costs("sentences", scored)
    found = tabulate("read", [n for n in READ if n <= args.largest], args)
    print("articles read by the command: actors found, named and judged\n")
    print_costs("sentences", found)
    trained = tabulate("train", [n for n in TRAINED if n <= args.largest_training], args)
    print("training: one fit, views and vocabulary included\n")
    print_costs("rows", trained)
    sizes, seconds = (np.log([row[i] for row in trained[1:]]) for i in (0, 1))
    # The smallest size is left out: what a process does once is most of its time.
    exponent = float(np.polyfit(sizes, seconds, 1)[0]) if len(sizes) > 1 else math.nan
    each = [s / n for n, s, _ in scored]
    reckoned = {
        "scoring": each[-1] * BILLION / 3600,
        "finding, naming and judging": found[-1][1] / found[-1][0] * BILLION / 3600,
    }
    if not math.isnan(exponent):
        print(f"training time grows with rows to the power of {exponent:.2f}")
    print(f"cost of a sentence, dearest size to cheapest: {max(each) / min(each):.2f}")
    for what, hours in reckoned.items():
        print(f"a billion sentences, {what}: {hours:,.0f} hours of one core")
    summary = {
        "benchmark": "growth",
        "metric": "dearest to cheapest",
        "value": max(each) / min(each),
    }
    peers = {"training exponent": exponent} if not math.isnan(exponent) else {}
    peers |= {"peak MB": scored[-1][2], **reckoned}
    summary["value"] = round(summary["value"], 3)
    print(json.dumps({**summary, "peers": {k: round(v, 2) for k, v in peers.items()}}))


if __name__ == "__main__":
    main()
