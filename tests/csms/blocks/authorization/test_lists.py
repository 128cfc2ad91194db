"""Local lists kept in step with the tokens: a real database, and stations that keep their list as the specification says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from forecourt.charging.local_authorization import Entry, LocalList, TokenInfo
from forecourt.charging.tokens import Token, Verdict
from forecourt.csms.blocks.authorization import list_policy, tokens
from forecourt.csms.blocks.authorization.list_model import ListMode, ListPolicy, Room
from forecourt.csms.blocks.authorization.model import (
    GetLocalListVersion,
    KnownToken,
    ListUpdate,
    Medium,
    SendLocalList,
    TokenData,
)
from forecourt.csms.stations.commands import CommandStatus, Outcome
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import OrganisationKey
from forecourt.csms.store.work import Store
from forecourt.errors import AnsweredError, NoAnswer, Offline
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.blocks.authorization.world import (
    BOTH_2,
    OPERATOR,
    PROVIDER,
    US,
    VERSIONS,
    Json,
    Wire,
    always,
    happened,
    link_of,
    rows,
    station_of,
)

each_version = pytest.mark.parametrize("version", VERSIONS, ids=repr)
each_2 = pytest.mark.parametrize("version", BOTH_2, ids=repr)


async def add(store: Store, *values: str, owner: OrganisationKey = US, **fields: Any) -> list[KnownToken]:
    async with store.work() as work:
        return [
            await tokens.add(work, owner, TokenData(token=Token(value, fields.get("kind", "ISO14443")), **more))
            for value in values
            for more in [{name: one for name, one in fields.items() if name != "kind"}]
        ]


async def send(link: Link, update: ListUpdate = ListUpdate.AS_NEEDED) -> Outcome:
    return await link.dialect.says[SendLocalList].say(link, SendLocalList(update))


def sent(wire: Wire) -> list[Json]:
    return [request for action, request in wire.told if action == "SendLocalList"]


def entries(request: Json) -> list[Json]:
    found: list[Json] = request.get("localAuthorizationList", [])
    return found


def number(request: Json) -> int:
    value: int = request["listVersion"] if "listVersion" in request else request["versionNumber"]
    return value


def has_info(data: Json) -> bool:
    return "idTagInfo" in data or "idTokenInfo" in data


async def state(store: Store, columns: str, station: int = 1) -> tuple[Any, ...]:
    (found,) = await rows(store, f"SELECT {columns} FROM local_list WHERE station_id = {station}")
    return found


@each_version
async def test_a_station_without_a_list_gets_the_whole_and_then_only_what_changes(
    peopled: Store, version: Version
) -> None:
    link, wire = link_of(version, peopled)
    one, two = await add(peopled, "ONE", "TWO", group="fleet")
    outcome = await send(link)
    assert outcome == Outcome.accepted(version=1, messages=1, entries=2, left_out=0)
    assert [request["updateType"] for request in sent(wire)] == ["Full"]
    assert set(wire.kept.entries) == {"one", "two"}
    assert all(one.info and one.info.group == Token("fleet") for kept in wire.kept.entries.values() for one in kept)

    wire.told.clear()
    assert await send(link) == Outcome.accepted(version=1, messages=0, entries=2, left_out=0)
    assert wire.actions() == ["GetLocalListVersion"]

    async with peopled.work() as work:
        await tokens.remove(work, one.key)
        await tokens.change(work, two.key, replace(two.data, group="family"))
    await add(peopled, "THREE")
    outcome = await send(link)
    assert outcome.result == {"version": 2, "messages": 1, "entries": 2, "left_out": 0}
    (difference,) = sent(wire)
    assert difference["updateType"] == "Differential"
    assert [has_info(data) for data in entries(difference)] == [False, True, True]
    assert set(wire.kept.entries) == {"two", "three"}
    assert await state(peopled, "wanted_version, reported_version, synced_version, entries, failure") == (
        2,
        2,
        2,
        2,
        "",
    )
    told = await happened(peopled, "LocalListSynced")
    assert [(one["version"], one["entries"], one["update"]) for one in told] == [(1, 2, "full"), (2, 2, "differential")]


@each_version
async def test_D01_FR_19_a_station_with_another_version_gets_the_whole_with_a_higher_one(
    peopled: Store, version: Version
) -> None:
    link, wire = link_of(version, peopled)
    await add(peopled, "ONE")
    await send(link)
    stranger = Entry(Token("STRANGER"), TokenInfo(verdict=Verdict.ACCEPTED))
    wire.kept, _ = LocalList().replaced(57, [stranger])
    await send(link)
    assert (sent(wire)[-1]["updateType"], number(sent(wire)[-1])) == ("Full", 58)
    assert set(wire.kept.entries) == {"one"}


@each_version
async def test_a_list_nobody_here_wrote_is_emptied_where_nothing_belongs_on_it(
    peopled: Store, version: Version
) -> None:
    link, wire = link_of(version, peopled)
    wire.kept, _ = LocalList().replaced(57, [Entry(Token("STRANGER"), TokenInfo(verdict=Verdict.ACCEPTED))])
    await send(link)
    assert (len(wire.kept), wire.kept.version) == (0, 58)


@each_version
async def test_a_station_without_list_and_nothing_to_list_is_only_asked(peopled: Store, version: Version) -> None:
    link, wire = link_of(version, peopled)
    assert await send(link) == Outcome.accepted(version=0, messages=0, entries=0, left_out=0)
    assert wire.actions() == ["GetLocalListVersion"]
    assert await happened(peopled, "LocalListSynced") == []


@each_version
async def test_D01_FR_03_differences_that_are_not_taken_are_followed_by_the_whole(
    peopled: Store, version: Version
) -> None:
    for status in ("Failed", "VersionMismatch"):
        link, wire = link_of(version, peopled)
        known = await add(peopled, f"{status}1")
        wire.kept = LocalList((await rows(peopled, "SELECT coalesce(max(synced_version), 0) FROM local_list"))[0][0])
        await send(link)
        wire.told.clear()
        known += await add(peopled, f"{status}2")
        refusals = iter([{"status": status}])
        wire.answers["SendLocalList"] = lambda request, answers=refusals: next(answers, None)
        outcome = await send(link)
        assert outcome.status is CommandStatus.ACCEPTED
        assert [request["updateType"] for request in sent(wire)] == ["Differential", "Full"]
        assert number(sent(wire)[1]) > number(sent(wire)[0])
        assert {one.data.token.key for one in known} <= set(wire.kept.entries)
        assert await state(peopled, "failure") == ("",)


@each_version
async def test_D01_FR_11_a_long_list_is_sent_in_messages_the_station_takes(peopled: Store, version: Version) -> None:
    link, wire = link_of(version, peopled, room=Room(items_per_message=3, entries=7))
    await add(peopled, *(f"T{number}" for number in range(9)))
    outcome = await send(link)
    assert outcome.result == {"version": 3, "messages": 3, "entries": 7, "left_out": 2}
    assert [(request["updateType"], len(entries(request))) for request in sent(wire)] == [
        ("Full", 3),
        ("Differential", 3),
        ("Differential", 1),
    ]
    assert len(wire.kept) == 7
    assert await state(peopled, "entries, left_out") == (7, 2)


@each_version
async def test_a_token_that_was_removed_and_added_again_is_one_entry(peopled: Store, version: Version) -> None:
    link, wire = link_of(version, peopled)
    (old,) = await add(peopled, "ONE")
    await send(link)
    async with peopled.work() as work:
        await tokens.remove(work, old.key)
    (new,) = await add(peopled, "one", group="fleet")
    await send(link)
    assert sent(wire)[-1]["updateType"] == "Differential"
    assert [has_info(data) for data in entries(sent(wire)[-1])] == [True]
    assert await rows(peopled, "SELECT token_id FROM local_list_entry") == [(new.key,)]


async def test_a_list_of_many_tokens_arrives_whole(peopled: Store) -> None:
    link, wire = link_of(V16, peopled, room=Room(items_per_message=200))
    lines = [TokenData(token=Token(f"{number:08X}", "ISO14443")) for number in range(600)]
    async with peopled.work() as work:
        await tokens.import_many(work, US, lines)
    outcome = await send(link)
    assert outcome.result == {"version": 3, "messages": 3, "entries": 600, "left_out": 0}
    assert set(wire.kept.entries) == {line.token.key for line in lines}


@each_2
async def test_D01_FR_11_messages_stay_below_BytesPerMessage(peopled: Store, version: Version) -> None:
    most = 1000
    link, wire = link_of(version, peopled, room=Room(bytes_per_message=most, items_per_message=1000))
    await add(peopled, *(f"T{number:07}" for number in range(30)), group="a group of twenty ch", language="de")
    await send(link)
    assert len(wire.kept) == 30
    envelope = len('[2,"00000000-0000-0000-0000-000000000000","SendLocalList",]')
    sizes = [len(json.dumps(request, separators=(",", ":"))) + envelope for request in sent(wire)]
    assert max(sizes) <= most
    assert sum(sizes) / len(sizes) > most / 2


@each_version
async def test_a_list_cut_off_in_the_middle_goes_on_where_it_was(peopled: Store, version: Version) -> None:
    link, wire = link_of(version, peopled, room=Room(items_per_message=2))
    await add(peopled, *(f"T{number}" for number in range(5)))
    taken: list[Any] = []

    def twice(request: Any) -> Json | None:
        taken.append(request)
        if len(taken) > 2:
            raise Offline("CS1")
        return None

    wire.answers["SendLocalList"] = twice
    with pytest.raises(Offline):
        await send(link)
    assert await state(peopled, "synced_version, failure") == (2, "")
    wire.told.clear()
    del wire.answers["SendLocalList"]
    await send(link)
    assert [(request["updateType"], len(entries(request))) for request in sent(wire)] == [("Differential", 1)]
    assert len(wire.kept) == 5


@each_version
async def test_what_may_or_may_not_have_arrived_is_found_out_by_its_version(peopled: Store, version: Version) -> None:
    link, wire = link_of(version, peopled)
    await add(peopled, "ONE")
    await send(link)
    await add(peopled, "TWO")
    real = Wire(version, kept=wire.kept)

    def taken_but_silent(request: Any) -> Json:
        payload = dict(wire.told[-1][1])
        real._answer(payload, "SendLocalList")
        raise NoAnswer("CS1", 30.0)

    wire.answers["SendLocalList"] = taken_but_silent
    with pytest.raises(NoAnswer):
        await send(link)
    assert await state(peopled, "synced_version, failure, failures") == (1, "NoAnswer", 1)
    wire.kept = real.kept
    assert wire.kept.version == 2
    del wire.answers["SendLocalList"]
    await send(link)
    assert (sent(wire)[-1]["updateType"], number(sent(wire)[-1])) == ("Full", 3)
    assert set(wire.kept.entries) == {"one", "two"}


@each_version
async def test_failures_are_on_record_and_tried_again_later_each_time(peopled: Store, version: Version) -> None:
    link, wire = link_of(version, peopled)
    await add(peopled, "ONE")
    wire.answers["SendLocalList"] = always("Failed")
    pauses = []
    for _ in range(3):
        assert await send(link) == Outcome.refused("Failed")
        (found,) = await state(peopled, "retry_at - failed_at")
        pauses.append(found)
    assert pauses == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]
    assert await state(peopled, "failure, failures, synced_version") == ("Failed", 3, None)
    assert [one["reason"] for one in await happened(peopled, "LocalListFailed")] == ["Failed"]
    del wire.answers["SendLocalList"]
    assert (await send(link)).status is CommandStatus.ACCEPTED
    assert await state(peopled, "failure, failures, retry_at") == ("", 0, None)


@each_version
@pytest.mark.parametrize("code", ["NotSupported", "NotImplemented"])
async def test_a_station_that_knows_no_lists_is_left_in_peace(peopled: Store, version: Version, code: str) -> None:
    link, wire = link_of(version, peopled)
    await add(peopled, "ONE")
    wire.answers["GetLocalListVersion"] = AnsweredError("CS1", code)
    assert await send(link) == Outcome.refused("NotSupported")
    assert sent(wire) == []
    assert await state(peopled, "failure, retry_at") == ("NotSupported", None)


@each_version
async def test_an_error_in_answer_to_a_list_is_on_record_with_its_code(peopled: Store, version: Version) -> None:
    link, wire = link_of(version, peopled)
    await add(peopled, "ONE")
    wire.answers["SendLocalList"] = AnsweredError("CS1", "OccurrenceConstraintViolation")
    with pytest.raises(AnsweredError):
        await send(link)
    assert await state(peopled, "failure") == ("OccurrenceConstraintViolation",)


async def test_while_a_list_is_sent_no_other_one_is(peopled: Store) -> None:
    link, wire = link_of(V16, peopled)
    await add(peopled, "ONE")
    inner: list[Outcome] = []
    real = Wire.call

    class Asking(Wire):
        async def call(self, message: Any, timeout_s: float | None, yields_after_s: float | None = None) -> Any:
            inner.append(await send(link))
            return await real(self, message, timeout_s, yields_after_s)

    wire.__class__ = Asking
    assert (await send(link)).status is CommandStatus.ACCEPTED
    assert {one.reason for one in inner} == {"InProgress"}
    wire.__class__ = Wire
    assert (await send(link)).status is CommandStatus.ACCEPTED


@each_version
async def test_tokens_come_from_providers_the_operator_takes_and_lists(peopled: Store, version: Version) -> None:
    await add(peopled, "OURS")
    await add(peopled, "THEIRS", owner=PROVIDER)
    link, wire = link_of(version, peopled)
    await send(link)
    assert set(wire.kept.entries) == {"ours"}
    for listed, expected in ((True, {"ours", "theirs"}), (False, {"ours"})):
        async with peopled.work() as work:
            await tokens.accept_provider(work, US, PROVIDER, listed=listed)
        await send(link)
        assert set(wire.kept.entries) == expected
    other, other_wire = link_of(version, peopled, station=station_of(3, OPERATOR))
    await send(other)
    assert len(other_wire.kept) == 0


@each_version
async def test_only_cards_that_would_be_accepted_are_listed_unless_the_policy_says_otherwise(
    peopled: Store, version: Version
) -> None:
    now = peopled.clock.now()
    (bad,) = await add(peopled, "BAD")
    await add(peopled, "OLD", valid_until=now - timedelta(hours=1))
    await add(peopled, "YOUNG", valid_from=now + timedelta(hours=1))
    await add(peopled, "APP", kind="Central", medium=Medium.APP)
    await add(peopled, "471147", kind="KeyCode", medium=Medium.CODE)
    await add(peopled, "GOOD", "GOOD2")
    async with peopled.work() as work:
        await tokens.block(work, bad.key)
    link, wire = link_of(version, peopled)
    await send(link)
    assert set(wire.kept.entries) == {"good", "good2"}
    (next_change_at,) = await state(peopled, "next_change_at")
    assert next_change_at == now + timedelta(hours=1)

    everything = ListPolicy(media=frozenset(Medium), refused_too=True)
    async with peopled.work() as work:
        await list_policy.set_policy(work, US, everything)
    await send(link)
    verdicts = {key: kept[0].info and kept[0].info.verdict for key, kept in wire.kept.entries.items()}
    early = Verdict.BLOCKED if version is V16 else Verdict.NOT_AT_THIS_TIME
    assert verdicts == {
        "bad": Verdict.BLOCKED,
        "old": Verdict.EXPIRED,
        "young": early,
        "app": Verdict.ACCEPTED,
        "good": Verdict.ACCEPTED,
        "good2": Verdict.ACCEPTED,
    }
    (told,) = await happened(peopled, "LocalListPolicyChanged")
    assert (told["mode"], told["refusedToo"], len(told["media"])) == ("kept", True, len(Medium))


@each_version
async def test_D01_FR_04_a_station_whose_list_is_to_be_empty_gets_an_empty_one(
    peopled: Store, version: Version
) -> None:
    link, wire = link_of(version, peopled)
    await add(peopled, "ONE")
    await send(link)
    async with peopled.work() as work:
        await list_policy.set_mode(work, link.station, ListMode.EMPTY)
    await send(link)
    assert sent(wire)[-1] == {"updateType": "Full", ("listVersion" if version is V16 else "versionNumber"): 2}
    assert len(wire.kept) == 0
    async with peopled.work() as work:
        await list_policy.set_mode(work, link.station, None)
    await send(link)
    assert set(wire.kept.entries) == {"one"}


@each_version
async def test_a_station_that_is_to_be_left_alone_is_told_nothing_unasked(peopled: Store, version: Version) -> None:
    link, wire = link_of(version, peopled)
    await add(peopled, "ONE")
    async with peopled.work() as work:
        await list_policy.set_policy(work, US, ListPolicy(mode=ListMode.LEFT_ALONE))
    assert (await send(link)).reason == "LeftAlone"
    assert wire.told == []


@each_version
async def test_a_list_that_is_switched_off_at_the_station_is_not_sent_unasked(peopled: Store, version: Version) -> None:
    link, wire = link_of(version, peopled, room=Room(enabled=False))
    await add(peopled, "ONE")
    assert await send(link) == Outcome.refused("Disabled")
    assert wire.told == []
    assert (await send(link, ListUpdate.FULL)).status is CommandStatus.ACCEPTED


async def test_the_longest_token_of_each_version_is_listed_and_longer_ones_are_not(peopled: Store) -> None:
    for length in (20, 21, 36, 37, 255):
        await add(peopled, "x" * length, kind="Central", medium=Medium.APP)
    async with peopled.work() as work:
        await list_policy.set_policy(work, US, ListPolicy(media=frozenset({Medium.APP})))
    for version, lengths in ((V16, {20}), (V201, {20, 21, 36}), (V21, {20, 21, 36, 37, 255})):
        link, wire = link_of(version, peopled)
        wire.kept = LocalList(0)
        outcome = await send(link, ListUpdate.FULL)
        assert {len(key) for key in wire.kept.entries} == lengths
        assert outcome.result["left_out"] == 5 - len(lengths)


async def test_a_kind_that_only_a_newer_version_has_is_listed_there_only(peopled: Store) -> None:
    await add(peopled, "WVWZZZ1JZXW000001", kind="VIN", medium=Medium.OTHER)
    async with peopled.work() as work:
        await list_policy.set_policy(work, US, ListPolicy(media=frozenset({Medium.OTHER})))
    for version, count in ((V201, 0), (V21, 1)):
        link, wire = link_of(version, peopled)
        await send(link, ListUpdate.FULL)
        assert len(entries(sent(wire)[0])) == count


async def test_D01_FR_06_two_kinds_of_one_value_are_one_idTag_and_two_idTokens(peopled: Store) -> None:
    await add(peopled, "A1", kind="ISO14443")
    await add(peopled, "A1", kind="ISO15693")
    for version, count in ((V16, 1), (V201, 2)):
        link, wire = link_of(version, peopled)
        await send(link, ListUpdate.FULL)
        assert len(entries(sent(wire)[0])) == count


@each_2
async def test_a_token_without_kind_is_listed_as_what_card_readers_read(peopled: Store, version: Version) -> None:
    await add(peopled, "TAG", kind="")
    link, wire = link_of(version, peopled)
    await send(link)
    assert entries(sent(wire)[0])[0]["idToken"] == {"idToken": "TAG", "type": "ISO14443"}


@each_version
@pytest.mark.parametrize("version_said", [0, 1, 57])
async def test_the_version_a_station_names_is_recorded_and_a_strange_one_looked_into(
    peopled: Store, version: Version, version_said: int
) -> None:
    link, wire = link_of(version, peopled)
    await add(peopled, "ONE")
    await send(link)
    wire.answers["GetLocalListVersion"] = {
        ("listVersion" if version is V16 else "versionNumber"): version_said,
    }
    outcome = await link.dialect.says[GetLocalListVersion].say(link, GetLocalListVersion())
    assert outcome == Outcome.accepted(version=version_said)
    assert await state(peopled, "reported_version, touched > 0") == (version_said, version_said != 1)
