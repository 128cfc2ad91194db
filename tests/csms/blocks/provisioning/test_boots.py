"""Booting, in every version: what a station is told, what is recorded, and who decides."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from forecourt.csms.blocks.provisioning import boots
from forecourt.csms.blocks.provisioning.actions import Live
from forecourt.csms.blocks.provisioning.commands import RequestBoot
from forecourt.csms.stations.actions import load
from forecourt.csms.stations.commands import CommandStatus
from forecourt.csms.stations.model import Registration, SecurityProfile, Station
from forecourt.csms.store.work import Store
from forecourt.errors import Invalid
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.transport.tasks import Tasks
from tests.csms.blocks.provisioning.world import (
    BOTH_2,
    VERSIONS,
    Answer,
    World,
    boot_of,
    configuration,
    reborn,
    station_of,
    world_of,
)

SILENT: dict[str, Answer] = {"GetConfiguration": configuration({}), "GetBaseReport": {"status": "Rejected"}}


async def booting(
    store: Store, version: Version, registration: Registration = Registration.ACCEPTED, station: Station | None = None
) -> World:
    world = await world_of(store, version, registration, station)
    world.wire.answers |= SILENT
    return world


async def loaded(world: World) -> Station:
    """The station as a process that has just started finds it."""
    async with world.store.database.engine.connect() as connection:
        (station,) = await load(connection)
        return station


@pytest.mark.parametrize("version", VERSIONS)
async def test_TC_001_CSMS_TC_B_01_CSMS_B01_FR_02_a_registered_station_is_accepted_with_the_time_and_an_interval(
    store: Store, version: Version
) -> None:
    world = await booting(store, version)
    answer = await world.hear("BootNotification", boot_of(version))
    assert answer["status"] == "Accepted"
    assert answer["interval"] == 300
    told_at = datetime.fromisoformat(answer["currentTime"])
    assert abs(told_at - store.clock.now()) < timedelta(seconds=30)


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_a_station_says_of_itself_is_on_record_and_an_event(store: Store, version: Version) -> None:
    world = await booting(store, version)
    if version is V16:
        said = boot_of(
            version,
            chargePointSerialNumber="SN1",
            chargeBoxSerialNumber="BOX1",
            firmwareVersion="1.2",
            iccid="I1",
            imsi="M1",
            meterType="MT",
            meterSerialNumber="MS",
        )
        details = {
            "chargeBoxSerialNumber": "BOX1",
            "iccid": "I1",
            "imsi": "M1",
            "meterType": "MT",
            "meterSerialNumber": "MS",
        }
        reason = ""
    else:
        said = boot_of(version, serialNumber="SN1", firmwareVersion="1.2")
        said["chargingStation"]["modem"] = {"iccid": "I1", "imsi": "M1"}
        details, reason = {"iccid": "I1", "imsi": "M1"}, "PowerUp"
    await world.hear("BootNotification", said)
    question = "SELECT vendor, model, serial_number, firmware_version, boot_details, boot_reason FROM station"
    assert await world.rows(question) == [("Vendor", "Model", "SN1", "1.2", details, reason)]
    assert (world.station.vendor, world.station.model) == ("Vendor", "Model")
    (booted,) = await world.events("StationBooted")
    assert booted == {
        "organisationId": 1,
        "stationId": 1,
        "registration": "Accepted",
        "reason": reason,
        "vendor": "Vendor",
        "model": "Model",
        "serialNumber": "SN1",
        "firmwareVersion": "1.2",
    }


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_boot_of_an_accepted_station_needs_no_transaction_of_its_own(
    store: Store, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await booting(store, version)

    async def no_sql(work: object) -> None:
        raise AssertionError("the boot of an accepted station is journaled")

    monkeypatch.setattr("forecourt.csms.store.work.Work.sql", no_sql)
    answer = await world.hear("BootNotification", boot_of(version), settle=False)
    assert answer["status"] == "Accepted"


@pytest.mark.parametrize(("registration", "interval_s"), [(Registration.PENDING, 60), (Registration.REJECTED, 900)])
@pytest.mark.parametrize("version", VERSIONS)
async def test_TC_B_30_CSMS_B02_FR_09_B03_FR_07_a_station_that_is_not_accepted_is_told_when_to_ask_again_and_heard_no_further(
    store: Store, version: Version, registration: Registration, interval_s: int
) -> None:
    world = await booting(store, version, registration)
    answer = await world.hear("BootNotification", boot_of(version))
    assert (answer["status"], answer["interval"]) == (registration.value, interval_s)
    # B02.FR.06: the connection stays.
    assert world.wire.closed == []
    # B03.FR.03, and nothing is asked of one that waits unless something is wanted.
    assert world.wire.told == []
    assert await world.refused("StatusNotification", _status(version)) == "SecurityError"


def _status(version: Version) -> dict[str, object]:
    if version is V16:
        return {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    return {
        "timestamp": "2026-11-20T12:00:00Z",
        "connectorStatus": "Available",
        "evseId": 1,
        "connectorId": 1,
    }


@pytest.mark.parametrize("version", VERSIONS)
async def test_TC_B_02_CSMS_TC_B_31_CSMS_a_station_that_waits_is_accepted_by_someone_asked_to_boot_and_told_so(
    store: Store, version: Version
) -> None:
    world = await booting(store, version, Registration.PENDING)
    assert (await world.hear("BootNotification", boot_of(version)))["status"] == "Pending"
    tasks = Tasks()
    sending = world.sending(tasks)
    await boots.accept(store, sending, world.stations, world.station, "ada")
    # B02.FR.09: until it has been told, it is a station that waits.
    assert world.registration() is Registration.PENDING
    await world.until("SELECT status FROM command", [("accepted",)])
    await tasks.finish()
    assert world.wire.payloads("TriggerMessage") == [{"requestedMessage": "BootNotification"}]
    assert (await world.hear("BootNotification", boot_of(version)))["status"] == "Accepted"
    assert world.registration() is Registration.ACCEPTED
    assert (await loaded(world)).registration is Registration.ACCEPTED
    (decided,) = await world.events("RegistrationDecided")
    assert (decided["registration"], decided["decidedBy"]) == ("Accepted", "ada")
    (changed,) = await world.events("RegistrationChanged")
    assert (changed["registration"], changed["earlier"]) == ("Accepted", "Pending")


async def test_a_decision_survives_a_restart(store: Store) -> None:
    world = await booting(store, V201, Registration.PENDING)
    async with store.work() as work:
        await boots.decide(work, world.station, Registration.ACCEPTED, "ada")
    again = reborn(store, V201, await loaded(world))
    again.wire.answers |= SILENT
    assert (await again.hear("BootNotification", boot_of(V201)))["status"] == "Accepted"


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_accepted_station_is_held_back_from_its_next_boot_on(store: Store, restarted: bool) -> None:
    world = await booting(store, V21)
    await boots.hold_back(store, world.station, "ada")
    assert world.station.registration is Registration.ACCEPTED
    if restarted:
        world = reborn(store, V21, await loaded(world))
        await boots.resume(store, world.stations)
    assert (await world.hear("BootNotification", boot_of(V21)))["status"] == "Pending"
    assert (await loaded(world)).registration is Registration.PENDING


async def test_a_rejected_station_is_sent_away_at_once(store: Store) -> None:
    world = await booting(store, V201)
    await boots.reject(store, world.stations, world.station, "ada")
    assert world.wire.closed == [(1008, "the station was turned away")]
    assert await world.refused("StatusNotification", _status(V201)) == "SecurityError"
    assert (await world.hear("BootNotification", boot_of(V201)))["status"] == "Rejected"
    assert (await loaded(world)).registration is Registration.REJECTED


async def test_a_station_that_is_away_is_accepted_when_it_boots_and_asked_nothing_before(store: Store) -> None:
    world = await booting(store, V16, Registration.PENDING)
    world.stations.leave(world.link)
    tasks = Tasks()
    await boots.accept(store, world.sending(tasks), world.stations, world.station, "ada")
    await tasks.finish()
    assert await world.rows("SELECT count(*) FROM command") == [(0,)]
    assert (await world.hear("BootNotification", boot_of(V16)))["status"] == "Accepted"


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_accepted_station_is_not_asked_to_boot(store: Store, version: Version) -> None:
    world = await booting(store, version)
    with pytest.raises(Invalid):
        await world.say(RequestBoot())
    assert world.wire.told == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_station_that_does_not_boot_when_asked_has_refused(store: Store, version: Version) -> None:
    world = await booting(store, version, Registration.PENDING)
    world.wire.answers["TriggerMessage"] = {"status": "NotImplemented"}
    outcome = await world.say(RequestBoot())
    assert (outcome.status, outcome.reason) == (CommandStatus.REFUSED, "NotImplemented")


@pytest.mark.parametrize("version", BOTH_2)
async def test_B01_FR_11_B01_FR_12_another_serial_number_than_in_the_certificate_ends_the_connection(
    store: Store, version: Version
) -> None:
    station = station_of()
    station.credentials.profile = SecurityProfile.TLS_CERTIFICATE
    station.credentials.certificate_name = "SN1"
    world = await booting(store, version, station=station)
    answer = await world.hear("BootNotification", boot_of(version, serialNumber="SN2"))
    assert answer["status"] == "Rejected"
    assert [code for code, _ in world.wire.closed] == [1008]
    # The station that was registered is still accepted.
    assert (await loaded(world)).registration is Registration.ACCEPTED
    (refused,) = await world.events("BootRefused")
    assert (refused["serialNumber"], refused["registeredName"]) == ("SN2", "SN1")
    assert await world.events("StationBooted") == []


@pytest.mark.parametrize("version", BOTH_2)
async def test_B01_FR_11_the_serial_number_of_the_certificate_is_accepted(store: Store, version: Version) -> None:
    station = station_of()
    station.credentials.profile = SecurityProfile.TLS_CERTIFICATE
    station.credentials.certificate_name = "SN1"
    world = await booting(store, version, station=station)
    assert (await world.hear("BootNotification", boot_of(version, serialNumber="SN1")))["status"] == "Accepted"
    assert world.wire.closed == []


async def test_a_registration_whose_commit_failed_is_looked_up_again(store: Store) -> None:
    world = await booting(store, V201, Registration.PENDING)
    # As if a boot had made it accepted, and its commit had failed.
    world.station.registration = Registration.ACCEPTED
    world.station.recall(Live).unsure = True
    assert (await world.hear("BootNotification", boot_of(V201)))["status"] == "Pending"


async def test_the_answer_names_no_more_than_its_version_knows(store: Store) -> None:
    world = await booting(store, V16)
    given = await world.give("BootNotification", boot_of(V16))
    assert isinstance(given.answer, Message)
    assert sorted(json.loads(json.dumps(await world.hear("BootNotification", boot_of(V16))))) == [
        "currentTime",
        "interval",
        "status",
    ]


async def test_1_6_says_nothing_of_serial_numbers_in_certificates(store: Store) -> None:
    station = station_of()
    station.credentials.profile = SecurityProfile.TLS_CERTIFICATE
    station.credentials.certificate_name = "SN1"
    world = await booting(store, V16, station=station)
    answer = await world.hear("BootNotification", boot_of(V16, chargePointSerialNumber="SN2"))
    assert answer["status"] == "Accepted"


@pytest.mark.parametrize("table", ["variable", "wanted_variable", "provisioning", "report"])
async def test_the_api_sees_only_the_rows_of_its_scope(store: Store, table: str) -> None:
    world = await booting(store, V201)
    found = await world.rows(
        "SELECT relrowsecurity, policyname FROM pg_class JOIN pg_policies ON tablename = relname"
        f" WHERE relname = '{table}' ORDER BY policyname"
    )
    assert found == [(True, f"{table}_scope"), (True, f"{table}_sites")]
