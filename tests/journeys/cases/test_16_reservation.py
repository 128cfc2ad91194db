"""Certification cases of 1.6, Reservation: connectors kept for a token, and what becomes of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from forecourt.charging.tokens import Token, TokenKind
from forecourt.clock import SYSTEM
from forecourt.csms.blocks.availability.model import ChangeAvailability
from forecourt.csms.blocks.reservation.model import CancelReservation, ReserveNow
from tests.journeys.cases.tool import ACCEPTED, REFUSED, fresh_name, fresh_number, hand_out
from tests.journeys.cases.tool16 import Tool16, station16
from tests.journeys.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGREED = {"status": "Accepted"}


async def reserve(
    cp: Tool16,
    word: str = "Accepted",
    status: object = ACCEPTED,
    *,
    connector: int | None = 1,
    group: Token | None = None,
) -> int:
    """The operator reserves a connector for the card, or any; the station answers `word`. Returns the number of it."""
    cp.tool.answers["ReserveNow"] = {"status": word}
    number, until = fresh_number(), SYSTEM.now().replace(microsecond=0) + timedelta(minutes=5)
    command = ReserveNow(number, cp.card, until, evse_id=connector, group=group)
    asked = await cp.tool.ordered(command, "ReserveNow")
    assert datetime.fromisoformat(asked.question.pop("expiry_date")) == until
    parent = {} if group is None else {"parent_id_tag": group.value}
    # 0 is any connector.
    question = {"connector_id": connector or 0, "id_tag": cp.card.value, "reservation_id": number, **parent}
    assert asked == (question, status, word)
    return number


async def test_TC_046_CSMS_a_reserved_connector_is_used(site: Site) -> None:
    async with station16(site) as cp:
        number = await reserve(cp)
        await cp.status("Reserved")
        await cp.charging(reservation_id=number)
        assert (await cp.tool.record())["reservation_id"] == number


async def test_TC_047_CSMS_a_reservation_expires(site: Site) -> None:
    async with station16(site) as cp:
        await reserve(cp)
        await cp.status("Reserved")
        await cp.status("Available")


@pytest.mark.parametrize(
    "word", [pytest.param("Faulted", id="TC_048_1_CSMS"), pytest.param("Rejected", id="TC_048_4_CSMS")]
)
async def test_TC_048_1_CSMS_TC_048_4_CSMS_a_connector_is_not_reserved(site: Site, word: str) -> None:
    async with station16(site) as cp:
        await reserve(cp, word, REFUSED)


async def test_TC_048_2_CSMS_a_connector_that_is_taken_is_not_reserved(site: Site) -> None:
    async with station16(site) as cp:
        await cp.status("Preparing")
        await reserve(cp, "Occupied", REFUSED)


async def test_TC_048_3_CSMS_a_connector_that_is_out_of_use_is_not_reserved(site: Site) -> None:
    async with station16(site, ChangeAvailability=AGREED) as cp:
        asked = await cp.tool.ordered(ChangeAvailability(False, 1), "ChangeAvailability")
        assert asked == ({"connector_id": 1, "type": "Inoperative"}, ACCEPTED, "Accepted")
        await cp.status("Unavailable")
        await reserve(cp, "Unavailable", REFUSED)


async def test_TC_049_CSMS_any_connector_is_reserved(site: Site) -> None:
    async with station16(site) as cp:
        await reserve(cp, connector=None)
        await cp.status("Reserved")


async def test_TC_051_CSMS_a_reservation_is_cancelled(site: Site) -> None:
    async with station16(site, CancelReservation=AGREED) as cp:
        number = await reserve(cp)
        await cp.status("Reserved")
        asked = await cp.tool.ordered(CancelReservation(number), "CancelReservation")
        assert asked == ({"reservation_id": number}, ACCEPTED, "Accepted")
        await cp.status("Available")


async def test_TC_052_CSMS_a_reservation_nobody_knows_is_not_cancelled(site: Site) -> None:
    async with station16(site, CancelReservation={"status": "Rejected"}) as cp:
        await reserve(cp)
        await cp.status("Reserved")
        other = fresh_number()
        asked = await cp.tool.ordered(CancelReservation(other), "CancelReservation")
        assert asked == ({"reservation_id": other}, REFUSED, "Rejected")


async def test_TC_053_CSMS_another_token_of_the_group_ends_the_session_of_a_reservation(site: Site) -> None:
    group = fresh_name()
    first, second = await hand_out(site, group=group), await hand_out(site, group=group)
    async with station16(site) as cp:
        cp.card = first
        number = await reserve(cp, group=Token(group, TokenKind.CENTRAL))
        await cp.status("Reserved")
        await cp.charging(reservation_id=number)
        judged = (await cp.tool.say("Authorize", id_tag=second.value)).id_tag_info
        assert (judged["status"], judged["parent_id_tag"]) == ("Accepted", group)
        await cp.stop("Local", second)
        await cp.status("Finishing")
        record = await cp.ended()
        assert (record["stop_reason"], record["reservation_id"]) == ("Local", number)
