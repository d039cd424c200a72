"""Run every benchmark and write what they print to benchmarks/results.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
# What the scripts share; nothing to run.
MODULES = frozenset(["run_all.py", "own.py", "peers.py", "public_data.py"])


def main() -> None:
    """Run the scripts beside this one, in order of their names."""
    parts = ["# Results", "", "Written by `make bench`."]
    for script in sorted(HERE.glob("*.py")):
        if script.name in MODULES:
            continue
        print(f"{script.name} …", file=sys.stderr)
        done = subprocess.run(
            [sys.executable, str(script)], capture_output=True, text=True, cwd=HERE.parent
        )
        output = done.stdout if done.returncode == 0 else done.stderr[-500:]
        parts += ["", f"## {script.stem}", "", "```", output.strip("\n"), "```"]
    (HERE / "results.md").write_text("\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
