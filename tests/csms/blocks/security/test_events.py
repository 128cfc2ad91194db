"""Security events: heard in every version, named and judged alike, and noticed by ourselves."""

from __future__ import annotations

from typing import Any

import pytest

from forecourt.csms.blocks.security import actions
from forecourt.csms.blocks.security import v2 as block_v2
from forecourt.csms.blocks.security import v16 as block_v16
from forecourt.csms.blocks.security.model import SecurityEvent, is_critical, kind_of
from forecourt.csms.stations.dialects import Later
from forecourt.csms.store.work import Store
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.blocks.security.world import VERSIONS, world_of

STORED = "SELECT type, wire_type, critical, source, tech_info, station_id, organisation_id FROM security_event"
AT = "2026-11-20T12:00:00Z"


@pytest.mark.parametrize(
    ("version", "word", "kind", "critical"),
    [
        (V16, "InvalidChargePointCertificate", "InvalidChargingStationCertificate", True),
        (V16, "InvalidCentralSystemCertificate", "InvalidCsmsCertificate", True),
        (V16, "FailedToAuthenticateAtCentralSystem", "FailedToAuthenticateAtCsms", False),
        (V16, "CentralSystemFailedToAuthenticate", "CsmsFailedToAuthenticate", False),
        (V201, "InvalidChargingStationCertificate", "InvalidChargingStationCertificate", True),
        (V201, "ReconfigurationOfSecurityParameters", "ReconfigurationOfSecurityParameters", False),
        (V21, "DiscardedRenewedClientCertificate", "DiscardedRenewedClientCertificate", True),
        (V21, "VendorSomething", "VendorSomething", None),
    ],
)
async def test_TC_077_CSMS_TC_078_CSMS_TC_A_14_CSMS_A04_FR_03_a_security_event_is_confirmed_and_stored(
    store: Store, version: Version, word: str, kind: str, critical: bool | None
) -> None:
    world = await world_of(store, version)
    request: dict[str, Any] = {"type": word, "timestamp": AT, "techInfo": "details"}
    assert await world.hear("SecurityEventNotification", request) == {}
    assert await world.rows(STORED) == [(kind, word, critical, "station", "details", 1, 1)]
    (reported,) = await world.events("SecurityEventReported")
    assert (reported["type"], reported["wireType"], reported["critical"]) == (kind, word, critical)
    assert reported["stationTime"] == AT


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_security_event_needs_no_transaction_of_its_own(
    store: Store, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await world_of(store, version)

    async def no_sql(work: object) -> None:
        raise AssertionError("security events are journaled")

    monkeypatch.setattr("forecourt.csms.store.work.Work.sql", no_sql)
    assert await world.hear("SecurityEventNotification", {"type": "ResetOrReboot", "timestamp": AT}) == {}


async def test_a_repetition_is_recorded_again(store: Store) -> None:
    world = await world_of(store, V201)
    for _ in range(2):
        await world.hear("SecurityEventNotification", {"type": "StartupOfTheDevice", "timestamp": AT})
    assert len(await world.rows(STORED)) == 2


async def test_what_we_notice_ourselves_is_recorded_beside_what_stations_report(store: Store) -> None:
    world = await world_of(store, V201)
    async with store.work(1) as work:
        actions.noticed(
            work, world.station, SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS, "wrong_password from 192.0.2.1"
        )
    assert await world.rows(STORED) == [
        (
            "FailedToAuthenticateAtCsms",
            "FailedToAuthenticateAtCsms",
            False,
            "csms",
            "wrong_password from 192.0.2.1",
            1,
            1,
        )
    ]
    (reported,) = await world.events("SecurityEventReported")
    assert (reported["source"], reported["stationTime"]) == ("csms", None)


@pytest.mark.parametrize(
    ("kind", "critical"),
    [
        ("FirmwareUpdated", True),
        ("SettingSystemTime", True),
        ("StartupOfTheDevice", True),
        ("ResetOrReboot", True),
        ("SecurityLogWasCleared", True),
        ("MemoryExhaustion", True),
        ("TamperDetectionActivated", True),
        ("InvalidFirmwareSignature", True),
        ("InvalidFirmwareSigningCertificate", True),
        ("InvalidTLSVersion", True),
        ("InvalidTLSCipherSuite", True),
        ("MaintenanceLoginAccepted", True),
        ("MaintenanceLoginFailed", True),
        ("InvalidMessages", False),
        ("AttemptedReplayAttacks", False),
        ("SomethingElse", None),
    ],
)
def test_the_specification_says_which_events_are_critical(kind: str, critical: bool | None) -> None:
    assert is_critical(kind_of(kind)) is critical


@pytest.mark.parametrize("version", VERSIONS)
async def test_A02_FR_12_a_certificate_is_honestly_not_signed(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    answer = await world.hear("SignCertificate", {"csr": "-----BEGIN CERTIFICATE REQUEST-----"})
    assert answer["status"] == "Rejected"


def test_what_is_not_built_says_which_block_will() -> None:
    later = [
        handler
        for table in (block_v16.HEARS, block_v2.HEARS)
        for handler in table.values()
        if isinstance(handler, Later)
    ]
    assert [one.block for one in later] == ["certificates", "certificates"]


@pytest.mark.parametrize("table", ["security_event", "password_rotation"])
async def test_the_api_sees_only_the_rows_of_its_scope(store: Store, table: str) -> None:
    world = await world_of(store, V201)
    found = await world.rows(
        "SELECT relrowsecurity, policyname FROM pg_class JOIN pg_policies ON tablename = relname"
        f" WHERE relname = '{table}' ORDER BY policyname"
    )
    assert found == [(True, f"{table}_scope"), (True, f"{table}_sites")]
