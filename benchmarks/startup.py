"""Print how long one answer takes from nothing, as a whole process, against a joblib script.

In turn, several times over: bare Python; `stance predict` of a sentence; of two sentences; and the
script of ten lines that one writes without this package's command, which loads the estimator with
joblib and predicts. The fastest run of each counts, for these machines are shared. Bytecode is
compiled before, as it is where packages are installed.
"""

from __future__ import annotations

import argparse
import compileall
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from stance.tables import format_plain

MODEL = Path("models") / "stance"
SENTENCE = "Angela Merkel said on Wednesday that the EU rejects the outcome."
PAIR = f"{SENTENCE} Moscow congratulated the winner."
SCRIPT = """\
import sys
import joblib

model = joblib.load(sys.argv[1])
text = sys.argv[2]
stance = model.predict([text])[0]
chances = model.predict_proba([text])[0]
for name, chance in zip(model.classes_, chances):
    print(f"{name}: {chance:.2f}")
print(f"{stance}: {text}")
"""
COMPILED = ("stance", "nupunkt", "joblib", "numpy", "scipy", "sklearn", "threadpoolctl")
GOAL_SECONDS = 0.1
GOAL_RATIO = 15


class Cost(NamedTuple):
    """What a process took: seconds by the clock, and of the processor, the least of all runs."""

    wall: float
    cpu: float


def compile_bytecode() -> None:
    """Write the bytecode of what either side imports, where it is not there."""
    for name in COMPILED:
        spec = importlib.util.find_spec(name)
        for folder in (spec and spec.submodule_search_locations) or []:
            compileall.compile_dir(folder, quiet=2)


def run(arguments: list[str]) -> Cost:
    """Return what one process took."""
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{arguments} ended with {process.returncode}")
    return Cost(seconds, used.ru_utime + used.ru_stime)


def measure(commands: dict[str, list[str]], n_runs: int) -> dict[str, Cost]:
    """Return the least cost of each command; they run in turn."""
    runs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(n_runs):
        for name, arguments in commands.items():
            runs[name].append(run(arguments))
    return {
        name: Cost(min(cost.wall for cost in costs), min(cost.cpu for cost in costs))
        for name, costs in runs.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=MODEL, help="Folder of the trained model.")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    compile_bytecode()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.py"
        script.write_text(SCRIPT, encoding="utf-8")
        predict = ["-m", "stance", "predict", "--model", str(options.model)]
        costs = measure(
            {
                "bare python": ["-c", "pass"],
                "predict one sentence": [*predict, SENTENCE],
                "predict two sentences": [*predict, PAIR],
                "joblib.load and predict": [
                    str(script), str(options.model / "model.joblib"), SENTENCE,
                ],
            },
            options.runs,
        )  # fmt: skip
    rows = [[name, f"{1000 * c.wall:.0f}", f"{1000 * c.cpu:.0f}"] for name, c in costs.items()]
    print("\n".join(format_plain(["ms, the best of several", "clock", "processor"], rows, [1, 2])))
    ours, joblib = costs["predict one sentence"], costs["joblib.load and predict"]
    print(f"{joblib.wall / ours.wall:.0f} times faster by the clock, goal {GOAL_RATIO}")
    result = {"benchmark": "startup", "metric": "seconds", "value": round(ours.wall, 4)}
    peers = {name: round(cost.wall, 4) for name, cost in costs.items() if cost is not ours}
    more = {"goal": GOAL_SECONDS, "ratio": round(joblib.wall / ours.wall, 1)}
    print(json.dumps({**result, **more, "goal_ratio": GOAL_RATIO, "peers": peers}))


if __name__ == "__main__":
    main()
