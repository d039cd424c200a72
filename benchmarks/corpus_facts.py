"""Print what the corpus is made of, and how far its two readers agree.

The figures of data/README.md come from here.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from stance.agreement import agreement_by_label, cohen_kappa, krippendorff_alpha
from stance.corpus import read_corpus
from stance.cues import STANCES
from stance.examples import Example, read_labels
from stance.tables import format_plain


def place(row: Example) -> tuple[str, int, int, int, str]:
    """Return what the same pair of two readers has in common."""
    return row.key


def print_composition(data: Path) -> None:
    """Print counts of articles, pairs, actors, outlets and months."""
    corpus = read_corpus(data / "raw", data / "labels")
    pairs = [row for row in corpus.examples if row.has_actor]
    sentences = {(row.article, row.start) for row in corpus.examples}
    empty = {(row.article, row.start) for row in corpus.examples if not row.has_actor}
    actors = Counter(row.canonical for row in pairs)
    articles = corpus.articles.values()
    rows = [
        ["articles", len(corpus.articles)],
        ["outlets and institutions", len({article.outlet for article in articles})],
        ["sentences", len(sentences)],
        ["sentences without an actor", f"{len(empty)} ({len(empty) / len(sentences):.1%})"],
        ["(sentence, actor) pairs", len(pairs)],
        ["canonical actors", len(actors)],
        ["actors with 20 pairs or more", sum(count >= 20 for count in actors.values())],
        ["phrasebook clauses", len(corpus.phrasebook)],
    ]
    for stance in STANCES:
        count = sum(row.label == stance for row in pairs)
        book = sum(row.label == stance for row in corpus.phrasebook)
        share = f"{count} ({count / len(pairs):.1%})"
        rows.append([f"pairs labelled {stance}", f"{share}, phrasebook {book}"])
    months = Counter(article.date[:7] for article in articles)
    inside = [month for month in sorted(months) if "2020-08" <= month <= "2020-12"]
    rows += [[f"articles of {month}", months[month]] for month in inside]
    rows.append(["articles before August 2020", sum(months[m] for m in months if m < "2020-08")])
    rows.append(["articles after December 2020", sum(months[m] for m in months if m > "2020-12")])
    print("\n".join(format_plain(["", "n"], [[a, str(b)] for a, b in rows], [1])))
    common = [[actor, str(count)] for actor, count in actors.most_common(20)]
    print("\n" + "\n".join(format_plain(["actor", "pairs"], common, [1])))


def print_agreement(data: Path) -> float:
    """Print kappa and alpha of the two readings; return kappa."""
    first = {place(row): row.label for row in read_labels(data / "labels" / "reviewed.jsonl")}
    second = {place(row): row.label for row in read_labels(data / "labels" / "second.jsonl")}
    shared = [key for key in second if key in first]
    a, b = [first[key] for key in shared], [second[key] for key in shared]
    articles = {key[0] for key in shared}
    agreed = sum(x == y for x, y in zip(a, b, strict=True)) / len(shared)
    kappa, alpha = cohen_kappa(a, b), krippendorff_alpha(list(zip(a, b, strict=True)))
    print(f"\n{len(shared)} pairs of {len(articles)} articles read twice, {agreed:.1%} alike")
    rows = [["all three", f"{kappa:.3f}", f"{alpha:.3f}"]]
    rows += [[s, f"{k:.3f}", f"{al:.3f}"] for s, (k, al) in agreement_by_label(a, b).items()]
    print("\n".join(format_plain(["label", "Cohen's kappa", "Krippendorff's alpha"], rows, [1, 2])))
    differ = Counter(pair for pair in zip(a, b, strict=True) if pair[0] != pair[1])
    rows = [[x, y, str(count)] for (x, y), count in differ.most_common()]
    print("\n" + "\n".join(format_plain(["first reading", "second", "pairs"], rows, [2])))
    return kappa


def print_actor_agreement(data: Path) -> None:
    """Print how far the readers agree on who takes part, and how that was settled."""
    rows = read_jsonl(data / "labels" / "disagreements.jsonl")
    both = len(read_labels(data / "labels" / "second.jsonl"))
    only_first = [row for row in rows if not row["second"]]
    only_second = [row for row in rows if not row["first"]]
    f1 = 2 * both / (2 * both + len(only_first) + len(only_second))
    print(f"\nactors: {both} marked by both readers, F1 of one against the other {f1:.3f}")
    labels = [row for row in rows if row["first"] and row["second"]]
    table = [
        ["actor for the first alone", only_first, sum(bool(r["settled"]) for r in only_first)],
        ["actor for the second alone", only_second, sum(bool(r["settled"]) for r in only_second)],
        ["label, settled as the first's", labels, sum(r["settled"] == r["first"] for r in labels)],
        [
            "label, settled as the second's",
            labels,
            sum(r["settled"] == r["second"] for r in labels),
        ],
    ]
    lines = [[name, str(len(of)), str(upheld)] for name, of, upheld in table]
    print("\n".join(format_plain(["disagreement", "of", "upheld"], lines, [1, 2])))


def read_jsonl(path: Path) -> list[dict[str, str]]:
    """Return the rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    """Print composition and agreement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    data = parser.parse_args().data
    print_composition(data)
    if not (data / "labels" / "second.jsonl").is_file():
        raise SystemExit("no second reading: data/labels/second.jsonl is not there.")
    kappa = print_agreement(data)
    print_actor_agreement(data)
    summary = {"benchmark": "corpus", "metric": "cohen_kappa", "value": round(kappa, 4)}
    print(json.dumps({**summary, "peers": {}}))


if __name__ == "__main__":
    main()
