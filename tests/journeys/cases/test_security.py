"""Certification cases of 1.6 and 2.0.1 about passwords: who may come in, and how a password is changed."""

from __future__ import annotations

from typing import Any

import pytest
import websockets
from websockets.asyncio.client import connect

from forecourt.csms.blocks.security.model import RotatePassword
from forecourt.csms.stations.model import Station
from forecourt.ocpp.versions import V16, Version
from tests.journeys.cases.tool import ACCEPTED, REFUSED, Asked, Proof, Tool, fresh_name
from tests.journeys.cases.tool2 import in_both_versions, station2
from tests.journeys.cases.tool16 import station16
from tests.journeys.driver import basic
from tests.journeys.site import PASSWORD, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGREED = {"status": "Accepted"}


async def turned_away(site: Site, known: Station, version: Version, headers: dict[str, str], reason: str) -> None:
    """A handshake is refused with 401, and an operator sees why."""
    with pytest.raises(websockets.InvalidStatus) as turned:
        async with connect(
            f"{site.url}/{known.wire_id}",
            subprotocols=[websockets.Subprotocol(version.subprotocol)],
            additional_headers=headers,
        ):
            raise AssertionError("it was let in")
    assert turned.value.response.status_code == 401
    newest = "SELECT reason FROM refused_handshake WHERE wire_id = :name ORDER BY at DESC LIMIT 1"
    await site.until(newest, [(reason,)], name=known.wire_id)


@in_both_versions
async def test_TC_A_01_CSMS_the_right_user_name_and_password(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.booted()


async def test_TC_085_CSMS_the_right_user_name_and_password(site: Site) -> None:
    async with station16(site) as cp:
        await cp.booted()


@in_both_versions
async def test_TC_A_02_CSMS_a_user_name_that_is_not_the_identity(site: Site, version: Version) -> None:
    known = await site.announce(fresh_name())
    await turned_away(site, known, version, basic(f"{known.wire_id}Invalid", PASSWORD), "wrong_username")


@in_both_versions
async def test_TC_A_03_CSMS_no_password_and_a_wrong_one(site: Site, version: Version) -> None:
    known = await site.announce(fresh_name())
    await turned_away(site, known, version, {}, "no_password")
    await turned_away(site, known, version, basic(known.wire_id, "a-password-of-somebody"), "wrong_password")


def password_of(tool: Tool, asked: Asked) -> str:
    """The new password, which must be asked for by its name and be long enough (A00.FR.205)."""
    question: dict[str, Any] = asked.question
    if tool.version is V16:
        assert question.pop("key") == "AuthorizationKey"
        password = question.pop("value")
    else:
        (one,) = question.pop("set_variable_data")
        password = one.pop("attribute_value")
        assert one == {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    assert question == {}
    assert 16 <= len(password) <= 40
    return str(password)


def result(word: str) -> dict[str, Any]:
    """What a station of 2.x makes of its new password."""
    place = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    return {"set_variable_result": [{"attribute_status": word, **place}]}


@in_both_versions
async def test_TC_A_09_CSMS_a_new_password_is_taken_and_the_old_one_is_worth_nothing(
    site: Site, version: Version
) -> None:
    async with station2(site, version, SetVariables=result("Accepted")) as cs:
        known = cs.tool.known
        asked = await cs.tool.ordered(RotatePassword(), "SetVariables")
        password = password_of(cs.tool, asked)
        assert asked.status is ACCEPTED
    async with station2(site, version, known=known, proof=Proof(password)) as cs:
        await cs.booted()
    await turned_away(site, known, version, basic(known.wire_id, PASSWORD), "wrong_password")


@in_both_versions
async def test_TC_A_10_CSMS_a_new_password_is_rejected_and_the_old_one_is_worth_what_it_was(
    site: Site, version: Version
) -> None:
    async with station2(site, version, SetVariables=result("Rejected")) as cs:
        known = cs.tool.known
        asked = await cs.tool.ordered(RotatePassword(), "SetVariables")
        password = password_of(cs.tool, asked)
        assert (asked.status, asked.word) == (REFUSED, "Rejected")
    async with station2(site, version, known=known) as cs:
        await cs.booted()
    await turned_away(site, known, version, basic(known.wire_id, password), "wrong_password")


async def test_TC_073_CSMS_a_new_password_is_taken_and_the_old_one_is_worth_nothing(site: Site) -> None:
    async with station16(site, ChangeConfiguration=AGREED) as cp:
        known = cp.tool.known
        asked = await cp.tool.ordered(RotatePassword(), "ChangeConfiguration")
        password = password_of(cp.tool, asked)
        assert asked.status is ACCEPTED
    # The key is the hexadecimal form of the bytes that a station shows.
    async with station16(site, known=known, proof=Proof(password)) as cp:
        await cp.booted()
    await turned_away(site, known, V16, basic(known.wire_id, PASSWORD), "wrong_password")


@in_both_versions
async def test_A01_a_password_that_is_used_after_a_reboot_is_settled_when_the_station_comes_back(
    site: Site, version: Version
) -> None:
    async with station2(site, version, SetVariables=result("RebootRequired")) as cs:
        known = cs.tool.known
        asked = await cs.tool.ordered(RotatePassword(), "SetVariables")
        password = password_of(cs.tool, asked)
    # Until then it may show either.
    async with station2(site, version, known=known):
        pass
    async with station2(site, version, known=known, proof=Proof(password)) as cs:
        await cs.booted()
    await site.until("SELECT next_password_hmac FROM station WHERE id = :key", [(None,)], key=known.key)
    await turned_away(site, known, version, basic(known.wire_id, PASSWORD), "wrong_password")
    assert await site.kinds(known, "Password%") == ["PasswordRotated"]
