"""The API honours its OpenAPI description for any request."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.api.http.state import AppState
from app.api.http.strict_model import StrictModel
from tests.support.api_client import client_of, new_account

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = settings(
    max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def described(api: FastAPI) -> Any:
    return schemathesis.openapi.from_asgi("/v1/openapi.json", api)


@pytest.fixture(scope="module")
def authorization(api: FastAPI, here: AppState) -> str:
    account_id = new_account(here, "fuzzer@shop.example")
    header: str = client_of(api, account_id).headers["Authorization"]
    return header


def test_any_request_is_answered_as_described(described: Any, authorization: str) -> None:
    asked = 0
    for found in described.get_all_operations():
        operation = found.ok()

        @EXAMPLES
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(headers={"Authorization": authorization}, checks=CHECKS)

        ask()
        asked += 1
    assert asked > 35


def test_every_failure_is_described_as_a_problem_document(api: FastAPI) -> None:
    described = api.openapi()
    for path, item in described["paths"].items():
        for method, operation in item.items():
            failures = {
                status: r for status, r in operation["responses"].items() if status not in {"200", "201", "202", "204"}
            }
            assert set(failures) >= {"401", "404", "422", "429", "default"}, f"{method} {path}"
            for response in failures.values():
                assert list(response["content"]) == ["application/problem+json"], f"{method} {path}"
            assert operation["description"] or operation["summary"]


def bodies() -> list[type[StrictModel]]:
    """Return the models of JSON request bodies."""
    return sorted(StrictModel.__subclasses__(), key=lambda each: each.__name__)


def test_every_body_is_known_to_the_description(api: FastAPI) -> None:
    sent = {
        body["schema"]["$ref"].rpartition("/")[2]
        for item in api.openapi()["paths"].values()
        for operation in item.values()
        for kind, body in operation.get("requestBody", {}).get("content", {}).items()
        if kind == "application/json"
    }
    assert len(sent) >= 7
    assert sent <= {body.__name__ for body in bodies()}, "a body of another base may hold a NUL"


@pytest.mark.parametrize("body", bodies(), ids=lambda body: body.__name__)
def test_bodies_have_examples_that_are_accepted_by_their_own_description(body: type[StrictModel]) -> None:
    examples = {name: field.examples[0] for name, field in body.model_fields.items() if field.examples}
    assert examples
    needed = {name for name, field in body.model_fields.items() if field.is_required()}
    assert needed - examples.keys() <= {"shots"}
    body.model_validate({**({"shots": [{}]} if "shots" in needed else {}), **examples})
