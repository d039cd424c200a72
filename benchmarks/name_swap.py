"""Print how often a prediction flips when its actor is replaced by each of ten others.

The model of the training articles reads the held-out pairs whose mention is in the alias table; the
mentions of the actor are replaced, and nothing else (`stance.name_swap`). A model that judges what
is said and not who says it flips none.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from stance.corpus import read_corpus
from stance.examples import split_by_article
from stance.name_swap import measure_name_swap
from stance.pipeline import Settings
from stance.tables import format_plain
from stance.targets import load_target
from stance.training import build_training_set, fit_model


def main() -> None:
    """Swap and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    data = parser.parse_args().data
    target = load_target()
    corpus = read_corpus(data / "raw", data / "labels")
    train, test = split_by_article([*corpus.examples, *corpus.phrasebook])
    model = fit_model(build_training_set(train, target), target, Settings())
    found = measure_name_swap(model, test, n_pairs=None)
    if found is None:
        raise SystemExit("no held-out pair names an actor of the alias table")
    counts = [*found["by_kind"].items(), ("all", found)]
    table = [
        [kind, str(count["n_pairs"]), str(count["n_flips"]),
         f"{count['n_flips'] / count['n_swaps']:.2%}"]
        for kind, count in counts
    ]  # fmt: skip
    headers = ["kind of actor", "pairs", "flips of ten swaps each", "share"]
    print("\n".join(format_plain(headers, table, [1, 2, 3])))
    value = round(found["share"], 5)
    print(json.dumps({"benchmark": "name-swap", "metric": "flips", "value": value, "peers": {}}))


if __name__ == "__main__":
    main()
