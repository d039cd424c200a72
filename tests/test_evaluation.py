from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.evaluation import (
    accuracy_by_actor,
    evaluate_held_out,
    predict_actor_prior,
    summarize,
    trace_learning_curve,
    wilson_interval,
)
from stance.experiment import run_experiment
from stance.features import VIEWS
from stance.pipeline import Settings
from stance.training import TrainingSet, grouped_folds

C, N, S = "criticizes", "neutral", "supports"


@given(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_holds_the_share(counts):
    right, support = counts
    low, high = wilson_interval(right, support)
    if support == 0:
        assert math.isnan(low)
        assert math.isnan(high)
    else:
        assert 0 <= low <= right / support + 1e-12
        assert right / support - 1e-12 <= high <= 1


def test_interval_of_a_published_example():
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I: 81 of 263 and 15 of 148.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)


def test_actors_are_countable_by_hand():
    scores = accuracy_by_actor(
        [C, C, N, S, S, S], [C, N, N, S, S, C], ["A", "A", "A", "B", "B", "Z"]
    )
    assert list(scores) == ["A", "B", "Z"]
    assert scores["A"].accuracy == pytest.approx(2 / 3)
    assert (scores["B"].accuracy, scores["B"].support) == (1.0, 2)
    assert (scores["Z"].accuracy, scores["Z"].support) == (0.0, 1)
    assert scores["Z"].high > 0.7


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="must be of one length"):
        accuracy_by_actor([C], [C, N], ["A"])
    with pytest.raises(ValueError, match="no pairs"):
        accuracy_by_actor([], [], [])


def test_summary_by_hand():
    truth = np.array([C, C, N, S])
    result = summarize(truth, np.array([C, N, N, C]))
    assert result["accuracy"] == 0.5
    assert result["confusion"] == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert result["per_class"][N] == {
        "precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1,
    }  # fmt: skip
    assert result["macro_f1"] == pytest.approx((0.5 + 2 / 3 + 0) / 3)


def test_empty_group_is_nan_with_a_warning():
    with pytest.warns(UserWarning, match="n = 0"):
        assert math.isnan(summarize(np.array([]), np.array([]))["accuracy"])


def test_ties_of_the_prior_go_by_class_order():
    y, actors = np.array([S, C, N, N]), np.array(["A", "A", "B", "B"])
    assert predict_actor_prior(y, actors, np.array(["A", "B", "new"])).tolist() == [C, N, N]


def rows(y, articles, actors):
    n = len(y)
    return TrainingSet(
        {"sentence": ["x"] * n},
        np.array(y),
        np.array(articles),
        np.array(actors),
        np.ones(n),
        np.arange(n),
    )


def test_held_out_groups_known_and_new_actors():
    train = rows([C, C, N], ["1", "1", ""], ["A", "A", ""])
    test = rows([C, S, N], ["2", "2", "3"], ["A", "B", "A"])
    result = evaluate_held_out(train, test, np.tile([2.0, 0.0, 0.0], (3, 1)))
    assert result["model"]["accuracy"] == pytest.approx(1 / 3)
    assert result["known_actors"]["support"] == 2
    assert result["new_actors"]["accuracy"] == 0
    # The phrasebook's neutral row is nobody's prior.
    assert result["most_frequent"]["confusion"][0][0] == 1
    assert sum(actor["support"] for actor in result["per_actor"].values()) == 3


@given(st.lists(st.sampled_from(["", "a", "b", "c", "d", "e"]), min_size=8, max_size=40))
def test_no_group_is_on_both_sides_and_the_phrasebook_always_trains(groups):
    if len(set(groups) - {""}) < 2:
        return
    data = rows([C] * len(groups), groups, groups)
    tested = []
    for train, test in grouped_folds(data, data.articles):
        assert not set(data.articles[train]) & set(data.articles[test])
        assert set(np.flatnonzero(~data.is_read)) <= set(train)
        tested += test.tolist()
    assert sorted(tested) == np.flatnonzero(data.is_read).tolist()


def test_experiment_learns_the_toy(experiment):
    held_out = experiment.evaluation["held_out"]
    assert held_out["model"]["accuracy"] > 0.95
    assert held_out["most_frequent"]["accuracy"] < 0.5
    assert experiment.evaluation["unseen_actors"]["accuracy"] > 0.95
    assert set(held_out["per_actor"]) == {"Ann Lee", "Bob Ray", "European Union"}
    metadata = experiment.metadata
    assert metadata["data"]["n_articles"] == 9
    assert metadata["data"]["n_pairs"] == 81
    assert metadata["training"]["n_read_rows"] == 81 - held_out["model"]["support"]
    assert metadata["split"]["test_articles"]


def test_same_data_and_seed_give_the_same_bytes(experiment, corpus_folder, target):
    from stance.corpus import read_corpus
    from stance.scorer import dump_scorer

    corpus = read_corpus(corpus_folder / "raw", corpus_folder / "labels")
    again = run_experiment(corpus, target, n_jobs=2)
    assert again.evaluation == experiment.evaluation
    assert again.metadata == experiment.metadata
    assert again.seconds > 0
    assert dump_scorer(again.model.to_scorer()) == dump_scorer(experiment.model.to_scorer())


def curve_of(train, test):
    return trace_learning_curve(train, test, Settings(min_df=1), n_jobs=1)


def test_learning_curve_holds_growing_shares_of_articles():
    def some(n, articles):
        data = rows([(C, S)[i % 2] for i in range(n)], articles, ["A"] * n)
        texts = [("rigged", "fair")[i % 2] for i in range(n)]
        return replace(data, views=dict.fromkeys(VIEWS, texts))  # fmt: skip

    train = some(34, [str(i // 2) for i in range(32)] + ["", ""])
    test = some(4, ["x"] * 4)
    curve = curve_of(train, test)
    assert [row["share"] for row in curve] == [1 / 8, 1 / 4, 1 / 2, 1]
    assert [row["n_articles"] for row in curve] == [2, 4, 8, 16]
    assert [row["n_pairs"] for row in curve] == [4, 8, 16, 32]
    assert [row["accuracy"] for row in curve] == [1.0] * 4
    assert curve_of(train, test) == curve
    one_class = train.take(np.flatnonzero(train.y == C))
    assert curve_of(one_class, test) == []


def test_learning_curve_ends_with_the_whole(experiment, corpus_folder, target):
    """Its last point is a fit on every training row: the same answers, by the words alone."""
    from stance.corpus import read_corpus
    from stance.evaluation import score_words
    from stance.examples import split_by_article
    from stance.training import build_training_set, fit_model

    assert experiment.evaluation["held_out"]["learning_curve"] is None
    corpus = read_corpus(corpus_folder / "raw", corpus_folder / "labels")
    train, test = split_by_article([*corpus.examples, *corpus.phrasebook])
    settings = Settings()
    data = build_training_set(train, target)
    tested = build_training_set(test, target, for_training=False)
    last = trace_learning_curve(data, tested, settings, n_jobs=1)[-1]
    scores = score_words(fit_model(data, target, settings), tested)
    found = summarize(tested.y, np.array([C, N, S])[scores.argmax(axis=1)])
    assert (last["accuracy"], last["macro_f1"]) == (found["accuracy"], found["macro_f1"])
