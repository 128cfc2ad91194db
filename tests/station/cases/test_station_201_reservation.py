"""Certification cases of 2.0.1 for stations: reservation. They are cases of 2.1 as well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201, Version
from forecourt.station.config import EvseBuild
from forecourt.station.device_model.table import Name
from tests.station.rig import Rig

TAG, OTHER = "TAG001", "TAG002"


@pytest.fixture(params=[V201, V21], ids=str)
def version(request: pytest.FixtureRequest) -> Version:
    found: Version = request.param
    return found


@pytest.fixture
def rig(version: Version) -> Rig:
    return Rig(version, evses=2)


def token(value: str = TAG) -> v2.IdToken:
    return v2.IdToken(id_token=value, type="ISO14443")


def statuses(rig: Rig, evse_id: int = 1) -> list[str]:
    return [told.connector_status for told in rig.of(v2.StatusNotification) if told.evse_id == evse_id]


def reserve(rig: Rig, evse_id: int | None = 1, *, number: int = 7, seconds: float = 600, **more: Any) -> str:
    answer: v2.ReserveNowResponse = rig.ask(
        v2.ReserveNow(
            id=number,
            expiry_date_time=rig.time.now() + timedelta(seconds=seconds),
            id_token=token(more.pop("tag", TAG)),
            evse_id=UNSET if evse_id is None else evse_id,
            **more,
        )
    )
    return answer.status


def reserved(rig: Rig, evse_id: int = 1, **more: Any) -> None:
    """The reusable state Reserved, and the memory state of the same name."""
    assert reserve(rig, evse_id, **more) == "Accepted"
    assert statuses(rig, evse_id) == ["Reserved"]
    rig.fresh()


def change(rig: Rig, evse_id: int | None, status: Any) -> str:
    evse = UNSET if evse_id is None else v2.EVSE(id=evse_id)
    answer: v2.ChangeAvailabilityResponse = rig.ask(v2.ChangeAvailability(evse=evse, operational_status=status))
    return answer.status


def authorized(rig: Rig, tag: str = TAG, evse_id: int = 1) -> None:
    """The reusable state Authorized, by a card at the reader of the EVSE."""
    rig.hardware.swipe(tag, evse_id=evse_id)
    rig.time.advance(2)


def transferring(rig: Rig, evse_id: int = 1) -> v2.TransactionEvent:
    """The reusable state EnergyTransferStarted: the first event of the transaction."""
    rig.hardware.plug(evse_id=evse_id)
    rig.time.advance(5)
    told = rig.of(v2.TransactionEvent)
    assert told[-1].transaction_info.charging_state == "Charging"
    return told[0]


def test_TC_H_01_CS_a_reserved_EVSE_is_used(rig: Rig) -> None:
    reserved(rig)
    authorized(rig)
    assert statuses(rig) == ["Available"]
    started = transferring(rig)
    # H01.FR.15
    assert started.reservation_id == 7
    assert started.id_token == token()
    assert statuses(rig) == ["Available", "Occupied"]


def test_TC_H_02_CS_a_reserved_EVSE_is_not_used_by_another_token(rig: Rig) -> None:
    reserved(rig)
    authorized(rig, OTHER)
    rig.hardware.plug()
    rig.time.advance(60)
    assert rig.of(v2.TransactionEvent) == []
    start = v2.RequestStartTransaction(id_token=token(OTHER), remote_start_id=1, evse_id=1)
    assert rig.ask(start).status == "Rejected"
    # G01.FR.09: merely plugging in changes nothing.
    assert statuses(rig) == []


def test_TC_H_03_CS_an_EVSE_is_reserved_already(rig: Rig) -> None:
    reserved(rig)
    assert reserve(rig, number=8, tag=OTHER) == "Occupied"


def test_TC_H_04_CS_an_EVSE_in_use_is_not_reserved(rig: Rig) -> None:
    authorized(rig)
    transferring(rig)
    assert reserve(rig, tag=OTHER) == "Occupied"


def test_TC_H_06_CS_an_EVSE_out_of_service_is_not_reserved(rig: Rig) -> None:
    assert change(rig, 1, "Inoperative") == "Accepted"
    assert reserve(rig, tag=OTHER) == "Unavailable"


def test_TC_H_07_CS_a_reservation_that_is_not_used_expires(rig: Rig) -> None:
    reserved(rig, seconds=60)
    rig.time.advance(57)
    assert rig.names() == []
    rig.time.advance(5)
    assert rig.names() == ["StatusNotification", "ReservationStatusUpdate"]
    assert statuses(rig) == ["Available"]
    told = rig.last(v2.ReservationStatusUpdate)
    assert (told.reservation_id, told.reservation_update_status) == (7, "Expired")
    authorized(rig, OTHER)
    assert transferring(rig).reservation_id is UNSET


def test_TC_H_08_CS_any_EVSE_is_reserved(version: Version) -> None:
    rig = Rig(version)
    assert reserve(rig, None) == "Accepted"
    assert statuses(rig) == ["Reserved"]
    authorized(rig)
    assert transferring(rig).reservation_id == 7


def test_TC_H_09_CS_all_EVSEs_are_reserved_already(rig: Rig) -> None:
    reserved(rig, 1)
    reserved(rig, 2, number=8)
    assert reserve(rig, None, number=9) == "Occupied"


def test_TC_H_10_CS_all_EVSEs_are_in_use(rig: Rig) -> None:
    for evse_id, tag in ((1, TAG), (2, OTHER)):
        authorized(rig, tag, evse_id)
        transferring(rig, evse_id)
    assert reserve(rig, None) == "Occupied"


def test_TC_H_12_CS_the_station_is_out_of_service(rig: Rig) -> None:
    assert change(rig, None, "Inoperative") == "Accepted"
    assert reserve(rig, None) == "Unavailable"


def test_TC_H_13_CS_only_EVSEs_that_are_named_can_be_reserved(rig: Rig) -> None:
    rig.station.model.set(Name("ReservationCtrlr", "NonEvseSpecific"), "false")
    assert reserve(rig, None) == "Rejected"


def test_TC_H_14_CS_as_many_reservations_as_EVSEs(rig: Rig) -> None:
    assert reserve(rig, None, number=7) == "Accepted"
    # One of two is free for anybody.
    assert statuses(rig, 1) == statuses(rig, 2) == []
    assert reserve(rig, None, number=8, tag=OTHER) == "Accepted"
    assert statuses(rig, 1) == statuses(rig, 2) == ["Reserved"]


def test_TC_H_15_CS_a_connector_of_a_kind_is_reserved(version: Version) -> None:
    rig = Rig(version, built=(EvseBuild(kinds=("sType2",)), EvseBuild(kinds=("cCCS2",), direct=True)))
    assert reserve(rig, None, connector_type="cCCS2") == "Accepted"
    assert statuses(rig, 1) == []
    assert statuses(rig, 2) == ["Reserved"]
    authorized(rig, evse_id=2)
    assert transferring(rig, 2).reservation_id == 7


def test_TC_H_16_CS_all_connectors_of_a_kind_are_reserved(rig: Rig) -> None:
    reserved(rig, 1)
    reserved(rig, 2, number=8)
    assert reserve(rig, None, number=9, connector_type="sType2") == "Occupied"


def test_TC_H_17_CS_a_reservation_is_cancelled(rig: Rig) -> None:
    reserved(rig)
    assert rig.ask(v2.CancelReservation(reservation_id=7)).status == "Accepted"
    assert statuses(rig) == ["Available"]
    # H02, remark: the management system knows.
    assert rig.of(v2.ReservationStatusUpdate) == []


def test_TC_H_18_CS_a_reservation_that_is_not_there_is_not_cancelled(rig: Rig) -> None:
    assert rig.ask(v2.CancelReservation(reservation_id=1)).status == "Rejected"


def test_TC_H_19_CS_another_token_of_the_group_uses_a_reserved_EVSE(rig: Rig) -> None:
    group = v2.IdToken(id_token="GROUP", type="Central")
    info = v2.IdTokenInfo(status="Accepted", group_id_token=group)
    rig.answers[v2.Authorize] = lambda request: v2.AuthorizeResponse(id_token_info=info)
    reserved(rig, group_id_token=group)
    authorized(rig, OTHER)
    started = transferring(rig)
    assert (started.reservation_id, started.id_token) == (7, token(OTHER))


def test_TC_H_21_CS_a_reservation_of_what_goes_out_of_service_is_cancelled(rig: Rig) -> None:
    reserved(rig)
    assert change(rig, 1, "Inoperative") == "Accepted"
    assert statuses(rig) == ["Unavailable"]
    told = rig.last(v2.ReservationStatusUpdate)
    assert (told.reservation_id, told.reservation_update_status) == (7, "Removed")
    assert change(rig, 1, "Operative") == "Accepted"
    assert statuses(rig) == ["Unavailable", "Available"]
    authorized(rig, OTHER)
    assert transferring(rig).reservation_id is UNSET


def test_TC_H_22_CS_a_station_that_takes_no_reservations(rig: Rig) -> None:
    rig.set("ReservationCtrlr.Enabled", "false")
    assert reserve(rig) == "Rejected"


def test_TC_H_23_CS_a_reservation_is_replaced(rig: Rig) -> None:
    reserved(rig)
    assert reserve(rig, number=7, tag=OTHER) == "Accepted"
    assert statuses(rig) == ["Reserved"]
    authorized(rig, OTHER)
    assert transferring(rig).reservation_id == 7


def test_TC_H_24_CS_any_EVSE_is_reserved_for_a_group(rig: Rig) -> None:
    group = v2.IdToken(id_token="GROUP", type="Central")
    info = v2.IdTokenInfo(status="Accepted", group_id_token=group)
    rig.answers[v2.Authorize] = lambda request: v2.AuthorizeResponse(id_token_info=info)
    reserved(rig, 2, number=8, tag="TAG003")
    assert reserve(rig, None, number=7, group_id_token=group) == "Accepted"
    assert statuses(rig, 1) == ["Reserved"]
    authorized(rig, OTHER, 1)
    assert transferring(rig).reservation_id == 7


def test_TC_B_24_CS_what_was_reserved_still_is_after_a_reset(rig: Rig) -> None:
    reserved(rig)
    assert rig.ask(v2.Reset(type="Immediate")).status == "Accepted"
    rig.time.advance(10)
    assert rig.names()[0] == "BootNotification"
    assert (statuses(rig, 1), statuses(rig, 2)) == (["Reserved"], ["Available"])


def test_H01_FR_16_a_fault_cancels_the_reservation(rig: Rig) -> None:
    reserved(rig)
    rig.hardware.break_down()
    rig.time.advance(2)
    assert statuses(rig) == ["Faulted"]
    assert rig.last(v2.ReservationStatusUpdate).reservation_update_status == "Removed"


def test_H03_FR_11_a_token_without_a_vehicle_ends_the_reservation(version: Version, rig: Rig) -> None:
    reserved(rig)
    authorized(rig)
    rig.time.advance(120)
    assert statuses(rig)[-1] == "Available"
    told = [update.reservation_update_status for update in rig.of(v2.ReservationStatusUpdate)]
    assert told == (["NoTransaction"] if version is V21 else [])
    # It is used up: anybody may come.
    authorized(rig, OTHER)
    assert transferring(rig).reservation_id is UNSET


def test_what_ends_while_offline_or_without_power_is_told_afterwards(rig: Rig) -> None:
    reserved(rig, 1, seconds=100)
    reserved(rig, 2, number=8, seconds=400)
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(120)
    rig.link.up = True
    rig.time.advance(100)
    assert [told.reservation_id for told in rig.of(v2.ReservationStatusUpdate)] == [7]
    assert statuses(rig, 1) == ["Available"]
    rig.powered.cut_power()
    rig.time.advance(60)
    rig.fresh()
    rig.powered.power_on()
    rig.time.advance(5)
    assert (statuses(rig, 1), statuses(rig, 2)) == (["Available"], ["Reserved"])
    assert rig.of(v2.ReservationStatusUpdate) == []
    rig.powered.cut_power()
    rig.time.advance(400)
    rig.powered.power_on()
    rig.time.advance(5)
    assert [told.reservation_id for told in rig.of(v2.ReservationStatusUpdate)] == [8]
    assert statuses(rig, 2)[-1] == "Available"
