"""Hugging Face: examples become a dataset folder that `datasets.load_dataset` opens offline.

The folder holds one Parquet file for each side of the split and a card whose front matter states
columns, classes and files. Rows come back from it unchanged.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from string import Template

from stance.cues import STANCES
from stance.errors import StanceError
from stance.examples import COLUMNS, Example, parse_row, split_by_article, to_dataset
from stance.files import folder_written_whole
from stance.intake import list_files
from stance.records import read_records
from stance.targets import Target

_FILES = ("README.md", "data/*.parquet")
_INTEGERS = ("start", "end", "actor_start", "actor_end")


def export_dataset(
    examples: Sequence[Example], target: Target, folder: str | os.PathLike[str]
) -> dict[str, int]:
    """Write examples as a dataset folder, whole or not at all.

    Parameters
    ----------
    examples : sequence of Example
        Rows of articles, with and without actors.
    target : Target
        What the stance is about; named in the card.
    folder : path-like
        Folder to make or replace.

    Returns
    -------
    dict of str to int
        Number of rows of ``train`` and of ``test``.

    Raises
    ------
    StanceError
        If there are no rows, or the folder may not be written to.
    """
    if not examples:
        raise StanceError("no rows to export; label some sentences first.")
    train, test = split_by_article(examples)
    sides = {name: rows for name, rows in (("train", train), ("test", test)) if rows}
    with folder_written_whole(folder, _FILES) as fresh, _without_progress_bars():
        (fresh / "data").mkdir()
        for name, rows in sides.items():
            to_dataset(rows).to_parquet(str(fresh / "data" / f"{name}.parquet"))
        (fresh / "README.md").write_text(render_card(sides, target), encoding="utf-8")
    return {name: len(rows) for name, rows in sides.items()}


@contextmanager
def _without_progress_bars() -> Iterator[None]:
    """Keep the library's progress bars off a run of a second."""
    from datasets import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    were_off = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not were_off:
            enable_progress_bars()


def import_dataset(folder: str | os.PathLike[str]) -> list[Example]:
    """Read back the rows of a dataset folder.

    Parameters
    ----------
    folder : path-like
        A folder that `export_dataset` wrote.

    Returns
    -------
    list of Example
        Of both sides of the split.

    Raises
    ------
    StanceError
        If there are no Parquet files, or a row breaks the schema.
    """
    data = Path(folder) / "data"
    paths = list_files(data, lambda parts: parts[-1].endswith(".parquet")) if data.is_dir() else []
    if not paths:
        raise StanceError(f"{folder} holds no data/*.parquet; name a dataset folder.")
    return [
        parse_row(record.values, record.where) for path in paths for record in read_records(path)
    ]


def render_card(sides: dict[str, list[Example]], target: Target) -> str:
    """Return the dataset's card, Markdown with front matter.

    Parameters
    ----------
    sides : dict of str to list of Example
        Rows of each side of the split.
    target : Target
        What the stance is about.

    Returns
    -------
    str
    """
    rows = [row for side in sides.values() for row in side]
    pairs = [row for row in rows if row.has_actor]
    labels = Counter(row.label for row in pairs)
    features = "\n".join(
        f"  - {{name: {column}, dtype: {'int64' if column in _INTEGERS else 'string'}}}"
        for column in COLUMNS
        if column != "label"
    )
    names = ", ".join(f"'{i}': {stance}" for i, stance in enumerate(STANCES))
    template = Template(
        (resources.files("stance.exchange") / "dataset_card.md").read_text(encoding="utf-8")
    )
    return template.substitute(
        title=target.title or target.name,
        question=target.question,
        features=f"{features}\n  - name: label\n    dtype:\n      class_label:\n"
        f"        names: {{{names}}}",
        files="\n".join(f"  - {{split: {name}, path: data/{name}.parquet}}" for name in sides),
        size=_size_category(len(rows)),
        n_pairs=len(pairs),
        n_empty=len(rows) - len(pairs),
        n_articles=len({row.article for row in rows}),
        n_actors=len({row.canonical for row in pairs}),
        sides=", ".join(f"{len(side)} rows in {name}" for name, side in sides.items()),
        labels="\n".join(
            f"| {stance} | {labels[stance]} | {labels[stance] / max(1, len(pairs)):.1%} |"
            for stance in STANCES
        ),
    )


def _size_category(n_rows: int) -> str:
    """Return the hub's word for the size of a dataset.

    Examples
    --------
    >>> _size_category(999), _size_category(1000)
    ('n<1K', '1K<n<10K')
    """
    for limit, name in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")):
        if n_rows < limit:
            return name
    return "100K<n<1M"
