"""Print how actors of the test articles are found when the alias table has not seen those articles.

The shipped table was drawn up from the whole corpus. Here it keeps only the actors whom a training
article's rows name, and of their aliases those that stand in a training article.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from stance.actors import detect_actors
from stance.articles import Article
from stance.coreference_training import train_namer
from stance.corpus import read_corpus
from stance.detection_training import group_by_sentence, train_detector
from stance.examples import Example, split_by_article
from stance.normalization import normalize
from stance.tables import format_plain
from stance.targets import Target, fold_letters, load_target


def known_from(target: Target, rows: list[Example], articles: list[Article]) -> Target:
    """Return the target with what these rows and articles could have taught."""
    named = {row.canonical for row in rows}
    text = fold_letters(normalize(" ".join(article.text for article in articles)))
    actors = [
        replace(
            actor, aliases=tuple(a for a in actor.aliases if fold_letters(normalize(a)) in text)
        )
        for actor in target.actors
        if actor.canonical in named
    ]
    kept = {actor.canonical for actor in actors}
    roles = [
        replace(role, names=tuple(n for n in role.names if fold_letters(normalize(n)) in text))
        for role in target.roles
        if all(not holder or holder in kept for _, holder in role.holders)
    ]
    return replace(target, actors=tuple(actors), roles=tuple(role for role in roles if role.names))


def score(
    target: Target, train: list[Example], test: list[Example], dates: dict[str, str]
) -> list[float]:
    """Return precision, recall, F1 and the share named right, of places counted by overlap."""
    detector = train_detector(train, target)
    namer = train_namer(train, target, dates)
    n_actors = n_found = n_right = n_named = 0
    for article, sentences in group_by_sentence(test).items():
        texts = [rows[0].sentence for rows in sentences]
        detected = detect_actors(texts, target.on(dates[article]), detector, namer)
        for rows, found in zip(sentences, detected, strict=True):
            left = [row for row in rows if row.has_actor]
            n_actors += len(left)
            n_found += len(found)
            for mention in found:
                same = [
                    r for r in left if r.actor_start < mention.end and mention.start < r.actor_end
                ]
                named = [r for r in same if r.canonical == mention.canonical]
                if same:
                    left.remove((named or same)[0])
                    n_right += 1
                    n_named += bool(named)
    f1 = 2 * n_right / (n_actors + n_found)
    return [n_right / n_found, n_right / n_actors, f1, n_named / n_right]


def main() -> None:
    """Score with the shipped table and with the reduced one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    data = parser.parse_args().data
    corpus = read_corpus(data / "raw", data / "labels")
    train, test = split_by_article(corpus.examples)
    seen = {row.article for row in train}
    target = load_target()
    reduced = known_from(target, train, [a for a in corpus.articles.values() if a.id in seen])
    dates = {article.id: article.date for article in corpus.articles.values()}
    rows = {
        "shipped": score(target, train, test, dates),
        "without test articles": score(reduced, train, test, dates),
        "empty": score(replace(target, actors=(), roles=()), train, test, dates),
    }
    table = [[name, *(f"{value:.3f}" for value in values)] for name, values in rows.items()]
    headers = ["alias table", "precision", "recall", "F1", "named right"]
    print("\n".join(format_plain(headers, table, [1, 2, 3, 4])))
    shipped, unseen, empty = (round(values[2], 4) for values in rows.values())
    summary = {"benchmark": "unknown-names", "metric": "detection_f1", "value": unseen}
    print(
        json.dumps(
            {**summary, "peers": {"shipped alias table": shipped, "empty alias table": empty}}
        )
    )


if __name__ == "__main__":
    main()
