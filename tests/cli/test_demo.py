"""`forecourt demo` as a process: a live network after one command, and nothing left after Ctrl-C."""

from __future__ import annotations

import asyncio
import re
import socket
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from forecourt.cli.demo import free_port
from forecourt.cli.demo_folder import default_folder
from forecourt.csms.store.embedded import EmbeddedPostgres
from tests.cli.processes import LIMIT_S, Running, folder, processes_naming, started
from tests.cli.processes import free_port as some_port


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that does not exist yet."""
    with folder() as place:
        yield place


def start(data: Path) -> AbstractContextManager[Running]:
    return started("demo", "--data", str(data), "--port", str(some_port()), "--api-port", str(some_port()))


@contextmanager
def signed_in(demo: Running) -> Iterator[httpx2.Client]:
    """The API, as the person who reads what the demo says."""
    url = demo.until(r"(http://127\.0\.0\.1:\d+)/api/docs")[1]
    login, password = demo.until(r"sign in\s+(\S+) with the password (\S+)").groups()
    demo.until("Ctrl-C")
    with httpx2.Client(base_url=url) as client:
        answer = client.post("/api/v1/session", json={"login": login, "password": password})
        assert answer.status_code == 201, answer.text
        yield client


async def until(data: Path, question: str, expected: list[tuple[Any, ...]]) -> None:
    """Ask the demo's database until it answers what is expected."""
    connection = await asyncpg.connect(EmbeddedPostgres(data / "database").url())
    found: list[tuple[Any, ...]] = []
    try:
        async with asyncio.timeout(LIMIT_S):
            while (found := [tuple(row) for row in await connection.fetch(question)]) != expected:
                pass
    except TimeoutError:
        raise AssertionError(f"{question}: {found}, not {expected}") from None
    finally:
        await connection.close()


async def test_one_command_shows_a_live_network_and_a_second_start_goes_on_with_it(data: Path) -> None:
    with start(data) as demo, signed_in(demo) as client:
        assert len(client.get("/api/v1/sites").json()["items"]) == 3
        await until(data, "SELECT count(*) FROM station WHERE connected", [(10,)])
        assert re.search(r'connected_stations\{version="2.1"\} 3', client.get("/metrics").text)
        await until(data, "SELECT count(*) >= 3 FROM transaction", [(True,)])
        assert demo.end() == 0
        assert demo.lines[-1] == "ended"
    assert processes_naming(str(data)) == []
    assert stat.S_IMODE((data / "demo.json").stat().st_mode) == 0o600
    with start(data) as again, signed_in(again) as client:
        assert len(client.get("/api/v1/sites").json()["items"]) == 3
        await until(data, "SELECT count(*) >= 3 FROM transaction WHERE stop_reason = 'PowerLoss'", [(True,)])
        assert again.end() == 0
    assert processes_naming(str(data)) == []


def test_a_taken_port_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) > port
    assert free_port(port, but=port) > port


def test_the_demo_keeps_its_data_where_the_account_keeps_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/data")
    assert default_folder() == Path("/somewhere/data/forecourt/demo")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/people/me")
    assert default_folder() == Path("/people/me/.local/share/forecourt/demo")
    # The account of the database may not enter root's home.
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_folder() == Path("/var/lib/forecourt-demo")
