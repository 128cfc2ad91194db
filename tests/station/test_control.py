"""The control API over a real socket: doing, looking, following, and who may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx2
import pytest

from forecourt.station.workbench.control import controlled
from tests.station.test_workbench import Bench

TOKEN = "the-token-of-this-test"
LIMIT_S = 20.0


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
async def client(bench: Bench) -> AsyncIterator[httpx2.AsyncClient]:
    made = httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=LIMIT_S)
    async with controlled(bench.bench, TOKEN) as port, made:
        made.base_url = httpx2.URL(f"http://127.0.0.1:{port}/v1")
        yield made


async def test_a_program_plugs_in_and_sees_that_energy_flows(bench: Bench, client: httpx2.AsyncClient) -> None:
    done = await client.post("/do", json={"do": "plug", "soc": 0.2})
    assert done.json()["evses"][0]["plugged"] is True
    bench.time.advance(2)
    await client.post("/do", json={"do": "swipe", "token": "TAG001"})
    bench.time.advance(30)
    state = (await client.get("/state")).json()
    assert state["evses"][0]["state"] == "Charging"
    assert state["evses"][0]["powerW"] == 11_040


async def test_variables_are_listed_and_set(client: httpx2.AsyncClient) -> None:
    name = "SampledDataCtrlr.TxUpdatedInterval"
    assert (await client.put(f"/variables/{name}", json={"value": "7"})).json() == {name: "7"}
    listed = (await client.get("/variables", params={"prefix": "SampledDataCtrlr."})).json()
    assert listed[name] == "7"
    assert all(one.startswith("SampledDataCtrlr.") for one in listed)
    wrong = await client.put(f"/variables/{name}", json={"value": "-1"})
    assert (wrong.status_code, "out of range" in wrong.json()["error"]) == (422, True)
    assert (await client.put(f"/variables/{name}", json={"value": 7})).status_code == 422


async def test_events_come_as_lines_from_where_the_reader_was(bench: Bench, client: httpx2.AsyncClient) -> None:
    so_far = [json.loads(line) for line in (await client.get("/events", params={"follow": "0"})).text.splitlines()]
    assert so_far[0]["kind"] == "started"
    last = so_far[-1]["number"]
    async with client.stream("GET", "/events", params={"after": str(last)}) as stream, asyncio.timeout(LIMIT_S):
        bench.do("plug")
        lines = stream.aiter_lines()
        first = json.loads(await anext(lines))
        assert (first["number"], first["kind"], first["evse"]) == (last + 1, "plugged", 1)


async def test_events_come_as_server_sent_events_and_end_with_the_station(bench: Bench) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "text/event-stream", "Last-Event-ID": "1"}
    async with httpx2.AsyncClient(headers=headers, timeout=LIMIT_S) as client:
        async with controlled(bench.bench, TOKEN) as port:
            reading = client.stream("GET", f"http://127.0.0.1:{port}/v1/events")
            stream = await reading.__aenter__()
            lines = stream.aiter_lines()
            assert await anext(lines) == "id: 2"
            assert (await anext(lines)).startswith("data: {")
        async with asyncio.timeout(LIMIT_S):
            async for _ in lines:
                pass
        await reading.__aexit__(None, None, None)


async def test_nobody_without_the_token_is_let_in(client: httpx2.AsyncClient) -> None:
    for wrong in ("Bearer something-else", "", f"Basic {TOKEN}", TOKEN):
        for path in ("/state", "/events"):
            assert (await client.get(path, headers={"Authorization": wrong})).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/do", '{"do": "dance"}', 422),
        ("POST", "/do", '{"do": "plug", "evse": 9}', 422),
        ("POST", "/do", "[]", 400),
        ("POST", "/do", "{", 400),
        ("POST", "/do", '"' + "x" * 70_000 + '"', 413),
        ("GET", "/do", "", 405),
        ("GET", "/nothing", "", 404),
        ("GET", "/events?after=x", "", 422),
    ],
)
async def test_what_cannot_be_is_answered_in_words(
    client: httpx2.AsyncClient, method: str, path: str, body: str, status: int
) -> None:
    answer = await client.request(method, path, content=body)
    assert answer.status_code == status
    assert answer.json()["error"]
