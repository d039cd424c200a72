"""Compare sentence splitters on the corpus, whose sentences were written one a line.

Prints precision and recall of the sentence ends inside paragraphs, and sentences a second. The
others than nupunkt are installed for this alone: pip install pysbd syntok sentence-splitter
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from stance.articles import split_sentences
from stance.corpus import read_corpus
from stance.tables import format_plain


def ends_of(pieces: Iterable[str], text: str) -> set[int]:
    """Return where the pieces end in the text."""
    ends, position = set(), 0
    for piece in (piece.strip() for piece in pieces):
        found = text.find(piece, position) if piece else -1
        if found >= 0:
            position = found + len(piece)
            ends.add(position)
    return ends


def splitters() -> dict[str, Callable[[str], set[int]]]:
    """Return the splitters that are installed."""
    found: dict[str, Callable[[str], set[int]]] = {
        "stance (nupunkt, mended)": lambda text: {s.end for s in split_sentences(text)}
    }
    nupunkt = importlib.import_module("nupunkt")
    found["nupunkt"] = lambda text: {
        len(text[:end].rstrip()) for _, end in nupunkt.sent_spans(text)
    }
    try:
        segmenter = importlib.import_module("pysbd").Segmenter(language="en", clean=False)
        found["pysbd"] = lambda text: ends_of(segmenter.segment(text), text)
    except ImportError:
        pass
    try:
        syntok = importlib.import_module("syntok.segmenter")
        found["syntok"] = lambda text: ends_of(
            (
                "".join(token.spacing + token.value for token in sentence)
                for paragraph in syntok.process(text)
                for sentence in paragraph
            ),
            text,
        )
    except ImportError:
        pass
    try:
        plain = importlib.import_module("sentence_splitter").SentenceSplitter(language="en")
        found["sentence-splitter"] = lambda text: ends_of(plain.split(text), text)
    except ImportError:
        pass
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    data = parser.parse_args().data
    corpus = read_corpus(data / "raw", data / "labels")
    ends: dict[str, set[int]] = {}
    for example in corpus.examples:
        ends.setdefault(example.article, set()).add(example.end)
    paragraphs = []
    for article_id, article_ends in ends.items():
        start = 0
        for paragraph in corpus.articles[article_id].text.split("\n\n"):
            stop = start + len(paragraph)
            inside = {end - start for end in article_ends if start < end < stop}
            if inside:
                paragraphs.append((paragraph, inside))
            start = stop + 2
    rows = []
    for name, split in splitters().items():
        began = time.perf_counter()
        found = [split(text) - {len(text)} for text, _ in paragraphs]
        seconds = time.perf_counter() - began
        hits = sum(len(f & g) for f, (_, g) in zip(found, paragraphs, strict=True))
        n_found, n_gold = sum(map(len, found)), sum(len(g) for _, g in paragraphs)
        precision, recall = hits / n_found, hits / n_gold
        f1 = 2 * precision * recall / (precision + recall)
        rows.append((name, precision, recall, f1, n_gold / seconds))
    table = [[n, f"{p:.4f}", f"{r:.4f}", f"{f:.4f}", f"{s:,.0f}"] for n, p, r, f, s in rows]
    headers = ["splitter", "precision", "recall", "F1", "ends/s"]
    print("\n".join(format_plain(headers, table, [1, 2, 3, 4])))
    peers = {name: round(f1, 4) for name, _, _, f1, _ in rows[1:]}
    summary = {"benchmark": "splitters", "metric": "f1", "value": round(rows[0][3], 4)}
    print(json.dumps({**summary, "peers": peers}))


if __name__ == "__main__":
    main()
