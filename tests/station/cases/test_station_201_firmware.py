"""Certification cases of 2.0.1 for stations: firmware updates (L01)."""

from __future__ import annotations

import pytest

from forecourt.ocpp import v2
from forecourt.ocpp.versions import Version
from tests.station.cases.test_station_201 import TAG, statuses, version
from tests.station.rig import Rig
from tests.station.signing import STRANGER
from tests.station.updating import DONE, FETCHED, SIGNER, URL, alarms, rig_of, told, update

__all__ = ["version"]


@pytest.fixture
def rig(version: Version) -> Rig:
    return rig_of(version, evses=2)


def charges(rig: Rig, evse_id: int = 1) -> None:
    """The reusable state EnergyTransferStarted."""
    rig.hardware.plug(evse_id=evse_id)
    rig.time.advance(1)
    rig.hardware.swipe(TAG if evse_id == 1 else "TAG002", evse_id=evse_id)
    rig.time.advance(10)
    assert statuses(rig, evse_id)[-1] == "Occupied"
    assert rig.station.bays[evse_id].transaction is not None  # type: ignore[index]


def leaves(rig: Rig, evse_id: int = 1) -> None:
    """The reusable state ParkingBayUnoccupied."""
    rig.hardware.swipe(TAG if evse_id == 1 else "TAG002", evse_id=evse_id)
    rig.time.advance(1)
    rig.hardware.unplug(evse_id=evse_id)
    rig.time.advance(1)


def ends_well(rig: Rig) -> None:
    """Installing, a restart, Installed and FirmwareUpdated; connectors that were unavailable are available again."""
    rig.time.advance(60)
    assert told(rig)[-3:] == ["Installing", "InstallRebooting", "Installed"]
    assert rig.last(v2.BootNotification).reason == "FirmwareUpdate"
    assert "FirmwareUpdated" in alarms(rig)
    for evse_id in (1, 2):
        assert statuses(rig, evse_id)[-2:] == ["Unavailable", "Available"]
    assert {one.request_id for one in rig.of(v2.FirmwareStatusNotification)} == {1}


def test_TC_L_01_CS_firmware_is_installed(rig: Rig) -> None:
    assert update(rig) == "Accepted"
    rig.time.advance(60)
    assert told(rig) == DONE
    ends_well(rig)
    assert rig.last(v2.BootNotification).charging_station.firmware_version == "2.0"


def test_TC_L_02_CS_the_installation_is_scheduled(rig: Rig) -> None:
    assert update(rig, install_in_s=300) == "Accepted"
    rig.time.advance(60)
    assert told(rig) == [*FETCHED, "InstallScheduled"]
    rig.time.advance(230)
    assert told(rig) == [*FETCHED, "InstallScheduled"]
    rig.time.advance(10)
    assert told(rig) == [*FETCHED, "InstallScheduled", "Installing"]
    ends_well(rig)


def test_TC_L_03_CS_the_download_is_scheduled(rig: Rig) -> None:
    assert update(rig, retrieve_in_s=300) == "Accepted"
    rig.time.advance(290)
    assert told(rig) == ["DownloadScheduled"]
    rig.time.advance(20)
    assert told(rig) == ["DownloadScheduled", *FETCHED, "Installing"]
    ends_well(rig)


def test_TC_L_05_CS_an_invalid_signing_certificate_is_refused(rig: Rig) -> None:
    assert update(rig, signer=STRANGER.issue("Firmware signing").pem) == "InvalidCertificate"
    assert alarms(rig) == ["InvalidFirmwareSigningCertificate"]
    rig.time.advance(60)
    assert told(rig) == []


def test_TC_L_06_CS_an_invalid_signature_is_told(rig: Rig) -> None:
    assert update(rig, signature=SIGNER.sign(b"other firmware")) == "Accepted"
    rig.time.advance(60)
    assert told(rig) == ["Downloading", "Downloaded", "InvalidSignature"]
    assert alarms(rig) == ["InvalidFirmwareSignature"]


def test_TC_L_07_CS_firmware_cannot_be_fetched(rig: Rig) -> None:
    assert update(rig, url=f"{URL}_does_not_exist") == "Accepted"
    rig.time.advance(200)
    assert told(rig) == ["Downloading", "DownloadFailed"]


def test_TC_L_08_CS_firmware_that_is_none_is_not_installed(rig: Rig) -> None:
    rig.transfers.files[f"{URL}.bad"] = b"nonsense"
    assert update(rig, url=f"{URL}.bad", signature=SIGNER.sign(b"nonsense")) == "Accepted"
    rig.time.advance(60)
    assert told(rig) == [*FETCHED, "Installing", "InstallVerificationFailed"]
    for evse_id in (1, 2):
        assert statuses(rig, evse_id) in ([], ["Unavailable", "Available"])
    assert not rig.of(v2.BootNotification)


def test_TC_L_10_CS_an_update_gives_way_to_another(rig: Rig) -> None:
    assert update(rig) == "Accepted"
    assert told(rig) == ["Downloading"]
    rig.fresh()
    assert update(rig, request_id=2) == "AcceptedCanceled"
    rig.time.advance(60)
    assert told(rig) == DONE
    assert {one.request_id for one in rig.of(v2.FirmwareStatusNotification)} == {2}
    assert "FirmwareUpdated" in alarms(rig)


def test_TC_L_14_CS_new_sessions_are_allowed_while_an_update_waits(rig: Rig) -> None:
    rig.set("ChargingStation.AllowNewSessionsPendingFirmwareUpdate", "true")
    charges(rig)
    assert update(rig) == "Accepted"
    rig.time.advance(10)
    assert told(rig) == [*FETCHED, "InstallScheduled"]
    charges(rig, 2)
    leaves(rig)
    assert told(rig) == [*FETCHED, "InstallScheduled"]
    leaves(rig, 2)
    assert told(rig)[-1] == "Installing"
    ends_well(rig)


def test_TC_L_15_CS_no_new_sessions_are_allowed_while_an_update_waits(rig: Rig) -> None:
    rig.set("ChargingStation.AllowNewSessionsPendingFirmwareUpdate", "false")
    charges(rig)
    assert update(rig) == "Accepted"
    rig.time.advance(10)
    assert told(rig) == [*FETCHED, "InstallScheduled"]
    assert statuses(rig, 2) == ["Unavailable"]
    assert statuses(rig, 1)[-1] == "Occupied"
    leaves(rig)
    assert told(rig)[-1] == "Installing"
    ends_well(rig)


def test_TC_L_18_CS_firmware_that_nobody_has_signed_is_refused(rig: Rig) -> None:
    assert update(rig, signer=None, signature=None) in ("Rejected", "InvalidCertificate")
    rig.time.advance(60)
    assert told(rig) == []
