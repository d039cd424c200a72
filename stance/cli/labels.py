"""Commands about labels: init, label."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from stance.cli.application import app
from stance.cli.inputs import read_paths
from stance.cli.options import LABELS, RAW, TARGET, LabelsOption, TargetOption
from stance.cli.printing import print_table, show_progress
from stance.errors import StanceError


@app.command()
def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new target's name.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where; NAME.toml by default.")
    ] = None,
) -> None:
    """Write a commented target file, to be filled in.

    Example: `stance init my-target`
    """
    from datetime import date

    from stance.files import write_whole
    from stance.targets import draft_target

    path = out or Path(f"{name}.toml")
    text = draft_target(name, date.today().isoformat())
    if path.exists():
        raise StanceError(f"{path} is there already; name another file with --out.")
    write_whole(path, text.encode("utf-8"))
    typer.echo(f"wrote {path}; fill it in, then: stance label ARTICLES --target {path}", err=True)


@app.command()
def label(
    articles: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[ARTICLE]...", help="Articles or folders.", show_default="data/raw"
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="File of weak labels to write.")] = LABELS
    / "weak.jsonl",
    labels: LabelsOption = LABELS,
    target: TargetOption = TARGET,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="FIELD=NAME", help="For tables: text=body, date=day …"),
    ] = None,
    audit: Annotated[
        int | None,
        typer.Option(
            "--audit",
            min=1,
            metavar="N",
            help="Instead, list the N reviewed labels that are likeliest wrong.",
        ),
    ] = None,
) -> None:
    """Turn articles into weakly labelled (sentence, actor) pairs by the target's cues.

    Prints what each cue is worth: the share of pairs that it covers, how often it overlaps and
    conflicts with others, and how often it agrees with the reviewed labels.

    Example: `stance label data/raw --out data/labels/weak.jsonl`
    """
    from stance.corpus import REVIEWED_FILES
    from stance.examples import merge_labels, read_labels, write_labels
    from stance.labeling import label_articles, score_cues
    from stance.targets import load_target

    loaded = load_target(target)
    if audit is not None:
        _audit(articles or [RAW], labels, loaded, audit)
        return
    texts = read_paths(articles or [RAW], column or [])
    with show_progress("reading articles"):
        pairs = label_articles(texts.values(), loaded)
    weak = [pair.example for pair in pairs if pair.label is not None]
    write_labels(out, weak)
    files = [labels / name for name in REVIEWED_FILES if (labels / name).is_file()]
    reviewed = [
        example
        for example in merge_labels(*(read_labels(file) for file in files))
        if example.has_actor and example.article in texts
    ]
    with show_progress("scoring cues"):
        scores = score_cues(pairs, reviewed, loaded)
    print_table(
        ["cue", "votes", "coverage", "overlaps", "conflicts", "correct", "incorrect", "accuracy"],
        [
            [
                score.name, score.stance, f"{score.coverage:.1%}", f"{score.overlaps:.1%}",
                f"{score.conflicts:.1%}", str(score.correct), str(score.incorrect),
                "–" if math.isnan(score.accuracy) else f"{score.accuracy:.2f}",
            ]
            for score in scores
        ],
        numeric=range(2, 8),
    )  # fmt: skip
    typer.echo(
        f"{len(pairs)} pairs in {len(texts)} articles: {len(weak)} labelled, "
        f"{len(pairs) - len(weak)} left open -> {out}"
    )
    if reviewed:
        _print_majority(reviewed, loaded)


def _audit(articles: list[Path], labels: Path, target: Any, top: int) -> None:
    """Print the labels that a model which has not seen them believes least."""
    from stance.auditing import audit_labels
    from stance.corpus import read_corpus

    if len(articles) > 1 or not articles[0].is_dir():
        raise StanceError(
            f"--audit reads one folder of articles, found {articles[0]}; name the folder that the "
            "labels belong to, such as data/raw."
        )
    with show_progress("reading the corpus") as tell:
        audited = audit_labels(read_corpus(articles[0], labels), target, n_jobs=-1, progress=tell)
    print_table(
        ["p", "label", "likelier", "p", "article", "actor", "sentence"],
        [
            [
                f"{a.confidence:.3f}", a.example.label, a.likelier, f"{a.probability:.2f}",
                a.example.article, a.example.actor, a.example.sentence,
            ]
            for a in audited[:top]
        ],
        numeric=[0, 3],
    )  # fmt: skip


def _print_majority(reviewed: list[Any], target: Any) -> None:
    """Print how good the cues are together on reviewed pairs."""
    from stance.labeling import label_pair

    made = [(label_pair(example, target).label, example.label) for example in reviewed]
    voted = [weak == read for weak, read in made if weak is not None]
    share = sum(voted) / len(voted) if voted else math.nan
    typer.echo(
        f"on {len(reviewed)} reviewed pairs the cues' majority decides {len(voted) / len(made):.1%}"
        f" and is right on {share:.1%} of those"
    )
