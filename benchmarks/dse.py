"""Print how well the sentiment between two entities and its direction are found in American news.

Directed sentiment (Park, Pan and Joo 2021): each sentence marks p and q; the answer is neutral, or
positive or negative from p to q or from q to p. A quarter of the test sentences stands in train as
well, so the clean split without them is printed beside the official one. Settings are chosen on the
training rows, by folds of sentences.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold

from peers import PEERS, Texts, fit_predict, to_columns
from public_data import Pair, find_clean, find_data, fold_sentence, macro_f1, read_pairs
from stance.dictionary import categorize, index_categories, load_dictionary
from stance.features import canonical_text
from stance.pipeline import CountedViews, Settings, ViewSpec, build_classifier
from stance.tables import format_plain

# Park, Pan and Joo 2021: micro and macro F1 of the official split.
PUBLISHED = {
    "LNZ (published)": (0.7055, 0.5358),
    "DSE2QA (published)": (0.7973, 0.6766),
    "RoBERTa (published)": (0.8382, 0.7059),
    "DSE2QA, RoBERTa, best (published)": (0.8519, 0.7250),
}
# The five answers name a direction, which the product's three stances of one actor do not; so the
# product's vectors and regression are fitted to views that keep both entities apart.
SPECS = (
    ViewSpec("sentence", "word", (1, 3)),
    ViewSpec("sentence", "char_wb", (2, 5)),
    ViewSpec("between", "word", (1, 3)),
    ViewSpec("between", "char_wb", (2, 5)),
    ViewSpec("before", "word", (1, 2), 0.5),
    ViewSpec("after", "word", (1, 2), 0.5),
    ViewSpec("categories", "word", (1, 2), 0.5),
    ViewSpec("between_categories", "word", (1, 4), 0.7),
    ViewSpec("near_categories", "word", (1, 4), 0.7),
)
# Strengths, and how far rare answers weigh more: their weight is the inverse share to this power.
GRID = tuple(product((2.0, 8.0), (0.0, 0.5, 1.0)))
N_FOLDS = 3
SIDE_WORDS = 8
WORD = re.compile(r"\w+")


def mask_pair(row: Pair) -> str:
    """Return the sentence with its entities masked."""
    (a, b), (c, d) = row.p, row.q
    return f"{row.text[:a]}PENTITY{row.text[b:c]}QENTITY{row.text[d:]}"


def to_views(rows: Sequence[Pair]) -> dict[str, list[str]]:
    """Return the masked sentence, and the words before, between and after the entities."""
    sentence = [canonical_text(mask_pair(row)) for row in rows]
    before = [canonical_text(row.text[: row.p[0]]).split()[-SIDE_WORDS:] for row in rows]
    after = [canonical_text(row.text[row.q[1] :]).split()[:SIDE_WORDS] for row in rows]
    between = [canonical_text(row.text[row.p[1] : row.q[0]]) for row in rows]
    near = [
        " ".join([*left, "pentity", middle, "qentity", *right])
        for left, middle, right in zip(before, between, after, strict=True)
    ]
    # The entities' masks are kept among the categories, as the actor's is.
    index = index_categories({**load_dictionary(), "pentity": "P", "qentity": "Q"})
    return {
        "sentence": sentence,
        "between": between,
        "before": [" ".join(words) for words in before],
        "after": [" ".join(words) for words in after],
        "categories": [categorize(WORD.findall(text), index) for text in sentence],
        "between_categories": [categorize(WORD.findall(text), index) for text in between],
        "near_categories": [categorize(WORD.findall(text), index) for text in near],
    }


def average_f1(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return the mean of micro and macro F1; with one answer a row, micro F1 is the accuracy."""
    return (float(np.mean(y_true == y_pred)) + macro_f1(y_true, y_pred)) / 2


def fit_and_label(
    counted: CountedViews,
    y: np.ndarray,
    sides: tuple[np.ndarray, np.ndarray],
    c: float,
    power: float,
) -> np.ndarray:
    """Return the labels of one side by a fit on the other."""
    X_train, X_test = counted.weigh(*sides, min_df=1)
    known = y[sides[0]]
    counts = np.bincount(known)
    weights = (len(known) / (len(counts) * counts[known])) ** power
    classifier = build_classifier(Settings(C=c, class_weight=None)).set_params(tol=1e-3)
    return np.asarray(classifier.fit(X_train, known, sample_weight=weights).predict(X_test))


def predict_ours(train: Sequence[Pair], test: Sequence[Pair], seed: int = 0) -> np.ndarray:
    """Return the trainer's labels of the test rows: five classes, settings chosen on train."""
    y = np.array([row.label for row in train])
    counted = CountedViews(to_views([*train, *test]), SPECS)
    groups = np.array([fold_sentence(row.text) for row in train])
    folds = list(GroupKFold(N_FOLDS, shuffle=True, random_state=seed).split(y, groups=groups))
    truth = np.concatenate([y[rows] for _, rows in folds])
    tried = {
        key: average_f1(
            truth, np.concatenate([fit_and_label(counted, y, fold, *key) for fold in folds])
        )
        for key in GRID
    }
    best = max(tried, key=lambda key: tried[key])
    print(f"ours: C={best[0]:g}, rare answers weigh their inverse share to the power {best[1]:g}")
    last = np.arange(len(train)), np.arange(len(train), len(train) + len(test))
    return fit_and_label(counted, y, last, *best)


def to_forms(rows: Sequence[Pair]) -> dict[str, list[str]]:
    """Return the texts that other tools read: entities masked, without and with their names."""
    columns = []
    for row in rows:
        masked = mask_pair(row)
        names = f"{row.text[slice(*row.p)]} [SEP] {row.text[slice(*row.q)]}"
        columns.append({"masked": masked, "named": f"{names} [SEP] {masked}"})
    return to_columns(columns)


def print_table(
    truth: np.ndarray, clean: np.ndarray, guesses: Mapping[str, np.ndarray], notes: dict[str, str]
) -> None:
    """Print micro and macro F1 on both splits."""
    table = []
    for name, guess in guesses.items():
        line = [name]
        for rows in (np.ones(len(truth), dtype=bool), clean):
            line.append(f"{np.mean(truth[rows] == guess[rows]):.4f}")
            line.append(f"{macro_f1(truth[rows], guess[rows]):.4f}")
        table.append([*line, notes.get(name, "")])
    gap = [""] * 4
    table += [[peer.name, *gap, "not installed"] for peer in PEERS if not peer.is_installed]
    for name, (micro, macro) in PUBLISHED.items():
        table.append([name, f"{micro:.4f}", f"{macro:.4f}", "", "", ""])
    headers = ["directed sentiment", "micro F1", "macro F1", "clean micro", "clean macro", "reads"]
    print("\n".join(format_plain(headers, table, range(1, 5))))


def main() -> None:
    """Fit on train, score on test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="the benchmarks' folder (STANCE_BENCH_DATA)")
    folder = find_data(parser.parse_args().data, "dse", "directed sentiment")
    train, test = (read_pairs(folder / f"{part}.txt") for part in ("train", "test"))
    truth = np.array([row.label for row in test])
    y = np.array([row.label for row in train])
    clean = find_clean([row.text for row in train], [row.text for row in test])
    print(f"{len(test)} test rows, {int(clean.sum())} of them in the clean split")
    guesses = {"ours": predict_ours(train, test)}
    notes: dict[str, str] = {}
    texts = Texts(to_forms(train), y, np.array([fold_sentence(row.text) for row in train]))
    for peer in PEERS:
        if peer.is_installed:
            answer = fit_predict(peer, texts, to_forms(test), average_f1)
            guesses[peer.name] = answer.labels.astype(int)
            notes[peer.name] = str(answer.choice)
    guesses["most_frequent"] = np.full(len(test), np.bincount(y).argmax())
    print_table(truth, clean, guesses, notes)
    scores = {name: round(macro_f1(truth, guess), 4) for name, guess in guesses.items()}
    value = scores.pop("ours")
    summary = {"benchmark": "dse", "metric": "macro_f1", "value": value}
    published = {name: macro for name, (_, macro) in PUBLISHED.items()}
    print(json.dumps({**summary, "peers": {**scores, **published}}))


if __name__ == "__main__":
    main()
