"""Certification cases of 2.0.1, block C: what tokens are worth, in groups and with a master pass."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forecourt.charging.tokens import Token
from forecourt.clock import SYSTEM
from forecourt.csms.blocks.authorization import tokens
from forecourt.csms.blocks.authorization.model import ClearCache
from forecourt.ocpp.versions import Version
from tests.journeys.cases.tool import ACCEPTED, REFUSED, blocked, fresh_name, hand_out, stranger
from tests.journeys.cases.tool2 import Session, Tool2, in_both_versions, station2
from tests.journeys.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), in_both_versions]


def group() -> str:
    """A group of tokens that nobody had before."""
    return fresh_name()


def belongs(judged: dict[str, Any], name: str) -> None:
    """The token is accepted, and of that group."""
    assert judged["status"] == "Accepted"
    # C09.FR.13: a group is named by a token of type Central.
    assert judged["group_id_token"] == {"id_token": name, "type": "Central"}


async def test_TC_C_02_CSMS_an_unknown_token_is_invalid_or_unknown(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        assert (await cs.authorize(stranger()))["status"] in {"Invalid", "Unknown"}


async def test_TC_C_06_CSMS_a_blocked_token_is_blocked(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        assert (await cs.authorize(await blocked(site)))["status"] == "Blocked"


async def test_TC_C_07_CSMS_an_expired_token_is_expired(site: Site, version: Version) -> None:
    expired = await hand_out(site, valid_until=SYSTEM.now() - timedelta(days=1))
    async with station2(site, version) as cs:
        assert (await cs.authorize(expired))["status"] == "Expired"


async def test_TC_C_08_CSMS_a_token_from_the_stations_cache_is_judged_in_the_transaction(
    site: Site, version: Version
) -> None:
    async with station2(site, version) as cs:
        await cs.session.ev_connected()
        await cs.session.accepted("Authorized")
        await cs.session.goes_on("EVConnected")


async def test_TC_C_20_CSMS_an_unknown_token_from_the_stations_cache_is_refused(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.ev_connected()
        judged = await cs.session.event("Authorized", token=stranger())
        assert judged is not None
        assert judged["status"] in {"Invalid", "Unknown"}
        await cs.session.goes_on("EVConnected", verdict="Unknown")


@pytest.mark.parametrize(
    ("word", "status"),
    [pytest.param("Accepted", ACCEPTED, id="TC_C_37_CSMS"), pytest.param("Rejected", REFUSED, id="TC_C_38_CSMS")],
)
async def test_TC_C_37_CSMS_TC_C_38_CSMS_the_cache_of_a_station_is_cleared_or_not(
    site: Site, version: Version, word: str, status: object
) -> None:
    async with station2(site, version, ClearCache={"status": word}) as cs:
        assert await cs.tool.ordered(ClearCache(), "ClearCache") == ({}, status, word)


async def of_one_group(site: Site) -> tuple[str, Token, Token]:
    name = group()
    return name, await hand_out(site, group=name), await hand_out(site, group=name)


async def test_TC_C_39_CSMS_another_token_of_the_group_stops_the_transaction(site: Site, version: Version) -> None:
    name, first, second = await of_one_group(site)
    async with station2(site, version, card=first) as cs:
        session = cs.session
        await session.ev_connected()
        belongs(await cs.authorize(second), name)
        belongs(await session.accepted("Authorized"), name)
        session.is_authorized = True
        await session.energy_transfer()
        belongs(await cs.authorize(second), name)
        belongs(await session.accepted("StopAuthorized", token=second), name)
        await session.event("ChargingStateChanged", state="EVConnected")
        session.is_post = True
        await session.ev_disconnected()
        await session.ended("EVDisconnected")


async def test_TC_C_40_CSMS_tokens_of_a_group_from_the_local_list(site: Site, version: Version) -> None:
    name, first, second = await of_one_group(site)
    async with station2(site, version, card=first) as cs:
        session = cs.session
        await session.ev_connected()
        belongs(await session.accepted("Authorized"), name)
        session.is_authorized = True
        await session.energy_transfer()
        belongs(await session.accepted("StopAuthorized", token=second), name)
        await session.event("ChargingStateChanged", state="EVConnected")
        session.is_post = True
        await session.ev_disconnected()
        await session.ended("EVDisconnected")


async def test_TC_C_43_CSMS_a_token_that_the_local_list_calls_invalid_is_asked_about(
    site: Site, version: Version
) -> None:
    name, first, second = await of_one_group(site)
    async with station2(site, version, card=first) as cs:
        session = cs.session
        await session.ev_connected()
        belongs(await session.accepted("Authorized"), name)
        session.is_authorized = True
        await session.energy_transfer()
        belongs(await cs.authorize(second), name)
        belongs(await session.accepted("StopAuthorized", token=second), name)
        await session.event("ChargingStateChanged", state="EVConnected")
        session.is_post = True
        await session.ev_disconnected()
        await session.ended("EVDisconnected")


async def master_pass(site: Site) -> tuple[str, Token]:
    """A token that stops everybody's transactions."""
    name = group()
    token = await hand_out(site, group=name)
    async with site.csms.store.work() as work:
        await tokens.set_master_pass(work, site.csms.organisation, name, True)
    return name, token


async def two_sessions(cs: Tool2) -> list[Session]:
    """Both EVSEs charge, each for a token of its own."""
    sessions = [cs.session, Session(cs, 2, await hand_out(cs.tool.site))]
    for session in sessions:
        await session.energy_transfer()
    return sessions


async def test_TC_C_47_CSMS_a_master_pass_stops_all_transactions(site: Site, version: Version) -> None:
    name, master = await master_pass(site)
    async with station2(site, version) as cs:
        sessions = await two_sessions(cs)
        belongs(await cs.authorize(master), name)
        for session in sessions:
            belongs(await session.accepted("StopAuthorized", kind="Ended", stopped="MasterPass", token=master), name)
            await session.ended("MasterPass")


async def test_TC_C_48_CSMS_a_master_pass_stops_the_transaction_that_was_chosen(site: Site, version: Version) -> None:
    name, master = await master_pass(site)
    async with station2(site, version) as cs:
        chosen, other = await two_sessions(cs)
        # The script says another token in step 1, but wants the group of the master pass in the answer.
        belongs(await cs.authorize(master), name)
        belongs(await chosen.accepted("StopAuthorized", kind="Ended", stopped="MasterPass", token=master), name)
        await chosen.ended("MasterPass")
        await other.goes_on("Charging")


async def test_TC_C_49_CSMS_a_master_pass_at_a_station_without_a_display_stops_all(
    site: Site, version: Version
) -> None:
    name, master = await master_pass(site)
    async with station2(site, version) as cs:
        sessions = await two_sessions(cs)
        belongs(await cs.authorize(master), name)
        # The script says another token in step 3, but wants the group of the master pass in the answer.
        for session in sessions:
            belongs(await session.accepted("StopAuthorized", kind="Ended", stopped="MasterPass", token=master), name)
            await session.ended("MasterPass")
