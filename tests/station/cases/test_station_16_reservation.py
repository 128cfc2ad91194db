"""Certification cases of 1.6 for stations: reservation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v16
from forecourt.station.device_model.table import Name
from tests.station.cases.test_station_16 import TAG, rig_of, statuses
from tests.station.rig import Rig

OTHER = "TAG002"


def reserve(rig: Rig, connector_id: int = 1, *, number: int = 7, seconds: float = 600, **more: Any) -> str:
    answer: v16.ReserveNowResponse = rig.ask(
        v16.ReserveNow(
            connector_id=connector_id,
            expiry_date=rig.time.now() + timedelta(seconds=seconds),
            id_tag=more.pop("id_tag", TAG),
            reservation_id=number,
            **more,
        )
    )
    return answer.status


def reserved(rig: Rig, connector_id: int = 1, **more: Any) -> None:
    """The reusable state Reserved."""
    assert reserve(rig, connector_id, **more) == "Accepted"
    assert statuses(rig, 1)[-1] == "Reserved"
    rig.fresh()


def unavailable(rig: Rig, *connectors: int) -> None:
    """The reusable state SetConnectorUnavailable, for all connectors that are not used."""
    for connector_id in connectors:
        asked = v16.ChangeAvailability(connector_id=connector_id, type="Inoperative")
        assert rig.ask(asked).status == "Accepted"
        assert statuses(rig, connector_id)[-1] == "Unavailable"
    rig.fresh()


def charged(rig: Rig, token: str = TAG) -> v16.StartTransaction:
    """The reusable state Charging, with or without a reservation: the start that was told."""
    rig.fresh()
    rig.hardware.plug()
    rig.time.advance(2)
    answer: v16.RemoteStartTransactionResponse = rig.ask(v16.RemoteStartTransaction(id_tag=token, connector_id=1))
    assert answer.status == "Accepted"
    rig.time.advance(5)
    assert statuses(rig) == ["Preparing", "Charging"]
    return rig.last(v16.StartTransaction)


def test_TC_046_1_CS_a_reserved_connector_is_used_by_a_local_start() -> None:
    rig = rig_of(evses=2)
    unavailable(rig, 2)
    assert reserve(rig) == "Accepted"
    assert statuses(rig) == ["Reserved"]
    rig.fresh()
    rig.hardware.swipe(OTHER)
    rig.time.advance(5)
    assert statuses(rig) == []
    rig.fresh()
    rig.hardware.swipe(TAG)
    rig.time.advance(2)
    assert rig.last(v16.Authorize).id_tag == TAG
    assert statuses(rig) == ["Preparing"]
    rig.hardware.plug()
    rig.time.advance(5)
    start = rig.last(v16.StartTransaction)
    assert (start.id_tag, start.reservation_id) == (TAG, 7)
    assert statuses(rig) == ["Preparing", "Charging"]


def test_TC_046_2_CS_a_reserved_connector_is_used_by_a_remote_start() -> None:
    rig = rig_of()
    reserved(rig)
    refused: v16.RemoteStartTransactionResponse = rig.ask(v16.RemoteStartTransaction(id_tag=OTHER, connector_id=1))
    assert refused.status == "Rejected"
    start = charged(rig)
    assert (start.id_tag, start.reservation_id) == (TAG, 7)


def test_TC_047_CS_a_reservation_expires() -> None:
    rig = rig_of(evses=2)
    unavailable(rig, 2)
    assert reserve(rig, seconds=60) == "Accepted"
    assert statuses(rig) == ["Reserved"]
    rig.time.advance(57)
    assert statuses(rig) == ["Reserved"]
    rig.time.advance(5)
    assert statuses(rig) == ["Reserved", "Available"]
    assert charged(rig, OTHER).reservation_id is UNSET


@pytest.mark.parametrize("connector_id", [1, 0])
def test_TC_048_1_CS_TC_050_1_CS_a_faulted_connector_or_station_is_not_reserved(connector_id: int) -> None:
    rig = rig_of()
    rig.hardware.break_down()
    rig.time.advance(2)
    assert statuses(rig) == ["Faulted"]
    assert reserve(rig, connector_id) == "Faulted"


@pytest.mark.parametrize("connector_id", [1, 0])
def test_TC_048_2_CS_TC_050_2_CS_an_occupied_connector_or_station_is_not_reserved(connector_id: int) -> None:
    rig = rig_of()
    rig.hardware.plug()
    rig.time.advance(2)
    assert statuses(rig) == ["Preparing"]
    assert reserve(rig, connector_id) == "Occupied"


@pytest.mark.parametrize("connector_id", [1, 0])
def test_TC_048_3_CS_TC_050_3_CS_an_unavailable_connector_or_station_is_not_reserved(connector_id: int) -> None:
    rig = rig_of()
    unavailable(rig, connector_id)
    assert reserve(rig, connector_id) == "Unavailable"


@pytest.mark.parametrize("connector_id", [1, 0])
def test_TC_048_4_CS_TC_050_4_CS_where_nothing_is_reserved_it_is_rejected(connector_id: int) -> None:
    rig = rig_of()
    rig.station.model.set(Name("ReservationCtrlr", "Enabled"), "false")
    (known,) = rig.ask(v16.GetConfiguration(key=("SupportedFeatureProfiles",))).configuration_key
    assert "Reservation" not in known.value
    assert reserve(rig, connector_id) == "Rejected"


def test_TC_049_CS_a_station_is_reserved() -> None:
    rig = rig_of(evses=2)
    unavailable(rig, 2)
    assert reserve(rig, 0) == "Accepted"
    assert statuses(rig) == ["Reserved"]
    start = charged(rig)
    assert (start.id_tag, start.reservation_id) == (TAG, 7)


def test_TC_051_CS_a_reservation_is_cancelled() -> None:
    rig = rig_of()
    reserved(rig)
    assert rig.ask(v16.CancelReservation(reservation_id=7)).status == "Accepted"
    assert statuses(rig) == ["Available"]
    assert charged(rig, OTHER).reservation_id is UNSET


def test_TC_052_CS_a_reservation_that_is_not_there_is_not_cancelled() -> None:
    rig = rig_of()
    reserved(rig)
    assert rig.ask(v16.CancelReservation(reservation_id=8)).status == "Rejected"
    assert statuses(rig) == []


def test_TC_053_CS_another_token_of_the_group_uses_a_reservation() -> None:
    rig = rig_of(evses=2)
    unavailable(rig, 2)
    of_group = v16.AuthorizeResponse(id_tag_info=v16.IdTagInfo(status="Accepted", parent_id_tag="GROUP"))
    rig.answers[v16.Authorize] = lambda request: of_group
    assert reserve(rig, parent_id_tag="GROUP") == "Accepted"
    assert statuses(rig) == ["Reserved"]
    rig.fresh()
    rig.hardware.swipe(OTHER)
    rig.time.advance(2)
    assert statuses(rig) == ["Preparing"]
    rig.hardware.plug()
    rig.time.advance(5)
    start = rig.last(v16.StartTransaction)
    assert (start.id_tag, start.reservation_id) == (OTHER, 7)
    assert statuses(rig) == ["Preparing", "Charging"]
