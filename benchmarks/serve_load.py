"""Print how long the web app takes to answer: one reader alone, then fifty for a minute.

A real server is asked over the wire, with a copy of the labels so that nothing of the corpus is
changed. Each client reads an article that nobody has asked for, looks at claims, asks for the queue
and labels, with a second's thought in between, as a person would think longer.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import httpx

from stance.articles import Article, read_articles
from stance.tables import format_plain

PAGE = 3_000
THOUGHT = 1.0
PERCENTILES = (50, 95, 99)

Times = dict[str, list[float]]


def start(arguments: argparse.Namespace, labels: Path) -> tuple[subprocess.Popen[str], str, float]:
    """Start a server; return it with its address and the seconds until it answered."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "stance", "serve", "--port", "0", "--labels", str(labels),
         "--raw", str(arguments.data / "raw"), "--model", str(arguments.model)],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(r"stance is at (http://\S+)/ ", line)
        if found:
            httpx.get(f"{found[1]}/api/openapi.json").raise_for_status()
            return process, found[1], time.perf_counter() - begin
    raise SystemExit("the server did not start")


def make_pages(articles: list[Article], count: int) -> list[str]:
    """Return texts of a page each, every one another."""
    texts = [article.text for article in articles]
    draw = random.Random(0)
    pages = []
    for number in range(count):
        page = f"Page {number}."
        while len(page) < PAGE:
            page += "\n\n" + draw.choice(texts)
        pages.append(page[: page.rfind(".", 0, PAGE) + 1])
    return pages


def ask(client: httpx.Client, times: Times, name: str, method: str, path: str, **what: object):
    """Ask, and keep how long the answer took."""
    begin = time.perf_counter()
    answer = client.request(method, path, **what)
    times[name].append(time.perf_counter() - begin)
    answer.raise_for_status()
    return answer.json()


def read_page(client: httpx.Client, times: Times, page: str) -> None:
    """Read a page, and ask for the words behind three of its claims."""
    claims = ask(client, times, "predict, a new page", "POST", "/api/predict", json={"text": page})
    ask(client, times, "predict, the same page", "POST", "/api/predict", json={"text": page})
    for claim in claims["claims"][:3]:
        place = {"start": claim["start"], "actor_start": claim["actor_start"]}
        ask(client, times, "explain a claim", "POST", "/api/explain", json={"text": page, **place})


def visit(address: str, name: str, pages: list[str], end: float, times: Times) -> None:
    """Read and label until the time is over."""
    with httpx.Client(base_url=address, timeout=120) as client:
        time.sleep(random.Random(name).random() * 2 * THOUGHT)
        while pages and time.monotonic() < end:
            read_page(client, times, pages.pop())
            time.sleep(THOUGHT)
            query = {"annotator": name, "mode": "random", "n": 3}
            queue = ask(client, times, "queue", "GET", "/api/labels/queue", params=query)
            for item in queue["items"]:
                decision = {"key": item["key"], "label": "neutral", "annotator": name}
                ask(client, times, "label", "POST", "/api/labels", json=decision)
                time.sleep(THOUGHT)


def percentile(values: list[float], share: int) -> float:
    """Return a percentile in milliseconds."""
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def tabulate(title: str, times: Times) -> dict[str, dict[str, float]]:
    """Print a table of latencies and return it."""
    rows, table = [], {}
    for name, values in sorted(times.items()):
        figures = {f"p{share}": round(percentile(values, share), 1) for share in PERCENTILES}
        table[name] = {"n": len(values), **figures}
        rows.append([name, str(len(values)), *(f"{value:.1f}" for value in figures.values())])
    print(f"{title}, milliseconds")
    headers = ["", "answers", *(f"p{share}" for share in PERCENTILES)]
    print("\n".join(format_plain(headers, rows, range(1, 5))))
    print()
    return table


def main() -> None:
    """Serve, ask alone, ask together, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--model", type=Path, default=Path("models/stance"))
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    pages = make_pages(list(read_articles(arguments.data / "raw")), 20 * arguments.clients + 30)
    with tempfile.TemporaryDirectory() as folder:
        labels = Path(shutil.copytree(arguments.data / "labels", Path(folder) / "labels"))
        process, address, seconds = start(arguments, labels)
        try:
            alone: Times = defaultdict(list)
            with httpx.Client(base_url=address, timeout=120) as client:
                first: Times = defaultdict(list)
                read_page(client, first, pages.pop())
                for _ in range(20):
                    read_page(client, alone, pages.pop())
            together: Times = defaultdict(list)
            end = time.monotonic() + arguments.seconds
            clients = [
                threading.Thread(target=visit, args=(address, f"c{i}", pages, end, together))
                for i in range(arguments.clients)
            ]
            for thread in clients:
                thread.start()
            for thread in clients:
                thread.join()
            with httpx.Client(base_url=address) as client:
                kept = client.get("/api/status").json()["n_labels"]
        finally:
            process.terminate()
            process.wait()
    page = percentile(first["predict, a new page"], 50)
    print(f"ready to answer after {seconds:.2f} s; the first page took {page:.0f} ms")
    print()
    tables = {
        "alone": tabulate("One reader", alone),
        "together": tabulate(f"{arguments.clients} clients for {arguments.seconds:g} s", together),
    }
    assert kept == len(together["label"]), "a label was lost"
    print(f"labels acknowledged: {len(together['label'])}, kept: {kept}")
    value = tables["together"]["label"]["p95"]
    print(
        json.dumps(
            {"benchmark": "serve-load", "metric": "label_p95_ms", "value": value,
             "start_seconds": round(seconds, 2), "first_page_ms": round(page, 1), **tables}
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
