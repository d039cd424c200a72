"""Fuzz the readers of bytes by coverage: what leads into new code is changed further.

As benchmarks/fuzz.py, with atheris (libFuzzer) in place of hypothesis, which only gives the first
cases. Needs ``pip install atheris``; nothing else in the project does.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

try:
    import atheris
except ImportError:
    print(json.dumps({"benchmark": "fuzz-coverage", "value": None, "needs": "atheris"}))
    raise SystemExit(0) from None

with atheris.instrument_imports(include=["stance"]):
    import fuzz

from hypothesis import HealthCheck, Phase, given, settings

# Of these the cases are no bytes, or the code that reads them is not Python.
OTHERS = frozenset(["cue", "label map", "saved dataset", "facts", "requests", "claims of a text"])


def write_seeds(name: str, folder: Path, count: int = 200) -> None:
    """Write the first cases, as hypothesis makes them."""
    cases: list[bytes] = []

    @settings(
        max_examples=count, database=None, deadline=None, derandomize=True,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(fuzz.READERS[name].cases)
    def collect(case: bytes) -> None:
        cases.append(case)

    collect()
    for number, case in enumerate(cases):
        (folder / f"{number}").write_bytes(case)


def fuzz_here(name: str, seconds: float) -> None:
    """Fuzz one reader; ends the process."""
    reader, tally = fuzz.READERS[name], fuzz.Tally()
    with tempfile.TemporaryDirectory(prefix="seeds-") as folder:
        write_seeds(name, Path(folder))
        until = time.monotonic() + seconds

        def test(data: bytes) -> None:
            try:
                tally.judge(reader, data)
            except Exception as error:
                fuzz._note(tally, name, data, error)
            if time.monotonic() > until:
                print(json.dumps({"reader": name, **asdict(tally)}), flush=True)
                shutil.rmtree(folder)  # atheris never returns, and runs nothing at the end
                os._exit(0)

        atheris.Setup(
            [sys.argv[0], "-verbosity=0", "-max_len=4096", "-rss_limit_mb=0", folder], test
        )
        atheris.Fuzz()


def fuzz_apart(name: str, seconds: float) -> dict[str, Any]:
    """Fuzz one reader in a process of its own."""
    command = [sys.executable, __file__, "--reader", name, "--seconds", str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    last = done.stdout.strip().rpartition("\n")[2]
    if done.returncode or not last.startswith("{"):
        nothing = asdict(fuzz.Tally())
        return {"reader": name, **nothing, "findings": {f"ended with {done.returncode}": 1}}
    found: dict[str, Any] = json.loads(last)
    return found


def main() -> None:
    """Fuzz each reader of bytes in turn, or one in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="for each reader")
    parser.add_argument("--reader", choices=list(fuzz.READERS), help="this alone; prints JSON")
    parser.add_argument("--data", type=Path, default=None, help="not used; as other benchmarks")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    if args.reader:
        fuzz_here(args.reader, args.seconds)
    names = [name for name in fuzz.READERS if name not in OTHERS]
    fuzz.report([fuzz_apart(name, args.seconds) for name in names], "fuzz-coverage")


if __name__ == "__main__":
    main()
