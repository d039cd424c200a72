"""A killed server loses nothing that it acknowledged, and doubles nothing."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("fastapi")

import httpx
from serving import Server, copy_corpus

PAIRS = 1000


def post(client, number):
    """Label one made-up pair; return whether it was acknowledged."""
    body = {
        "id": f"decision-{number:06}", "article": "article-0", "start": 0, "end": 9,
        "actor_start": 0, "actor_end": 3, "canonical": f"Name {number}", "label": "neutral",
        "annotator": f"annotator {number % 2}", "expected_version": 0,
    }  # fmt: skip
    try:
        answer = client.post("/api/labels", json=body)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and answer.json()["saved"]


def test_kill_in_the_middle_of_a_thousand_labels(corpus_folder, model_folder, tmp_path):
    folder = copy_corpus(corpus_folder, tmp_path)
    path = folder / "labels" / "review-journal.jsonl"
    acknowledged: set[int] = set()
    todo = set(range(PAIRS))
    for round_number in range(3):
        server = Server(folder, model_folder)
        enough = len(acknowledged) + (150 if round_number < 2 else PAIRS)
        lock = threading.Lock()

        def work(number, server=server, enough=enough, lock=lock):
            if post(server.client, number):
                with lock:
                    acknowledged.add(number)
                    if len(acknowledged) == enough:
                        server.process.kill()

        with ThreadPoolExecutor(8) as pool:
            # What was not acknowledged is sent again under the same id.
            list(pool.map(work, sorted(todo - acknowledged)))
        if round_number < 2:
            assert len(acknowledged) >= enough
            # The worst that a kill can leave behind: half a line.
            with path.open("ab") as stream:
                stream.write(b'{"id": "decision-')
        found = server.client.get("/api/labels?limit=1000").json() if round_number == 2 else None
        server.close()
        rows = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
        ids = [row["id"] for row in rows]
        assert len(ids) == len(set(ids))
        assert {f"decision-{n:06}" for n in acknowledged} <= set(ids)
    assert acknowledged == todo
    assert found["total"] == PAIRS
    assert {row["version"] for row in found["labels"]} == {1}


def test_two_servers_on_one_folder(corpus_folder, model_folder, tmp_path):
    folder = copy_corpus(corpus_folder, tmp_path)
    servers = [Server(folder, model_folder) for _ in range(2)]
    try:
        with ThreadPoolExecutor(4) as pool:
            both = [servers[n % 2].client for n in range(100)]
            assert all(pool.map(post, both, range(100)))
            # The same pairs by the other server, seen before they were labelled: all refused.
            other = [servers[(n + 1) % 2].client for n in range(100)]
            late = list(pool.map(post, other, range(100)))
        assert all(late), "the same id is a retry and harmless"
        totals = [s.client.get("/api/labels").json()["total"] for s in servers]
        assert totals == [100, 100]
        body = {"key": None, "label": "supports", "annotator": "ben", "expected_version": 0}
        for row in servers[0].client.get("/api/labels?limit=5").json()["labels"]:
            answer = servers[1].client.post("/api/labels", json={**body, "key": row["key"]})
            assert answer.status_code == 409
    finally:
        for server in servers:
            server.close()
