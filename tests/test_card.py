from __future__ import annotations

import copy
import re

import pytest
from huggingface_hub import ModelCard

from stance.errors import ModelError
from stance.report.card import render_card

# The hub's template, https://github.com/huggingface/huggingface_hub: its sections, in its order.
SECTIONS = [
    "Model Details", "Uses", "Bias, Risks, and Limitations",
    "How to Get Started with the Model", "Training Details", "Evaluation",
    "Environmental Impact", "Technical Specifications", "Citation",
]  # fmt: skip
PARTS = ["Testing Data", "Factors", "Metrics", "Results"]


def test_the_hub_reads_the_front_matter(experiment):
    card = ModelCard(render_card(experiment.metadata, experiment.evaluation, license_id="mit"))
    model = experiment.evaluation["held_out"]["model"]
    assert (card.data.license, card.data.library_name) == ("mit", "sklearn")
    assert card.data.pipeline_tag == "text-classification"
    assert card.data.language == ["en"]
    found = {result.metric_type: result.metric_value for result in card.data.eval_results}
    assert found == {"accuracy": model["accuracy"], "f1": model["macro_f1"]}
    assert {result.dataset_type for result in card.data.eval_results} == {"toy"}


def test_sections_are_the_hubs(experiment):
    card = render_card(experiment.metadata, experiment.evaluation)
    assert re.findall(r"^## (.+)$", card, re.MULTILINE) == SECTIONS
    evaluation = card.split("\n## Evaluation\n")[1].split("\n## ")[0]
    assert re.findall(r"^### (.+)$", evaluation, re.MULTILINE) == PARTS
    factors = evaluation.split("### Factors")[1].split("### ")[0]
    for actor, score in experiment.evaluation["held_out"]["per_actor"].items():
        assert f"| {actor} | {score['support']} | {score['accuracy']:.2f} |" in factors


def test_only_what_was_measured_is_told(experiment):
    metadata, evaluation = experiment.metadata, copy.deepcopy(experiment.evaluation)
    swap = evaluation["held_out"]["name_swap"]
    card = render_card(metadata, evaluation)
    assert f"{swap['n_flips']} of {swap['n_swaps']} answers flip" in card
    assert "Not measured. Training runs on a CPU." in card
    timed = render_card({**metadata, "seconds": 71.4}, evaluation)
    assert "Measured: 71 seconds on CPU" in timed
    assert "no article is on both sides" in card
    given = {**metadata, "training": {**metadata["training"], "search": []}}
    assert "Its settings were given." in render_card(given, evaluation)
    del evaluation["held_out"]["name_swap"]
    assert "Another name for the actor: not measured" in render_card(metadata, evaluation)


def test_a_title_cannot_break_the_front_matter(experiment):
    metadata = copy.deepcopy(experiment.metadata)
    title = 'a: "b" # c\u2028 \x85 \U0001f600 - [d'
    metadata["target"]["title"] = title
    card = ModelCard(render_card(metadata, experiment.evaluation))
    assert {result.dataset_name for result in card.data.eval_results} == {title}


def test_code_of_the_card_runs(experiment, model_folder):
    """The first block of a card, with a text put in and the folder's own path."""
    card = render_card(experiment.metadata, experiment.evaluation)
    (block,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    printed = []
    exec(
        block.replace("path/to/this/folder", str(model_folder)).replace("print(", "printed("),
        {"text": "Lee rejected the vote as rigged.", "printed": lambda *a: printed.append(a)},
    )
    assert printed == [("Ann Lee", "criticizes")]


def test_facts_of_another_make_are_refused():
    with pytest.raises(ModelError, match="lack 'data'"):
        render_card({}, {})
