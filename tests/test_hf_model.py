"""A model's folder for the hub: opened and asked in another process, it answers as the model."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from stance.errors import MissingExtraError, ModelError
from stance.exchange.hf_model import build_stock_pipeline, export_model
from stance.features import VIEWS, build_view_table, to_passages
from stance.reading import load

TEXTS = ["Lee rejected the vote as rigged.", "It rained.", "", "Ray praised 80.1% — “naïve” EU."]
ASK = """
import json, sys
import pandas, skops.io
folder, views = sys.argv[1], json.loads(sys.argv[2])
assert skops.io.get_untrusted_types(file=folder + "/model.skops") == []
pipeline = skops.io.load(folder + "/model.skops")
names = json.load(open(folder + "/config.json"))["id2label"]
rows = pipeline.predict_proba(pandas.DataFrame(views)).tolist()
assert list(pipeline.classes_) == [names[str(i)] for i in range(len(names))]
assert not any(name.split(".")[0] == "stance" for name in sys.modules)
print(json.dumps(rows))
"""


def view_table(model, texts):
    return build_view_table(to_passages(texts, None, model.target_), model.target_)


@pytest.fixture(scope="module")
def hub_folder(model_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub") / "toy"
    names = export_model(model_folder, folder, "mit")
    assert names == ["README.md", "config.json", "metadata.json", "model.skops", "model.stance"]
    return folder


def test_skops_file_answers_as_the_model_without_it(hub_folder, model_folder):
    model = load(model_folder)
    views = json.dumps(view_table(model, TEXTS))
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(hub_folder), views],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = np.array(json.loads(done.stdout))
    assert found == pytest.approx(model.predict_proba(TEXTS), abs=1e-12)


def test_folder_is_loaded_as_any_model(hub_folder, model_folder):
    ours, theirs = load(model_folder), load(hub_folder)
    assert np.array_equal(ours.predict_proba(TEXTS), theirs.predict_proba(TEXTS))
    config = json.loads((hub_folder / "config.json").read_text())
    assert config["id2label"] == {"0": "criticizes", "1": "neutral", "2": "supports"}
    assert config["label2id"] == {name: int(i) for i, name in config["id2label"].items()}
    assert config["sklearn"]["columns"] == list(VIEWS)
    card = (hub_folder / "README.md").read_text()
    assert "license: mit" in card
    assert "skops.io.load" in card


def test_both_regressions_in_one(experiment):
    """A model with a second regression, whose answers about single claims are to be equal."""
    import pandas

    from stance.context import Context

    scorer = experiment.model.to_scorer()
    draw = np.random.default_rng(0)
    scorer.context = Context(
        draw.normal(size=(9, 3)), draw.normal(size=3), draw.normal(size=(3, 3)), draw.normal(size=3)
    )
    views = pandas.DataFrame(view_table(scorer, TEXTS))
    found = build_stock_pipeline(scorer).predict_proba(views)
    assert found == pytest.approx(scorer.predict_proba(TEXTS), abs=1e-12)
    scorer.context = Context(
        np.zeros((12, 3)), np.zeros(3), np.zeros((6, 3)), np.zeros(3), {"Ann Lee": [1, 0, 0]}
    )
    with pytest.raises(ModelError, match="trained with --actor-prior"):
        build_stock_pipeline(scorer)


def test_refusals(model_folder, tmp_path, monkeypatch):
    before = {path.name for path in model_folder.iterdir()}
    with pytest.raises(ModelError, match="the model's own folder"):
        export_model(model_folder, model_folder / ".." / model_folder.name)
    assert {path.name for path in model_folder.iterdir()} == before
    with pytest.raises(ModelError, match="no model at"):
        export_model(tmp_path / "none", tmp_path / "out")
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(MissingExtraError, match=r"stance-trainer\[hub\]"):
        export_model(model_folder, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
