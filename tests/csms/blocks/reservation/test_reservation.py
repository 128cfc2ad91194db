"""Reservations in every version, bytes in and bytes out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.tokens import Token
from forecourt.charging.topology import Connector, Evse, Place, Topology
from forecourt.csms.blocks.reservation import v2, v16
from forecourt.csms.blocks.reservation.model import CancelReservation, ReserveNow
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Store
from forecourt.errors import Invalid
from forecourt.ocpp.errors import LocalProtocolError
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.blocks.availability.world import BOTH_2, VERSIONS, Json, Wire, happened, hear, link_of, say, station_of

every = pytest.mark.parametrize("version", VERSIONS, ids=str)
both = pytest.mark.parametrize("version", BOTH_2, ids=str)

TOKEN = Token("04A1B2C3", "ISO14443")
FLEET = Token("fleet", "Central")
UNTIL = datetime(2030, 1, 1, 12, tzinfo=UTC)
TWO_ON_ONE = Topology(
    (Evse(EvseId(1), (Connector(ConnectorId(1)), Connector(ConnectorId(2)))),),
    {1: Place(EvseId(1), ConnectorId(1)), 2: Place(EvseId(1), ConnectorId(2))},
)


def at(version: Version, station: Station | None = None) -> tuple[Link, Wire]:
    if version is V16:
        return link_of(version, v16.HEARS, v16.SAYS, station)
    return link_of(version, v2.HEARS, v2.SAYS, station)


@pytest.mark.parametrize(
    ("topology", "command", "said"),
    [
        (None, ReserveNow(5, TOKEN, UNTIL, 2, group=FLEET), {"connectorId": 2, "parentIdTag": "fleet"}),
        (None, ReserveNow(5, TOKEN, UNTIL), {"connectorId": 0}),
        (TWO_ON_ONE, ReserveNow(5, TOKEN, UNTIL, 1, 2), {"connectorId": 2}),
    ],
)
async def test_TC_046_TC_049_CSMS_5_13_a_connector_is_reserved_by_number(
    topology: Topology | None, command: ReserveNow, said: Json
) -> None:
    link, wire = at(V16, station_of(topology=topology))
    assert await say(link, command) == Outcome.accepted("Accepted")
    rest = {"expiryDate": "2030-01-01T12:00:00Z", "idTag": "04A1B2C3", "reservationId": 5}
    assert wire.told == [("ReserveNow", {**rest, **said})]


async def test_5_13_what_cannot_be_said_in_1_6_is_refused() -> None:
    link, wire = at(V16, station_of(topology=TWO_ON_ONE))
    for command in (ReserveNow(5, TOKEN, UNTIL, connector_kind="cCCS2"), ReserveNow(5, TOKEN, UNTIL, 1)):
        with pytest.raises(Invalid):
            await say(link, command)
    assert wire.told == []


@both
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (ReserveNow(5, TOKEN, UNTIL, 2), {"evseId": 2}),
        (ReserveNow(5, TOKEN, UNTIL), {}),
        (ReserveNow(5, TOKEN, UNTIL, connector_kind="cCCS2"), {"connectorType": "cCCS2"}),
        (ReserveNow(5, TOKEN, UNTIL, group=FLEET), {"groupIdToken": {"idToken": "fleet", "type": "Central"}}),
    ],
)
async def test_TC_H_01_TC_H_14_CSMS_an_evse_any_or_a_type_of_connector_is_reserved(
    version: Version, command: ReserveNow, said: Json
) -> None:
    link, wire = at(version)
    assert await say(link, command) == Outcome.accepted("Accepted")
    token = {"idToken": "04A1B2C3", "type": "ISO14443"}
    assert wire.told == [("ReserveNow", {"id": 5, "expiryDateTime": "2030-01-01T12:00:00Z", "idToken": token, **said})]


async def test_what_cannot_be_said_in_2_x_is_refused() -> None:
    for version in BOTH_2:
        link, _ = at(version)
        with pytest.raises(Invalid):
            await say(link, ReserveNow(5, TOKEN, UNTIL, 1, 2))
    # A list in 2.0.1, any text in 2.1.
    command = ReserveNow(5, TOKEN, UNTIL, connector_kind="cTesla2")
    link, wire = at(V201)
    with pytest.raises(LocalProtocolError):
        await say(link, command)
    assert wire.told == []
    link, wire = at(V21)
    await say(link, command)
    assert wire.told[0][1]["connectorType"] == "cTesla2"


@every
@pytest.mark.parametrize("word", ["Faulted", "Occupied", "Rejected", "Unavailable"])
async def test_TC_048_1_TC_048_2_TC_048_3_TC_048_4_CSMS_TC_H_22_CSMS_a_station_may_refuse(
    version: Version, word: str
) -> None:
    link, wire = at(version)
    wire.answers["ReserveNow"] = {"status": word}
    assert await say(link, ReserveNow(5, TOKEN, UNTIL, 1)) == Outcome.refused(word)


@every
@pytest.mark.parametrize("word", ["Accepted", "Rejected"])
async def test_TC_051_TC_052_CSMS_TC_H_17_CSMS_a_reservation_is_cancelled(version: Version, word: str) -> None:
    link, wire = at(version)
    wire.answers["CancelReservation"] = {"status": word}
    assert await say(link, CancelReservation(5)) == Outcome.accepted_if(word == "Accepted", word)
    assert wire.told == [("CancelReservation", {"reservationId": 5})]


@both
@pytest.mark.parametrize("word", ["Expired", "Removed"])
async def test_TC_H_20_CSMS_H04_FR_01_H01_FR_16_the_end_of_a_reservation_is_heard(
    peopled: Store, version: Version, word: str
) -> None:
    link, _ = at(version)
    request = {"reservationId": 5, "reservationUpdateStatus": word}
    assert await hear(peopled, link, "ReservationStatusUpdate", request) == {}
    (event,) = await happened(peopled, "ReservationEnded")
    assert event == {"organisationId": 1, "stationId": 1, "reservationId": 5, "reason": word}


def test_a_reservation_ends_at_an_instant_and_a_connector_has_its_evse() -> None:
    with pytest.raises(Invalid):
        ReserveNow(5, TOKEN, datetime(2030, 1, 1))  # noqa: DTZ001 - what is refused
    with pytest.raises(Invalid):
        ReserveNow(5, TOKEN, UNTIL, connector_id=1)
