from __future__ import annotations

from dataclasses import replace

import pytest
from test_cli import failed, run

from stance.auditing import audit_labels
from stance.corpus import read_corpus
from stance.cues import STANCES


@pytest.fixture(scope="module")
def corpus(corpus_folder):
    return read_corpus(corpus_folder / "raw", corpus_folder / "labels")


def test_a_wrong_label_leads(corpus, target):
    """One label of a corpus that a model learns well is turned round: it is believed least."""
    pairs = [row for row in corpus.examples if row.has_actor]
    praise = next(row for row in pairs if "praised" in row.sentence)
    rows = [
        replace(row, label="criticizes") if row.key == praise.key else row
        for row in corpus.examples
    ]
    audited = audit_labels(replace(corpus, examples=rows), target)
    assert len(audited) == len(pairs)
    assert audited[0].example.key == praise.key
    assert audited[0].likelier == "supports"
    assert [a.confidence for a in audited] == sorted(a.confidence for a in audited)


def test_confidence_and_likelier_belong_together(corpus, target):
    for row in audit_labels(corpus, target):
        assert row.likelier in STANCES
        assert 0 <= row.confidence <= row.probability <= 1
        assert (row.likelier == row.example.label) == (row.confidence == row.probability)


def test_command(corpus_folder):
    raw, labels = corpus_folder / "raw", corpus_folder / "labels"
    target = corpus_folder / "toy.toml"
    done = run("label", raw, "--labels", labels, "--target", target, "--audit", 3)
    assert len(done.stdout.splitlines()) == 1 + 3
    assert not (labels / "weak.jsonl").exists()
    file = next(raw.glob("*.md"))
    assert "one folder" in failed("label", file, "--labels", labels, "--audit", 3)
