"""Scoring: a part of the work becomes rows of claims, the same wherever it is done.

A part and a model enter; the bytes of the part's output leave, and those of its bad rows. This is
what a worker runs; it reads and writes no files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice

from stance.bulk.outputs import Answer, render_part
from stance.bulk.plan import Bad, Options, Part, Scored, Setup
from stance.bulk.rows import Row, parse_chunk
from stance.errors import MissingExtraError
from stance.reading import Claim, Predictor, judge_many, read_many

# How many rows the model is asked about at one go.
_BATCH = {"article": 128, "sentence": 2048}


def score_part(part: Part, model: Predictor, setup: Setup) -> Scored:
    """Score one part.

    Parameters
    ----------
    part : Part
        Its rows as they stand.
    model : Scorer or StanceClassifier
        The model.
    setup : Setup
        What to ask, and how to write the answers.

    Returns
    -------
    Scored
    """
    bad = list(part.bad)
    answers: list[Answer] = []
    n_rows = sum(entry.row is not None for entry in bad)
    parsed = (row for chunk in part.chunks for row in parse_chunk(chunk))
    while batch := list(islice(parsed, _BATCH[setup.options.unit])):
        n_rows += len(batch)
        bad += [row for row in batch if isinstance(row, Bad)]
        rows = [row for row in batch if isinstance(row, Row)]
        for row, claims in zip(rows, _judge(rows, model, setup.options), strict=True):
            if isinstance(claims, str):
                bad.append(Bad(row.file, row.number, claims, row.article.text[:200]))
            else:
                answers += [Answer(row, claim) for claim in claims]
    bad.sort(key=lambda entry: (entry.file, entry.row or 0))
    lines = [json.dumps(entry.as_dict(), ensure_ascii=False) + "\n" for entry in bad]
    return Scored(
        render_part(answers, setup),
        "".join(lines).encode("utf-8", "backslashreplace"),
        n_rows,
        sum(entry.row is not None for entry in bad),
        len(answers),
    )


def _judge(
    rows: Sequence[Row], model: Predictor, options: Options
) -> Iterator[Sequence[Claim] | str]:
    """Yield the claims of each row, or why there are none."""
    try:
        judged = _ask(rows, model, options)
    except MissingExtraError:
        raise
    except Exception as error:
        # One row must not cost the run: each is asked about alone, and the one that cannot be
        # answered is named among the bad rows.
        if len(rows) == 1:
            yield f"it cannot be read: {type(error).__name__}: {error}"
        else:
            for row in rows:
                yield from _judge([row], model, options)
        return
    for row, claims in zip(rows, judged, strict=True):
        yield claims or (
            f"the text does not name {row.actor!r}" if row.actor else "the text has no sentence"
        )


def _ask(rows: Sequence[Row], model: Predictor, options: Options) -> list[list[Claim]]:
    """Ask the model about many rows at once."""
    actors = [row.actor for row in rows]
    if options.unit == "article":
        articles = [row.article for row in rows]
        return read_many(articles, model, actors=actors, abstain=options.abstain)
    texts, ids = [row.article.text for row in rows], [row.article.id for row in rows]
    claims = judge_many(texts, model, actors=actors, ids=ids, abstain=options.abstain)
    return [[claim] for claim in claims]
