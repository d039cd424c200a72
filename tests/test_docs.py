"""The documentation is tested: it is fresh, complete, and its examples run."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from numpydoc.validate import validate
from test_imports import LADDER

import stance
from stance.cli.commands import app
from stance.cli.exchange import EXPORTS, IMPORTS

PROJECT = Path(__file__).parent.parent
DOCS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), PROJECT / "data" / "README.md"])
# Codes that stay unchecked: sections that a reader of a small module would not miss.
IGNORED = {
    "EX01",  # an example where the name says it all
    "SA01", "SA04",  # See Also for every function
    "ES01",  # an extended summary for one-liners
    "GL08",  # absence is ruff's business
    "PR01", "PR02",  # parameters that a see-also'd sibling documents
    "RT01", "RT03", "YD01",
    "SS06",  # a summary of two lines
}  # fmt: skip


def test_cli_reference_is_fresh():
    made = subprocess.run(
        [sys.executable, "docs/make_cli.py"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == (PROJECT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_every_command_is_documented():
    reference = (PROJECT / "docs" / "cli.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        assert f"## stance {name}\n" in reference


def test_every_format_is_documented():
    text = (PROJECT / "docs" / "exchange.md").read_text(encoding="utf-8")
    for command, formats in (("import", IMPORTS), ("export", EXPORTS)):
        for name in formats:
            assert f"\nstance {command} --format {name} " in text, name


def test_every_module_is_in_the_architecture():
    text = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for module in LADDER:
        name = module.removeprefix("stance").lstrip(".").replace(".", "/")
        if name and name not in ("report", "exchange", "__main__"):
            assert f"`{name}`" in text, module


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (path.parent / link).exists(), link


def test_named_commands_exist():
    """Each `stance …` line in the docs names a command, and options that it has."""
    from typer.main import get_command

    commands = get_command(app).commands
    for path in DOCS:
        for line in re.findall(r"^\s*stance ([a-z].*)$", path.read_text("utf-8"), re.MULTILINE):
            words = line.split()
            assert words[0] in commands, line
            known = {o for p in commands[words[0]].params for o in (*p.opts, *p.secondary_opts)}
            for option in re.findall(r"(?<!\S)--[a-z-]+", line):
                assert option in known | {"--help"}, line


def public_objects():
    for module in LADDER:
        home = importlib.import_module(module) if module != "stance.__main__" else stance
        for name, value in vars(home).items():
            if name.startswith("_") or getattr(value, "__module__", None) != home.__name__:
                continue
            if inspect.isfunction(value) or inspect.isclass(value):
                yield f"{module}.{name}"


@pytest.mark.parametrize("name", [n for n in public_objects() if not n.startswith("stance.cli")])
def test_docstrings_are_numpydoc(name):
    errors = [f"{code}: {text}" for code, text in validate(name)["errors"] if code not in IGNORED]
    assert errors == []
