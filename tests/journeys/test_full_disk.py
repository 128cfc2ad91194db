"""The disk is full: stations are sent away with their queues, and when there is room again everything arrives.

No file system is filled, since mounting one of a bounded size is not allowed everywhere: a library preloaded into the server
refuses, with ENOSPC and from the system calls themselves, to let any file grow (`full_disk.c`). All that follows is real.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from forecourt.csms.store.programs import PLAIN_ENVIRONMENT
from tests.journeys.hurting import OwnServer, running
from tests.journeys.queueing import Fleet, check
from tests.journeys.site import CARD, VERSIONS


@pytest.fixture
def disk_full(server_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """While the file of this name exists, the disk is full."""
    place = server_folder.parent
    library, flag = place / "full_disk.so", place / "full"
    source = Path(__file__).with_name("full_disk.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
    library.chmod(0o755)
    environment = {**PLAIN_ENVIRONMENT, "LD_PRELOAD": str(library), "FULL_DISK": str(flag)}
    monkeypatch.setattr("forecourt.csms.store.embedded.PLAIN_ENVIRONMENT", environment)
    yield flag
    flag.unlink(missing_ok=True)


async def test_while_the_disk_is_full_stations_keep_their_queues_and_then_everything_arrives(
    disk_full: Path, own_server: OwnServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(own_server.process.url(), tmp_path, 0.5) as site:
        await site.hand_out(CARD)
        async with Fleet(site.url, VERSIONS, each=2) as fleet:
            await fleet.hear(4)
            await asyncio.to_thread(disk_full.touch)
            await fleet.until(lambda: all(one.closed[1013] and one.refused[503] >= 10 for one in fleet.stations))
            assert "No space left on device" in caplog.text
            # It is the disk, not the server: that one takes questions all the while.
            assert await site.rows("SELECT 1") == [(1,)]
            before = fleet.answered()
            await asyncio.to_thread(disk_full.unlink)
            await fleet.hear(8)
            assert fleet.answered() > before
        await check(site.rows, fleet)
