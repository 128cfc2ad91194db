"""Certification cases of 2.0.1, E14: a station that was away is asked how far a transaction is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from forecourt.csms.blocks.transactions.model import GetTransactionStatus
from forecourt.ocpp.versions import Version
from tests.journeys.cases.tool import ACCEPTED
from tests.journeys.cases.tool2 import PERIODIC, Tool2, in_both_versions, sample, station2
from tests.journeys.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), in_both_versions]

ACTION = "GetTransactionStatus"


@asynccontextmanager
async def back_again(site: Site, version: Version, **answer: Any) -> AsyncGenerator[Tool2, None]:
    """A station that has lost its connection while it was charging, and found it again."""
    async with station2(site, version) as cs:
        await cs.session.energy_transfer()
        session = cs.session
    async with station2(site, version, known=cs.tool.known, GetTransactionStatus=answer) as cs:
        session.follow(cs)
        yield cs


async def asked(cs: Tool2, *, named: bool) -> dict[str, Any]:
    """Ask about the transaction, or about the queue alone; returns what the operator is shown."""
    name = cs.session.id if named else ""
    expected = {"transaction_id": name} if named else {}
    assert await cs.tool.ordered(GetTransactionStatus(name), ACTION) == (expected, ACCEPTED, "Accepted")
    ((result,),) = await cs.tool.site.rows(
        f"SELECT result FROM command WHERE station_id = :key AND kind = '{ACTION}'", key=cs.tool.known.key
    )
    shown: dict[str, Any] = result
    return shown


async def queued(cs: Tool2) -> None:
    """A reading that waited in the station's queue."""
    meter = [sample(cs.tool.now(), PERIODIC)]
    await cs.session.event("MeterValuePeriodic", meter=meter, offline=True)
    await cs.session.goes_on("Charging")


async def test_TC_E_29_CSMS_it_goes_on_and_messages_wait(site: Site, version: Version) -> None:
    async with back_again(site, version, ongoing_indicator=True, messages_in_queue=True) as cs:
        assert await asked(cs, named=True) == {"ongoing": True, "messagesInQueue": True}
        await queued(cs)


async def test_TC_E_30_CSMS_it_goes_on_and_no_message_waits(site: Site, version: Version) -> None:
    answer = {"ongoing_indicator": True, "messages_in_queue": False}
    async with station2(site, version, GetTransactionStatus=answer) as cs:
        await cs.session.energy_transfer()
        assert await asked(cs, named=True) == {"ongoing": True, "messagesInQueue": False}
        await cs.session.goes_on("Charging")


async def test_TC_E_31_CSMS_it_has_ended_and_messages_of_before_its_end_wait(site: Site, version: Version) -> None:
    async with back_again(site, version, ongoing_indicator=False, messages_in_queue=True) as cs:
        session = cs.session
        await cs.status("Available")
        await session.event("EVCommunicationLost", kind="Ended", state="Idle", offline=True, skip=2)
        # Its beginning had three messages: 0 to 2.
        record = await session.record()
        assert (record["ended_by"], record["missing"]) == ("station", [[3, 4]])
        assert await asked(cs, named=True) == {"ongoing": False, "messagesInQueue": True}
        await session.event("StopAuthorized", kind="Updated", offline=True, seq_no=3)
        await session.event("ChargingStateChanged", kind="Updated", state="EVConnected", offline=True, seq_no=4)
        record = await session.record()
        assert (record["ended_by"], record["missing"], record["charging_state"]) == ("station", [], "Idle")


async def test_TC_E_33_CSMS_no_transaction_is_named_and_messages_wait(site: Site, version: Version) -> None:
    async with back_again(site, version, messages_in_queue=True) as cs:
        assert await asked(cs, named=False) == {"messagesInQueue": True}
        await queued(cs)


async def test_TC_E_34_CSMS_no_transaction_is_named_and_no_message_waits(site: Site, version: Version) -> None:
    async with station2(site, version, GetTransactionStatus={"messages_in_queue": False}) as cs:
        assert await asked(cs, named=False) == {"messagesInQueue": False}
