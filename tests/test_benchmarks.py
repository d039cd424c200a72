"""What the benchmarks share: official scores, loaders, forms of text, and how peers are chosen."""

from __future__ import annotations

import json

import numpy as np
import pytest

import own
import peers
import public_data
import throughput
from stance.features import Passage
from stance.targets import parse_target


def test_f_avg_counts_no_stance_only_where_it_is_mistaken():
    # Against: 2 of 2 found, 3 given: F1 4/5. Favor: 1 of 2 found, 1 given: F1 2/3.
    truth = ["criticizes", "criticizes", "supports", "supports", "neutral", "neutral"]
    guess = ["criticizes", "criticizes", "supports", "neutral", "criticizes", "neutral"]
    assert public_data.f_avg(truth, guess) == pytest.approx((4 / 5 + 2 / 3) / 2)
    # One more right answer of no stance changes nothing.
    more = public_data.f_avg([*truth, "neutral"], [*guess, "neutral"])
    assert more == public_data.f_avg(truth, guess)


def test_macro_f1_is_over_the_classes_of_the_truth():
    assert public_data.macro_f1([0, 0, 1], [0, 0, 4]) == pytest.approx((1 + 0) / 2)


def test_semeval_is_read_with_its_trial_and_odd_characters(tmp_path):
    header = "ID\tTarget\tTweet\tStance\tOpinion towards\tSentiment\r\n"
    for part, line in {
        "trainingdata": '1\tSea\tno "sea\x85 today\tAGAINST\t\t\r\n',
        "trialdata": "2\tSea\tcaf\xe9\tNONE\t\t\r\n",
        "testdata-taskA": "3\tSea\tmore sea\tFAVOR\t\t\r\n",
    }.items():
        (tmp_path / f"{part}-all-annotations.txt").write_bytes((header + line).encode("latin-1"))
    train, test = public_data.read_semeval(tmp_path)
    assert train == [
        public_data.Tweet("Sea", 'no "sea\x85 today', "criticizes"),
        public_data.Tweet("Sea", "caf\xe9", "neutral"),
    ]
    assert [row.label for row in test] == ["supports"]


def test_pairs_are_read_without_their_brackets(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text('[Ann] told "[Bob]s off.\tAnn\tBob\t3\n[B] met [A].\tB\tA\t0\n', "utf-8")
    first, second = public_data.read_pairs(path)
    assert first.text == 'Ann told "Bobs off.'
    assert [first.text[slice(*span)] for span in (first.p, first.q)] == ["Ann", "Bob"]
    assert (first.label, second.label) == (3, 0)
    assert [second.text[slice(*span)] for span in (second.p, second.q)] == ["B", "A"]


def test_clean_rows_are_those_whose_words_are_not_in_train():
    clean = public_data.find_clean(
        ["[Ann] told Bob: go!"], ["Ann told [Bob] \u2014 go.", "Ann went."]
    )
    assert clean.tolist() == [False, True]


def test_mentioned_gives_a_row_for_each_target(tmp_path):
    path = tmp_path / "train.jsonl"
    targets = [
        {"from": 0, "to": 3, "mention": "Ann", "polarity": 2.0},
        {"from": 9, "to": 12, "mention": "Bob", "polarity": 6.0},
    ]
    item = {"primary_gid": "paper_7_2_Ann_0_3", "sentence_normalized": "Ann told Bob off."}
    path.write_text(json.dumps({**item, "targets": targets}) + "\n", encoding="utf-8")
    rows = public_data.read_mentioned(path)
    assert [(row.text[row.start : row.end], row.label) for row in rows] == [
        ("Ann", "criticizes"),
        ("Bob", "supports"),
    ]
    assert {row.article for row in rows} == {"paper_7"}


def test_missing_data_says_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match="--data or STANCE_BENCH_DATA"):
        public_data.find_data(tmp_path, "dse", "directed sentiment")


class Memory:
    """A peer that labels by the first word, and knows no word that it was not shown."""

    def __init__(self, seed: int, right: bool = True) -> None:
        self.right = right

    def fit(self, texts, y):
        self.labels = {text.split()[0]: label for text, label in zip(texts, y, strict=True)}
        return self

    def predict(self, texts):
        known = [self.labels.get(text.split()[0], "neutral") for text in texts]
        return np.array(known if self.right else ["neutral"] * len(texts))


def make_texts(**changes):
    y = np.array(["supports", "criticizes"] * 10)
    values = {
        "forms": {
            "useless": [f"w{i} x" for i in range(20)],
            "telling": [f"{label} x" for label in y],
        },
        "y": y,
        "groups": np.array([f"g{i}" for i in range(20)]),
    }
    return peers.Texts(**{**values, **changes})


def test_form_and_settings_are_chosen_on_rows_out_of_fold():
    peer = peers.Peer("memory", "json", Memory, ({"right": True}, {"right": False}))
    answer = peers.fit_predict(
        peer, make_texts(), {"telling": ["criticizes y"], "useless": ["?"]}, public_data.macro_f1
    )
    assert str(answer.choice) == "telling right=True"
    assert answer.labels.tolist() == ["criticizes"]


def test_a_form_known_by_heart_wins_nothing():
    # One word for each group: shown in training it is known, out of fold it never is.
    forms = {"useless": make_texts().forms["useless"]}
    peer = peers.Peer("memory", "json", Memory, ({},))
    choice = peers.Choice("useless", False, {})
    assert peers.cross_validate(peer, make_texts(forms=forms), choice, public_data.macro_f1) == 0


def test_extra_rows_train_only_where_they_help():
    extra = {"useless": [f"w{i} x" for i in range(20)]}
    texts = make_texts(forms=extra, extra=extra, y_extra=make_texts().y)
    peer = peers.Peer("memory", "json", Memory, ({},))
    assert peers.choose(peer, texts, public_data.macro_f1).with_extra
    wrong = make_texts(extra=make_texts().forms, y_extra=make_texts().y[::-1])
    assert not peers.choose(peer, wrong, public_data.macro_f1).with_extra


def test_what_is_not_installed_is_known_to_be_absent():
    assert not peers.Peer("nothing", "no_such_package", Memory, ({},)).is_installed


def test_settings_of_ours_come_from_the_folds():
    target = parse_target('name = "t"')
    words = ["good", "bad", "day"] * 10
    stances = ["supports", "criticizes", "neutral"] * 10
    rows = own.to_training_set(
        [Passage(f"{word} thing here") for word in words],
        stances,
        [f"g{i}" for i in range(30)],
        target,
    )
    settings, score = own.choose_settings([rows], public_data.macro_f1)
    assert (settings.C, settings.min_df, score) == (own.C_GRID[0], own.MIN_DF_GRID[0], 1.0)
    folds = own.score_out_of_fold(rows)[settings.C, settings.min_df, settings.class_weight]
    assert own.name_best(folds[1]).tolist() == rows.y[folds[0]].tolist()


def test_varied_sentences_are_new_and_repeat_with_the_seed():
    sentences = ["Ann Lee told Bob off.", "It rained.", "x"]
    found = list(throughput.vary(sentences, 30))
    assert found == list(throughput.vary(sentences, 30))
    assert len(set(found)) > 20
    assert not set(found) & set(sentences)
    assert [len(text.split(" ")) for text in found[:3]] == [5, 2, 1]
