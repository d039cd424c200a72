from __future__ import annotations

import json
import pickle

import joblib
import numpy as np
import pytest
from conftest import ACTORS, CLAIMS
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score

import stance
from stance.cues import STANCES
from stance.errors import ModelError, StanceError
from stance.features import Passage, build_view_table, to_passages
from stance.model import StanceClassifier, load_pickled_model, save_model
from stance.pipeline import DEFAULT_SPECS, TOKEN_PATTERN
from stance.scorer import dump_scorer, load_scorer

TEXTS = [f"{mention} {claim}." for mention, _ in ACTORS for claim, _ in CLAIMS]
LABELS = [label for _ in ACTORS for _, label in CLAIMS]


@pytest.fixture(scope="module")
def model(target):
    return StanceClassifier(target, min_df=1).fit(TEXTS, LABELS)


@pytest.fixture(scope="module")
def scorer(model):
    return model.to_scorer()


def test_equals_plain_scikit_learn(model, target):
    """Rebuild the answer with stock parts: one TF-IDF a view, weighted, side by side."""
    table = build_view_table(to_passages(TEXTS, None, target), target)
    blocks = []
    for spec in DEFAULT_SPECS:
        vectorizer = TfidfVectorizer(
            analyzer=spec.analyzer, ngram_range=spec.ngram_range, lowercase=False,
            sublinear_tf=True, token_pattern=TOKEN_PATTERN if spec.analyzer == "word" else None,
        )  # fmt: skip
        if any(table[spec.view]):
            blocks.append(vectorizer.fit_transform(table[spec.view]) * spec.weight)
    X = sparse.hstack(blocks)
    plain = LogisticRegression(
        C=2, class_weight="balanced", solver="newton-cg", tol=1e-9, max_iter=500
    ).fit(X, LABELS)
    # As near as the solvers' tolerance; test_regression compares them at the optimum.
    np.testing.assert_allclose(model.predict_proba(TEXTS), plain.predict_proba(X), atol=1e-6)


def test_portable_model_equals_the_estimator(model, scorer):
    np.testing.assert_allclose(
        scorer.predict_proba(TEXTS), model.predict_proba(TEXTS), rtol=0, atol=1e-12
    )
    assert scorer.predict(TEXTS).tolist() == model.predict(TEXTS).tolist()


@given(st.lists(st.text(max_size=120), min_size=1, max_size=4))
@settings(max_examples=80, deadline=None)
def test_portable_model_equals_the_estimator_on_any_text(model, scorer, texts):
    np.testing.assert_allclose(
        scorer.predict_proba(texts), model.predict_proba(texts), rtol=0, atol=1e-12
    )


def test_portable_file_round_trip(scorer, tmp_path):
    path = tmp_path / "model.stance"
    path.write_bytes(dump_scorer(scorer))
    again = load_scorer(path)
    assert dump_scorer(again) == dump_scorer(scorer)
    assert again.classes_.tolist() == list(STANCES)
    np.testing.assert_array_equal(again.predict_proba(TEXTS), scorer.predict_proba(TEXTS))


def test_actor_is_asked_by_name(model):
    text = "Lee rejected the vote as rigged, while Ray praised the vote as fair."
    assert model.predict([text, text], actors=["Ann Lee", "Bob Ray"]).tolist() == [
        "criticizes",
        "supports",
    ]


def test_swapped_names_change_nothing(model):
    for claim, _ in CLAIMS:
        passages = [
            Passage(f"{name} {claim}.", 0, len(name), name)
            for name in ("Ann Lee", "Bob Ray", "Arcadia", "Zed Unknown")
        ]
        probabilities = model.predict_proba(passages)
        np.testing.assert_array_equal(probabilities, np.tile(probabilities[0], (4, 1)))


def test_behaves_like_an_estimator(target):
    model = StanceClassifier(target, min_df=1)
    assert clone(model).get_params() == model.get_params()
    scores = cross_val_score(model, TEXTS, LABELS, cv=3)
    assert scores.shape == (3,)
    search = GridSearchCV(model, {"C": [0.1, 10.0]}, cv=3).fit(TEXTS, LABELS)
    assert search.best_params_["C"] in (0.1, 10.0)


def test_pickle_round_trip(model):
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(TEXTS), model.predict_proba(TEXTS))


def test_empty_list_gives_empty_answers(model, scorer):
    assert model.predict_proba([]).shape == scorer.predict_proba([]).shape == (0, 3)
    assert model.predict([]).shape == (0,)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (["a", "b"], ["neutral"], "2 texts but 1 labels"),
        ([], [], "0 texts but 0 labels"),
        (["a", "b"], ["neutral", "neutral"], "at least two classes"),
        (["a", "b"], ["neutral", "no"], "label 'no' is not one of"),
        (["a", "b"], ["neutral", "supports"], "too little text"),
    ],
)
def test_untrainable_input_is_refused(target, X, y, message):
    with pytest.raises(StanceError, match=message):
        StanceClassifier(target).fit(X, y)


def test_two_classes_have_no_portable_form(target):
    model = StanceClassifier(target, min_df=1).fit(TEXTS[:6], LABELS[:6])
    assert model.predict_proba(TEXTS).shape == (27, 2)
    with pytest.raises(StanceError, match="a model must know"):
        model.to_scorer()


def test_unfitted_model_says_so(target):
    with pytest.raises(StanceError, match="not trained"):
        StanceClassifier(target).predict(["a"])


def test_saved_folder_is_whole_and_loads(model_folder):
    assert sorted(p.name for p in model_folder.iterdir()) == [
        "README.md",
        "evaluation.json",
        "metadata.json",
        "model.joblib",
        "model.stance",
    ]
    pickled = joblib.load(model_folder / "model.joblib")
    portable = stance.load(model_folder)
    np.testing.assert_allclose(
        portable.predict_proba(TEXTS), pickled.predict_proba(TEXTS), rtol=0, atol=1e-12
    )


class _Bomb:
    def __reduce__(self):
        return (pytest.fail, ("the portable path unpickled something",))


def test_loading_never_unpickles(model_folder, tmp_path):
    import shutil

    shutil.copytree(model_folder, tmp_path / "m")
    (tmp_path / "m" / "model.joblib").write_bytes(pickle.dumps(_Bomb()))
    assert stance.load(tmp_path / "m").predict(["Lee rejected the vote as rigged."])[0]
    (tmp_path / "m" / "model.stance").write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(ModelError, match="no stance model"):
        stance.load(tmp_path / "m")


def test_a_pickle_is_loaded_by_its_own_path_alone_with_a_warning(model_folder, tmp_path):
    path = model_folder / "model.joblib"
    with pytest.warns(UserWarning, match="model.joblib is a pickle: loading it runs whatever code"):
        estimator = stance.load(path)
    assert isinstance(estimator, StanceClassifier)
    portable = stance.load(model_folder)
    np.testing.assert_allclose(
        estimator.predict_proba(TEXTS), portable.predict_proba(TEXTS), rtol=0, atol=1e-12
    )
    with pytest.raises(ModelError, match=r"no model at .*stance train"):
        stance.load(tmp_path / "model.joblib")
    (tmp_path / "model.joblib").write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(ModelError, match="no model at"):
        stance.load(tmp_path)


def test_model_of_another_scikit_learn_is_refused(model_folder, tmp_path):
    import shutil

    shutil.copytree(model_folder, tmp_path / "m")
    path = tmp_path / "m" / "metadata.json"
    metadata = json.loads(path.read_text())
    metadata["versions"]["scikit-learn"] = "0.24.2"
    path.write_text(json.dumps(metadata))
    with pytest.raises(ModelError, match="made by scikit-learn 0.24.2 and this is"):
        load_pickled_model(tmp_path / "m")
    assert load_pickled_model(model_folder).predict(TEXTS).shape == (27,)


def test_no_model_says_which_command_makes_one(tmp_path):
    with pytest.raises(ModelError, match="stance train"):
        stance.load(tmp_path)


def test_failed_save_keeps_the_old_model(model, model_folder, tmp_path, monkeypatch):
    import shutil

    import stance.model as home

    folder = tmp_path / "m"
    shutil.copytree(model_folder, folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}

    def no_space(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(home, "save_scorer", no_space)
    with pytest.raises(StanceError, match="No space left.*Free some space"):
        save_model(model, folder, {}, {}, "")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_terms_counted_once_give_the_vectors_of_every_fold(corpus_folder, target):
    from stance.corpus import read_corpus
    from stance.pipeline import CountedViews, ViewVectorizer
    from stance.training import build_training_set

    corpus = read_corpus(corpus_folder / "raw", corpus_folder / "labels")
    data = build_training_set([*corpus.examples, *corpus.phrasebook], target)
    rng = np.random.default_rng(0)
    for _ in range(3):
        rows = rng.permutation(len(data.y))
        train, test = rows[:50], rows[50:]
        vectorizer = ViewVectorizer(min_df=2)
        expected = vectorizer.fit_transform(data.take(train).views)
        ours, others = CountedViews(data.views).weigh(train, test, min_df=2)
        np.testing.assert_allclose(ours.toarray(), expected.toarray(), atol=1e-12)
        expected = vectorizer.transform(data.take(test).views)
        np.testing.assert_allclose(others.toarray(), expected.toarray(), atol=1e-12)
