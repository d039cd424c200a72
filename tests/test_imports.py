"""The one-way street: a module imports from rungs below its own, never from above."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "stance"
LADDER = [
    "stance",
    "stance.errors",
    "stance.files",
    "stance.intake",
    "stance.tables",
    "stance.kernel",
    "stance.normalization",
    "stance.verbs",
    "stance.dictionary",
    "stance.cues",
    "stance.targets",
    "stance.records",
    "stance.spreadsheets",
    "stance.articles",
    "stance.mentions",
    "stance.coreference",
    "stance.rescoring",
    "stance.detection",
    "stance.clauses",
    "stance.actors",
    "stance.acting",
    "stance.examples",
    "stance.corpus",
    "stance.network",
    "stance.agreement",
    "stance.comparison",
    "stance.labeling",
    "stance.features",
    "stance.labelled",
    "stance.batch",
    "stance.context",
    "stance.modelfile",
    "stance.storedtarget",
    "stance.scorer",
    "stance.reading",
    "stance.bulk",
    "stance.bulk.plan",
    "stance.bulk.columns",
    "stance.bulk.lines",
    "stance.bulk.inputs",
    "stance.bulk.rows",
    "stance.bulk.outputs",
    "stance.bulk.scoring",
    "stance.bulk.journal",
    "stance.bulk.pools",
    "stance.bulk.driving",
    "stance.bulk.cluster",
    "stance.bulk.running",
    "stance.explanation",
    "stance.counting",
    "stance.merging",
    "stance.regression",
    "stance.pipeline",
    "stance.model",
    "stance.loading",
    "stance.detection_training",
    "stance.coreference_training",
    "stance.training",
    "stance.calibration",
    "stance.auditing",
    "stance.evaluation",
    "stance.name_swap",
    "stance.mistakes",
    "stance.experiment",
    "stance.report",
    "stance.report.card",
    "stance.report.evaluation_plots",
    "stance.report.evaluation_page",
    "stance.report.prevalence",
    "stance.report.summary",
    "stance.report.tidy",
    "stance.report.charts",
    "stance.report.page",
    "stance.report.plots",
    "stance.exchange",
    "stance.exchange.hf",
    "stance.exchange.hf_model",
    "stance.exchange.inline",
    "stance.exchange.items",
    "stance.exchange.labelstudio",
    "stance.exchange.doccano",
    "stance.exchange.prodigy",
    "stance.exchange.csv",
    "stance.exchange.parquet",
    "stance.exchange.dna",
    "stance.exchange.graphml",
    "stance.exchange.storage",
    "stance.serve",
    "stance.serve.problems",
    "stance.serve.guard",
    "stance.serve.gate",
    "stance.serve.schemas",
    "stance.serve.responses",
    "stance.serve.journal",
    "stance.serve.library",
    "stance.serve.settling",
    "stance.serve.ranking",
    "stance.serve.answering",
    "stance.serve.publishing",
    "stance.serve.worker",
    "stance.serve.jobs",
    "stance.serve.workspace",
    "stance.serve.pages",
    "stance.serve.reading_routes",
    "stance.serve.review_routes",
    "stance.serve.application",
    "stance.serve.running",
    "stance.cli.endings",
    "stance.cli.inputs",
    "stance.cli.claims",
    "stance.cli.quick",
    "stance.cli.application",
    "stance.cli.options",
    "stance.cli.printing",
    "stance.cli.labels",
    "stance.cli.models",
    "stance.cli.answers",
    "stance.cli.scoring",
    "stance.cli.agreement",
    "stance.cli.exchange",
    "stance.cli.reports",
    "stance.cli.serving",
    "stance.cli.commands",
    "stance.cli",
    "stance.__main__",
]


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in PACKAGE.rglob("*.py")}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name in MODULES}


def test_every_module_has_a_rung():
    assert sorted(MODULES) == sorted(LADDER)


@pytest.mark.parametrize("name", [name for name in LADDER if name != "stance"])
def test_imports_run_one_way(name):
    above = {other for other in imported(MODULES[name]) if LADDER.index(other) > LADDER.index(name)}
    assert not above


def loaded_after(code: str) -> set[str]:
    script = f"import sys; {code}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import stance", {"numpy", "sklearn", "typer", "datasets", "pandas"}),
        ("import stance.cli", {"numpy", "sklearn", "datasets", "pandas", "nupunkt"}),
        ("import stance; stance.load", {"numpy", "sklearn", "datasets", "pandas", "scipy"}),
    ],
)
def test_nothing_heavy_is_loaded_early(code, absent):
    assert not loaded_after(code) & absent


def test_front_door_lists_what_it_opens():
    import stance

    assert sorted(stance._HOMES) == sorted(stance.__all__)
    for name in stance.__all__:
        assert getattr(stance, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        stance.nothing  # noqa: B018
