"""Print how the time of each reader grows with the oddest texts: four times the text, what time.

A reader whose time is in proportion takes four times as long; one that takes the square, sixteen
times. Times are of this process's CPU, the best of a few runs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from stance.actors import detect_actors
from stance.articles import parse_article, parse_html, split_sentences
from stance.errors import StanceError
from stance.exchange.inline import read_inline
from stance.labeling import label_articles
from stance.labelled import fold_text, parse_label_map
from stance.mentions import find_mentions, tokenize
from stance.normalization import align, normalize
from stance.reading import ask, load, read
from stance.records import csv_records, decode, json_records
from stance.scorer import Scorer
from stance.tables import format_plain
from stance.targets import Target, fold, load_target, parse_target


def _repeat(unit: str, size: int) -> str:
    """Return a text of about `size` characters."""
    return unit * max(1, size // len(unit))


# What each is made of, said over and over.
UNITS: Mapping[str, str] = {
    "letters": "a",
    "capitals": "A",
    "spaces": " ",
    "tabs and spaces": " \t",
    "line ends": "\n",
    "lines of a space": " \n",
    "short lines": "a\n",
    "lines to a width": "the words of a text that is broken to a width as in old mail\n",
    "full stops": ".",
    "full stops apart": ". ",
    "initials": "A. ",
    "initials joined": "A.",
    "abbreviations": "Mr. ",
    "short sentences": "No. Yes! ",
    "lower after stop": "no. and ",
    "quotation marks": '"',
    "quotation marks apart": '" ',
    "curly quotation marks": "\u201c",
    "quoted words": "\u201cno\u201d ",
    "apostrophes": "'s",
    "commas": ",",
    "commas apart": ", ",
    "semicolons apart": "; ",
    "dashes": "-",
    "hyphenated": "a-",
    "dashes apart": " - ",
    "digits": "1",
    "dates": "August 9, 2020, ",
    "brackets": "(",
    "brackets paired": "(a) ",
    "braces": "{",
    "inline marks": "{c|Lee} ",
    "broken marks": "{c|Lee ",
    "bars": "|",
    "tags": "<div>",
    "tags open and closed": "<p>a</p>",
    "less-than": "<",
    "ampersands": "&",
    "rules": "---\n",
    "keys": "a: b\n",
    "zero-width": "\u200b",
    "words parted by zero-width": "a\u200b",
    "soft hyphens": "a\u00ad",
    "combining marks": "e\u0301",
    "combining marks alone": "\u0301",
    "emoji": "\U0001f600",
    "cyrillic": "\u043d\u0435\u0442 ",
    "thai": "\u0e01",
    "long s and sharp s": "\u017f\u00df",
    "backslashes": "\\",
    "json arrays": "[",
    "json objects": '{"a":',
    "one actor": "Lukashenko ",
    "many actors": "Lukashenko, Merkel and Putin ",
    "actors who say": "Lukashenko said that Merkel said ",
    "new names": "Xab Yoz and ",
    "new names in a row": "Xab ",
    "particles": "Xab van der ",
    "pronouns": "he she they ",
    "roles": "president minister ",
    "roles and names": "president Xab ",
    "and": "and ",
    "not": "not ",
    "verbs": "said condemned ",
    "said, by turns": "Xab said, \u201cno.\u201d Then he left. ",
    "cue words": "reject condemn recognise ",
    "both": "both, ",
}  # fmt: skip


def distinct_names(size: int) -> str:
    """Return a text in which somebody new speaks in every sentence."""
    letters = "abcdefghij"
    names = ("X" + "".join(letters[int(d)] for d in str(i)) for i in range(size // 25))
    return " ".join(f"{name} said no to the rest." for name in names)


def distinct_words(size: int) -> str:
    """Return a text of words that differ."""
    return " ".join(f"w{i:x}" for i in range(size // 7))


def nested_quotes(size: int) -> str:
    """Return marks that open and never close, with words between."""
    return "".join(f"\u201cXab {i} said: " for i in range(size // 16))


SHAPES: Mapping[str, Callable[[int], str]] = {
    **{name: (lambda size, unit=unit: _repeat(unit, size)) for name, unit in UNITS.items()},
    "distinct names": distinct_names,
    "distinct words": distinct_words,
    "nested quotes": nested_quotes,
    "spaces before a word": lambda size: " " * size + "a",
    "spaces after a word": lambda size: "a" + " " * size + "a",
    "lines before a word": lambda size: "\n" * size + "a",
    "a key without an end": lambda size: "---\n" + "a: b\n" * (size // 5),
    "a key of spaces": lambda size: "---\na:" + " " * size + "b\n---\nText.",
}


@cache
def target() -> Target:
    """Return the target that is asked about."""
    return load_target()


@cache
def model() -> Scorer:
    """Return the trained model."""
    return load(os.environ.get("STANCE_MODEL"))


def _csv_of(text: str) -> list[Any]:
    return list(csv_records(f"text,label\n{text}", "t.csv"))


def _target_of(text: str) -> Target:
    escaped = json.dumps(text).replace("\x7f", "")
    return parse_target(f'name = "t"\ntitle = {escaped}\n[actors.men]\n{escaped} = [{escaped}]')


def _one_sentence(text: str) -> Any:
    scorer = model()
    return detect_actors([text], scorer.target_, scorer.detector, scorer.namer)


def _by_lines(text: str) -> Any:
    scorer = model()
    return detect_actors(text.split("\n"), scorer.target_, scorer.detector, scorer.namer)


READERS: Mapping[str, Callable[[str], Any]] = {
    "decode": lambda text: decode(text.encode()),
    "decode a code page": lambda text: decode(
        b"\xcc\xe8\xed\xf1\xea \xff" + text.encode("cp1251", "replace")
    ),
    "normalize": normalize,
    "align": align,
    "fold": fold,
    "fold a text": fold_text,
    "article": parse_article,
    "web page": parse_html,
    "web page around": lambda text: parse_html(
        f"<html><body><article><p>{'Words of an article. ' * 40}</p>{text}</article></body></html>"
    ),
    "csv": _csv_of,
    "csv of one line": lambda text: list(csv_records(text, "t.csv")),
    "json lines": lambda text: list(json_records(text, "t.jsonl")),
    "json string": lambda text: list(json_records(json.dumps({"text": text}), "t.jsonl")),
    "label map": parse_label_map,
    "target as toml": parse_target,
    "target's names": _target_of,
    "inline marks": lambda text: read_inline(text, "a"),
    "sentences": split_sentences,
    "words": tokenize,
    "mentions": lambda text: find_mentions(text, target()),
    "actors of one sentence": _one_sentence,
    "actors of many sentences": _by_lines,
    "questions": lambda text: ask(text, model()),
    "claims": lambda text: read(text, model()),
    "weak labels": lambda text: label_articles([parse_article(text, "a")], target()),
}  # fmt: skip


@contextlib.contextmanager
def _stopped_after(limit: float) -> Iterator[None]:
    """Stop the block after so many CPU seconds, where the system has such a clock."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


# These read a text by the model; what they do not share with the others is short work.
BY_MODEL = frozenset(
    ["web page", "web page around", "actors of one sentence", "actors of many sentences",
     "questions", "claims", "weak labels"]
)  # fmt: skip


def seconds(
    job: Callable[[str], Any], text: str, runs: int = 3, enough: float = 0.2, limit: float = 60
) -> float:
    """Return the CPU seconds of the fastest of a few runs, infinity for more than `limit`.

    A refusal is an answer, too.
    """
    best = float("inf")
    try:
        for _ in range(runs):
            begin = time.process_time()
            with contextlib.suppress(StanceError), _stopped_after(limit):
                job(text)
            best = min(best, time.process_time() - begin)
            if best > enough:
                break
    except TimeoutError:
        return float("inf")
    return best


def main() -> None:
    """Time every reader on every shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000, help="characters of the shorter text")
    parser.add_argument("--reader", default=None)
    parser.add_argument("--shape", default=None)
    parser.add_argument("--tell", type=float, default=8, help="print each that grows faster")
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--data", type=Path, default=None, help="not used; as other benchmarks")
    args = parser.parse_args()
    if args.model is not None:
        os.environ["STANCE_MODEL"] = str(args.model)
    model()
    rows, worst = [], 0.0
    for reader, job in READERS.items():
        if args.reader not in (None, reader):
            continue
        slowest: tuple[float, str, float] = (0.0, "-", 0.0)
        longest: tuple[float, str] = (0.0, "-")
        for shape, build in SHAPES.items():
            if args.shape not in (None, shape):
                continue
            size = args.size // (10 if reader in BY_MODEL else 1)
            short = seconds(job, build(size))
            long = seconds(job, build(size * 4)) if short < float("inf") else short
            # Below this a clock tells nothing.
            ratio = long / max(short, 0.01) if long < float("inf") else long
            if ratio > args.tell:
                print(f"{reader}, {shape}: {short:.3f} s, {long:.3f} s", flush=True)
            slowest = max(slowest, (ratio, shape, long))
            longest = max(longest, (long, shape))
        worst = max(worst, slowest[0])
        rows.append([reader, f"{slowest[0]:.1f}", slowest[1], f"{longest[0]:.2f}", longest[1]])
        print("    " + "\t".join(rows[-1]), flush=True)
    header = ["reader", "4n / n", "at most, for", "s of 4n", "slowest for"]
    print("\n".join(format_plain(header, rows, [1, 3])))
    summary = {"benchmark": "bounded", "metric": "worst_growth_of_4", "value": round(worst, 1)}
    print(json.dumps({**summary, "peers": {}}))


if __name__ == "__main__":
    main()
