"""Changing a station's password so that it can always come back, whatever happens in between (A01)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forecourt.csms.blocks.security import rotation
from forecourt.csms.blocks.security.model import RotatePassword
from forecourt.csms.blocks.security.rotation import connected, give_password
from forecourt.csms.stations.actions import load
from forecourt.csms.stations.commands import CommandStatus
from forecourt.csms.stations.credentials import digest
from forecourt.csms.stations.model import SecurityProfile
from forecourt.csms.store.errors import StoreAway
from forecourt.csms.store.work import Store, Work
from forecourt.errors import AnsweredError, Invalid, NoAnswer, Offline
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.transport.tasks import Tasks
from tests.csms.blocks.provisioning.world import echo
from tests.csms.blocks.security.world import OLD, PEPPER, VERSIONS, World, security_of, world_of


def sent(world: World) -> str:
    """The password that the station was sent last."""
    action, payload = world.wire.told[-1]
    if action == "ChangeConfiguration":
        assert payload["key"] == "AuthorizationKey"
        return str(payload["value"])
    ((data,)) = (payload["setVariableData"][0],)
    assert (data["component"]["name"], data["variable"]["name"]) == ("SecurityCtrlr", "BasicAuthPassword")
    return str(data["attributeValue"])


def answering(world: World, status: str) -> None:
    world.wire.answers["ChangeConfiguration"] = {"status": status}
    world.wire.answers["SetVariables"] = echo({}, "UnknownVariable" if status == "NotSupported" else status)


async def let_in(world: World) -> set[str]:
    """Which of the passwords the station may show, in memory; and the same for a process that has just started."""
    async with world.store.database.engine.connect() as connection:
        (stored,) = await load(connection)
    assert stored.credentials.password_hmacs == world.station.credentials.password_hmacs
    names = {digest(OLD, PEPPER): "old"}
    if world.wire.told:
        names[digest(sent(world), PEPPER)] = "new"
    return {names.get(one, "unknown") for one in stored.credentials.password_hmacs}


async def rotate(world: World) -> Any:
    return await world.say(RotatePassword())


@pytest.mark.parametrize("version", VERSIONS)
async def test_TC_073_CSMS_TC_A_09_CSMS_A01_FR_03_after_a_password_is_taken_only_the_new_one_is_let_in(
    store: Store, version: Version
) -> None:
    world = await world_of(store, version)
    answering(world, "Accepted")
    outcome = await rotate(world)
    assert outcome.status is CommandStatus.ACCEPTED
    assert await let_in(world) == {"new"}
    assert len(await world.events("PasswordRotated")) == 1
    assert await world.rows("SELECT count(*) FROM password_rotation") == [(0,)]


@pytest.mark.parametrize("version", VERSIONS)
async def test_A00_FR_205_the_password_is_random_and_one_that_every_version_can_take(
    store: Store, version: Version
) -> None:
    world = await world_of(store, version)
    answering(world, "Accepted")
    passwords = set()
    for _ in range(3):
        await rotate(world)
        passwords.add(sent(world))
    assert len(passwords) == 3
    assert all(len(password) == 40 and bytes.fromhex(password) for password in passwords)


@pytest.mark.parametrize("version", VERSIONS)
async def test_both_passwords_are_let_in_before_the_station_is_asked(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    answering(world, "Accepted")
    seen: list[set[str]] = []
    original = world.wire.call

    async def slowly(message: Any, timeout_s: float | None, yields_after_s: float | None = None) -> Any:
        answer = await original(message, timeout_s, yields_after_s)
        seen.append(await let_in(world))
        return answer

    world.wire.call = slowly  # type: ignore[method-assign]
    await rotate(world)
    assert seen == [{"old", "new"}]


@pytest.mark.parametrize("status", ["Rejected", "NotSupported"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_TC_A_10_CSMS_A01_FR_04_after_a_refusal_only_the_old_one_is_let_in(
    store: Store, version: Version, status: str
) -> None:
    world = await world_of(store, version)
    answering(world, status)
    outcome = await rotate(world)
    assert outcome.status is CommandStatus.REFUSED
    assert await let_in(world) == {"old"}
    assert len(await world.events("PasswordRefused")) == 1
    # Nothing is open, so it may be tried again.
    answering(world, "Accepted")
    assert (await rotate(world)).status is CommandStatus.ACCEPTED


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_password_that_is_used_after_a_reboot_is_let_in_beside_the_old_one_until_then(
    store: Store, version: Version
) -> None:
    world = await world_of(store, version)
    answering(world, "RebootRequired")
    outcome = await rotate(world)
    assert (outcome.status, outcome.reason) == (CommandStatus.ACCEPTED, "RebootRequired")
    assert await let_in(world) == {"old", "new"}
    await connected(security_of(store), world.station, OLD.encode())
    assert await let_in(world) == {"old", "new"}
    await connected(security_of(store), world.station, sent(world).encode())
    assert await let_in(world) == {"new"}
    assert len(await world.events("PasswordRotated")) == 1


@pytest.mark.parametrize(
    ("error", "allowed"),
    [
        (NoAnswer("CS1", 30), {"old", "new"}),
        (AnsweredError("CS1", "InternalError"), {"old", "new"}),
        (AnsweredError("CS1", "NotImplemented"), {"old"}),
        (Offline("CS1"), {"old"}),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
async def test_while_nobody_knows_whether_it_was_taken_both_are_let_in(
    store: Store, version: Version, error: Exception, allowed: set[str]
) -> None:
    world = await world_of(store, version)
    world.wire.answers["ChangeConfiguration"] = world.wire.answers["SetVariables"] = error
    with pytest.raises(type(error)):
        await rotate(world)
    assert await let_in(world) == allowed


async def test_no_other_change_is_begun_while_one_is_open_that_may_have_been_taken(store: Store) -> None:
    world = await world_of(store, V201)
    world.wire.answers["SetVariables"] = NoAnswer("CS1", 30)
    with pytest.raises(NoAnswer):
        await rotate(world)
    answering(world, "Accepted")
    outcome = await rotate(world)
    assert (outcome.status, outcome.reason) == (CommandStatus.REFUSED, rotation.RUNNING)
    assert len(world.wire.told) == 1
    assert await let_in(world) == {"old", "new"}
    # It has come back with the old one, so it has not taken the new one.
    await connected(security_of(store), world.station, OLD.encode())
    assert (await rotate(world)).status is CommandStatus.ACCEPTED
    assert await let_in(world) == {"new"}


async def test_the_bytes_that_the_digits_stand_for_are_the_same_password(store: Store) -> None:
    world = await world_of(store, V16)
    answering(world, "RebootRequired")
    await rotate(world)
    await connected(security_of(store), world.station, bytes.fromhex(sent(world)))
    assert await let_in(world) == {"new"}


async def test_an_answer_that_comes_after_the_station_came_back_changes_nothing_more(store: Store) -> None:
    world = await world_of(store, V201)
    original = world.wire.call

    async def slowly(message: Any, timeout_s: float | None, yields_after_s: float | None = None) -> Any:
        answer = await original(message, timeout_s, yields_after_s)
        await connected(security_of(store), world.station, sent(world).encode())
        return answer

    answering(world, "Accepted")
    world.wire.call = slowly  # type: ignore[method-assign]
    assert (await rotate(world)).status is CommandStatus.ACCEPTED
    assert await let_in(world) == {"new"}
    assert len(await world.events("PasswordRotated")) == 1


async def test_with_the_database_away_after_the_answer_both_stay_valid_until_it_comes_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await world_of(store, V201)
    answering(world, "Accepted")
    original = world.wire.call

    async def away(work: Work) -> Any:
        raise StoreAway("away")

    async def then_away(message: Any, timeout_s: float | None, yields_after_s: float | None = None) -> Any:
        answer = await original(message, timeout_s, yields_after_s)
        monkeypatch.setattr(Work, "sql", away)
        return answer

    world.wire.call = then_away  # type: ignore[method-assign]
    assert (await rotate(world)).status is CommandStatus.ACCEPTED
    monkeypatch.undo()
    assert await let_in(world) == {"old", "new"}
    await connected(security_of(store), world.station, sent(world).encode())
    assert await let_in(world) == {"new"}


@pytest.mark.parametrize("profile", [SecurityProfile.NONE, SecurityProfile.TLS_CERTIFICATE])
async def test_a_station_without_a_password_gets_none(store: Store, profile: SecurityProfile) -> None:
    world = await world_of(store, V21)
    world.station.credentials.profile = profile
    with pytest.raises(Invalid):
        await rotate(world)
    assert world.wire.told == []


async def test_a_connection_without_an_open_change_costs_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    world = await world_of(store, V201)

    async def no_sql(work: object) -> None:
        raise AssertionError("nothing is open")

    monkeypatch.setattr(Work, "sql", no_sql)
    await connected(security_of(store), world.station, OLD.encode())


async def test_a_password_set_at_the_station_is_given_here(store: Store) -> None:
    world = await world_of(store, V201)
    world.wire.answers["SetVariables"] = NoAnswer("CS1", 30)
    with pytest.raises(NoAnswer):
        await rotate(world)
    await give_password(security_of(store), world.station, "a-password-typed-in", "ada")
    assert world.station.credentials.password_hmacs == (digest("a-password-typed-in", PEPPER),)
    assert await let_in(world) == {"unknown"}
    (given,) = await world.events("PasswordGiven")
    assert given["givenBy"] == "ada"
    with pytest.raises(Invalid):
        await give_password(security_of(store), world.station, "short", "ada")


@pytest.mark.parametrize("version", VERSIONS)
async def test_A01_FR_08_A01_FR_09_the_password_is_kept_nowhere(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    answering(world, "Accepted")
    tasks = Tasks()
    await world.sending(tasks).ask(world.station, RotatePassword(), asked_by="ada")
    await world.until("SELECT status FROM command", [("accepted",)])
    await tasks.finish()
    secret = sent(world)
    tables = await world.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    )
    for (table,) in tables:
        found = await world.rows(f"SELECT count(*) FROM \"{table}\" AS t WHERE t::text LIKE '%{secret}%'")
        assert found == [(0,)], table
    assert secret not in json.dumps([str(one) for one in (world.station, security_of(store))])
