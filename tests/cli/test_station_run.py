"""`forecourt station run` as a process: handled by lines, by keys in a terminal and over HTTP; what it keeps outlives it."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from forecourt.cli.main import main
from forecourt.cli.station_view import View
from forecourt.clock import SYSTEM
from forecourt.transport import SoapSettings, serve, with_passwords
from forecourt.transport.outbound import anywhere
from tests.cli.csms import Csms
from tests.station.test_workbench import Bench

LIMIT_S = 60.0


class Run:
    """The process, whose output is read line by line."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def until(self, pattern: str) -> re.Match[str]:
        assert self.process.stdout is not None
        while line := (await self.process.stdout.readline()).decode():
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"{pattern!r} was not said: {self.lines}")

    def say(self, *lines: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())


@asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[Run]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "forecourt", "station", "run", *arguments), stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            yield Run(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not holds():
            await SYSTEM.sleep(0)


@pytest.mark.parametrize("version", ["1.6", "2.1"])
async def test_what_it_keeps_outlives_a_kill_in_the_middle_of_a_session(tmp_path: Path, version: str) -> None:
    csms = Csms()
    async with serve("127.0.0.1", 0, handlers=csms.handlers) as server:
        arguments = (f"ws://127.0.0.1:{server.port}/ocpp", "--data", str(tmp_path), "--version", version)
        async with started(*arguments) as run:
            await run.until("accepted")
            run.say("plug soc=0.2", "swipe TAG001")
            await run.until("begun EVSE 1")
            await until(lambda: csms.said["begun"] == 1)
            await run.until("energy EVSE 1 flows")
            run.process.kill()
        async with started(*arguments) as run:
            await until(lambda: csms.stop_reasons == ["PowerLoss"])
            run.say("dance", "quit")
            await run.until("cannot: dance")
            assert await run.process.wait() == 0
    assert not csms.open


async def test_without_a_folder_nothing_is_left_open_at_the_end() -> None:
    csms = Csms()
    async with (
        serve("127.0.0.1", 0, handlers=csms.handlers) as server,
        started(f"ws://127.0.0.1:{server.port}/ocpp") as run,
    ):
        await run.until("accepted")
        run.say("plug", "swipe TAG001")
        await until(lambda: bool(csms.open))
        run.process.terminate()
        assert await run.process.wait() == 0
    assert not csms.open


async def test_who_is_not_let_in_reads_why() -> None:
    passwords = with_passwords({"CS001": "another-password"})
    async with (
        serve("127.0.0.1", 0, handlers=Csms().handlers, authenticate=passwords) as server,
        started(f"ws://127.0.0.1:{server.port}/ocpp", "--password", "a-wrong-password") as run,
    ):
        await run.until("offline .*401")


async def test_it_speaks_soap_where_the_url_is_http() -> None:
    csms = Csms()
    soap = SoapSettings(learns_from=lambda caller: True, approve=anywhere)
    async with (
        serve("127.0.0.1", 0, handlers=csms.handlers, soap=soap) as server,
        started(f"http://127.0.0.1:{server.port}/ocpp") as run,
    ):
        await run.until("accepted")
        run.process.terminate()
        assert await run.process.wait() == 0
    assert csms.said["BootNotification"] == 1


async def test_a_program_handles_it_over_http() -> None:
    csms = Csms()
    async with (
        serve("127.0.0.1", 0, handlers=csms.handlers) as server,
        started(f"ws://127.0.0.1:{server.port}/ocpp", "--control", "0") as run,
    ):
        url, token = (await run.until(r"control API: (\S+) with the token (\S+)")).groups()
        await run.until("accepted")
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
            await client.post(f"{url}/do", json={"do": "plug"})
            await client.post(f"{url}/do", json={"do": "swipe", "token": "TAG001"})
            await until(lambda: csms.said["begun"] == 1)
        run.process.terminate()
        assert await run.process.wait() == 0


async def test_in_a_terminal_it_is_shown_and_obeys_keys() -> None:
    csms = Csms()
    ours, its = pty.openpty()
    async with serve("127.0.0.1", 0, handlers=csms.handlers) as server:
        url = f"ws://127.0.0.1:{server.port}/ocpp"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "forecourt", "station", "run", url),
            stdin=its,
            stdout=its,
            stderr=its,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "150", "LINES": "40"},
        )
        os.close(its)
        shown, loop = bytearray(), asyncio.get_running_loop()

        def read() -> None:
            try:
                shown.extend(os.read(ours, 65536))
            except OSError:
                loop.remove_reader(ours)

        loop.add_reader(ours, read)
        try:
            await until(lambda: csms.said["BootNotification"] == 1)
            await until(lambda: b"Accepted" in shown and b"q quit" in shown)
            os.write(ours, b"p")
            await until(lambda: b"plugged EVSE 1" in shown)
            os.write(ours, b"s")
            await until(lambda: csms.said["begun"] == 1)
            os.write(ours, b"q")
            assert await process.wait() == 0
        finally:
            loop.remove_reader(ours)
            os.close(ours)
            if process.returncode is None:
                process.kill()
                await process.wait()


def test_each_key_does_what_it_says_and_undoes_it() -> None:
    one, over = Bench(), asyncio.Event()
    view = View(one.bench, "ws://x", "TAG009", over)
    view.press("p")
    one.time.advance(2)
    view.press("s")
    one.time.advance(10)
    assert one.state().evses[0].token == "ISO14443 TAG009"
    view.press("p")
    assert not one.state().evses[0].plugged
    view.press("f")
    assert one.state().evses[0].fault
    view.press("f")
    assert not one.state().evses[0].fault
    view.press("n")
    assert not one.state().network
    view.press("n")
    assert one.state().network
    view.press("x")
    assert not one.state().powered
    view.press("x")
    assert one.state().powered
    for key in "2?\n":
        view.press(key)
    assert view.selected == 1
    for key in ":plug soc=0.9x\x7f\n":
        view.press(key)
    vehicle = one.bench.hardware.vehicle_at(1)
    assert vehicle is not None
    assert vehicle.soc == pytest.approx(0.9)
    for key in ":q\x1bq":
        view.press(key)
    assert over.is_set()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["ftp://x"], "URL"),
        ([], "URL"),
        (["ws://x", "--version", "3"], "3: not one of"),
        (["http://x", "--version", "2.1"], "SOAP"),
        (["ws://x", "--set", "A"], "NAME=VALUE"),
        (["ws://x", "--set", "A.B=1"], "no variable A.B"),
    ],
)
def test_a_station_that_cannot_be_is_refused_in_words(arguments: list[str], why: str) -> None:
    result = CliRunner().invoke(main, ["station", "run", *arguments])
    assert result.exit_code != 0
    assert why in result.output


def test_a_file_says_what_the_station_is(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    file.write_text('[station]\nurl = "ws://x"\nevses = [{ current-a = 16 }]\ncolour = "red"\n', encoding="utf-8")
    result = CliRunner().invoke(main, ["station", "run", "--config", str(file)])
    assert result.exit_code == 2
    assert "colour" in result.output
