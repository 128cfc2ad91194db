"""What machines ask: health, readiness, figures."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from litestar import Litestar
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from forecourt.clock import SYSTEM, VirtualClock
from forecourt.csms.api import health
from forecourt.csms.blocks.provisioning.commands import Reset, ResetKind
from forecourt.csms.stations import actions
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.engine import connect
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


async def test_without_its_database_a_system_is_alive_and_not_ready(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "AGAIN_AFTER_S", 0.0)
    monkeypatch.setattr(health, "LONGEST_S", 1.0)
    server = EmbeddedPostgres(server_folder)
    await asyncio.to_thread(server.start)
    database = connect(server.url())
    present = True
    routes = health.routes(health.Readiness(lambda: present, database, SYSTEM), CollectorRegistry())
    app: Any = Litestar(route_handlers=routes, exception_handlers=EXCEPTION_HANDLERS, openapi_config=None)
    transport = httpx2.ASGITransport(app=app)

    async def said(path: str) -> tuple[int, str]:
        answer = await client.get(path)
        return answer.status_code, answer.json().get("code", "")

    async with httpx2.AsyncClient(transport=transport, base_url="http://system") as client:
        assert await said("/readyz") == (200, "")
        present = False
        assert await said("/readyz") == (503, "database_away")
        present = True
        # It is there, and says nothing any more. Nobody else has to have noticed.
        frozen = server.pids()
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        assert await said("/readyz") == (503, "database_away")
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
        assert await said("/readyz") == (200, "")
        await asyncio.to_thread(server.stop)
        assert await said("/readyz") == (503, "database_away")
        assert await said("/healthz") == (200, "")
    await database.close()


async def test_readiness_is_looked_up_once_for_all_who_ask_at_a_time() -> None:
    asked = 0

    async def open_connection() -> Any:
        nonlocal asked
        asked += 1
        raise OSError

    away: Any = SimpleNamespace(open_connection=open_connection)
    ready = health.Readiness(lambda: True, away, VirtualClock())
    async with asyncio.TaskGroup() as group:
        answers = [group.create_task(ready()) for _ in range(50)]
    assert [task.result() for task in answers] == [False] * 50
    assert asked == 1


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
