"""Print how many predictions flip when the actor's name is replaced by each of ten others.

The model of the training articles reads the held-out pairs whose mention is in the alias table; the
mentions of the actor are replaced, and nothing else. A model that judges what is said and not
who says it flips none.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from stance.corpus import read_corpus
from stance.examples import Example, split_by_article
from stance.features import Passage, to_passages
from stance.mentions import find_mentions
from stance.pipeline import Settings
from stance.tables import format_plain
from stance.targets import Target, load_target
from stance.training import build_training_set, fit_model

OTHERS = {
    "women": ["Ursula von der Leyen", "Maria Zakharova", "Tsai", "Jane Poe", "Roe"],
    "men": ["Emmanuel Macron", "Xi Jinping", "John Doe", "Orban", "Roe"],
    "bodies": ["Norway", "NATO", "Amnesty International", "Ruritania", "WTO"],
    "groups": ["Western countries", "miners", "students", "Ruritanians", "officials"],
}


def swap(row: Example, name: str, target: Target) -> Passage:
    """Return the passage with every mention of its actor by name replaced by another name."""
    text, shift, start, end = row.sentence, 0, row.actor_start, row.actor_end
    for mention in find_mentions(row.sentence, target):
        same = mention.canonical == row.canonical and not mention.pronoun
        if not same and mention.start != row.actor_start:
            continue
        if mention.start == row.actor_start:
            start, end = mention.start + shift, mention.start + shift + len(name)
        text = text[: mention.start + shift] + name + text[mention.end + shift :]
        shift += len(name) - (mention.end - mention.start)
    return Passage(text, start, end, target.canonical(name) or name)


def main() -> None:
    """Swap and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    data = parser.parse_args().data
    target = load_target()
    corpus = read_corpus(data / "raw", data / "labels")
    train, test = split_by_article([*corpus.examples, *corpus.phrasebook])
    model = fit_model(build_training_set(train, target), target, Settings())
    table, flips, total = [], 0, 0
    for kind, names in OTHERS.items():
        rows = [
            row
            for row in test
            for mention in find_mentions(row.sentence, target)
            if row.has_actor
            and (mention.start, mention.end) == (row.actor_start, row.actor_end)
            and mention.canonical == row.canonical
            and mention.kind == kind
        ]
        before = model.predict(to_passages(rows, None, target))
        # Five of its own kind and five of another: nothing of a name may tell.
        other = (
            names + OTHERS[{"women": "men", "men": "women", "bodies": "groups"}.get(kind, "bodies")]
        )
        changed = sum(
            int(np.sum(model.predict([swap(row, name, target) for row in rows]) != before))
            for name in other
        )
        flips, total = flips + changed, total + len(rows) * len(other)
        table.append(
            [kind, str(len(rows)), str(changed), f"{changed / len(rows) / len(other):.2%}"]
        )
    table.append(["all", str(total // 10), str(flips), f"{flips / total:.2%}"])
    headers = ["kind of actor", "pairs", "flips of ten swaps each", "share"]
    print("\n".join(format_plain(headers, table, [1, 2, 3])))
    value = round(flips / total, 5)
    print(json.dumps({"benchmark": "name-swap", "metric": "flips", "value": value, "peers": {}}))


if __name__ == "__main__":
    main()
