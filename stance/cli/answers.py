"""Commands that ask a model: predict, explain."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from stance.cli.application import app
from stance.cli.claims import answer_text
from stance.cli.inputs import read_text
from stance.cli.options import MODEL, ModelOption
from stance.cli.printing import print_explanation, print_terms
from stance.errors import StanceError


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
    answer_text(text, model, actor, abstain, as_json=as_json)


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
        print_terms(list_terms(scorer, top))
        return
    explanations = explain_text(read_text(text), scorer, actor=actor)
    if not explanations and actor:
        raise StanceError(f"the text does not name {actor!r}; try without --actor.")
    for number, explanation in enumerate(explanations):
        if as_json:
            typer.echo(json.dumps(explanation.as_dict(), ensure_ascii=False))
        else:
            typer.echo("" if number else "", nl=bool(number))
            print_explanation(explanation, top)
