"""The options that commands share, each spelled once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RAW = Path("data") / "raw"
LABELS = Path("data") / "labels"
MODEL = Path("models") / "stance"
TARGET = "belarus-2020"
TABLE_PANEL = "A labelled table"
TABLE_OPTIONS = (
    "test_data", "text_column", "actor_column", "label_column", "group_column", "label_map",
    "where", "no_header", "skip_bad_rows",
)  # fmt: skip

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
LearningCurveOption = Annotated[
    bool,
    typer.Option(
        "--learning-curve", help="Fit on growing shares of the training articles as well."
    ),
]
LicenseOption = Annotated[
    str,
    typer.Option(
        "--license", metavar="ID", help="Licence of the model, as the hub spells it: mit …"
    ),
]
JobsOption = Annotated[int, typer.Option("--jobs", help="Processes; -1 for all cores.")]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS|local",
        help="Run on a Dask scheduler, as tcp://host:8786; local starts one here.",
    ),
]
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
QualifierOption = Annotated[
    str | None,
    typer.Option(
        "--qualifier",
        metavar="binary|integer",
        help="For dna: 1 agrees and 0 disagrees, neutral stays out (binary, what export writes "
        "unless told), or 1, 0 neutral and -1 (integer).",
    ),
]
NETWORK_PANEL = "A discourse network (graphml)"
ClaimsOption = Annotated[
    Path | None,
    typer.Option(
        "--claims",
        metavar="FILE",
        help="Take the claims that stance predict --json printed in place of labels.",
        rich_help_panel=NETWORK_PANEL,
    ),
]
NetworkTypeOption = Annotated[
    str | None,
    typer.Option(
        "--network-type",
        metavar="twomode|onemode",
        help="Actors and target (twomode, unless told), or actors among themselves.",
        rich_help_panel=NETWORK_PANEL,
    ),
]
AggregationOption = Annotated[
    str | None,
    typer.Option(
        "--qualifier-aggregation",
        metavar="congruence|conflict|subtract",
        help="What joins: shared stance, opposed stance, or the one less the other; subtract for "
        "twomode and congruence for onemode, unless told.",
        rich_help_panel=NETWORK_PANEL,
    ),
]
NormalizationOption = Annotated[
    str | None,
    typer.Option(
        "--normalization",
        metavar="no|activity|average|jaccard|cosine",
        help="Take out that who says much weighs much: activity for twomode, the others for "
        "onemode.",
        rich_help_panel=NETWORK_PANEL,
    ),
]
WeightOption = Annotated[
    str | None,
    typer.Option(
        "--weight",
        metavar="count|probability",
        help="Count each claim as its likeliest stance, or each stance as its probability.",
        rich_help_panel=NETWORK_PANEL,
    ),
]
WindowOption = Annotated[
    str | None,
    typer.Option(
        "--window",
        metavar="month",
        help="Write one file for each month.",
        rich_help_panel=NETWORK_PANEL,
    ),
]
MinStatementsOption = Annotated[
    int | None,
    typer.Option(
        "--min-statements",
        min=1,
        metavar="N",
        help="Leave out actors with fewer.",
        rich_help_panel=NETWORK_PANEL,
    ),
]
WeakOption = Annotated[
    bool, typer.Option("--weak", help="Take weak labels where there are no reviewed ones.")
]
