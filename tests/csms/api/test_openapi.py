"""The OpenAPI document is true: what it allows is taken, what it forbids is refused, and no answer is one it does not know."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from forecourt.csms.api.openapi import LARGEST_NUMBER, corrected
from tests.csms.api.system import System
from tests.csms.api.test_permissions import things

Operation: TypeAlias = APIOperation[Any, Any, Any, Any]

EXAMPLES = 4
"""Of each kind for each operation. More of them found nothing more (60 were tried when there were half as many operations)."""


async def document_of(system: System) -> dict[str, Any]:
    """The description, as everybody may have it."""
    answer = await system.client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    document: dict[str, Any] = answer.json()
    return document


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation with its name."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


@pytest.mark.usefixtures("fresh")
async def test_no_request_leads_to_an_error_or_to_an_answer_that_is_not_described(system: System) -> None:
    document = await document_of(system)
    there = await things(system)
    headers = {"Authorization": f"Bearer {system.platform.key}"}
    await asyncio.to_thread(try_everything, document, str(system.client.base_url), headers, there)


def try_everything(document: dict[str, Any], url: str, headers: dict[str, str], there: dict[str, object]) -> None:
    """Ask for everything the document describes, rightly and wrongly; what exists is removed last."""
    operations: list[Operation] = []
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(found, Ok), found.err()
        operations.append(found.ok())
    operations.sort(key=lambda operation: operation.method == "delete")
    for operation in operations:
        described = document["paths"][operation.path][operation.method]
        if any("text/event-stream" in answer.get("content", {}) for answer in described["responses"].values()):
            continue
        names = re.findall(r"{(\w+)}", operation.path)
        attempt(operation, GenerationMode.POSITIVE, url, headers, None)
        if names and all(name in there for name in names):
            attempt(operation, GenerationMode.POSITIVE, url, headers, {name: there[name] for name in names})
        if names or "parameters" in described or "requestBody" in described:
            attempt(operation, GenerationMode.NEGATIVE, url, headers, None)


def attempt(
    operation: Operation,
    mode: GenerationMode,
    url: str,
    headers: dict[str, str],
    path: dict[str, object] | None,
) -> None:
    """Try one operation with what it describes, or with what it does not."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=path))
    def one(case: Case[Any]) -> None:
        answer = case.call(base_url=url, headers=headers)
        # Whether a described value is also right may depend on what exists; `invalid` is said of those that no state makes
        # right, and there must be none among what is described.
        case.validate_response(answer, headers=headers, excluded_checks=[positive_data_acceptance])
        if mode is GenerationMode.POSITIVE and answer.status_code == 422:
            assert answer.json()["code"] != "invalid", (answer.json(), case.as_curl_command())

    one()


async def test_every_operation_says_what_people_need(system: System) -> None:
    document = await document_of(system)
    names = [operation["operationId"] for _, operation in operations_of(document)]
    assert len(set(names)) == len(names)
    for name, operation in operations_of(document):
        assert operation.get("summary"), f"{name} has no summary"
        assert operation.get("tags"), f"{name} has no tag"
        for parameter in operation.get("parameters", ()):
            schema = parameter["schema"]
            assert schema.get("maximum", 0) <= LARGEST_NUMBER, (name, parameter)
    for name in document["components"]["schemas"]:
        assert re.fullmatch(r"\w+", name), f"{name} is no name for a generated client"


async def test_no_pattern_lets_a_line_break_slip_in_at_the_end(system: System) -> None:
    document = await document_of(system)
    for pattern in patterns_of(document):
        assert not pattern.endswith("$"), f"{pattern} should end with END of web/texts.py"


def patterns_of(part: Any) -> Iterator[str]:
    """Every pattern of a text in a document."""
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"]
        for inner in part.values():
            yield from patterns_of(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from patterns_of(inner)


async def test_the_page_for_people_needs_nothing_from_elsewhere(system: System) -> None:
    answer = await system.client.get("/api/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", answer.text)
    assert "/api/v1/openapi.json" in answer.text


async def test_what_is_not_there_is_a_problem_wherever_it_is_asked_for(system: System) -> None:
    for path in ("/api", "/api/v1", "/api/v1/nonsense", "/api/v1/sites/x", "/api/v1/sites/1/x"):
        answer = await system.client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
    answer = await system.client.put("/api/v1/sites", json={})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) >= {"GET", "POST"}


def test_pages_are_named_after_what_they_hold() -> None:
    reference = {"$ref": "#/components/schemas/Page_forecourt.csms.sites.api.SiteOut_"}
    document: dict[str, Any] = {
        "paths": {"/sites": {"get": {"responses": {"200": reference, "304": {"content": {}}}}}},
        "components": {"schemas": {"Page_forecourt.csms.sites.api.SiteOut_": {}, "Site": {}}},
    }
    made = corrected(document, [])
    assert made["components"]["schemas"] == {"SitePage": {}, "Site": {}}
    said = made["paths"]["/sites"]["get"]["responses"]
    assert said == {"200": {"$ref": "#/components/schemas/SitePage"}, "304": {}}
