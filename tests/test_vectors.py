"""The test vectors: read alike by this version, by its JavaScript reader and by the docs' own."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from node import find_node

from stance.features import VIEWS, Passage, build_views
from stance.scorer import Scorer, load_scorer, parse_scorer

EXAMPLES = Path("examples")
TINY = EXAMPLES / "tiny.stance"
VECTORS = json.loads((EXAMPLES / "vectors.json").read_text())
EXPECTED = [row["probabilities"] for row in VECTORS["rows"]]


def score_in_node(model: Path, vectors: Path) -> dict:
    done = subprocess.run(
        [find_node(), str(EXAMPLES / "stance-reader.mjs"), str(model), str(vectors)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def make_vectors(model: Scorer, texts: list[str], path: Path) -> list[list[float]]:
    """Write the views of texts, and return what the model says of them."""
    passages = [Passage(text, 0, len(text.split(" ")[0]), "x") for text in texts]
    chances = model.predict_rows(passages)
    views = [build_views(passage, model.target) for passage in passages]
    rows = [{"views": v, "probabilities": p} for v, p in zip(views, chances, strict=True)]
    path.write_text(json.dumps({"rows": rows}), encoding="utf-8")
    return chances


def test_this_version_finds_the_probabilities(monkeypatch):
    model = load_scorer(TINY)
    assert list(model.classes) == VECTORS["classes"]
    views = iter([row["views"] for row in VECTORS["rows"]])
    assert all(set(row["views"]) == set(VIEWS) for row in VECTORS["rows"])
    monkeypatch.setattr("stance.scorer.build_views", lambda passage, target: next(views))
    found = model.predict_rows([Passage("x")] * len(EXPECTED))
    np.testing.assert_allclose(found, EXPECTED, rtol=0, atol=1e-9)


def test_the_script_makes_them_again(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import make_vectors

    model = make_vectors.build_model()
    rows = make_vectors.build_vectors(model)
    assert [row["views"] for row in rows] == [row["views"] for row in VECTORS["rows"]]
    found = [row["probabilities"] for row in rows]
    np.testing.assert_allclose(found, EXPECTED, rtol=0, atol=1e-5)
    tiny = load_scorer(TINY)
    for ours, theirs in zip(model.blocks, tiny.blocks, strict=True):
        assert (ours.view, ours.weight, list(ours.terms)) == (
            theirs.view, theirs.weight, list(theirs.terms),
        )  # fmt: skip


def test_javascript_finds_the_probabilities():
    answer = score_in_node(TINY, EXAMPLES / "vectors.json")
    np.testing.assert_allclose(answer["answers"], EXPECTED, rtol=0, atol=1e-9)
    assert answer["largest_difference"] < 1e-9


def test_javascript_reads_odd_texts_alike(tmp_path):
    rng = random.Random(0)
    letters = (
        "abdmt \u00e9\u0301\u0436\u0431\U00010400\U0001f600_#'-.,\u2019\u0663\u2167\u00bd\u4e00"
    )
    words = "Moss Reed dam rejected praised new the will opposed didn\u2019t #NewDam".split()
    odd = ["".join(rng.choices(letters, k=rng.randint(1, 9))) for _ in range(300)]
    texts = [" ".join(rng.choices(words * 40 + odd, k=rng.randint(1, 25))) for _ in range(300)]
    expected = make_vectors(load_scorer(TINY), texts, tmp_path / "v.json")
    answers = score_in_node(TINY, tmp_path / "v.json")["answers"]
    np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-9)


def test_javascript_reads_a_model_without_context(tmp_path):
    model = parse_scorer(TINY.read_bytes())
    model.context = None
    from stance.scorer import dump_scorer

    (tmp_path / "m").write_bytes(dump_scorer(model))
    expected = make_vectors(model, ["Moss rejected the dam.", "Reed saw it"], tmp_path / "v.json")
    answers = score_in_node(tmp_path / "m", tmp_path / "v.json")["answers"]
    np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("place", [0, 14, 100, "sums", 4096, 9000, -1, "cut"])
def test_javascript_refuses_a_damaged_file(place, tmp_path):
    bad = bytearray(TINY.read_bytes())
    if place == "cut":
        del bad[9000:]
    else:
        header_end = 21 + int.from_bytes(bad[13:21], "little")
        bad[header_end + 4 + -(header_end + 4) % 64 if place == "sums" else place] ^= 1
    (tmp_path / "m").write_bytes(bad)
    with pytest.raises(RuntimeError, match="Error: "):
        score_in_node(tmp_path / "m", EXAMPLES / "vectors.json")


def test_the_reader_in_the_docs_finds_the_probabilities(tmp_path):
    text = Path("docs/model-format.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(code.splitlines()) <= 75
    script = tmp_path / "reader.py"
    script.write_text(
        f"{code}\nimport json, sys\nmodel = Model(open(sys.argv[1], 'rb').read())\n"
        "rows = json.load(open(sys.argv[2]))['rows']\n"
        "print(json.dumps([model.predict(row['views']) for row in rows]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "ignore", str(script), str(TINY.resolve()),
         str((EXAMPLES / "vectors.json").resolve())],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    np.testing.assert_allclose(json.loads(done.stdout), EXPECTED, rtol=0, atol=1e-9)


def test_the_bytes_in_the_docs_are_those_of_the_tiny_model():
    text = Path("docs/model-format.md").read_text(encoding="utf-8")
    data = TINY.read_bytes()
    lines = re.findall(r"^([0-9a-f]{6}) ((?: [0-9a-f]{2})+)", text, re.MULTILINE)
    assert len(lines) > 6
    for place, shown in lines:
        at = int(place, 16)
        assert data[at : at + len(shown.split())] == bytes.fromhex(shown), place
