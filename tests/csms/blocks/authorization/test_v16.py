"""Authorization in the words of 1.6, bytes in and bytes out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forecourt.charging.local_authorization import LocalList
from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization import tokens, v16
from forecourt.csms.blocks.authorization.actions import Asked, judge
from forecourt.csms.blocks.authorization.model import (
    ClearCache,
    GetLocalListVersion,
    KnownToken,
    ListUpdate,
    SendLocalList,
    TokenData,
)
from forecourt.csms.stations.commands import CommandStatus, Outcome
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Registration
from forecourt.csms.store.work import Store
from forecourt.errors import NoAnswer
from forecourt.ocpp.errors import ErrorCode, ProtocolError
from forecourt.ocpp.v16 import Authorize
from forecourt.ocpp.versions import V16
from tests.csms.blocks.authorization.test_actions import tx
from tests.csms.blocks.authorization.world import (
    US,
    Json,
    Wire,
    always,
    give,
    happened,
    hear,
    link_of,
    open_now,
    rows,
    station_of,
)

HOUR = timedelta(hours=1)


async def add(store: Store, value: str = "04A1B2C3", kind: str = "ISO14443", **fields: Any) -> KnownToken:
    async with store.work() as work:
        return await tokens.add(work, US, TokenData(token=Token(value, kind), **fields))


async def authorize(store: Store, id_tag: str = "04A1B2C3") -> Json:
    link, _ = link_of(V16, store)
    answer = await hear(store, link, "Authorize", {"idTag": id_tag})
    assert list(answer) == ["idTagInfo"]
    info: Json = answer["idTagInfo"]
    return info


async def test_TC_003_CSMS_a_valid_idTag_is_accepted(peopled: Store) -> None:
    await add(peopled)
    assert await authorize(peopled, "04a1b2c3") == {"status": "Accepted"}
    assert await rows(peopled, "SELECT action, answer FROM message_log") == [
        ("Authorize", '{"idTagInfo":{"status":"Accepted"}}')
    ]


async def test_TC_023_1_CSMS_an_unknown_idTag_is_invalid(peopled: Store) -> None:
    await add(peopled)
    for id_tag in ("04A1B2C4", "", "04A1B2C3 "):
        assert await authorize(peopled, id_tag) == {"status": "Invalid"}


async def test_TC_023_2_CSMS_an_expired_idTag_is_expired(peopled: Store) -> None:
    await add(peopled, valid_until=peopled.clock.now() - HOUR)
    assert await authorize(peopled) == {"status": "Expired"}


async def test_TC_023_3_CSMS_a_blocked_idTag_is_blocked(peopled: Store) -> None:
    known = await add(peopled, group="fleet")
    async with peopled.work() as work:
        await tokens.block(work, known.key)
    assert await authorize(peopled) == {"status": "Blocked", "parentIdTag": "fleet"}


async def test_TC_007_CSMS_an_idTag_that_a_station_had_in_its_cache_may_start(peopled: Store) -> None:
    await add(peopled)
    async with peopled.work() as work:
        token = Token.untyped("04A1B2C3")
        judged = await judge(work, station_of(), token, work.now, asked=Asked.TO_START, open_transactions=open_now())
    assert v16.info_of(judged).status == "Accepted"


async def test_an_idTag_that_is_valid_at_another_time_or_place_is_blocked(peopled: Store) -> None:
    later = (peopled.clock.now() + HOUR).replace(microsecond=0)
    await add(peopled, "EARLY", valid_from=later)
    await add(peopled, "ELSEWHERE", places={"CS2": None})
    assert await authorize(peopled, "EARLY") == {
        "status": "Blocked",
        "expiryDate": later.isoformat().replace("+00:00", "Z"),
    }
    assert await authorize(peopled, "ELSEWHERE") == {"status": "Blocked"}


async def test_7_27_the_expiry_is_when_the_station_should_forget_the_verdict(peopled: Store) -> None:
    until = (peopled.clock.now() + HOUR).replace(microsecond=0)
    await add(peopled, group="fleet", valid_until=until, cache_life_s=86_400)
    assert await authorize(peopled) == {
        "status": "Accepted",
        "parentIdTag": "fleet",
        "expiryDate": until.isoformat().replace("+00:00", "Z"),
    }


async def test_7_2_concurrent_transactions_are_a_matter_of_the_start_only(peopled: Store) -> None:
    await add(peopled)
    assert await authorize(peopled) == {"status": "Accepted"}
    async with peopled.work() as work:
        token = Token.untyped("04A1B2C3")
        judged = await judge(
            work, station_of(), token, work.now, asked=Asked.TO_START, open_transactions=open_now(tx("t1"))
        )
    assert v16.info_of(judged).status == "ConcurrentTx"


async def test_a_station_that_is_not_accepted_authorizes_nobody(peopled: Store) -> None:
    await add(peopled)
    link, _ = link_of(V16, peopled)
    link.station.registration = Registration.PENDING
    given = await give(peopled, link, "Authorize", {"idTag": "04A1B2C3"})
    assert isinstance(given.answer, ProtocolError)
    assert given.answer.code is ErrorCode.SECURITY_ERROR
    assert await happened(peopled, "TokenJudged") == []


def test_every_action_of_the_block_is_heard() -> None:
    assert set(v16.HEARS) == {Authorize}


async def test_TC_061_CSMS_a_cache_is_cleared(peopled: Store) -> None:
    link, wire = link_of(V16, peopled)
    assert await say(link, ClearCache()) == Outcome.accepted("Accepted")
    assert wire.told == [("ClearCache", {})]
    wire.answers["ClearCache"] = always("Rejected")
    assert await say(link, ClearCache()) == Outcome.refused("Rejected")
    wire.answers["ClearCache"] = NoAnswer("CS1", 30.0)
    with pytest.raises(NoAnswer):
        await say(link, ClearCache())


async def say(link: Link, command: ClearCache | SendLocalList | GetLocalListVersion) -> Outcome:
    return await link.dialect.says[type(command)].say(link, command)


@pytest.mark.parametrize("version", [-1, 0, 7])
async def test_TC_042_1_TC_042_2_CSMS_the_version_of_a_list_is_asked_for(peopled: Store, version: int) -> None:
    link, wire = link_of(V16, peopled)
    wire.answers["GetLocalListVersion"] = {"listVersion": version}
    assert await say(link, GetLocalListVersion()) == Outcome.accepted(version=version)
    assert wire.told == [("GetLocalListVersion", {})]
    assert await rows(peopled, "SELECT reported_version FROM local_list") == [(version,)]


@pytest.mark.parametrize(("case", "status"), [("TC_043_1_CSMS", "NotSupported"), ("TC_043_3_CSMS", "Failed")])
async def test_TC_043_1_TC_043_3_CSMS_a_full_list_that_is_not_taken(peopled: Store, case: str, status: str) -> None:
    await add(peopled)
    link, wire = link_of(V16, peopled)
    wire.answers["SendLocalList"] = always(status)
    assert await say(link, SendLocalList(ListUpdate.FULL)) == Outcome.refused(status)
    assert [(action, request["updateType"]) for action, request in wire.told] == [("SendLocalList", "Full")]
    again = [(status == "Failed",)]
    assert await rows(peopled, f"SELECT retry_at IS NOT NULL FROM local_list WHERE failure = '{status}'") == again


async def test_TC_043_4_CSMS_a_full_list_is_sent(peopled: Store) -> None:
    until = (peopled.clock.now() + HOUR).replace(microsecond=0)
    await add(peopled, "ONE", group="fleet", valid_until=until)
    await add(peopled, "TWO", "")
    link, wire = link_of(V16, peopled)
    outcome = await say(link, SendLocalList(ListUpdate.FULL))
    assert outcome.status is CommandStatus.ACCEPTED
    info = {"status": "Accepted", "parentIdTag": "fleet", "expiryDate": until.isoformat().replace("+00:00", "Z")}
    assert wire.told == [
        (
            "SendLocalList",
            {
                "listVersion": 1,
                "updateType": "Full",
                "localAuthorizationList": [
                    {"idTag": "ONE", "idTagInfo": info},
                    {"idTag": "TWO", "idTagInfo": {"status": "Accepted"}},
                ],
            },
        )
    ]


async def test_TC_043_5_CSMS_a_differential_list_is_sent(peopled: Store) -> None:
    await add(peopled, "ONE")
    link, wire = link_of(V16, peopled)
    wire.kept = LocalList(version=4)
    outcome = await say(link, SendLocalList(ListUpdate.DIFFERENTIAL))
    assert outcome.status is CommandStatus.ACCEPTED
    assert [action for action, _ in wire.told] == ["GetLocalListVersion", "SendLocalList"]
    request = wire.told[1][1]
    assert (request["updateType"], request["listVersion"]) == ("Differential", 5)
    assert [data["idTagInfo"]["status"] for data in request["localAuthorizationList"]] == ["Accepted"]


async def test_5_15_what_is_removed_is_named_without_info(peopled: Store) -> None:
    known = await add(peopled, "ONE")
    await add(peopled, "TWO")
    link, wire = link_of(V16, peopled)
    await say(link, SendLocalList())
    async with peopled.work() as work:
        await tokens.block(work, known.key)
    await say(link, SendLocalList())
    assert wire.told[-1][1]["localAuthorizationList"] == [{"idTag": "ONE"}]
    assert isinstance(wire, Wire)
