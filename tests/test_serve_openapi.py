"""The description of the API is kept to, whatever is sent: schemathesis tries."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from serving import copy_corpus, serving


@pytest.fixture(scope="module")
def server(corpus_folder, model_folder, tmp_path_factory):
    folder = copy_corpus(corpus_folder, tmp_path_factory.mktemp("described"))
    with serving(folder, model_folder) as running:
        running.workspace.train = lambda: "no-training-here"
        yield running


@pytest.fixture
def described(server):
    return schemathesis.openapi.from_url(f"{server.origin}/api/openapi.json")


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_api_keeps_to_its_description(case):
    # A JSON schema cannot say that one of two members is needed, or where a sentence ends.
    case.call_and_validate(excluded_checks=[positive_data_acceptance, negative_data_rejection])
