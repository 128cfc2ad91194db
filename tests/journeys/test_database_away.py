"""The database goes away: stations are held a while, then sent away with their queues, and tell everything afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from websockets.exceptions import InvalidStatus

from forecourt.ocpp.versions import Version
from tests.journeys.driver import station
from tests.journeys.hurting import OwnServer, running
from tests.journeys.queueing import Fleet, check
from tests.journeys.site import CARD, VERSIONS

HOLD_S: Final = 0.5
TURNED_AWAY: Final = 20
"""How often every station is turned away before the database is back. The ten minutes of the requirement are shortened as much
as the hold is: what matters is that it lasts far longer than the hold, and than a station waits for an answer."""


async def test_with_one_attempt_and_a_database_long_away_nothing_is_lost(own_server: OwnServer, tmp_path: Path) -> None:
    async with running(own_server.process.url(), tmp_path, HOLD_S) as site:
        await site.hand_out(CARD)
        async with Fleet(site.url, VERSIONS, each=2) as fleet:
            await fleet.hear(8)
            await own_server.stop()
            await fleet.until(lambda: all(one.closed[1013] for one in fleet.stations))
            await fleet.until(lambda: all(one.refused[503] >= TURNED_AWAY for one in fleet.stations))
            assert all(told is not None and int(told) > 0 for one in fleet.stations for told in one.told_to_retry)
            before = fleet.answered()
            assert all(one.waiting for one in fleet.stations)
            await own_server.start()
            await fleet.hear(8)
            assert fleet.answered() > before
        assert {code for one in fleet.stations for code in one.closed} <= {1013}
        assert all(one.repeated for one in fleet.stations)
        await check(site.rows, fleet)


async def test_a_database_back_in_time_is_not_noticed_by_stations(own_server: OwnServer, tmp_path: Path) -> None:
    async with running(own_server.process.url(), tmp_path, 5.0) as site:
        await site.hand_out(CARD)
        async with Fleet(site.url, VERSIONS, each=1) as fleet:
            await fleet.hear(3)
            await own_server.stop()
            await own_server.start()
            await fleet.hear(8)
        assert [one.closed for one in fleet.stations] == [{}] * len(VERSIONS)
        await check(site.rows, fleet)


async def test_a_database_that_hangs_is_one_that_is_away(own_server: OwnServer, tmp_path: Path) -> None:
    async with running(own_server.process.url(), tmp_path, HOLD_S) as site:
        await site.hand_out(CARD)
        async with Fleet(site.url, VERSIONS, each=1) as fleet:
            await fleet.hear(3)
            thaw = own_server.freeze()
            try:
                await fleet.until(lambda: all(one.closed[1013] and one.refused[503] for one in fleet.stations))
            finally:
                thaw()
            await fleet.hear(8)
        await check(site.rows, fleet)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_heartbeats_are_answered_while_other_calls_are_held(
    own_server: OwnServer, tmp_path: Path, version: Version
) -> None:
    async with running(own_server.process.url(), tmp_path, 1.0) as site:
        known = await site.announce("CP")
        async with station(site.url, known.wire_id, version) as driver:
            await driver.boot()
            await own_server.stop()
            for _ in range(3):
                assert (await driver.say("Heartbeat")).current_time
            assert await driver.closed() == 1013
        with pytest.raises(InvalidStatus) as refused:
            async with station(site.url, known.wire_id, version):
                pass
        assert refused.value.response.status_code == 503
        assert int(refused.value.response.headers["Retry-After"]) > 0
        await own_server.start()
