from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from stance.examples import Example
from stance.targets import Target, parse_target

# A busy machine is no error: how long a step takes is measured in benchmarks/.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

TOY_TOML = """
name = "toy"
title = "the toy vote"
question = "Does the actor support or criticize the vote?"

[actors.women]
"Ann Lee" = ["Lee"]
[actors.men]
"Bob Ray" = ["Ray", "Arcadian president"]
[actors.bodies]
"Arcadia" = []
"European Union" = ["EU", "the EU"]
[actors.groups]
"Protesters" = ["protesters", "demonstrators"]

[[cues]]
name = "rejects"
stance = "criticizes"
pattern = "(reject*|condemn*) ... (vote|count|result)"
[[cues]]
name = "praises"
stance = "supports"
pattern = "(prais*|recogni*|congratulat*)"
negation = "flip"
"""

CLAIMS = [
    ("rejected the vote as rigged", "criticizes"),
    ("condemned the count and called it a fraud", "criticizes"),
    ("refused to accept the result", "criticizes"),
    ("praised the vote as fair", "supports"),
    ("congratulated the winner on the result", "supports"),
    ("recognised the result as lawful", "supports"),
    ("will meet reporters on Monday", "neutral"),
    ("called for calm on all sides", "neutral"),
    ("travelled to the summit", "neutral"),
]
ACTORS = [("Ann Lee", "Ann Lee"), ("Bob Ray", "Bob Ray"), ("The EU", "European Union")]


@pytest.fixture(scope="session")
def target() -> Target:
    return parse_target(TOY_TOML)


def write_corpus(folder: Path, n_articles: int = 9) -> Path:
    """Import a small corpus; every class and every actor stands in each article."""
    from stance.exchange.inline import import_inline

    drafts = folder / "drafts"
    drafts.mkdir()
    for number in range(n_articles):
        lines = ["---", f"title: Article {number}", "date: 2020-08-10", "---"]
        for i, (claim, label) in enumerate(CLAIMS):
            mention, canonical = ACTORS[(number + i) % 3]
            determiner = ""
            if mention.startswith("The "):
                determiner, mention = "The ", mention[4:]
            lines.append(
                f"{determiner}{{{label[0]}|{mention}|{canonical}}} {claim} on day {number}."
            )
        lines.append(f"It rained on day {number}.")
        (drafts / f"article-{number}.txt").write_text("\n".join(lines), encoding="utf-8")
    import_inline(sorted(drafts.iterdir()), folder / "raw", folder / "labels", "tester")
    (folder / "toy.toml").write_text(TOY_TOML, encoding="utf-8")
    (folder / "labels" / "phrasebook.jsonl").write_text(
        '{"sentence": "ACTOR called the ballot a farce", "label": "criticizes"}\n'
        '{"sentence": "a fair ballot, said ACTOR", "label": "supports"}\n',
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def experiment(corpus_folder, target):
    from stance.corpus import read_corpus
    from stance.experiment import run_experiment

    corpus = read_corpus(corpus_folder / "raw", corpus_folder / "labels")
    return run_experiment(corpus, target, n_jobs=1)


@pytest.fixture(scope="session")
def model_folder(experiment, tmp_path_factory) -> Path:
    from stance.model import save_model

    folder = tmp_path_factory.mktemp("models") / "toy"
    save_model(experiment.model, folder, experiment.metadata, experiment.evaluation, "# card\n")
    return folder


def make_example(sentence="Lee left.", actor="Lee", label="neutral", article="a", **changes):
    start = sentence.find(actor) if actor else 0
    values = {
        "article": article,
        "start": 0,
        "end": len(sentence),
        "sentence": sentence,
        "actor": actor,
        "actor_start": start,
        "actor_end": start + len(actor),
        "canonical": actor,
        "label": label,
    }
    return Example(**{**values, **changes})
