"""Routes of the review page: the queue, decisions, their export, training."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from stance import __version__
from stance.articles import Article
from stance.cues import STANCES
from stance.serve.journal import Decision, pair_key
from stance.serve.library import Pair
from stance.serve.problems import ProblemError
from stance.serve.ranking import Pick
from stance.serve.reading_routes import Shared
from stance.serve.responses import (
    ArticleOut,
    DecisionsOut,
    ExportOut,
    JobOut,
    QueueOut,
    SavedOut,
    StatusOut,
    TrainingOut,
    UndoneOut,
)
from stance.serve.schemas import MAX_OFFSET, Annotator, Identifier, LabelRequest, Stance
from stance.serve.settling import count_progress, measure_agreement
from stance.serve.workspace import Workspace

router = APIRouter(prefix="/api")
AROUND = 400
MAX_SENTENCE = 5_000


@router.get(
    "/articles/{article_id:path}", response_model=ArticleOut, summary="One article with its labels"
)
def get_article(
    article_id: str, workspace: Shared, blind: Annotated[bool, Query()] = False
) -> JSONResponse:
    """Return an article's text and its pairs; blind, without their labels."""
    article = workspace.article(article_id)
    standing = workspace.journal.standing()
    rows = [
        _describe_row(pair, standing.get(key, []), article, blind)
        for key, pair in workspace.pool().items()
        if pair.article == article_id
    ]
    rows.sort(key=lambda row: (row["start"], row["actor_start"], row["canonical"]))
    return JSONResponse({**asdict(article), "labels": rows})


def _describe_row(
    pair: Pair, decisions: list[Decision], article: Article, blind: bool
) -> dict[str, Any]:
    """Return one pair of an article as it stands."""
    label, annotator = pair.label, pair.annotator
    open_ones = [d for d in decisions if not d.blind]
    where: Any = open_ones[-1] if open_ones and not blind else pair
    if open_ones:
        label, annotator = open_ones[-1].label, open_ones[-1].annotator
    start, actor_start, actor_end = where.start, where.actor_start, where.actor_end
    sentence = article.text[start : where.end]
    return {
        "key": pair.key,
        "start": start,
        "end": where.end,
        "actor": sentence[actor_start:actor_end],
        "actor_start": actor_start,
        "actor_end": actor_end,
        "canonical": where.canonical,
        "label": None if blind else label,
        "annotator": None if blind else annotator,
    }


@router.get(
    "/labels/queue",
    response_model=QueueOut,
    summary="What to label next",
)
def get_queue(
    workspace: Shared,
    annotator: Annotated[Annotator, Query()],
    mode: Annotated[
        Literal["uncertain", "class", "mislabelled", "random", "mixed"], Query()
    ] = "mixed",
    label: Annotated[Stance | None, Query()] = None,
    blind: Annotated[bool, Query()] = False,
    n: Annotated[int, Query(ge=1, le=100)] = 10,
) -> JSONResponse:
    """Return the next pairs, the annotator's progress, and the agreement so far."""
    picks, total = workspace.pick(annotator, mode, n, label=label, blind=blind)
    standing = workspace.journal.standing()
    return JSONResponse(
        {
            "items": [_describe_pick(pick, workspace, blind) for pick in picks],
            "progress": count_progress(standing, annotator, total),
            "agreement": measure_agreement(standing, workspace.library.pairs),
            "ranking": workspace.ranking.state,
        }
    )


def _describe_pick(pick: Pick, workspace: Workspace, blind: bool) -> dict[str, Any]:
    """Return one pair of the queue with what stands around it."""
    pair = pick.pair
    article = workspace.article(pair.article)
    sentence = article.text[pair.start : pair.end]
    chances = workspace.chances.get(pair.key)
    shown = None if chances is None else dict(zip(STANCES, chances, strict=True))
    return {
        "key": pair.key,
        "version": workspace.journal.version(pair.key),
        "article": pair.article,
        "title": article.title,
        "date": article.date,
        "outlet": article.outlet,
        "start": pair.start,
        "end": pair.end,
        "sentence": sentence,
        "actor": sentence[pair.actor_start : pair.actor_end],
        "actor_start": pair.actor_start,
        "actor_end": pair.actor_end,
        "canonical": pair.canonical,
        "label": None if blind else pair.label,
        "annotator": None if blind else pair.annotator,
        "note": "" if blind else pair.note,
        "probabilities": None if blind else shown,
        "arm": pick.arm if not blind or pick.arm == "random" else "ranked",
        "reason": pick.reason if not blind or pick.arm == "random" else "second reading",
        "before": article.text[max(0, pair.start - AROUND) : pair.start],
        "after": article.text[pair.end : pair.end + AROUND],
    }


@router.post(
    "/labels",
    response_model=SavedOut,
    summary="Keep a decision",
)
def post_label(body: LabelRequest, workspace: Shared) -> JSONResponse:
    """Keep a decision; the answer comes once it is on the disk."""
    made = workspace.journal.append(_to_decision(body, workspace), body.expected_version)
    return JSONResponse({"id": made.id, "key": made.pair, "version": made.version, "saved": True})


def _to_decision(body: LabelRequest, workspace: Workspace) -> Decision:
    """Return the decision that a request means, checked against its article."""
    shown = _shown_pair(body, workspace)
    article = workspace.article(shown.article)
    chosen = {
        name: given if (given := getattr(body, name)) is not None else getattr(shown, name)
        for name in ("start", "end", "actor_start", "actor_end", "canonical")
    }
    sentence = article.text[chosen["start"] : chosen["end"]]
    _check_places(chosen, sentence, len(article.text))
    return Decision(
        id=body.id or uuid.uuid4().hex,
        pair=shown.key,
        annotator=body.annotator,
        article=article.id,
        sentence=sentence,
        actor=sentence[chosen["actor_start"] : chosen["actor_end"]],
        label=body.label,
        note=body.note,
        origin=(shown.start, shown.actor_start, shown.actor_end, shown.canonical),
        blind=body.blind,
        **chosen,
    )


def _shown_pair(body: LabelRequest, workspace: Workspace) -> Pair:
    """Return the pair that a decision is about, as it was shown."""
    if body.key is not None:
        pair = workspace.find_pair(body.key)
        if body.article not in (None, pair.article):
            raise ProblemError(422, f"the pair {body.key} is not of article {body.article!r}")
        return pair
    places = (body.start, body.end, body.actor_start, body.actor_end)
    if body.article is None or any(place is None for place in places):
        raise ProblemError(
            422, "give the key of a pair, or article, start, end, actor_start and actor_end"
        )
    start, end, actor_start, actor_end = (int(place or 0) for place in places)
    canonical = body.canonical or ""
    key = pair_key(body.article, start, actor_start, actor_end, canonical)
    known = workspace.pool().get(key)
    return known or Pair(body.article, start, end, actor_start, actor_end, canonical)


def _check_places(chosen: dict[str, Any], sentence: str, length: int) -> None:
    """Raise for offsets that point nowhere."""
    if not 0 <= chosen["start"] < chosen["end"] <= length:
        raise ProblemError(
            422,
            f"the sentence {chosen['start']}:{chosen['end']} is not within the article's "
            f"{length} characters",
        )
    if len(sentence) > MAX_SENTENCE or not sentence.strip():
        raise ProblemError(422, f"a sentence has words, and at most {MAX_SENTENCE} characters")
    start, end = chosen["actor_start"], chosen["actor_end"]
    if not 0 <= start <= end <= len(sentence) or (start == end and end != 0):
        raise ProblemError(
            422, f"the actor {start}:{end} is not within the sentence's {len(sentence)} characters"
        )


@router.get(
    "/labels",
    response_model=DecisionsOut,
    summary="The decisions in force",
)
def list_labels(
    workspace: Shared,
    annotator: Annotated[Annotator | None, Query()] = None,
    offset: Annotated[int, Query(ge=0, le=MAX_OFFSET)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> JSONResponse:
    """Return the decisions, the newest first."""
    made = [
        decision
        for decisions in workspace.journal.standing().values()
        for decision in decisions
        if annotator in (None, decision.annotator)
    ]
    made.sort(key=lambda d: (d.time, d.id), reverse=True)
    rows = [{**asdict(d), "key": d.pair} for d in made[offset : offset + limit]]
    return JSONResponse({"total": len(made), "labels": rows})


@router.delete(
    "/labels/{decision_id}",
    response_model=UndoneOut,
    summary="Take a decision back",
)
def delete_label(
    decision_id: Identifier,
    workspace: Shared,
    annotator: Annotated[Annotator | None, Query()] = None,
) -> JSONResponse:
    """Undo a decision; the one before it, if any, is in force again."""
    version = workspace.journal.undo(decision_id, annotator)
    if version is None:
        raise ProblemError(404, f"no decision {decision_id!r}")
    return JSONResponse({"id": decision_id, "version": version, "saved": True})


@router.post(
    "/labels/export",
    response_model=ExportOut,
    summary="Write the decisions into the files of labels",
)
def export_labels(workspace: Shared) -> JSONResponse:
    """Merge the journal into reviewed.jsonl, sorted."""
    return JSONResponse(workspace.export())


@router.post(
    "/train", response_model=JobOut, summary="Train a model in the background", status_code=202
)
def start_training(workspace: Shared) -> JSONResponse:
    """Start a training on the labels with the decisions in them."""
    job = workspace.train()
    if job is None:
        raise ProblemError(409, "a training is under way; wait for its end")
    return JSONResponse({"job": job}, 202)


@router.get(
    "/train",
    response_model=TrainingOut,
    summary="How the training is coming along",
)
def get_training(workspace: Shared) -> JSONResponse:
    """Return the state of the training, and what it changed per actor."""
    return JSONResponse(workspace.training_status())


@router.get(
    "/status",
    response_model=StatusOut,
    summary="What the app works with",
)
def get_status(workspace: Shared) -> JSONResponse:
    """Return the model, the target and the annotators."""
    standing = workspace.journal.standing()
    counts = Counter(d.annotator for made in standing.values() for d in made)
    target = workspace.target
    return JSONResponse(
        {
            "model": workspace.model_name,
            "target": target.title or target.name,
            "target_name": target.name,
            "question": target.question,
            "classes": list(STANCES),
            "version": __version__,
            "annotators": sorted(counts),
            "n_labels": counts.total(),
        }
    )


@router.get("/guideline", summary="What the labels mean", response_class=Response)
def get_guideline(workspace: Shared) -> Response:
    """Return the annotation guideline as Markdown; the target's question where there is none."""
    path = workspace.places.guideline
    if path is not None and path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace")
    else:
        text = f"# {workspace.target.title}\n\n{workspace.target.question}\n"
    return Response(text.encode(), media_type="text/markdown; charset=utf-8")
