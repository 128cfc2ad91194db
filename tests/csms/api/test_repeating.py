"""Idempotency keys: who has the whole answer may send the request again at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from forecourt.csms.web.repeating import Repeating
from tests.csms.api.system import System
from tests.journeys.site import LIMIT_S

ONCE = {"Idempotency-Key": "once"}


async def test_an_answer_ends_only_once_it_is_on_record(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, gate = asyncio.Event(), asyncio.Event()
    keep = Repeating._keep

    async def later(repeating: Repeating, *given: Any) -> None:
        reached.set()
        await gate.wait()
        await keep(repeating, *given)

    monkeypatch.setattr(Repeating, "_keep", later)
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        asking = group.create_task(system.platform.ask("POST", "/sites", json={"name": "Depot"}, headers=ONCE))
        await reached.wait()
        for _ in range(3):
            await system.platform.get("/sites")
        assert not asking.done()
        gate.set()
    first = asking.result()
    again = await system.platform.ask("POST", "/sites", json={"name": "Depot"}, headers=ONCE)
    assert first.status_code == again.status_code == 201
    assert again.content == first.content


async def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(repeating: Repeating, *given: Any) -> None:
        raise RuntimeError("it cannot be kept")

    monkeypatch.setattr(Repeating, "_keep", fails)
    answer = await system.platform.ask("POST", "/sites", json={"name": "Depot"}, headers=ONCE)
    assert (answer.status_code, answer.json()["name"]) == (201, "Depot")
    monkeypatch.undo()
    again = await system.platform.refused("POST", "/sites", json={"name": "Depot"}, headers=ONCE)
    assert again[:2] == (409, "idempotency_unfinished")


async def test_an_answer_that_was_packed_for_one_client_is_given_to_the_next_as_it_was(system: System) -> None:
    body = {"name": "ゲ" * 100, "address": "ゲ" * 300}
    packing = {**ONCE, "Accept-Encoding": "gzip"}
    first = await system.platform.ask("POST", "/sites", json=body, headers=packing)
    assert (first.status_code, first.headers["Content-Encoding"]) == (201, "gzip")
    for headers in (packing, {**ONCE, "Accept-Encoding": "identity"}):
        again = await system.platform.ask("POST", "/sites", json=body, headers=headers)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json() == first.json()
