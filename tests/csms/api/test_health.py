"""What machines ask: health, readiness, figures."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from litestar import Litestar
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from forecourt.csms.api import health
from forecourt.csms.blocks.provisioning.commands import Reset, ResetKind
from forecourt.csms.stations import actions
from forecourt.csms.web.problems import EXCEPTION_HANDLERS
from tests.csms.api.system import System

pytestmark = pytest.mark.usefixtures("fresh")


async def figures(system: System) -> dict[tuple[str, ...], float]:
    """Every figure, by its name and its labels' values."""
    answer = await system.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_a_running_system_is_alive_and_ready(system: System) -> None:
    for path, status in (("/healthz", "alive"), ("/readyz", "ready")):
        answer = await system.client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": status})


async def test_without_its_database_a_system_is_alive_and_not_ready() -> None:
    routes = health.routes(lambda: False, CollectorRegistry())
    app: Any = Litestar(route_handlers=routes, exception_handlers=EXCEPTION_HANDLERS, openapi_config=None)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://system") as client:
        assert (await client.get("/healthz")).status_code == 200
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "database_away")


async def test_the_figures_tell_what_happens_and_name_no_station(system: System) -> None:
    async with system.csms.store.work() as work:
        added = await actions.add(work, wire_id="NAMELESS", organisation=system.csms.organisation)
    system.csms.stations.add(added)
    await system.csms.sending.ask(added, Reset(ResetKind.IMMEDIATE), asked_by="a test")
    await system.platform.get("/sites")
    await system.platform.refused("GET", "/sites/4711")
    await system.platform.refused("GET", "/nonsense")
    found = await figures(system)
    assert found["forecourt_stations",] == 1
    assert [found["forecourt_connected_stations", version] for version in ("1.6", "2.0.1", "2.1")] == [0, 0, 0]
    assert found["forecourt_database_available",] == 1
    assert found["forecourt_journal_waiting_entries",] == 0
    assert found["forecourt_commands_total", "queued"] == 1
    assert found["forecourt_commands_total", "refused"] == 0
    counted = "forecourt_http_answer_seconds_count"
    assert found[counted, "GET", "/api/v1/sites", "200"] == 1
    assert found[counted, "GET", "/api/v1/sites/{site_id}", "404"] == 1
    assert found[counted, "GET", "none", "404"] == 1
    assert not any("NAMELESS" in part for name in found for part in name)


async def test_whatever_is_asked_for_does_not_make_more_figures(system: System) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(system.client.request(f"METHOD{number}", f"/nonsense/{number}"))
            group.create_task(system.client.get(f"/api/v1/sites/{number}"))
    routes = {name[1:] for name in await figures(system) if name[0] == "forecourt_http_answer_seconds_count"}
    assert len(routes) <= 3
