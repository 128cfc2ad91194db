"""Firmware: power cuts at every moment, lost connections, refusals, what is told when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.station.running import Powered
from forecourt.station.transfers import Outcome
from tests.pki.authority import new_key, root
from tests.station.rig import Rig
from tests.station.signing import MAKER
from tests.station.test_power_cut import Failing, PowerCut
from tests.station.updating import DONE, FETCHED, IMAGE, URL, alarms, asked, rig_of, told, update


@pytest.mark.parametrize("version", [V16, V201], ids=str)
def test_an_update_survives_a_power_cut_at_every_operation(version: Version) -> None:
    def run(cut_at: int | None) -> tuple[Rig, int]:
        storage = Failing()
        rig = rig_of(version, storage=storage)
        storage.count, storage.at = 0, cut_at
        steps: list[Callable[[], object]] = [
            lambda: rig.link.ask(asked(rig)),
            *[lambda: rig.time.advance(1)] * 45,
            lambda: rig.time.advance(300),
        ]
        for step in steps:
            try:
                step()
            except PowerCut:
                rig.powered.cut_power()
                rig.time.advance(10)
                rig.powered.power_on()
        storage.at, count = None, storage.count
        rig.time.advance(300)
        return rig, count

    _, operations = run(None)
    assert operations > 20
    for at in range(1, operations + 1):
        rig, _ = run(at)
        if not told(rig):
            # The power was gone before the request was kept, so nobody was told that it is accepted.
            assert rig.station.firmware_version == "1.0"
            continue
        assert told(rig)[-1] == "Installed"
        assert rig.station.firmware_version == "2.0"
        assert alarms(rig).count("FirmwareUpdated") in ((0,) if version is V16 else (1, 2))


def test_L01_FR_01_what_happens_while_nobody_is_there_is_told_afterwards_in_order() -> None:
    rig = rig_of(V201)
    assert update(rig) == "Accepted"
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(600)
    assert told(rig) == ["Downloading"]
    rig.link.up = True
    rig.time.advance(900)
    assert told(rig) == DONE


def test_a_status_that_nobody_answers_goes_again_and_one_that_is_refused_is_given_up() -> None:
    rig = rig_of(V201)
    rig.answers[v2.FirmwareStatusNotification] = lambda request: None
    update(rig, retrieve_in_s=5000)
    rig.time.advance(200)
    assert told(rig) == ["DownloadScheduled"] * 3


def test_fetching_is_tried_again_as_often_as_asked() -> None:
    rig = rig_of(V201)
    rig.transfers.failures = [Outcome.FAILED, Outcome.DENIED]
    assert update(rig, retries=2) == "Accepted"
    rig.time.advance(120)
    assert told(rig) == DONE
    assert len(rig.transfers.asked) == 3
    rig.fresh()
    rig.transfers.asked.clear()
    rig.transfers.failures = [Outcome.FAILED] * 9
    assert update(rig, retries=2) == "Accepted"
    rig.time.advance(200)
    assert told(rig) == ["Downloading", "DownloadFailed"]
    assert len(rig.transfers.asked) == 3


def test_L01_FR_12_the_signer_may_stand_below_an_authority_and_use_rsa() -> None:
    middle = MAKER.issue("Maker sub", ca=True)
    signer = middle.issue("Firmware signing", use_rsa=True)
    rig = rig_of(V201)
    assert update(rig, signer=signer.pem, signature=signer.sign(IMAGE)) == "InvalidCertificate"
    assert update(rig, signer=signer.pem + middle.pem, signature=signer.sign(IMAGE)) == "Accepted"
    rig.time.advance(60)
    assert told(rig) == DONE


@pytest.mark.parametrize(
    "signer",
    [MAKER.issue("old", days=10), root("its own", key=new_key()), MAKER.issue("leaf").issue("below a leaf")],
    ids=["expired", "root", "leaf"],
)
def test_L01_FR_22_a_signer_that_cannot_be_trusted_is_refused(signer: Any) -> None:
    rig = rig_of(V201)
    assert update(rig, signer=signer.pem, signature=signer.sign(IMAGE)) == "InvalidCertificate"
    assert update(rig, signer="nonsense") == "InvalidCertificate"


def test_an_invalid_request_leaves_the_update_that_runs_alone() -> None:
    rig = rig_of(V201)
    update(rig)
    assert update(rig, request_id=2, signer="nonsense") == "InvalidCertificate"
    rig.time.advance(60)
    assert told(rig) == DONE


def test_L01_FR_27_an_installation_cannot_be_cancelled() -> None:
    rig = rig_of(V201)
    update(rig)
    rig.time.advance(5)
    assert told(rig)[-1] == "Installing"
    assert update(rig, request_id=2) == "Rejected"
    rig.time.advance(60)
    assert told(rig) == DONE


def test_an_installation_that_fails_leaves_the_old_firmware_and_gives_the_connectors_back() -> None:
    rig = rig_of(V201)
    rig.hardware.bad_flash = True
    update(rig)
    rig.time.advance(60)
    assert told(rig) == [*FETCHED, "Installing", "InstallationFailed"]
    assert [one.connector_status for one in rig.of(v2.StatusNotification)] == ["Unavailable", "Available"]
    assert rig.station.firmware_version == "1.0"
    rig.session(seconds=20)
    assert rig.of(v2.TransactionEvent)


def test_nobody_charges_while_firmware_is_installed() -> None:
    rig = rig_of(V201)
    update(rig)
    rig.time.advance(5)
    rig.session(seconds=5)
    assert not rig.of(v2.TransactionEvent)
    answer = rig.ask(
        v2.RequestStartTransaction(remote_start_id=1, id_token=v2.IdToken(id_token="A", type="Central"), evse_id=1)
    )
    assert answer.status == "Rejected"


def test_L01_FR_25_a_triggered_status_is_the_last_one_and_idle_after_success() -> None:
    rig = rig_of(V201)
    trigger = v2.TriggerMessage(requested_message="FirmwareStatusNotification")
    rig.ask(trigger)
    assert (told(rig)[-1], rig.last(v2.FirmwareStatusNotification).request_id) == ("Idle", UNSET)
    update(rig, retrieve_in_s=100)
    rig.fresh()
    rig.ask(trigger)
    assert rig.last(v2.FirmwareStatusNotification) == v2.FirmwareStatusNotification(
        status="DownloadScheduled", request_id=1
    )
    rig.time.advance(200)
    rig.fresh()
    rig.ask(trigger)
    assert told(rig) == ["Idle"]
    update(rig, url="ftp://nowhere", retries=0)
    rig.time.advance(30)
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(5)
    rig.fresh()
    rig.ask(trigger)
    assert told(rig) == ["DownloadFailed"]


def test_of_1_6_each_trigger_has_its_own_message() -> None:
    rig = rig_of(V16)
    plain = v16.TriggerMessage(requested_message="FirmwareStatusNotification")
    signed = v16.ExtendedTriggerMessage(requested_message="FirmwareStatusNotification")
    for trigger in (plain, signed):
        assert rig.ask(trigger).status == "Accepted"
    assert rig.names() == ["FirmwareStatusNotification", "SignedFirmwareStatusNotification"]
    rig.ask(v16.UpdateFirmware(location=URL, retrieve_date=rig.time.now()))
    rig.fresh()
    rig.ask(plain)
    assert rig.of(v16.FirmwareStatusNotification)[-1].status == "Downloading"
    rig.time.advance(60)
    rig.ask(plain)
    assert rig.of(v16.FirmwareStatusNotification)[-1].status == "Idle"


def test_unsigned_firmware_of_1_6_is_refused_with_a_security_profile() -> None:
    rig = rig_of(V16, security_profile=2)
    assert rig.error(v16.UpdateFirmware(location=URL, retrieve_date=rig.time.now())) == "NotSupported"


def test_L02_a_station_may_be_built_to_take_unsigned_firmware() -> None:
    rig = rig_of(V21, unsigned_firmware=True)
    assert update(rig, signature=None) == "Rejected"
    assert update(rig, signer=None, signature=None) == "Accepted"
    rig.time.advance(60)
    assert told(rig) == [status for status in DONE if status != "SignatureVerified"]


def test_a_station_that_fetches_no_files_takes_no_firmware() -> None:
    rig = rig_of(V201)
    rig.powered.cut_power()
    rig.powered = Powered(rig.build, rig.time, rig.link, rig.hardware, rig.powered.storage)
    rig.powered.power_on()
    rig.time.advance(5)
    assert update(rig) == "Rejected"
    other = Rig(V16, start=False)
    other.powered = Powered(other.build, other.time, other.link, other.hardware)
    other.powered.power_on()
    other.time.advance(5)
    assert other.error(v16.UpdateFirmware(location=URL, retrieve_date=other.time.now())) == "NotSupported"
