from __future__ import annotations

import numpy as np
import pytest
from conftest import make_example

from stance.cues import STANCES
from stance.evaluation import score_rows
from stance.mistakes import find_worst_errors
from stance.model import StanceClassifier
from stance.training import build_training_set


@pytest.fixture(scope="module")
def corpus(corpus_folder):
    from stance.corpus import read_corpus

    return read_corpus(corpus_folder / "raw", corpus_folder / "labels")


@pytest.fixture(scope="module")
def judged(experiment, corpus):
    """The pairs of two articles, some of their labels turned round, and the scores of a model."""
    rows = [row for row in corpus.examples if row.has_actor and row.article < "article-2"]
    turned = [
        row.__class__(**{**vars(row), "label": "neutral"}) if row.label == "supports" else row
        for row in rows
    ]
    data = build_training_set(turned, experiment.model.target_, for_training=False)
    return turned, data, score_rows(experiment.model, data)


def test_the_surest_wrong_answers_come_first(experiment, judged):
    examples, data, scores = judged
    errors = find_worst_errors(experiment.model, examples, data, scores, n_errors=100)
    predicted = np.array(STANCES)[scores.argmax(axis=1)]
    assert len(errors) == int(np.sum(predicted != data.y)) > 0
    sure = [error["probability"] for error in errors]
    assert sure == sorted(sure, reverse=True)
    for error in errors:
        assert error["label"] != error["predicted"]
        assert error["probability"] == max(error["probabilities"].values())
        assert error["sentence"][error["actor_start"] : error["actor_end"]] == error["actor"]
    assert find_worst_errors(experiment.model, examples, data, scores, n_errors=2) == errors[:2]


def test_terms_and_rest_add_up_to_the_log_odds(experiment, judged):
    """The explanation is of the answer that was judged, made in its article."""
    examples, data, scores = judged
    for error in find_worst_errors(experiment.model, examples, data, scores, n_terms=3):
        chances = error["probabilities"]
        log_odds = np.log(chances[error["predicted"]]) - np.mean(np.log(list(chances.values())))
        assert len(error["terms"]) == 3
        total = sum(term["weight"] for term in error["terms"]) + error["rest"]
        assert total == pytest.approx(log_odds, abs=1e-9)


def test_a_model_of_two_stances_is_not_explained(target):
    model = StanceClassifier(target, min_df=1)
    model.fit(["Lee rejected it.", "Lee praised it."] * 2, ["criticizes", "supports"] * 2)
    row = make_example("Lee praised it.", label="criticizes")
    data = build_training_set([row], target, for_training=False)
    (error,) = find_worst_errors(model, [row], data, score_rows(model, data))
    assert (error["predicted"], error["terms"], error["rest"]) == ("supports", [], None)
