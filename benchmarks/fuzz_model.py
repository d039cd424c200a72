"""Damage and forge a model's file for a while, and count how each is answered.

Two kinds of cases, on a tiny model or the one that --model names. *Damaged*: bytes are flipped,
cut off, doubled or replaced somewhere; the file must be refused, or answer exactly as the whole one
does where the damage lies in what was not needed. *Forged*: the header or an array is rewritten and
all checksums are made right again, as somebody with bad intent would; the file must be refused in
one line, or answer with probabilities. Anything else, another error, a wrong answer, a number that
is none, or a case that takes longer than a second, is a failure, and its file is kept.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from stance.errors import ModelError
from stance.modelfile import MAGIC, PAGE, ModelFile, pack
from stance.reading import read
from stance.scorer import Scorer, parse_scorer
from stance.tables import format_plain

TINY = Path(__file__).parent.parent / "examples" / "tiny.stance"
TEXT = "Ida Moss rejected the new dam. She will meet the mayor of Elm, whom Tom Reed praised."
SLOW = 1.0
_ODD = [None, True, -1, 0, 1, 2**31, 2**32 - 1, 2**64, 1e308, "", "word", "ACTOR", [], {}, [[]]]
_INFINITY = b"\x00\x00\x00\x00\x00\x00\xf0\x7f"
_BYTES = [b"\x00", b"\xff", b"\n", b"\xff" * 4, b"\xff" * 8, _INFINITY]

Answer = list[tuple[str | None, str, tuple[float, ...]]]


def answer(model: Scorer) -> Answer:
    """Return what a model says about the text: actors, stances, probabilities."""
    claims = read(TEXT, model)
    return [
        (claim.canonical, claim.stance, tuple(claim.probabilities.values())) for claim in claims
    ]


def take_whole(model: Scorer) -> None:
    """Read all that a model holds, as who scores in bulk does."""
    target = model.target
    for block in model.blocks:
        len(block.terms), block.idf, block.coef
    if model.detector is not None:
        dict(model.detector.weights)
    if model.namer is not None:
        dict(model.namer.weights), dict(model.namer.usual)
    (
        dict(target.categories),
        dict(target.by_name),
        target.actors,
        target.cues,
        target.on("2030-02-02"),
    )
    len(model.intercept), model.context


def damage(good: bytes, rng: random.Random) -> bytes:
    """Return the file with something wrong in one place."""
    place = rng.randrange(len(good))
    kind = rng.randrange(6)
    if kind == 0:
        return good[:place]
    if kind == 1:
        return good + good[place:]
    if kind == 2:
        return good[:place] + rng.choice(_BYTES) + good[place:]
    if kind == 3:
        other = rng.randrange(len(good))
        size = rng.choice([1, 4, 64, PAGE])
        return good[:place] + good[other : other + size] + good[place + size :]
    flipped = bytearray(good)
    # One time in two at the head, where a bit means most.
    for _ in range(rng.choice([1, 1, 1, 2, 8])):
        flipped[rng.randrange(min(len(good), PAGE)) if kind == 4 else place] ^= 1 << rng.randrange(
            8
        )
    return bytes(flipped)


def forge(good: ModelFile, rng: random.Random) -> bytes:
    """Return a file whose header or arrays were rewritten, with right checksums."""
    arrays = {name: bytes(good.take(name)) for name in good.header["arrays"]}
    header = json.loads(json.dumps(good.header))
    for _ in range(rng.choice([1, 1, 2])):
        if rng.random() < 0.35:
            _forge_json(header, rng)
        else:
            name = rng.choice(sorted(arrays))
            arrays[name] = _forge_bytes(arrays[name], rng)
    if rng.random() < 0.1:
        arrays.pop(rng.choice(sorted(arrays)))
    made = pack(header, arrays)
    return _forge_head(made, rng) if rng.random() < 0.1 else made


def _forge_json(value: Any, rng: random.Random) -> None:
    """Replace, take away or double something in an object or a list, at any depth."""
    keys = sorted(value) if isinstance(value, dict) else list(range(len(value)))
    if not keys:
        return
    key = rng.choice(keys)
    if isinstance(value[key], (dict, list)) and rng.random() < 0.7:
        _forge_json(value[key], rng)
    elif rng.random() < 0.2:
        del value[key]
    else:
        value[key] = rng.choice([*_ODD, value[rng.choice(keys)]])


def _forge_bytes(data: bytes, rng: random.Random) -> bytes:
    """Return an array with some of its bytes replaced, cut, doubled, sorted or swapped."""
    place = rng.randrange(len(data) + 1)
    kind = rng.randrange(5)
    if kind == 0:
        return data[:place]
    if kind == 1:
        return data + data[place:]
    if kind == 2:
        return data[place:] + data[:place]
    if kind == 3:
        return bytes(len(data)) if rng.random() < 0.5 else b"\xff" * len(data)
    width = rng.choice([1, 4, 8])
    at = place // width * width
    new = rng.choice([*_BYTES, rng.randbytes(width)])
    return data[:at] + new + data[at + len(new) :]


def _forge_head(made: bytes, rng: random.Random) -> bytes:
    """Return a file whose header is no plain JSON object, or lies about its length."""
    head = rng.choice(
        [
            b"[" * 100_000, b'{"a":' * 50_000, b'{"format":4,"format":4}', b"NaN", b"4", b"",
            b'{"format":NaN}', b'{"format":' + b"9" * 5000 + b"}", b"\xff\xfe",
            b'{"format":4,"pages":4294967295,"checksum":0,"arrays":{}}',
            b'{"format":4,"pages":99999999999999999999,"checksum":0,"arrays":{}}',
        ]
    )  # fmt: skip
    size = rng.choice([len(head), len(head), 2**63, 2**64 - 1, 1 << 40])
    return MAGIC + size.to_bytes(8, "little") + head + made[len(MAGIC) + 8 :]


def try_case(data: bytes, right: Answer | None) -> str:
    """Return how a file is answered: refused or answered; raise AssertionError for a failure.

    With `right`, the answer must be just that.
    """
    begin = time.process_time()
    try:
        found = answer(parse_scorer(data))
        outcome = "answered"
        if right is not None:
            assert found == right, "another answer"
        chances = [chance for _, _, row in found for chance in row]
        assert all(0 <= chance <= 1 and math.isfinite(chance) for chance in chances), "no chance"
        take_whole(parse_scorer(data))
    except ModelError as error:
        assert "\n" not in str(error) and "stance train" in str(error), str(error)
        outcome = "refused"
    assert time.process_time() - begin < SLOW, "too slow"
    return outcome


def run(path: Path, seconds: float, seed: int) -> dict[str, Counter[str]]:
    """Try cases for some seconds; return the counts of each kind."""
    rng = random.Random(seed)
    good = path.read_bytes()
    file, right = ModelFile(good), answer(parse_scorer(good))
    counts: dict[str, Counter[str]] = {"damaged": Counter(), "forged": Counter()}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for kind, data in (("damaged", damage(good, rng)), ("forged", forge(file, rng))):
            try:
                outcome = try_case(data, right if kind == "damaged" and data != good else None)
            except Exception:
                outcome = "failed"
                handle, name = tempfile.mkstemp(suffix=".stance")
                Path(name).write_bytes(data)
                print(f"{kind}, kept in {name}:\n{traceback.format_exc()}", file=sys.stderr)
            counts[kind][outcome] += 1
    return counts


def main() -> None:
    """Print the counts, and end with an error after any failure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=TINY)
    options = parser.parse_args()
    counts = run(options.model, options.seconds, options.seed)
    outcomes = ("refused", "answered", "failed")
    rows = [[kind, *(str(found[o]) for o in outcomes)] for kind, found in counts.items()]
    print("\n".join(format_plain(["model files", *outcomes], rows, numeric=[1, 2, 3])))
    failed = sum(found["failed"] for found in counts.values())
    total = sum(sum(found.values()) for found in counts.values())
    cases = {kind: dict(found) for kind, found in counts.items()}
    result = {"benchmark": "fuzz-model", "metric": "failures", "value": failed}
    print(json.dumps({**result, "cases": total, "seed": options.seed, "peers": {}, **cases}))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
