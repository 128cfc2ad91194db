"""Certification cases of 2.0.1, block H: EVSEs kept for a token, and what becomes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from forecourt.charging.tokens import Token, TokenKind
from forecourt.clock import SYSTEM
from forecourt.csms.blocks.reservation.model import CancelReservation, ReserveNow
from forecourt.ocpp.versions import Version
from tests.journeys.cases.tool import ACCEPTED, REFUSED, fresh_name, fresh_number, shown
from tests.journeys.cases.tool2 import Tool2, in_both_versions, station2
from tests.journeys.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), in_both_versions]


async def reserve(
    cs: Tool2,
    word: str = "Accepted",
    status: object = ACCEPTED,
    *,
    evse_id: int | None = 1,
    kind: str = "",
    group: Token | None = None,
) -> int:
    """The operator reserves an EVSE for the card, or any, or one of a kind; the station answers `word`."""
    cs.tool.answers["ReserveNow"] = {"status": word}
    number, until = fresh_number(), SYSTEM.now().replace(microsecond=0) + timedelta(minutes=5)
    command = ReserveNow(number, cs.card, until, evse_id=evse_id, connector_kind=kind, group=group)
    asked = await cs.tool.ordered(command, "ReserveNow")
    assert datetime.fromisoformat(asked.question.pop("expiry_date_time")) == until
    question: dict[str, Any] = {"id": number, "id_token": shown(cs.card)}
    # What is not meant must be left out.
    if evse_id is not None:
        question["evse_id"] = evse_id
    if kind:
        question["connector_type"] = kind
    if group is not None:
        question["group_id_token"] = shown(group)
    assert asked == (question, status, word)
    return number


async def over(cs: Tool2, number: int, how: str) -> None:
    """The station says that the reservation is over, and that is an event."""
    await cs.tool.say("ReservationStatusUpdate", reservation_id=number, reservation_update_status=how)
    told = (
        "SELECT (data->>'reservationId')::int, data->>'reason' FROM event"
        " WHERE station_id = :key AND kind = 'ReservationEnded'"
    )
    assert await cs.tool.site.rows(told, key=cs.tool.known.key) == [(number, how)]


async def test_TC_H_01_CSMS_an_evse_is_reserved(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await reserve(cs)
        await cs.status("Reserved")


async def test_TC_H_07_CSMS_a_reservation_expires(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        number = await reserve(cs)
        await cs.status("Reserved")
        await cs.status("Available")
        await over(cs, number, "Expired")


async def test_TC_H_08_CSMS_any_evse_is_reserved(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await reserve(cs, evse_id=None)
        await cs.status("Reserved")


async def test_TC_H_14_CSMS_as_many_reservations_as_evses(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        for _ in (1, 2):
            await reserve(cs, evse_id=None)
        await cs.all_connectors("Reserved")


async def test_TC_H_15_CSMS_a_connector_of_a_type_is_reserved(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await reserve(cs, evse_id=None, kind="cType2")
        await cs.status("Reserved")


async def test_TC_H_17_CSMS_a_reservation_is_cancelled(site: Site, version: Version) -> None:
    async with station2(site, version, CancelReservation={"status": "Accepted"}) as cs:
        number = await reserve(cs)
        await cs.status("Reserved")
        asked = await cs.tool.ordered(CancelReservation(number), "CancelReservation")
        assert asked == ({"reservation_id": number}, ACCEPTED, "Accepted")
        await cs.status("Available")


async def test_TC_H_19_CSMS_an_evse_is_reserved_for_a_group(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await reserve(cs, group=Token(fresh_name(), TokenKind.CENTRAL))
        await cs.status("Reserved")


async def test_TC_H_20_CSMS_a_fault_removes_a_reservation(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        number = await reserve(cs)
        await cs.status("Reserved")
        await cs.status("Faulted")
        await over(cs, number, "Removed")


async def test_TC_H_22_CSMS_reservations_are_switched_off(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await reserve(cs, "Rejected", REFUSED)
