"""The app over the wire: a real process is asked, and its files are looked at."""

from __future__ import annotations

import csv
import io
import json
import threading
import time

import pytest

pytest.importorskip("fastapi")

from serving import copy_corpus, serving

from stance.articles import read_articles
from stance.examples import read_labels
from stance.explanation import explain_text
from stance.reading import load, read

TEXT = "Ann Lee rejected the vote as rigged. The EU praised the vote as fair. It rained."


@pytest.fixture(scope="module")
def folder(corpus_folder, tmp_path_factory):
    return copy_corpus(corpus_folder, tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def server(folder, model_folder):
    with serving(folder, model_folder) as running:
        yield running


@pytest.fixture(scope="module")
def ask(server):
    return server.client


@pytest.fixture
def fresh(corpus_folder, model_folder, tmp_path):
    """A server with a corpus of its own, to write in."""
    with serving(copy_corpus(corpus_folder, tmp_path), model_folder) as running:
        yield running


def queue(server, annotator="anna", **query):
    answer = server.client.get("/api/labels/queue", params={"annotator": annotator, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def decide(server, item, label, annotator="anna", **changes):
    body = {
        "key": item["key"],
        "label": label,
        "annotator": annotator,
        "expected_version": item["version"],
        **changes,
    }
    return server.client.post("/api/labels", json=body)


def test_claims_are_those_of_the_library(ask, model_folder):
    answer = ask.post("/api/predict", json={"text": TEXT}).json()
    claims = [claim.as_dict() for claim in read(TEXT, load(model_folder))]
    assert len(answer["claims"]) == len(claims) == 3
    for found, wanted in zip(answer["claims"], claims, strict=True):
        assert found.pop("probabilities") == pytest.approx(wanted.pop("probabilities"))
        assert found == wanted
    assert {row["canonical"]: row["n"] for row in answer["actors"]} == {
        "Ann Lee": 1,
        "European Union": 1,
    }


def test_abstaining_and_one_actor(ask):
    answer = ask.post("/api/predict", json={"text": TEXT, "abstain": 1.0, "actor": "EU"}).json()
    assert [(c["canonical"], c["stance"]) for c in answer["claims"]] == [
        ("European Union", "uncertain")
    ]
    assert answer["actors"][0]["uncertain"] == 1


def test_front_matter_and_web_pages_are_read(ask):
    text = "---\ntitle: A vote\ndate: 2020-08-10\n---\n" + TEXT
    answer = ask.post("/api/predict", json={"text": text}).json()
    assert (answer["title"], answer["date"], answer["text"]) == ("A vote", "2020-08-10", TEXT)
    page = f"<html><body><article>{'<p>' + TEXT + '</p>' * 5}</article></body></html>"
    answer = ask.post("/api/predict", json={"text": page, "name": "page.html"})
    assert answer.status_code == 200 and "<p>" not in answer.json()["text"]


def test_explanation_is_that_of_the_library_and_adds_up(ask, model_folder):
    for wanted in explain_text(TEXT, load(model_folder)):
        claim = wanted.claim
        body = {"text": TEXT, "start": claim.start, "actor_start": claim.actor_start}
        found = ask.post("/api/explain", json=body).json()
        assert found["explained"] == wanted.stance
        assert found["log_odds"] == pytest.approx(wanted.log_odds)
        total = sum(t["weight"] for t in found["terms"]) + found["rest"] + found["intercept"]
        assert total == pytest.approx(found["log_odds"])
        assert {(t["view"], t["term"]) for t in found["terms"]} <= {
            (c.view, c.term) for c in wanted.contributions
        }
    nowhere = ask.post("/api/explain", json={"text": TEXT, "start": 1})
    assert nowhere.status_code == 404


def test_articles_are_found_by_word(ask, folder):
    every = ask.get("/api/articles").json()
    assert every["total"] == len(list(read_articles(folder / "raw"))) == 9
    one = ask.get("/api/articles", params={"query": "ARTICLE 3"}).json()
    assert [a["id"] for a in one["articles"]] == ["article-3"]
    assert one["articles"][0]["n_labels"] == 9
    page = ask.get("/api/articles", params={"offset": 8, "limit": 5}).json()
    assert (page["total"], len(page["articles"])) == (9, 1)


def test_article_with_its_labels_unless_blind(ask):
    article = ask.get("/api/articles/article-3").json()
    assert len(article["labels"]) == 9
    for row in article["labels"]:
        sentence = article["text"][row["start"] : row["end"]]
        assert sentence[row["actor_start"] : row["actor_end"]] == row["actor"] != ""
        assert row["label"] in ("criticizes", "neutral", "supports")
    blind = ask.get("/api/articles/article-3", params={"blind": 1}).json()
    assert {(row["label"], row["annotator"]) for row in blind["labels"]} == {(None, None)}


def test_article_of_the_folder_is_read(ask):
    answer = ask.post("/api/predict", json={"article": "article-3"}).json()
    assert answer["id"] == "article-3" and answer["title"] == "Article 3"


def test_files_to_keep(ask):
    rows = list(
        csv.DictReader(
            io.StringIO(
                ask.post("/api/export?format=csv", json={"text": TEXT}).content.decode("utf-8-sig")
            )
        )
    )
    documents = ask.post("/api/export?format=json", json={"article": "article-3"})
    assert [row["canonical"] for row in rows] == ["Ann Lee", "European Union", ""]
    assert "attachment" in documents.headers["content-disposition"]
    assert documents.json()[0]["article"] == "article-3"
    report = ask.post(
        "/api/report",
        json={
            "articles": [{"name": "<script>x</script>.txt", "text": f"<script>y</script> {TEXT}"}]
        },
    )
    assert report.status_code == 200, report.text
    assert "<script>x" not in report.text and "<script>y" not in report.text


def test_formulas_do_not_reach_a_spreadsheet(ask):
    text = "---\ntitle: '=HYPERLINK(1)'\n---\n" + TEXT
    answer = ask.post("/api/export?format=csv", json={"text": text}).content.decode("utf-8-sig")
    assert {row["title"] for row in csv.DictReader(io.StringIO(answer))} == {"'=HYPERLINK(1)"}


def test_status_and_guideline(ask, server):
    status = ask.get("/api/status").json()
    assert (status["model"], status["target"]) == ("toy", "the toy vote")
    assert "support or criticize" in ask.get("/api/guideline").text


def test_decision_is_on_disk_when_it_is_acknowledged(fresh):
    item = queue(fresh)["items"][0]
    answer = decide(fresh, item, "supports", id="made-by-client", note="sure")
    assert answer.json() == {
        "id": "made-by-client", "key": item["key"], "version": 1, "saved": True,
    }  # fmt: skip
    lines = (fresh.folder / "labels" / "review-journal.jsonl").read_text().splitlines()
    row = json.loads(lines[0])
    assert (row["label"], row["annotator"], row["note"]) == ("supports", "anna", "sure")
    again = decide(fresh, item, "supports", id="made-by-client", note="sure")
    assert again.json() == answer.json()
    assert item["key"] not in [i["key"] for i in queue(fresh, n=100)["items"]]
    assert queue(fresh)["progress"]["by_label"]["supports"] == 1


def test_two_tabs(fresh):
    item = queue(fresh)["items"][0]
    assert decide(fresh, item, "supports").status_code == 200
    late = decide(fresh, item, "neutral")
    assert late.status_code == 409
    assert late.headers["content-type"] == "application/problem+json"
    assert (late.json()["version"], late.json()["annotator"]) == (1, "anna")
    rows = fresh.client.get("/api/labels", params={"annotator": "anna"}).json()["labels"]
    assert [row["label"] for row in rows] == ["supports"]


def test_undo(fresh):
    item = queue(fresh)["items"][0]
    made = decide(fresh, item, "supports").json()
    assert fresh.client.delete(f"/api/labels/{made['id']}").json()["version"] == 2
    assert fresh.client.get("/api/labels").json() == {"total": 0, "labels": []}
    assert fresh.client.delete("/api/labels/no-such-decision").status_code == 404


def test_two_annotators_at_once_have_different_pairs(fresh):
    failures = []

    def work(annotator):
        for _ in range(4):
            for item in queue(fresh, annotator, mode="random", n=5)["items"]:
                answer = decide(fresh, item, "neutral", annotator)
                if answer.status_code != 200:
                    failures.append(answer.text)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("anna", "ben")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    rows = fresh.client.get("/api/labels").json()["labels"]
    assert len(rows) == len({row["key"] for row in rows}) == 40


def test_blind_reading_hides_and_measures(fresh):
    seen = queue(fresh, n=100)["items"]
    labels = {item["key"]: item["label"] for item in seen}
    items = queue(fresh, "ben", blind=1, n=10)["items"]
    for item in items:
        assert (item["label"], item["probabilities"], item["annotator"]) == (None, None, None)
        assert "mislabelled" not in item["reason"]
        decide(fresh, item, labels[item["key"]], "ben", blind=True)
    after = queue(fresh, "ben", blind=1)
    assert after["agreement"] == {"n": 10, "alpha": 1.0}
    assert not {i["key"] for i in after["items"]} & {i["key"] for i in items}


def test_edited_span_and_name_come_through_an_export(fresh):
    item = next(i for i in queue(fresh, n=100)["items"] if i["actor"] == "EU")
    start = item["actor_start"] - 4
    answer = decide(fresh, item, "neutral", actor_start=start, canonical="The Union")
    assert answer.status_code == 200, answer.text
    files = [fresh.folder / "labels" / name for name in ("reviewed.jsonl", "gold.jsonl")]
    n_before = len(read_labels(files[0]))
    counts = fresh.client.post("/api/labels/export").json()
    assert counts["changed"] == 1 and counts["rows"] == n_before
    articles = {a.id: a for a in read_articles(fresh.folder / "raw")}
    rows = read_labels(files[0], articles)
    assert [(r.actor, r.label) for r in rows if r.canonical == "The Union"] == [
        ("The EU", "neutral")
    ]
    first = files[0].read_bytes()
    fresh.client.post("/api/labels/export")
    assert files[0].read_bytes() == first
    assert rows == sorted(rows, key=lambda e: (e.article, e.start, e.actor_start, e.canonical))


def test_new_pair_by_its_place(fresh):
    article = fresh.client.get("/api/articles/article-1").json()
    start = article["text"].index("It rained")
    body = {
        "article": "article-1", "start": start, "end": start + 19, "actor_start": 0,
        "actor_end": 2, "canonical": "Rain", "label": "neutral", "annotator": "anna",
    }  # fmt: skip
    made = fresh.client.post("/api/labels", json=body).json()
    assert made["version"] == 1
    undone = {"key": made["key"], "label": "none", "annotator": "anna"}
    assert fresh.client.post("/api/labels", json=undone).json()["version"] == 2
    while rows := fresh.client.get("/api/labels").json()["labels"]:
        fresh.client.delete(f"/api/labels/{rows[0]['id']}")
    # With every decision undone, the pair is still known by its key.
    assert fresh.client.post("/api/labels", json=undone).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"start": 10**9},
        {"end": 0},
        {"actor_end": 10**6},
        {"actor_start": 5, "actor_end": 5},
        {"label": "suport"},
        {"annotator": " "},
        {"annotator": "a\nb"},
        {"note": "\ud800"},
        {"canonical": "x" * 301},
        {"expected_version": -1},
        {"unknown": 1},
        {"start": "0"},
        {"article": "../../etc/passwd"},
    ],
)
def test_wrong_decision_is_refused_and_leaves_no_trace(server, folder, change):
    item = queue(server)["items"][0]
    body = {"key": item["key"], "label": "neutral", "annotator": "anna", **change}
    answer = server.client.post(
        "/api/labels", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]
    assert not (folder / "labels" / "review-journal.jsonl").exists()


def test_raw_articles_without_labels_are_queued(corpus_folder, model_folder, tmp_path):
    copy_corpus(corpus_folder, tmp_path)
    (tmp_path / "labels" / "reviewed.jsonl").unlink()
    with serving(tmp_path, model_folder) as server:
        found = queue(server, n=5)
        assert len(found["items"]) == 5
        for item in found["items"]:
            assert item["label"] is None
            assert sum(item["probabilities"].values()) == pytest.approx(1)
            assert decide(server, item, "supports").status_code == 200
        server.client.post("/api/labels/export")
        articles = {a.id: a for a in read_articles(tmp_path / "raw")}
        rows = read_labels(tmp_path / "labels" / "reviewed.jsonl", articles)
        assert {row.label for row in rows if row.has_actor} == {"supports"}


def test_all_pairs_are_ranked_out_of_fold_in_the_background(fresh):
    deadline = time.monotonic() + 60
    while queue(fresh)["ranking"] != "done":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    items = queue(fresh, mode="uncertain", n=50)["items"]
    assert all(item["probabilities"] for item in items)
    tops = [max(i["probabilities"].values()) for i in items if i["arm"] == "uncertain"]
    assert tops == sorted(tops)


def test_training_learns_from_decisions_and_swaps_the_model(corpus_folder, experiment, tmp_path):
    from stance.model import save_model

    copy_corpus(corpus_folder, tmp_path)
    model = tmp_path / "models" / "toy"
    save_model(experiment.model, model, experiment.metadata, experiment.evaluation, "# card\n")
    before = (model / "model.stance").read_bytes()
    with serving(tmp_path, model) as server:
        probe = {"text": "Ann Lee will meet reporters on Monday."}
        old = server.client.post("/api/predict", json=probe).json()["claims"][0]
        for item in queue(server, mode="random", n=100)["items"]:
            if "meet reporters" in item["sentence"]:
                assert decide(server, item, "supports").status_code == 200
        started = server.client.post("/api/train")
        assert started.status_code == 202
        assert server.client.post("/api/train").status_code == 409
        deadline = time.monotonic() + 120
        while (status := server.client.get("/api/train").json())["state"] == "running":
            # The old model answers until the new one is whole.
            assert server.client.post("/api/predict", json=probe).status_code == 200
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert status["state"] == "done", status
        assert status["progress"] == 1.0
        assert (
            status["before"]["accuracy"] == experiment.evaluation["held_out"]["model"]["accuracy"]
        )
        assert status["after"]["support"] > 0
        assert (model / "model.stance").read_bytes() != before
        new = server.client.post("/api/predict", json=probe).json()["claims"][0]
        assert new["probabilities"]["supports"] > old["probabilities"]["supports"]


def test_training_that_fails_keeps_the_model(corpus_folder, experiment, tmp_path):
    from stance.model import save_model

    copy_corpus(corpus_folder, tmp_path)
    model = tmp_path / "models" / "toy"
    save_model(experiment.model, model, experiment.metadata, experiment.evaluation, "# card\n")
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    with serving(tmp_path, model) as server:
        server.client.get("/api/articles")
        (tmp_path / "labels" / "reviewed.jsonl").write_text("{}\n")
        server.client.post("/api/train")
        while (status := server.client.get("/api/train").json())["state"] == "running":
            time.sleep(0.1)
        assert status["state"] == "failed"
        assert "reviewed.jsonl, line 1" in status["message"]
        assert server.client.post("/api/predict", json={"text": TEXT}).status_code == 200
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_without_a_model_one_can_label_still(corpus_folder, tmp_path):
    copy_corpus(corpus_folder, tmp_path)
    with serving(tmp_path, tmp_path / "none", target=str(tmp_path / "toy.toml")) as server:
        assert server.client.get("/api/status").json()["model"] is None
        answer = server.client.post("/api/predict", json={"text": TEXT})
        assert answer.status_code == 503 and "no model" in answer.json()["detail"]
        items = queue(server)["items"]
        assert {item["arm"] for item in items} == {"random"}
        assert decide(server, items[0], "neutral").status_code == 200


def test_port_in_use_is_told_in_one_line(server, folder, model_folder):
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "stance", "serve", "--port", str(server.port)],
        capture_output=True, text=True, cwd=folder, env=_environment(), check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert (
        done.stderr.startswith("error: cannot listen on 127.0.0.1") and done.stderr.count("\n") == 1
    )


def _environment():
    import os

    from serving import PROJECT

    return {**os.environ, "PYTHONPATH": str(PROJECT)}
