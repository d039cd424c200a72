"""Print how many sentences a second are scored on one core, and by how much the answers differ.

The corpus's sentences are repeated up to the number asked for, each time changed a little, so that
no cache of sentences helps: two words are swapped for others of the corpus, and one is misspelt,
so that one word in some twenty is new, as in text that was never seen. Three roads are measured:
from the views of a passage, from a passage (a sentence with its actor marked), and from bare text,
whose actor is to be found. Each tool has the same sentences, others in each of several runs, in
turn; the fastest run counts, because these machines are shared. What is slow is given fewer.

fastText reads the bare text, with words, bigrams and subwords of 2 to 5 letters.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from threadpoolctl import threadpool_limits

from peers import FastText
from stance.batch import Batch
from stance.context import softmax
from stance.corpus import Corpus, read_corpus
from stance.features import build_view_table, to_passages
from stance.kernel import find_kernel
from stance.model import StanceClassifier, load_pickled_model
from stance.reading import load
from stance.scorer import Scorer
from stance.tables import format_plain

RUNS = 3
# Of so many sentences in a run the slow tools are given the first few.
SLOW_SHARE = 20


class Tool(NamedTuple):
    """What is measured: from what, by whom, how, and whether it is slow."""

    road: str
    name: str
    job: Callable[[Sequence[str]], Any]
    prepare: Callable[[Sequence[str]], Any]
    is_slow: bool = False


def vary(sentences: Sequence[str], count: int, seed: int = 0) -> Iterator[str]:
    """Yield so many sentences, each the next of the corpus with three of its words changed."""
    rng = random.Random(seed)
    words = [word for sentence in sentences for word in sentence.split(" ")]
    for number in range(count):
        parts = sentences[number % len(sentences)].split(" ")
        for _ in range(2):
            parts[rng.randrange(len(parts))] = rng.choice(words)
        place = rng.randrange(len(parts))
        letters = list(parts[place])
        letters[rng.randrange(len(letters) + 1) :] = rng.choices("etaoinshrdlu", k=2)
        parts[place] = "".join(letters)
        yield " ".join(parts)


@contextmanager
def numpy_only() -> Iterator[None]:
    """Leave the kernel out."""
    os.environ["STANCE_KERNEL"] = "python"
    try:
        yield
    finally:
        del os.environ["STANCE_KERNEL"]


def list_tools(model: StanceClassifier, scorer: Scorer) -> list[Tool]:
    """Return our ways of scoring, and scikit-learn's way of scoring the same model."""
    target = model.target_
    with numpy_only():
        by_numpy = Batch(scorer.blocks, scorer.intercept)
    plain = Scorer(target, scorer.blocks, scorer.intercept, scorer.classes, context=scorer.context)

    def to_views(rows: Sequence[str]) -> Any:
        return build_view_table(to_passages(rows, None, target), target)

    def one_by_one(rows: Sequence[Any]) -> Any:
        return np.concatenate([scorer.predict_proba([row]) for row in rows])

    def without_kernel(rows: Sequence[Any]) -> Any:
        with numpy_only():
            return plain.predict_proba(rows)

    tools = [
        Tool("views", "scikit-learn", model.pipeline_.predict_proba, to_views, True),
        Tool("views", "stance, numpy", lambda table: softmax(by_numpy.score(table)), to_views),
    ]
    if find_kernel():
        by_kernel = Batch(scorer.blocks, scorer.intercept)
        job = lambda table: softmax(by_kernel.score(table))  # noqa: E731
        tools.append(Tool("views", "stance, kernel", job, to_views))
    for road, prepare in (
        ("passage", lambda rows: to_passages(rows, None, target)),
        ("text", list),
    ):
        tools += [
            Tool(road, "scikit-learn", model.predict_proba, prepare, True),
            Tool(road, "stance, one by one", one_by_one, prepare, True),
            Tool(road, "stance, numpy", without_kernel, prepare),
        ]
        if find_kernel():
            tools.append(Tool(road, "stance, kernel", scorer.predict_proba, prepare))
    return tools


def list_peers(corpus: Corpus) -> list[Tool]:
    """Return other tools, trained on the corpus's sentences."""
    texts = [row.sentence for row in corpus.examples]
    labels = np.array([row.label for row in corpus.examples])
    plain = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 3), min_df=2, sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True),
        ),
        LogisticRegression(max_iter=300),
    ).fit(texts, labels)
    peers = [Tool("text", "TF-IDF + LR, plain", plain.predict_proba, list, True)]
    if find_spec("fasttext"):
        fast = FastText(epoch=5).fit(texts, labels).model
        peers.append(Tool("text", "fastText", lambda rows: fast.predict(rows, k=3), to_lines))
    return peers


def to_lines(rows: Sequence[str]) -> list[str]:
    """Return texts as fastText reads them."""
    return [" ".join(row.lower().split()) for row in rows]


def measure(tools: Sequence[Tool], sentences: Sequence[str]) -> dict[tuple[str, str], float]:
    """Return the sentences a second of each tool."""
    rates: dict[tuple[str, str], float] = {}
    size = len(sentences) // RUNS
    for run in range(RUNS):
        share = sentences[run * size : (run + 1) * size]
        for tool in tools:
            rows = share[: len(share) // SLOW_SHARE] if tool.is_slow else share
            given = tool.prepare(rows)
            begin = time.process_time()
            tool.job(given)
            rate = len(rows) / (time.process_time() - begin)
            key = (tool.road, tool.name)
            rates[key] = max(rate, rates.get(key, 0.0))
    return rates


def compare(tools: Sequence[Tool], sentences: Sequence[str]) -> float:
    """Return the largest difference of a probability between scikit-learn and the rest."""
    largest = 0.0
    wanted: dict[str, np.ndarray] = {}
    for tool in tools:
        if tool.name == "scikit-learn":
            wanted[tool.road] = tool.job(tool.prepare(sentences))
        elif tool.name.startswith("stance"):
            found = tool.job(tool.prepare(sentences))
            largest = max(largest, float(np.abs(found - wanted[tool.road]).max()))
    return largest


def main() -> None:
    """Measure, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--model", type=Path, default=Path("models") / "stance")
    parser.add_argument("--sentences", type=int, default=100_000)
    args = parser.parse_args()
    corpus = read_corpus(args.data / "raw", args.data / "labels")
    sentences = list(
        vary(sorted({row.sentence for row in corpus.examples}), max(args.sentences, 60))
    )
    model, scorer = load_pickled_model(args.model), load(args.model)
    tools = list_tools(model, scorer)
    with threadpool_limits(1):
        difference = compare(tools, sentences[: max(2000, len(sentences) // 20)])
        rates = measure([*tools, *list_peers(corpus)], sentences)
    table = [[road, name, f"{rate:,.0f}"] for (road, name), rate in rates.items()]
    print("\n".join(format_plain(["from", "tool", "sentences/s"], table, [2])))
    if not find_spec("fasttext"):
        print("fastText is not installed: requirements/README.md has the line.")
    if not find_kernel():
        print("the kernel is not built: there was no C compiler when stance was installed.")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"largest difference in a probability: {difference:.1e}; peak memory {peak:,.0f} MB")
    best = "stance, kernel" if find_kernel() else "stance, numpy"
    print(
        json.dumps(
            {
                "benchmark": "throughput",
                "metric": "sentences_per_second",
                "value": round(rates["text", best]),
                "of_passages": round(rates["passage", best]),
                "of_views": round(rates["views", best]),
                "largest_difference": difference,
                "peers": {
                    name: round(rate)
                    for (road, name), rate in rates.items()
                    if road == "text" and not name.startswith("stance")
                },
            }
        )
    )


if __name__ == "__main__":
    main()
