"""A station that does not read what it is sent: it costs a bounded amount of memory, loses its connection, and nobody else waits."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Final

import pytest

from forecourt.csms.config import Gateway
from forecourt.csms.stations.commands import CommandStatus
from forecourt.csms.stations.orders import Order
from forecourt.csms.stations.raw import SendRaw
from forecourt.ocpp.versions import V16, V201, Version
from forecourt.transport.limits import Limits
from tests.journeys.driver import basic, station
from tests.journeys.site import LIMIT_S, PASSWORD, Site
from tests.transport.raw import TEXT, Raw, opening

LARGE: Final = 900_000
MANY: Final = 20
IN_THE_KERNEL: Final = 8 * 1024 * 1024
"""What the operating system may hold between the two ends, at the very most."""


@pytest.fixture
def gateway() -> Gateway:
    return Gateway(registration="closed", call_timeout_s=0.2)


async def deaf(site: Site, identity: str, version: Version) -> Raw:
    """A connection on which nothing is read any more, with little room at its end."""
    header = f"Authorization: {basic(identity, PASSWORD)['Authorization']}"
    raw = await Raw.upgraded(
        site.csms.port, opening(f"/ocpp/{identity}", subprotocols=(version.subprotocol,), headers=[header])
    )
    raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
    own: socket.socket = raw.writer.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return raw


@pytest.mark.parametrize("version", [V16, V201], ids=lambda version: version.name)
async def test_a_station_that_stops_reading_is_let_go_while_it_is_called_and_answered(
    site: Site, version: Version
) -> None:
    known = await site.announce("DEAF")
    await site.announce("GOOD")
    async with station(site.url, "GOOD", version) as good:
        await good.boot()
        raw = await deaf(site, "DEAF", version)
        large = SendRaw("DataTransfer", {"vendorId": "v", "data": "x" * LARGE})
        orders: list[Order] = []
        said = 0

        async def call() -> None:
            orders.append(await site.csms.sending.ask(known, large, asked_by="a test"))

        async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
            for _ in range(MANY):
                group.create_task(call())
            while site.csms.stations.link_if_any(known) is not None:
                # It goes on talking, and is answered, one call at a time; so is the other, without delay.
                raw.send(TEXT, json.dumps([2, f"n-{said}", "Heartbeat", {}]).encode())
                assert (await good.say("Heartbeat")).current_time
                said += 1
        raw.writer.transport.abort()
        sent = [order for order in orders if order.status is not CommandStatus.QUEUED]
        # What it did not take was not piled up: its connection ended before.
        assert said > 0
        assert len(sent) * LARGE <= Limits().max_outgoing_bytes + IN_THE_KERNEL + LARGE
        assert {(await site.settled(order))[0] for order in sent} == {CommandStatus.UNANSWERED}
        assert len(sent) < MANY
        assert await site.rows(
            "SELECT count(*) > 0 FROM message_log WHERE station_id = :key AND action = 'Heartbeat' AND answer <> ''",
            key=known.key,
        ) == [(True,)]
        await site.until("SELECT connected FROM station WHERE wire_id = 'DEAF'", [(False,)])
