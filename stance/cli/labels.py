"""Commands about labels: init, label, import, export."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from stance.cli.application import app
from stance.cli.inputs import check_format, read_paths
from stance.cli.options import (
    LABELS,
    MODEL,
    RAW,
    TARGET,
    LabelsOption,
    LicenseOption,
    ModelOption,
    RawOption,
    TargetOption,
    WeakOption,
)
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


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files or folders.")],
    format_: Annotated[str, typer.Option("--format", help="inline")] = "inline",
    raw: RawOption = RAW,
    labels: LabelsOption = LABELS,
    annotator: Annotated[str, typer.Option("--annotator", help="Who labelled them.")] = "",
) -> None:
    """Bring labels made elsewhere into the corpus.

    `inline` reads articles with marks such as `{c|the EU|European Union}` written into the text:
    c criticizes, n neutral, s supports. Rows of an article that was there before are replaced.

    Example: `stance import drafts/ --annotator anna`
    """
    from stance.exchange.inline import import_inline

    check_format(format_, ("inline",))
    paths = [p for f in files for p in (sorted(f.rglob("*.txt")) if f.is_dir() else [f])]
    counts = import_inline(paths, raw, labels, annotator)
    typer.echo(
        f"in: {len(paths)} files; out: {counts['articles']} articles -> {raw}, "
        f"{counts['pairs']} pairs and {counts['without_actor']} sentences without an actor -> "
        f"{labels / 'reviewed.jsonl'}"
    )


@app.command()
def export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write.")],
    format_: Annotated[str, typer.Option("--format", help="hf, hf-model, inline")] = "hf",
    raw: RawOption = RAW,
    labels: LabelsOption = LABELS,
    target: TargetOption = TARGET,
    weak: WeakOption = False,
    model: ModelOption = MODEL,
    license_id: LicenseOption = "unknown",
) -> None:
    """Write the labels, or a model, in another tool's format.

    `hf` is a dataset folder with its card, which `datasets.load_dataset` opens offline; `inline`
    is one text file an article with the labels as marks, for editing. `hf-model` is a folder of
    `--model` for the Hugging Face hub: the portable model, a skops file, config and card.

    Example: `stance export --format hf dataset/`
    """
    check_format(format_, ("hf", "hf-model", "inline"))
    if format_ == "hf-model":
        from stance.exchange.hf_model import export_model

        files = export_model(model, out, license_id)
        typer.echo(f"in: {model}; out: {', '.join(files)} -> {out}")
        return
    from stance.corpus import read_corpus
    from stance.targets import load_target

    corpus = read_corpus(raw, labels, weak=weak)
    if format_ == "hf":
        from stance.exchange.hf import export_dataset

        counts = export_dataset(corpus.examples, load_target(target), out)
        sides = ", ".join(f"{n} in {name}" for name, n in counts.items())
        typer.echo(f"in: {len(corpus.examples)} rows; out: {sides} -> {out}")
    else:
        from stance.exchange.inline import export_inline

        n_files = export_inline(corpus, out)
        typer.echo(f"in: {len(corpus.examples)} rows; out: {n_files} files -> {out}")
