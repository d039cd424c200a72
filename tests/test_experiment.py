from __future__ import annotations

import numpy as np

from stance.corpus import read_corpus
from stance.experiment import run_experiment
from stance.pipeline import Settings
from stance.scorer import dump_scorer
from stance.training import build_training_set, fit_model, train_model


def test_the_number_of_processes_changes_no_byte(corpus_folder, target, experiment):
    corpus = read_corpus(corpus_folder / "raw", corpus_folder / "labels")
    again = run_experiment(corpus, target, n_jobs=2)
    assert dump_scorer(again.model.to_scorer()) == dump_scorer(experiment.model.to_scorer())
    assert again.evaluation == experiment.evaluation


def test_a_model_of_counted_terms_is_one_fitted_on_texts(corpus_folder, target):
    corpus = read_corpus(corpus_folder / "raw", corpus_folder / "labels")
    data = build_training_set([*corpus.examples, *corpus.phrasebook], target)
    model, facts = train_model(data, target, search=False, n_jobs=1)
    oracle = fit_model(data, target, Settings(**facts["settings"]))
    np.testing.assert_array_equal(
        model.pipeline_[0].get_feature_names_out(), oracle.pipeline_[0].get_feature_names_out()
    )
    np.testing.assert_allclose(model.pipeline_[1].coef_, oracle.pipeline_[1].coef_, atol=1e-3)
    np.testing.assert_allclose(
        model.pipeline_.predict_proba(data.views), oracle.pipeline_.predict_proba(data.views),
        atol=1e-3,
    )  # fmt: skip
