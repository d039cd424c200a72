"""What the shipped corpus must keep to; offsets, duplicates and schema are checked on reading."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from stance.corpus import read_corpus
from stance.cues import STANCES
from stance.normalization import normalize
from stance.targets import load_target

DATA = Path(__file__).parent.parent / "data"
RESERVED = Path(__file__).parent.parent.parent / "shared" / "reserved"
QUOTATION = re.compile(r"“([^”]*)”|\"([^\"]*)\"|«([^»]*)»")


@pytest.fixture(scope="module")
def corpus():
    return read_corpus(DATA / "raw", DATA / "labels")


@pytest.fixture(scope="module")
def pairs(corpus):
    return [row for row in corpus.examples if row.has_actor]


@pytest.fixture(scope="module")
def sentences(corpus):
    return {(row.article, row.start): row.sentence for row in corpus.examples}


def test_size(corpus, pairs, sentences):
    assert len(corpus.articles) >= 450
    assert len(pairs) >= 6000
    assert len({article.outlet for article in corpus.articles.values()}) >= 120
    empty = {(row.article, row.start) for row in corpus.examples if not row.has_actor}
    assert len(empty) >= 0.05 * len(sentences)
    per_actor = Counter(row.canonical for row in pairs)
    assert len(per_actor) >= 200
    assert sum(count >= 20 for count in per_actor.values()) >= 40


def test_label_shares(pairs):
    labels = Counter(row.label for row in pairs)
    for stance in STANCES:
        assert labels[stance] >= 0.22 * len(pairs)


def test_every_article_has_front_matter_and_rows(corpus):
    labelled = {row.article for row in corpus.examples}
    assert set(corpus.articles) == labelled
    for article in corpus.articles.values():
        assert article.title, article.id
        assert article.outlet, article.id
        assert re.match(r"https?://\S+$", article.url), article.id
        assert date(2019, 1, 1) <= date.fromisoformat(article.date), article.id


def test_no_page_is_restated_twice(corpus):
    urls = Counter(article.url for article in corpus.articles.values())
    assert [url for url, count in urls.items() if count > 1] == []


def test_every_canonical_name_is_known(pairs):
    target = load_target()
    names = {row.canonical for row in pairs}
    assert sorted(name for name in names if target.canonical(name) != name) == []


def test_a_name_that_is_a_known_alias_means_that_actor_nearly_always(pairs):
    """A slip of the label shows where a full name is given to somebody else."""
    target = load_target()
    known = [
        (row.actor, target.canonical(row.actor), row.canonical)
        for row in pairs
        if " " in row.actor and target.canonical(row.actor) and row.actor.istitle()
    ]
    wrong = [pair for pair in known if pair[1] != pair[2]]
    assert len(wrong) <= 0.02 * len(known), wrong[:10]


def test_no_long_quotation(corpus):
    long = [
        (article.id, quoted)
        for article in corpus.articles.values()
        for found in QUOTATION.findall(article.text)
        for quoted in found
        if len(quoted.split()) > 8
    ]
    assert long == []


def test_no_near_duplicates_across_articles(sentences):
    """No two sentences of different articles share half of their word triples."""
    triples = {}
    index = defaultdict(list)
    for key, sentence in sentences.items():
        words = re.findall(r"\w+", normalize(sentence).lower())
        triples[key] = {tuple(words[i : i + 3]) for i in range(len(words) - 2)}
        for triple in triples[key]:
            index[triple].append(key)
    close = []
    for key, own in triples.items():
        if len(own) < 4:
            continue
        shared = Counter(
            other
            for triple in own
            if len(index[triple]) < 50
            for other in index[triple]
            if other[0] != key[0]
        )
        close += [
            (key, other)
            for other, count in shared.items()
            if key < other and count >= 0.5 * len(own | triples[other])
        ]
    assert close == []


def test_phrasebook(corpus):
    labels = Counter(row.label for row in corpus.phrasebook)
    assert sum(labels.values()) >= 5000
    assert min(labels.values()) >= 0.25 * sum(labels.values())
    later = sum(row.actor_start > 0 for row in corpus.phrasebook)
    assert later >= len(corpus.phrasebook) / 3


@pytest.mark.skipif(not RESERVED.exists(), reason="the list of reserved pages lies elsewhere")
def test_no_reserved_page_is_used():
    files = sorted(str(path) for path in (DATA / "raw").glob("*.md"))
    done = subprocess.run([sys.executable, RESERVED, *files], capture_output=True, text=True)
    assert done.stdout == ""
    assert done.returncode == 0
