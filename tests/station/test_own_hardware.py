"""The example of a station on hardware of one's own, with this test as the controller board at the other end of the line."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from examples import own_hardware
from forecourt.clock import SYSTEM
from forecourt.ocpp import v2
from forecourt.ocpp.versions import V16
from forecourt.transport import Server, serve
from tests.cli.csms import Csms

LIMIT_S = 30.0


class Board:
    """`commands` are what the station has said, in order."""

    def __init__(self) -> None:
        self._line, its = pty.openpty()
        tty.setraw(self._line)
        tty.setraw(its)
        self.device = os.ttyname(its)
        self._its = its
        self.commands: list[str] = []
        self._unread = b""
        asyncio.get_running_loop().add_reader(self._line, self._read)

    def tell(self, *lines: str) -> None:
        os.write(self._line, "".join(f"{line}\n" for line in lines).encode())

    async def until(self, command: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while command not in self.commands:
                await SYSTEM.sleep(0)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._line)
        os.close(self._line)
        os.close(self._its)

    def _read(self) -> None:
        *lines, self._unread = (self._unread + os.read(self._line, 4096)).split(b"\n")
        self.commands += [line.decode() for line in lines]


@asynccontextmanager
async def running(board: Board, server: Server, folder: Path) -> AsyncIterator[asyncio.Task[None]]:
    async with asyncio.TaskGroup() as group:
        url = f"ws://127.0.0.1:{server.port}/ocpp"
        task = group.create_task(own_hardware.main(board.device, url, "CS001", "a-password-for-stations", str(folder)))
        yield task
        task.cancel()


@pytest.fixture
async def board() -> AsyncIterator[Board]:
    made = Board()
    yield made
    made.close()


async def test_a_session_on_the_board_is_told_and_a_reset_ends_the_program(board: Board, tmp_path: Path) -> None:
    csms = Csms()
    async with serve("127.0.0.1", 0, handlers=csms.handlers) as server, running(board, server, tmp_path) as task:
        async with asyncio.timeout(LIMIT_S):
            station = await server.station("CS001")
            assert station.version is not V16
            while not csms.said["StatusNotification"]:
                await SYSTEM.sleep(0)
        board.tell("meter 1000.0 0 0 0 0 230 230 230", "pilot B", "card 04A1B2C3")
        await board.until("contactor 1")
        board.tell("meter 1000.5 11040 16.0 16.0 16.0 230 230 230", "rubbish", "meter x 0 0 0 0 0 0 0", "pilot C")
        async with asyncio.timeout(LIMIT_S):
            while not csms.open:
                await SYSTEM.sleep(0)
        board.tell("pilot A")
        async with asyncio.timeout(LIMIT_S):
            while not csms.stop_reasons:
                await SYSTEM.sleep(0)
        assert board.commands[-1] in ("contactor 0", "lock 0")
        assert (await station.call(v2.Reset(type="Immediate"))).status == "Accepted"
        async with asyncio.timeout(LIMIT_S):
            await task
