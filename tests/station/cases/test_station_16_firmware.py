"""Certification cases of 1.6 for stations: firmware, plain and signed."""

from __future__ import annotations

from typing import Any

from forecourt.ocpp import v16
from forecourt.ocpp.versions import V16
from tests.station.cases.test_station_16 import statuses
from tests.station.rig import Rig
from tests.station.updating import DONE, IMAGE, SIGNER, URL, alarms, rig_of, told, update


def plain(rig: Rig) -> list[str]:
    return [one.status for one in rig.of(v16.FirmwareStatusNotification)]


def order(rig: Rig, location: str, **more: Any) -> None:
    rig.ask(v16.UpdateFirmware(location=location, retrieve_date=rig.time.now(), **more))


def test_TC_044_1_CS_firmware_is_fetched_and_installed() -> None:
    rig = rig_of(V16)
    order(rig, URL)
    rig.time.advance(60)
    assert plain(rig) == ["Downloading", "Downloaded", "Installing", "Installed"]
    names = rig.names()
    assert names.index("BootNotification") > names.index("FirmwareStatusNotification")
    assert rig.last(v16.BootNotification).firmware_version == "2.0"
    assert statuses(rig)[-1] == statuses(rig, 0)[-1] == "Available"


def test_TC_044_2_CS_firmware_cannot_be_fetched() -> None:
    rig = rig_of(V16)
    order(rig, "ftp://127.0.0.1:21/download_fail.fwi", retries=0)
    rig.time.advance(60)
    assert plain(rig) == ["Downloading", "DownloadFailed"]
    assert statuses(rig) in ([], ["Unavailable", "Available"])
    assert rig.station.firmware_version == "1.0"


def test_TC_044_3_CS_firmware_cannot_be_installed() -> None:
    rig = rig_of(V16)
    rig.transfers.files["http://firmware.example/odd"] = b"no firmware"
    order(rig, "http://firmware.example/odd")
    rig.time.advance(60)
    assert plain(rig) == ["Downloading", "Downloaded", "Installing", "InstallationFailed"]
    assert statuses(rig) in ([], ["Unavailable", "Available"])


def secured() -> Rig:
    """With a security profile, as the cases of the whitepaper have it."""
    return rig_of(V16, security_profile=1)


def test_TC_080_CS_signed_firmware_is_installed() -> None:
    rig = secured()
    assert update(rig) == "Accepted"
    rig.time.advance(60)
    assert told(rig) == [status for status in DONE if status != "InstallRebooting"]
    assert "BootNotification" in rig.names()
    assert "FirmwareUpdated" in alarms(rig)
    assert statuses(rig)[-1] == statuses(rig, 0)[-1] == "Available"


def test_TC_081_CS_firmware_with_an_invalid_signature_is_not_installed() -> None:
    rig = secured()
    assert update(rig, signature=SIGNER.sign(IMAGE + b"!")) == "Accepted"
    rig.time.advance(60)
    assert told(rig) == ["Downloading", "Downloaded", "InvalidSignature"]
    assert rig.station.firmware_version == "1.0"
