"""Commands that bring labels in and out: import, export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stance.cli.application import app
from stance.cli.inputs import check_format, parse_pairs, read_paths
from stance.cli.options import (
    LABELS,
    MODEL,
    RAW,
    TARGET,
    ActorColumnOption,
    AggregationOption,
    ClaimsOption,
    GroupColumnOption,
    LabelColumnOption,
    LabelMapOption,
    LabelsOption,
    LicenseOption,
    MinStatementsOption,
    ModelOption,
    NetworkTypeOption,
    NoHeaderOption,
    NormalizationOption,
    QualifierOption,
    RawOption,
    SkipBadRowsOption,
    TargetOption,
    TextColumnOption,
    WeakOption,
    WeightOption,
    WhereOption,
    WindowOption,
)
from stance.cli.printing import show_progress
from stance.errors import StanceError

if TYPE_CHECKING:
    from stance.articles import Article
    from stance.corpus import Corpus
    from stance.exchange.items import Imported, TableOptions
    from stance.network import Statement
    from stance.targets import Target

IMPORTS = ("inline", "labelstudio", "doccano", "prodigy", "dna", "csv", "parquet", "hf")
EXPORTS = (
    "hf", "inline", "labelstudio", "doccano", "prodigy", "dna", "csv", "parquet", "graphml",
    "hf-model",
)  # fmt: skip


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files or folders.")],
    format_: Annotated[str, typer.Option("--format", help=", ".join(IMPORTS))] = "inline",
    raw: RawOption = RAW,
    labels: LabelsOption = LABELS,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write the labels to this file and leave the corpus alone; holds several "
            "annotators.",
        ),
    ] = None,
    annotator: Annotated[
        str, typer.Option("--annotator", help="Who labelled what names nobody.")
    ] = "",
    source: Annotated[
        str,
        typer.Option("--source", help="What labels given or changed there are: reviewed or gold."),
    ] = "reviewed",
    qualifier: QualifierOption = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="NAME|FILE.toml",
            help="For what is not ours: its alias table finds the actors in the texts.",
        ),
    ] = None,
    text_column: TextColumnOption = None,
    actor_column: ActorColumnOption = None,
    label_column: LabelColumnOption = None,
    group_column: GroupColumnOption = None,
    label_map: LabelMapOption = None,
    where: WhereOption = None,
    no_header: NoHeaderOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
) -> None:
    """Bring labels made elsewhere into the corpus.

    `inline` reads articles with marks such as `{c|the EU|European Union}` written into the text:
    c criticizes, n neutral, s supports. The others read what other tools wrote (docs/exchange.md).
    Pairs that left this project come back exactly and replace those in the file of their source;
    texts labelled from the start elsewhere become articles.

    Example: `stance import drafts/ --annotator anna`
    """
    from stance.exchange.items import TableOptions
    from stance.labelled import parse_label_map
    from stance.targets import load_target

    check_format(format_, IMPORTS)
    check_format(source, ("reviewed", "gold"), "source")
    if format_ == "inline":
        if out is not None or source != "reviewed":
            raise StanceError("--out and --source do not go with --format inline; use --labels.")
        _import_inline(files, raw, labels, annotator)
        return
    columns = {"text": text_column, "actor": actor_column, "label": label_column,
               "group": group_column}  # fmt: skip
    options = TableOptions(
        columns={name: column for name, column in columns.items() if column is not None},
        label_map=parse_label_map(label_map or ""),
        where=parse_pairs(where or [], "--where", "COLUMN=VALUE", "Target=Atheism"),
        skip_bad_rows=skip_bad_rows,
        header=not no_header,
        target=load_target(target) if target else None,
        annotator=annotator,
        source=source,
    )
    with show_progress("reading"):
        parts = [_read(format_, file, options, qualifier, len(files) > 1) for file in files]
    _store(parts, raw, labels, out)


def _import_inline(files: list[Path], raw: Path, labels: Path, annotator: str) -> None:
    """Bring in articles with marks."""
    from stance.exchange.inline import import_inline

    paths = [path for file in files for path in (_list_drafts(file) if file.is_dir() else [file])]
    counts = import_inline(paths, raw, labels, annotator)
    typer.echo(
        f"in: {len(paths)} files; out: {counts['articles']} articles -> {raw}, "
        f"{counts['pairs']} pairs and {counts['without_actor']} sentences without an actor -> "
        f"{labels / 'reviewed.jsonl'}"
    )


def _list_drafts(folder: Path) -> list[Path]:
    """Return the text files of a folder."""
    from stance.intake import list_files

    return list_files(folder, lambda parts: parts[-1].endswith(".txt"))


def _read(
    format_: str, file: Path, options: TableOptions, qualifier: str | None, several: bool
) -> Imported:
    """Read one file."""
    from stance.exchange.csv import read_table
    from stance.exchange.dna import read_events
    from stance.exchange.items import collect
    from stance.exchange.parquet import read_parquet

    if format_ == "dna":
        return read_events(file, options, qualifier)
    if format_ == "csv":
        return read_table(file, options)
    if format_ == "parquet":
        return read_parquet(file, options)
    if format_ == "hf":
        return _read_dataset(file)
    return collect(_find(format_, file, options, several), str(file), options)


def _read_dataset(folder: Path) -> Imported:
    """Read a dataset folder."""
    from collections import Counter

    from stance.exchange.hf import import_dataset
    from stance.exchange.items import Imported

    rows = import_dataset(folder)
    return Imported(len(rows), rows, Counter())


def _find(format_: str, file: Path, options: TableOptions, several: bool) -> Any:
    """Read the labels of a file of JSON."""
    if format_ == "labelstudio":
        from stance.exchange.labelstudio import read_tasks

        return read_tasks(file, options.columns.get("label", ""))
    if format_ == "doccano":
        from stance.exchange.doccano import read_lines

        # doccano writes a file for each annotator, and calls it after them.
        return read_lines(file, options.annotator or (file.stem if several else ""))
    from stance.exchange.prodigy import read_answers

    return read_answers(file)


def _store(parts: Sequence[Imported], raw: Path, labels: Path, out: Path | None) -> None:
    """Write what was read, and say what became of it."""
    from collections import Counter

    from stance.exchange.storage import store_apart, store_in_corpus

    for note in dict.fromkeys(note for part in parts for note in part.notes):
        typer.echo(note, err=True)
    rows = [row for part in parts for row in part.examples]
    left_out = sum((part.left_out for part in parts), Counter[str]())
    n_read = sum(part.n_read for part in parts)
    if not rows:
        raise StanceError(f"in: {n_read}; no labels to take{_tell(left_out, ': ')}.")
    if out is not None:
        stored = store_apart(rows, out)
    else:
        articles = [article for part in parts for article in part.articles]
        stored = store_in_corpus(rows, articles, raw, labels)
    if stored.n_outranked:
        typer.echo(
            f"{stored.n_outranked} rows have another label in a file of the corpus that wins over "
            "them; to make labels given elsewhere win: --source gold",
            err=True,
        )
    if stored.n_twice:
        left_out["there twice"] = stored.n_twice
    where = ", ".join(f"{n} rows -> {path}" for path, n in stored.rows.items())
    typer.echo(
        f"in: {n_read}; out: {where}"
        + (f"; {stored.n_articles} articles -> {raw}" if stored.n_articles else "")
        + (f"; {stored.n_replaced} rows replaced" if stored.n_replaced else "")
        + _tell(left_out, "; left out: ")
    )


def _tell(counts: Mapping[str, int], lead: str) -> str:
    """Return counts as words."""
    words = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
    return f"{lead}{words}" if words else ""


@app.command()
def export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="File or folder to write.")],
    articles: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[ARTICLE]...", help="For graphml: articles to be read by the model."
        ),
    ] = None,
    format_: Annotated[str, typer.Option("--format", help=", ".join(EXPORTS))] = "hf",
    raw: RawOption = RAW,
    labels: LabelsOption = LABELS,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Take the rows of this label file, all annotators', in place of the corpus'.",
        ),
    ] = None,
    target: TargetOption = TARGET,
    weak: WeakOption = False,
    qualifier: QualifierOption = None,
    claims: ClaimsOption = None,
    network_type: NetworkTypeOption = None,
    qualifier_aggregation: AggregationOption = None,
    normalization: NormalizationOption = None,
    weight: WeightOption = None,
    window: WindowOption = None,
    min_statements: MinStatementsOption = None,
    model: ModelOption = MODEL,
    license_id: LicenseOption = "unknown",
) -> None:
    """Write the labels, or a model, in another tool's format.

    `hf` is a dataset folder with its card, which `datasets.load_dataset` opens offline; `inline`
    is one text file an article with the labels as marks, for editing; `labelstudio`, `doccano`,
    `prodigy`, `dna`, `csv` and `parquet` are one file each; `graphml` is a discourse network, of
    the labels, of claims or of what the model reads in articles. `hf-model` is a folder of
    `--model` for the Hugging Face hub: the portable model, a skops file, config and card. See
    docs/exchange.md.

    Example: `stance export --format hf dataset/`
    """
    check_format(format_, EXPORTS)
    if format_ == "hf-model":
        _export_model(model, out, license_id)
        return
    network = {
        "network_type": network_type, "qualifier_aggregation": qualifier_aggregation,
        "normalization": normalization, "weight": weight, "window": window,
        "min_statements": min_statements, "claims": claims, "ARTICLE": articles,
    }  # fmt: skip
    _check_options(format_, qualifier, network)
    from stance.targets import load_target

    loaded = load_target(target)
    if format_ == "graphml":
        _export_network(out, loaded, network, (raw, labels, weak, files or []), model)
        return
    corpus = _read_corpus(raw, labels, weak, files or [])
    with show_progress("writing"):
        counts = _write(format_, corpus, loaded, out, qualifier or "binary")
    typer.echo(
        f"in: {len(corpus.examples)} rows; out: "
        f"{', '.join(f'{n} {name}' for name, n in counts.items())} -> {out}"
    )


def _export_model(model: Path, out: Path, license_id: str) -> None:
    """Write a model's folder for the hub."""
    from stance.exchange.hf_model import export_model

    files = export_model(model, out, license_id)
    typer.echo(f"in: {model}; out: {', '.join(files)} -> {out}")


def _check_options(format_: str, qualifier: str | None, network: Mapping[str, Any]) -> None:
    """Raise for an option that the format has no use for."""
    given = [name for name, value in network.items() if value]
    if given and format_ != "graphml":
        name = given[0] if given[0] == "ARTICLE" else f"--{given[0].replace('_', '-')}"
        raise StanceError(f"{name} goes with --format graphml alone, found {format_}.")
    if qualifier and format_ != "dna":
        raise StanceError(f"--qualifier goes with --format dna alone, found {format_}.")
    if network["window"] not in (None, "month"):
        raise StanceError(f"--window {network['window']!r} is not known; write --window month.")
    if network["claims"] and network["ARTICLE"]:
        raise StanceError("--claims and articles are given; name one of them.")


def _read_corpus(raw: Path, labels: Path, weak: bool, files: Sequence[Path]) -> Corpus:
    """Return the corpus, or the rows of label files with whatever articles are there."""
    from stance.corpus import Corpus, read_corpus
    from stance.examples import read_labels

    if not files:
        return read_corpus(raw, labels, weak=weak)
    rows = [row for file in files for row in read_labels(file, by_annotator=True)]
    if not rows:
        raise StanceError(f"no rows in {', '.join(map(str, files))}; label some sentences first.")
    return Corpus(_read_articles(raw), rows, [])


def _read_articles(raw: Path) -> dict[str, Article]:
    """Return the articles of a folder, if there is one."""
    from stance.articles import read_articles

    return {a.id: a for a in read_articles(raw)} if raw.is_dir() and any(raw.iterdir()) else {}


def _write(
    format_: str, corpus: Corpus, target: Target, out: Path, qualifier: str
) -> dict[str, int]:
    """Write rows in a format; return what came out."""
    from stance.exchange import csv, dna, doccano, hf, inline, labelstudio, parquet, prodigy

    rows = corpus.examples
    if format_ == "hf":
        return {f"in {name}": n for name, n in hf.export_dataset(rows, target, out).items()}
    if format_ == "inline":
        return {"files": inline.export_inline(corpus, out)}
    if format_ == "dna":
        return dna.write_events(rows, corpus.articles, target, out, qualifier)
    if format_ in ("csv", "parquet"):
        return csv.write_table(rows, out) if format_ == "csv" else parquet.write_parquet(rows, out)
    writers = {
        "labelstudio": labelstudio.write_tasks,
        "doccano": doccano.write_lines,
        "prodigy": prodigy.write_answers,
    }
    return writers[format_](rows, target, out)


def _export_network(
    out: Path, target: Target, network: Mapping[str, Any], source: tuple[Any, ...], model: Path
) -> None:
    """Write a discourse network."""
    from stance.exchange.graphml import write_network

    raw, labels, weak, files = source
    weight = network["weight"] or "count"
    with show_progress("reading"):
        if network["claims"]:
            statements, left_out = _read_claims(network["claims"], raw, weight)
        elif network["ARTICLE"]:
            statements, left_out = _predict(network["ARTICLE"], model, weight)
        else:
            statements, left_out = _from_labels(raw, labels, weak, files, weight)
    network_type = network["network_type"] or "twomode"
    usual = "congruence" if network_type == "onemode" else "subtract"
    written = write_network(
        statements,
        target.title or target.name,
        out,
        by_month=bool(network["window"]),
        network_type=network_type,
        aggregation=network["qualifier_aggregation"] or usual,
        normalization=network["normalization"] or "no",
        min_statements=network["min_statements"] or 1,
    )
    if network["window"]:
        left_out = {**left_out, "statements without a date": sum(not s.date for s in statements)}
    for path, made in written.items():
        n_actors = sum(node.variable == "actor" for node in made.nodes)
        typer.echo(f"{n_actors} actors, {len(made.edges)} edges -> {path}")
    typer.echo(f"in: {len(statements)} statements{_tell(left_out, '; left out: ')}")


def _read_claims(path: Path, raw: Path, weight: str) -> tuple[list[Statement], Mapping[str, int]]:
    """Return the statements of a file of claims."""
    from stance.exchange.graphml import read_claims

    dates = {name: article.date for name, article in _read_articles(raw).items()}
    return read_claims(path, dates, weight)


def _predict(
    paths: list[Path], model: Path, weight: str
) -> tuple[list[Statement], Mapping[str, int]]:
    """Return the statements that a model reads in articles."""
    from collections import Counter

    from stance.exchange.graphml import to_statement
    from stance.reading import load, read

    scorer = load(model)
    articles = read_paths(paths, [])
    dates = {name: article.date for name, article in articles.items()}
    found = [
        to_statement(claim.as_dict(), name, dates, weight)
        for name, article in articles.items()
        for claim in read(article, scorer)
    ]
    left_out = Counter(statement for statement in found if isinstance(statement, str))
    return [statement for statement in found if not isinstance(statement, str)], left_out


def _from_labels(
    raw: Path, labels: Path, weak: bool, files: Sequence[Path], weight: str
) -> tuple[list[Statement], Mapping[str, int]]:
    """Return the statements of labelled pairs."""
    from stance.network import to_statements

    if weight != "count":
        raise StanceError(
            f"--weight {weight} needs probabilities, and labels have none; name articles, or "
            "--claims."
        )
    corpus = _read_corpus(raw, labels, weak, files)
    dates = {name: article.date for name, article in corpus.articles.items()}
    statements = to_statements(corpus.examples, dates)
    return statements, {"sentences without an actor": len(corpus.examples) - len(statements)}
