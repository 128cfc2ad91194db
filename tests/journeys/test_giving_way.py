"""What the management system asks of its own accord holds up nobody's command, however slow the station is."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
import websockets

from forecourt.csms.blocks.provisioning.commands import Reset, ResetKind
from forecourt.csms.config import Gateway
from forecourt.csms.stations import link
from forecourt.csms.stations.commands import CommandStatus
from forecourt.ocpp.versions import V16, Version
from tests.journeys.driver import basic
from tests.journeys.site import LIMIT_S, PASSWORD, VERSIONS, Site


@pytest.fixture
def gateway() -> Gateway:
    """Nobody gives up in the time of a test."""
    return Gateway(registration="closed", call_timeout_s=3600.0)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_a_station_that_never_says_what_it_consists_of_is_reset_all_the_same(
    site: Site, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "YIELDS_AFTER_S", 0.0)
    known = await site.announce("CP")
    make = {"chargePointVendor": "Acme", "chargePointModel": "Wallbox"}
    boot: dict[str, Any] = (
        make if version is V16 else {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Wallbox"}}
    )
    async with (
        asyncio.timeout(LIMIT_S),
        websockets.connect(
            f"{site.url}/CP",
            subprotocols=[websockets.Subprotocol(version.subprotocol)],
            additional_headers=basic("CP", PASSWORD),
        ) as connection,
    ):
        await connection.send(json.dumps([2, "b", "BootNotification", boot]))

        async def asked(action: str) -> str:
            while (frame := json.loads(await connection.recv()))[0] != 2 or frame[2] != action:
                pass
            return str(frame[1])

        await asked("GetConfiguration" if version is V16 else "GetBaseReport")
        order = await site.csms.sending.ask(known, Reset(ResetKind.IMMEDIATE), asked_by="Ada")
        await connection.send(json.dumps([3, await asked("Reset"), {"status": "Accepted"}]))
        assert await site.settled(order) == (CommandStatus.ACCEPTED, "Accepted")
    await site.until("SELECT count(*) FROM event WHERE kind = 'InventoryFailed'", [(1,)])
    ((reason,),) = await site.rows("SELECT data->>'reason' FROM event WHERE kind = 'InventoryFailed'")
    assert re.fullmatch(r"CP: no answer within [\d.]{1,4} s", reason)
