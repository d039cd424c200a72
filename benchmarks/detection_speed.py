"""Print how many sentences a second the actors are found in, on one core, and what start-up costs.

The best of several runs counts, because these machines are shared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from stance.actors import detect_actors, mark_quotations
from stance.corpus import read_corpus
from stance.detection import Detector
from stance.detection_training import group_by_sentence
from stance.mentions import find_mentions, tokenize
from stance.reading import load
from stance.scorer import Scorer
from stance.tables import format_plain

RUNS = 7


def best_rate(job: Callable[[], None], count: int) -> float:
    """Return how many of `count` things a second the fastest of several runs does."""
    seconds = []
    for _ in range(RUNS):
        begin = time.process_time()
        job()
        seconds.append(time.process_time() - begin)
    return count / min(seconds)


def start_up(code: str) -> float:
    """Return the seconds of the fastest of several processes that run some code."""
    seconds = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def measure(model: Scorer, detector: Detector, articles: list[list[str]]) -> dict[str, float]:
    """Return the sentences a second of each step."""
    target = model.target_
    count = sum(map(len, articles))
    sentences = [sentence for article in articles for sentence in article]

    def find() -> None:
        for sentence in sentences:
            find_mentions(sentence, target)

    def detect() -> None:
        for sentence in sentences:
            tokens = tokenize(sentence)
            mentions = find_mentions(sentence, target, tokens)
            detector.probabilities(tokens, mentions, mark_quotations(tokens)[0])

    def name() -> None:
        for article in articles:
            detect_actors(article, target, detector, model.namer)

    return {
        "mentions": best_rate(find, count),
        "mentions and who takes part": best_rate(detect, count),
        "the same with names": best_rate(name, count),
    }


def main() -> None:
    """Time each step over the corpus's sentences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--model", type=Path, default=None)
    args = parser.parse_args()
    corpus = read_corpus(args.data / "raw", args.data / "labels")
    articles = [
        [rows[0].sentence for rows in sentences]
        for sentences in group_by_sentence(corpus.examples).values()
    ][:400]
    model = load(args.model)
    if model.detector is None:
        raise SystemExit("the model has no trained detector.")
    rates = measure(model, model.detector, articles)
    table = [[step, f"{rate:,.0f}"] for step, rate in rates.items()]
    print("\n".join(format_plain(["step", "sentences/s"], table, [1])))
    bare = start_up("import stance; stance.load")
    loaded = start_up("import stance; stance.load()")
    reading = start_up("import stance; stance.load(); import stance.actors")
    print(f"start-up: {bare:.2f} s bare, {loaded:.2f} s with the model, {reading:.2f} s and actors")
    value = round(rates["mentions and who takes part"])
    summary = {"benchmark": "detection-speed", "metric": "sentences_per_second", "value": value}
    print(json.dumps({**summary, "peers": {}}))


if __name__ == "__main__":
    main()
