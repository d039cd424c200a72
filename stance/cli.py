"""The command line: each command parses its options, calls the library and prints.

Results go to standard output, progress and messages to standard error. Exit code 0 is fine, 1 an
error that the user can mend, 2 wrong usage, 130 an interrupt.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from stance.errors import StanceError

if TYPE_CHECKING:
    from stance.articles import Article
    from stance.reading import Claim

RAW = Path("data") / "raw"
LABELS = Path("data") / "labels"
MODEL = Path("models") / "stance"
TARGET = "belarus-2020"
TABLE_PANEL = "A labelled table"
TABLE_OPTIONS = (
    "test_data", "text_column", "actor_column", "label_column", "group_column", "label_map",
    "where", "no_header", "skip_bad_rows",
)  # fmt: skip
ARTICLE_SUFFIXES = (".txt", ".md", ".markdown", ".text", ".html", ".htm", ".xhtml")


class StanceGroup(TyperGroup):
    """Turns the library's errors into one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except StanceError as error:
            if ctx.params.get("debug"):
                raise
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            typer.echo("interrupted; what was there before is untouched.", err=True)
            raise typer.Exit(130) from error
        except BrokenPipeError as error:
            # The reader of our output has gone (as `| head` does); there is nobody left to tell.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from error


app = typer.Typer(
    cls=StanceGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Train, evaluate and use models of who takes which side in the news.",
    epilog="Example: stance predict 'Berlin does not recognise the result.'",
)

TargetOption = Annotated[
    str, typer.Option("--target", metavar="NAME|FILE.toml", help="What the stance is about.")
]
RawOption = Annotated[Path, typer.Option("--raw", metavar="FOLDER", help="Folder of articles.")]
LabelsOption = Annotated[
    Path, typer.Option("--labels", metavar="FOLDER", help="Folder of label files.")
]
ModelOption = Annotated[
    Path, typer.Option("--model", metavar="FOLDER", help="Folder of the trained model.")
]
COption = Annotated[
    float | None, typer.Option("--c", help="Strength of fit; without it, searched for.")
]
ActorPriorOption = Annotated[
    bool, typer.Option("--actor-prior", help="Let the model hear who speaks, too.")
]
JobsOption = Annotated[int, typer.Option("--jobs", help="Processes; -1 for all cores.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]
TrainTargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="NAME|FILE.toml",
        help=f"What the stance is about; {TARGET}, or with --data one without aliases.",
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="FILE|FOLDER",
        help="A table of labelled texts in place of a corpus: CSV, TSV, JSON Lines, JSON, Parquet "
        "or a dataset folder.",
        rich_help_panel=TABLE_PANEL,
    ),
]
TestDataOption = Annotated[
    Path | None,
    typer.Option(
        "--test-data",
        metavar="FILE|FOLDER",
        help="Another such table to test on; without it, a fifth of --data.",
        rich_help_panel=TABLE_PANEL,
    ),
]
TextColumnOption = Annotated[
    str | None,
    typer.Option(
        "--text-column",
        metavar="NAME",
        help="Column of the text; this and the next are found by their usual names.",
        rich_help_panel=TABLE_PANEL,
    ),
]
ActorColumnOption = Annotated[
    str | None,
    typer.Option(
        "--actor-column",
        metavar="NAME",
        help="Column of the actor; '' judges each text as a whole.",
        rich_help_panel=TABLE_PANEL,
    ),
]
LabelColumnOption = Annotated[
    str | None,
    typer.Option(
        "--label-column",
        metavar="NAME",
        help="Column of the label.",
        rich_help_panel=TABLE_PANEL,
    ),
]
GroupColumnOption = Annotated[
    str | None,
    typer.Option(
        "--group-column",
        metavar="NAME",
        help="Column of the article: its rows stay on one side of the split and are judged "
        "together. '' for none: then each distinct text is a group.",
        rich_help_panel=TABLE_PANEL,
    ),
]
LabelMapOption = Annotated[
    str | None,
    typer.Option(
        "--label-map",
        metavar="VALUE=STANCE,…",
        help="What the labels mean, as in FAVOR=supports,AGAINST=criticizes,NONE=neutral; skip "
        "leaves rows out.",
        rich_help_panel=TABLE_PANEL,
    ),
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="COLUMN=VALUE",
        help="Take only the rows with this value.",
        rich_help_panel=TABLE_PANEL,
    ),
]
NoHeaderOption = Annotated[
    bool,
    typer.Option(
        "--no-header",
        help="The first line is a row; columns are called 1, 2, 3 …",
        rich_help_panel=TABLE_PANEL,
    ),
]
SkipBadRowsOption = Annotated[
    bool,
    typer.Option(
        "--skip-bad-rows",
        help="Leave out rows without text or label instead of stopping.",
        rich_help_panel=TABLE_PANEL,
    ),
]
WeakOption = Annotated[
    bool, typer.Option("--weak", help="Take weak labels where there are no reviewed ones.")
]


def _print_version(value: bool) -> None:
    """Print the version and end."""
    if value:
        from stance import __version__

        typer.echo(f"stance {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Options that every command shares."""


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
    texts = _read_articles(articles or [RAW], column or [])
    with _progress("reading articles"):
        pairs = label_articles(texts.values(), loaded)
    weak = [pair.example for pair in pairs if pair.label is not None]
    write_labels(out, weak)
    files = [labels / name for name in REVIEWED_FILES if (labels / name).is_file()]
    reviewed = [
        example
        for example in merge_labels(*(read_labels(file) for file in files))
        if example.has_actor and example.article in texts
    ]
    with _progress("scoring cues"):
        scores = score_cues(pairs, reviewed, loaded)
    _print_table(
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
    with _progress("reading the corpus") as tell:
        audited = audit_labels(read_corpus(articles[0], labels), target, n_jobs=-1, progress=tell)
    _print_table(
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


@app.command()
def train(
    context: typer.Context,
    raw: RawOption = RAW,
    labels: LabelsOption = LABELS,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help=f"Folder of the model to write; {MODEL}, or with --data models/ and its name.",
        ),
    ] = None,
    target: TrainTargetOption = None,
    weak: WeakOption = False,
    c: COption = None,
    refit: Annotated[
        bool, typer.Option(help="Fit the kept model on the test articles, too, once it is judged.")
    ] = True,
    actor_prior: ActorPriorOption = False,
    seed: SeedOption = 0,
    jobs: JobsOption = -1,
    data: DataOption = None,
    test_data: TestDataOption = None,
    text_column: TextColumnOption = None,
    actor_column: ActorColumnOption = None,
    label_column: LabelColumnOption = None,
    group_column: GroupColumnOption = None,
    label_map: LabelMapOption = None,
    where: WhereOption = None,
    no_header: NoHeaderOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
) -> None:
    """Train a model on labelled articles, evaluate it, and save it with its card.

    Prints the accuracy of each actor on articles that the evaluated model has not seen. With
    `--data` it learns from a table of texts, actors and labels instead (docs/labelling.md).

    Example: `stance train --labels data/labels --out models/stance`
    """
    from stance.model import save_model
    from stance.report.card import render_card

    out = out or (MODEL if data is None else MODEL.parent / _table_name(data))
    with _progress("reading the corpus") as tell:
        experiment = _run(context, refit, tell, to_save=True)
        tell(f"writing {out}")
        card = render_card(experiment.metadata, experiment.evaluation)
        save_model(experiment.model, out, experiment.metadata, experiment.evaluation, card)
    _print_notes(experiment.metadata)
    _print_evaluation(experiment.evaluation)
    typer.echo(f"model -> {out}")


@app.command()
def evaluate(
    context: typer.Context,
    raw: RawOption = RAW,
    labels: LabelsOption = LABELS,
    target: TrainTargetOption = None,
    weak: WeakOption = False,
    c: COption = None,
    actor_prior: ActorPriorOption = False,
    seed: SeedOption = 0,
    jobs: JobsOption = -1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: DataOption = None,
    test_data: TestDataOption = None,
    text_column: TextColumnOption = None,
    actor_column: ActorColumnOption = None,
    label_column: LabelColumnOption = None,
    group_column: GroupColumnOption = None,
    label_map: LabelMapOption = None,
    where: WhereOption = None,
    no_header: NoHeaderOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
) -> None:
    """Measure accuracy per actor, on unseen actors, and beside baselines. Nothing is saved.

    Fits on the training articles of the corpus and judges on the others, as `stance train` does;
    with `--data`, on the rows of a table.

    Example: `stance evaluate --json > evaluation.json`
    """
    with _progress("reading the corpus") as tell:
        experiment = _run(context, False, tell)
    _print_notes(experiment.metadata)
    if as_json:
        typer.echo(json.dumps(experiment.evaluation, indent=2, ensure_ascii=False))
    else:
        _print_evaluation(experiment.evaluation)


@app.command()
def predict(
    text: Annotated[str, typer.Argument(metavar="TEXT|FILE|-", help="A text, a file, or stdin.")],
    actor: Annotated[
        str | None, typer.Option("--actor", metavar="NAME", help="Ask about this actor alone.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one claim a line, JSON.")] = False,
    abstain: Annotated[
        float | None,
        typer.Option("--abstain", min=0, max=1, metavar="P", help="Below P, say uncertain."),
    ] = None,
    model: ModelOption = MODEL,
) -> None:
    """Say who takes which side: one claim for each actor of each sentence.

    Example: `stance predict "Berlin does not recognise the result."`
    """
    from stance.reading import load, read

    claims = read(_read_text(text), load(model), actor=actor, abstain=abstain)
    if not claims and actor:
        raise StanceError(f"the text does not name {actor!r}; try without --actor.")
    if as_json:
        for claim in claims:
            typer.echo(json.dumps(claim.as_dict(), ensure_ascii=False))
    else:
        _print_claims(claims)


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
def explain(
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT|FILE|-]", help="A text, a file, or stdin.")
    ] = None,
    actor: Annotated[
        str | None, typer.Option("--actor", metavar="NAME", help="Ask about this actor alone.")
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, metavar="N", help="How many terms.")] = 8,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one claim a line with all its terms, JSON.")
    ] = False,
    model: ModelOption = MODEL,
) -> None:
    """Name the words that drove each claim; without a text, the model's strongest terms.

    Example: `stance explain "Berlin does not recognise the result."`
    """
    from stance.explanation import explain_text, list_terms
    from stance.reading import load

    scorer = load(model)
    if text is None:
        _print_terms(list_terms(scorer, top))
        return
    explanations = explain_text(_read_text(text), scorer, actor=actor)
    if not explanations and actor:
        raise StanceError(f"the text does not name {actor!r}; try without --actor.")
    for number, explanation in enumerate(explanations):
        if as_json:
            typer.echo(json.dumps(explanation.as_dict(), ensure_ascii=False))
        else:
            typer.echo("" if number else "", nl=bool(number))
            _print_explanation(explanation, top)


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

    _check_format(format_, ("inline",))
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
    format_: Annotated[str, typer.Option("--format", help="hf, inline")] = "hf",
    raw: RawOption = RAW,
    labels: LabelsOption = LABELS,
    target: TargetOption = TARGET,
    weak: WeakOption = False,
) -> None:
    """Write the labels in another tool's format.

    `hf` is a dataset folder with its card, which `datasets.load_dataset` opens offline; `inline`
    is one text file an article with the labels as marks, for editing.

    Example: `stance export --format hf dataset/`
    """
    from stance.corpus import read_corpus
    from stance.targets import load_target

    _check_format(format_, ("hf", "inline"))
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


def _check_format(found: str, known: tuple[str, ...]) -> None:
    """Raise for a format that the command does not know."""
    from stance.errors import suggestion

    if found not in known:
        raise StanceError(
            f"unknown format {found!r}; the formats are {', '.join(known)}."
            f"{suggestion(found, known)}"
        )


def _run(
    context: typer.Context, refit: bool, tell: Callable[[str], None], *, to_save: bool = False
) -> Any:
    """Run the experiment that the options of `train` or `evaluate` ask for."""
    from stance.pipeline import Settings

    options = context.params
    c = options["c"]
    if c is not None and not (c > 0 and math.isfinite(c)):
        raise StanceError(f"--c {c} must be a number above 0; 2 is a good start.")
    _check_source(context)
    run: dict[str, Any] = {
        "settings": Settings() if c is None else Settings(C=c),
        "search": c is None,
        "refit": refit,
        "seed": options["seed"],
        "n_jobs": options["jobs"],
        "actor_prior": options["actor_prior"],
        "progress": tell,
    }
    if options["data"] is not None:
        return _run_on_table(options, run, to_save)
    from stance.corpus import read_corpus
    from stance.experiment import run_experiment
    from stance.targets import load_target

    loaded = load_target(options["target"] or TARGET)
    corpus = read_corpus(options["raw"], options["labels"], weak=options["weak"])
    return run_experiment(corpus, loaded, **run)


def _table_name(data: Path) -> str:
    """Return the name of a table: that of its file or folder."""
    return data.resolve().name.split(".")[0] or MODEL.name


def _check_source(context: typer.Context) -> None:
    """Raise for options of a corpus beside those of a table."""
    is_table = context.params["data"] is not None
    unfit = ("raw", "labels", "weak") if is_table else TABLE_OPTIONS
    for name in unfit:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = f"--{name.replace('_', '-')}"
            raise StanceError(
                f"{option} belongs to a corpus, and --data is a table; leave one of them out."
                if is_table
                else f"{option} belongs to a table; name the table with --data."
            )


def _run_on_table(options: dict[str, Any], run: dict[str, Any], to_save: bool) -> Any:
    """Read the table of `--data` and run the experiment on it."""
    from stance.experiment import run_table_experiment
    from stance.labelled import CHOSEN_FIELDS, parse_label_map, read_labelled_table
    from stance.targets import load_target

    columns = {field: options[f"{field}_column"] for field in CHOSEN_FIELDS}
    reading: dict[str, Any] = {
        "columns": {field: name for field, name in columns.items() if name is not None},
        "label_map": parse_label_map(options["label_map"] or ""),
        "where": _parse_pairs(options["where"] or [], "--where", "COLUMN=VALUE", "Target=Atheism"),
        "header": not options["no_header"],
        "skip_bad_rows": options["skip_bad_rows"],
        "target": load_target(options["target"]) if options["target"] else None,
    }
    table = read_labelled_table(options["data"], **reading)
    if options["test_data"] is not None:
        reading["target"] = table.target
        run["test"] = read_labelled_table(options["test_data"], **reading)
    if to_save:
        table.check_stances()
    return run_table_experiment(table, **run)


def _print_notes(metadata: dict[str, Any]) -> None:
    """Tell how a table was read, on standard error."""
    table = metadata["data"].get("table")
    if table is None:
        return
    for note in table["notes"]:
        typer.echo(f"{table['name']}: {note}", err=True)
    for note in table["test_notes"]:
        if note not in table["notes"]:
            typer.echo(f"{table['test']}: {note}", err=True)
    n_shared = table["n_shared_with_test"]
    if n_shared:
        typer.echo(f"{n_shared} rows to test on have a text that was trained on", err=True)


def _parse_pairs(pairs: list[str], option: str, form: str, example: str) -> dict[str, str]:
    """Return the names and values of a repeated option."""
    parsed = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not value:
            raise StanceError(f"{option} {pair!r} must be {form}, as in {option} {example}.")
        parsed[name] = value
    return parsed


def _read_articles(paths: list[Path], column: list[str]) -> dict[str, Article]:
    """Read articles from files and folders, by id."""
    from stance.articles import read_articles

    columns = _parse_pairs(column, "--column", "FIELD=NAME", "text=body")
    found: dict[str, Article] = {}
    for path in paths:
        for article in read_articles(path, columns):
            if article.id in found:
                raise StanceError(
                    f"two articles have the id {article.id!r}; rename one of the files."
                )
            found[article.id] = article
    return found


def _read_text(text: str) -> Article:
    """Return the article that an argument means: a file, standard input, or the text itself."""
    from stance.articles import parse_article, read_article

    if text == "-":
        return read_article("-")
    if not text.strip():
        raise StanceError("the text is empty; write a sentence, or name a file.")
    path = Path(text)
    try:
        is_path = path.exists()
    except (OSError, ValueError):  # too long for a path, or a NUL in it: it is a text
        is_path = False
    if is_path:
        if path.is_dir():
            raise StanceError(f"{path} is a folder; name one article, or use: stance label.")
        return read_article(path)
    if " " not in text.strip() and path.suffix.lower() in ARTICLE_SUFFIXES:
        raise StanceError(f"no file {path}; check the path.")
    return parse_article(text, origin="the text")


def _print_claims(claims: list[Claim]) -> None:
    """Print claims as a table."""
    rows = []
    previous = None
    for claim in claims:
        who = claim.actor or "–"
        if claim.canonical and claim.canonical != claim.actor:
            who = f"{claim.actor} = {claim.canonical}"
        sentence = "" if previous == claim.start else " ".join(claim.sentence.split())
        previous = claim.start
        rows.append([claim.stance, f"{max(claim.probabilities.values()):.2f}", who, sentence])
    _print_table(["stance", "p", "actor", "sentence"], rows, numeric=[1])


def _print_explanation(explanation: Any, top: int) -> None:
    """Print one claim and the terms that moved it most."""
    claim = explanation.claim
    who = claim.canonical or claim.actor or "the sentence as a whole"
    chance = claim.probabilities[explanation.stance]
    typer.echo(f"{explanation.stance} {chance:.2f}  {who}: {claim.sentence}")
    rows = [[f"{c.weight:+.3f}", c.view, c.term] for c in explanation.contributions[:top]]
    rest = explanation.contributions[top:]
    if rest:
        rows.append([f"{sum(c.weight for c in rest):+.3f}", "", f"{len(rest)} other terms"])
    rows.append([f"{explanation.intercept:+.3f}", "", "intercept"])
    rows.append([f"{explanation.log_odds:+.3f}", "", "log-odds, the sum"])
    _print_table(["weight", "view", "term"], rows, numeric=[0])


def _print_terms(terms: list[Any]) -> None:
    """Print the strongest terms of each stance."""
    _print_table(
        ["stance", "weight", "view", "term", ""],
        [
            [t.stance, f"{t.weight:+.2f}", t.view, t.term, "a name!" if t.is_name else ""]
            for t in terms
        ],
        numeric=[1],
    )


def _print_evaluation(evaluation: dict[str, Any]) -> None:
    """Print the accuracy per actor and the summary."""
    held_out, found = evaluation["held_out"], evaluation["detection"]
    if held_out["per_actor"]:
        _print_actors(held_out["per_actor"])
    things = "texts" if found is None else "articles"
    summary = [
        (f"model, held-out {things}", held_out["model"]),
        ("  actors known from training", held_out["known_actors"]),
        ("  actors new to it", held_out["new_actors"]),
        *((f"  {name}", scores) for name, scores in held_out["others"].items()),
        ("actor_prior baseline", held_out["actor_prior"]),
        ("most_frequent baseline", held_out["most_frequent"]),
        ("model, unseen actors (cross-validated)", evaluation["unseen_actors"]),
    ]
    _print_table(
        ["", "pairs", "accuracy", "95% interval", "macro-F1"],
        [
            [
                name,
                str(s["support"]),
                f"{s['accuracy']:.3f}",
                f"{s['low']:.3f}–{s['high']:.3f}",
                f"{s['macro_f1']:.3f}",
            ]
            for name, s in summary
            if s
        ],
        numeric=[1, 2, 3, 4],
    )
    typer.echo("")
    classes = list(held_out["model"]["per_class"])
    _print_table(
        ["read as \\ predicted", *classes],
        [
            [stance, *(str(n) for n in row)]
            for stance, row in zip(classes, held_out["model"]["confusion"], strict=True)
        ],
        numeric=[1, 2, 3],
    )
    typer.echo("")
    _print_table(
        ["answers given", "pairs", "accuracy", "probability from"],
        [
            [
                f"{row['coverage']:.0%} surest" if row["coverage"] < 1 else "all",
                str(row["support"]),
                f"{row['accuracy']:.3f}",
                f"{row['threshold']:.2f}",
            ]
            for row in held_out["risk_coverage"][::2]
        ],
        numeric=[1, 2, 3],
    )
    typer.echo(f"expected calibration error {held_out['calibration_error']:.3f}")
    if found is not None:
        _print_detection(found)


def _print_actors(per_actor: dict[str, Any]) -> None:
    """Print the accuracy of each actor."""
    _print_table(
        ["actor", "pairs", "accuracy", "95% interval"],
        [
            [actor, str(s["support"]), f"{s['accuracy']:.2f}", f"{s['low']:.2f}–{s['high']:.2f}"]
            for actor, s in per_actor.items()
        ],
        numeric=[1, 2, 3],
    )
    typer.echo("")


def _print_detection(found: dict[str, Any]) -> None:
    """Print how well actors are found in bare text."""
    typer.echo("")
    _print_table(
        ["actors found in bare text", "precision", "recall", "F1", "named right", "claim F1"],
        [
            [
                f"{found['n_actors']} in the held-out articles",
                *(
                    "–" if found[key] is None else f"{found[key]:.3f}"
                    for key in ("precision", "recall", "f1", "canonical", "claim_f1")
                ),
            ]
        ],
        numeric=[1, 2, 3, 4, 5],
    )


def _print_table(headers: list[str], rows: list[list[str]], numeric: Any = ()) -> None:
    """Print a table."""
    from stance.tables import print_table

    print_table(headers, rows, numeric=tuple(numeric))


@contextmanager
def _progress(message: str) -> Iterator[Callable[[str], None]]:
    """Show what is being done on standard error while the block runs, to a person only."""
    if not sys.stderr.isatty():
        yield lambda message: None
        return
    from rich.console import Console

    with Console(stderr=True).status(message) as status:
        yield status.update


def main() -> None:
    """Run the command line."""
    app()
