"""Availability in the words of 1.6, bytes in and bytes out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import Connector, Evse, Place, Topology
from forecourt.csms.blocks.availability import actions, v16
from forecourt.csms.blocks.availability import store as block_store
from forecourt.csms.blocks.availability.model import Availability, ChangeAvailability, Live
from forecourt.csms.stations.commands import CommandStatus, Outcome
from forecourt.csms.stations.habits.model import Catalogue
from forecourt.csms.stations.habits.table import ROWS
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.engine import API, connect
from forecourt.csms.store.opening import open_store
from forecourt.csms.store.scopes import SETTING
from forecourt.csms.store.work import Store, Work
from forecourt.errors import NotFound
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import ErrorCode, ProtocolError
from forecourt.ocpp.v16 import Heartbeat, StatusNotification
from forecourt.ocpp.versions import V16
from tests.csms.blocks.availability.world import (
    Json,
    Shifted,
    Wire,
    give,
    happened,
    hear,
    in_turn,
    link_of,
    populate,
    rows,
    say,
    station_of,
    words,
)

TWO_ON_ONE = Topology(
    (Evse(EvseId(1), (Connector(ConnectorId(1)), Connector(ConnectorId(2)))),),
    {1: Place(EvseId(1), ConnectorId(1)), 2: Place(EvseId(1), ConnectorId(2))},
)


class Finished:
    """Takes the place of `Sending.finish`, and says what it was told to end."""

    def __init__(self) -> None:
        self.ended: list[tuple[int, bool, str]] = []
        self.knows = True

    async def __call__(self, station: Station, request_id: int, *, failed: bool, reason: str) -> bool:
        if self.knows:
            self.ended.append((request_id, failed, reason))
        return self.knows


def at(store: Store, station: Station | None = None, **given: Any) -> tuple[Link, Wire, Finished]:
    """A station of 1.6."""
    finished = Finished()
    block = Availability(store=store, finish=finished, **given)
    link, wire = link_of(V16, v16.hears(block), v16.says(block), station)
    return link, wire, finished


def status(number: int, word: str, when: datetime | None = None, **more: Any) -> Json:
    timestamp = {} if when is None else {"timestamp": words(when)}
    return {"connectorId": number, "errorCode": "NoError", "status": word, **timestamp, **more}


STATES = "SELECT evse_id, connector_id, status, plugged_in, charging, wire_status FROM connector ORDER BY 1, 2"


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("Available", ("Available", False, "Idle")),
        ("Preparing", ("Occupied", None, None)),
        ("Charging", ("Occupied", True, "Charging")),
        ("SuspendedEV", ("Occupied", True, "SuspendedEV")),
        ("SuspendedEVSE", ("Occupied", True, "SuspendedEVSE")),
        ("Finishing", ("Occupied", None, None)),
        ("Reserved", ("Reserved", None, None)),
        ("Unavailable", ("Unavailable", None, None)),
        ("Faulted", ("Faulted", None, None)),
    ],
)
async def test_4_9_every_status_is_kept_in_the_words_of_2_x_and_in_its_own(
    peopled: Store, word: str, kept: tuple[Any, ...]
) -> None:
    link, _, _ = at(peopled)
    assert await hear(peopled, link, "StatusNotification", status(1, word)) == {}
    assert await rows(peopled, STATES) == [(1, 1, *kept, word)]
    (event,) = await happened(peopled, "ConnectorChanged")
    assert (event["status"], event["pluggedIn"], event["charging"]) == kept
    assert (event["evseId"], event["connectorId"], event["wireStatus"]) == (1, 1, word)
    assert (event["stationId"], event["organisationId"], event["errorCode"]) == (1, 1, "")


async def test_preparing_means_a_cable_where_that_was_chosen_for_the_model(peopled: Store) -> None:
    catalogue = Catalogue(ROWS, {("Acme", "One"): "cable"})
    for key, model in ((1, "One"), (2, "Two")):
        link, _, _ = at(peopled, station_of(key, vendor="Acme", model=model), catalogue=catalogue)
        await hear(peopled, link, "StatusNotification", status(1, "Preparing"))
    assert await rows(peopled, "SELECT station_id, plugged_in, charging FROM connector ORDER BY 1") == [
        (1, True, "EVConnected"),
        (2, None, None),
    ]


async def test_connector_0_is_the_station(peopled: Store) -> None:
    link, _, _ = at(peopled)
    await hear(peopled, link, "StatusNotification", status(0, "Available"))
    assert await rows(peopled, "SELECT evse_id, status, wire_status FROM evse") == [(0, "Available", "Available")]
    assert await rows(peopled, STATES) == []
    (event,) = await happened(peopled, "ConnectorChanged")
    assert (event["evseId"], event["connectorId"], event["pluggedIn"]) == (0, None, None)


async def test_numbers_point_where_the_topology_says(peopled: Store) -> None:
    link, _, _ = at(peopled, station_of(topology=TWO_ON_ONE))
    await hear(peopled, link, "StatusNotification", status(1, "Charging"))
    # OCA application note on multiple connectors: the other one cannot be used meanwhile.
    await hear(peopled, link, "StatusNotification", status(2, "Unavailable"))
    assert [row[:3] for row in await rows(peopled, STATES)] == [(1, 1, "Occupied"), (1, 2, "Unavailable")]


async def test_a_number_nobody_knows_is_learned(peopled: Store) -> None:
    learned: list[int] = []

    def learn(work: Work, station: Station, connectors: int) -> None:
        learned.append(connectors)
        station.topology = Topology.flat_default(connectors)

    link, _, _ = at(peopled, learn=learn)
    for number in (0, 2, 1, 2):
        await hear(peopled, link, "StatusNotification", status(number, "Available"))
    assert learned == [2]
    assert [row[:2] for row in await rows(peopled, STATES)] == [(1, 1), (2, 1)]


async def test_TC_024_CSMS_a_lock_that_failed_is_kept_with_its_error(peopled: Store) -> None:
    link, _, _ = at(peopled)
    assert await hear(peopled, link, "StatusNotification", status(1, "Preparing")) == {}
    fault = {
        **status(1, "Faulted"),
        "errorCode": "ConnectorLockFailure",
        "vendorId": "org.example",
        "vendorErrorCode": "E7",
        "info": "jammed",
    }
    assert await hear(peopled, link, "StatusNotification", fault) == {}
    kept = "SELECT status, error_code, vendor_id, vendor_error_code, info FROM connector"
    assert await rows(peopled, kept) == [("Faulted", "ConnectorLockFailure", "org.example", "E7", "jammed")]
    event = (await happened(peopled, "ConnectorChanged"))[-1]
    assert (event["errorCode"], event["vendorErrorCode"], event["info"]) == ("ConnectorLockFailure", "E7", "jammed")


async def test_4_9_a_warning_leaves_the_connector_in_use(peopled: Store) -> None:
    link, _, _ = at(peopled)
    await hear(peopled, link, "StatusNotification", status(1, "Charging"))
    await hear(peopled, link, "StatusNotification", {**status(1, "Charging"), "errorCode": "WeakSignal"})
    events = await happened(peopled, "ConnectorChanged")
    assert [(event["status"], event["errorCode"]) for event in events] == [("Occupied", ""), ("Occupied", "WeakSignal")]


async def test_only_a_change_is_an_event(peopled: Store) -> None:
    link, _, _ = at(peopled)
    for word in ("Available", "Available", "Charging", "Charging", "SuspendedEV"):
        await hear(peopled, link, "StatusNotification", status(1, word, datetime.now(UTC)))
    assert [one["wireStatus"] for one in await happened(peopled, "ConnectorChanged")] == [
        "Available",
        "Charging",
        "SuspendedEV",
    ]
    assert await rows(peopled, "SELECT received_at >= changed_at FROM connector") == [(True,)]


async def test_what_waited_in_a_queue_changes_nothing(peopled: Store) -> None:
    link, _, _ = at(peopled)
    now = datetime.now(UTC)
    await hear(peopled, link, "StatusNotification", status(1, "Available", now))
    for minutes in (30, 20, 10):
        late = status(1, "Charging", now - timedelta(minutes=minutes))
        assert await hear(peopled, link, "StatusNotification", late) == {}
    assert [row[2] for row in await rows(peopled, STATES)] == ["Available"]
    assert len(await happened(peopled, "ConnectorChanged")) == 1
    assert await rows(peopled, "SELECT count(*) FROM message_log") == [(4,)], "what was said is on record all the same"


async def test_a_change_that_was_not_committed_is_announced_when_it_is_said_again(peopled: Store) -> None:
    link, _, _ = at(peopled)
    # As a database that went away leaves it: heard, and not on record.
    async with peopled.work() as work:
        await link.dialect.hears[StatusNotification](link, work, _preparing())  # type: ignore[operator]
        work._entry.rows.clear()
    assert await happened(peopled, "ConnectorChanged") == []
    await hear(peopled, link, "StatusNotification", status(1, "Preparing"))
    await hear(peopled, link, "StatusNotification", status(1, "Preparing"))
    assert len(await happened(peopled, "ConnectorChanged")) == 1
    assert [row[2] for row in await rows(peopled, STATES)] == ["Occupied"]


def _preparing() -> StatusNotification:
    return StatusNotification(connector_id=1, error_code="NoError", status="Preparing")


async def test_a_status_is_judged_without_asking_the_database(peopled: Store) -> None:
    link, _, _ = at(peopled)
    for word in ("Available", "Preparing", "Charging"):
        given = await give(peopled, link, "StatusNotification", status(1, word))
        assert given.work is not None
        assert given.work._own is None, "this unit was journaled"


async def test_odd_times_and_words_are_survived(peopled: Store) -> None:
    link, _, _ = at(peopled)
    await hear(peopled, link, "StatusNotification", status(1, "Available", datetime(1, 1, 1, tzinfo=UTC)))
    await hear(peopled, link, "StatusNotification", status(2, "Waiting"), reading=Reading.TOLERANT)
    await hear(peopled, link, "StatusNotification", status(3, "Occupied"), reading=Reading.TOLERANT)
    assert [row[:3] for row in await rows(peopled, STATES)] == [(1, 1, "Available"), (3, 1, "Occupied")]
    assert await rows(peopled, "SELECT station_time FROM connector WHERE evse_id = 1") == [(None,)]
    given = await give(peopled, link, "StatusNotification", status(-1, "Available"))
    assert isinstance(given.answer, ProtocolError)
    assert given.answer.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION


async def test_of_places_without_end_only_so_many_are_kept(peopled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_PLACES", 3)
    link, _, _ = at(peopled)
    for number in range(1, 6):
        await hear(peopled, link, "StatusNotification", status(number, "Available"))
    await hear(peopled, link, "StatusNotification", status(3, "Charging"))
    assert [row[0] for row in await rows(peopled, STATES)] == [1, 2, 3]
    assert len(link.station.recall(Live).conditions) == 3


@pytest.fixture
async def shifted(database_url: str) -> AsyncIterator[tuple[Store, Shifted]]:
    clock = Shifted()
    async with open_store(database_url, clock, linger_s=0.0, hold_s=10.0) as store:
        await populate(store)
        yield store, clock


async def test_G02_FR_03_4_6_a_heartbeat_is_told_our_time_and_written_down_once_a_minute(
    shifted: tuple[Store, Shifted],
) -> None:
    store, clock = shifted
    link, _, _ = at(store)
    written = []
    for _ in range(4):
        before = clock.now()
        answer = await hear(store, link, "Heartbeat", {})
        assert list(answer) == ["currentTime"]
        told = datetime.fromisoformat(answer["currentTime"])
        assert abs(told - before) < timedelta(seconds=5)
        ((seen_at,),) = await rows(store, "SELECT last_seen_at FROM station WHERE id = 1")
        written.append(seen_at)
        clock.ahead += timedelta(seconds=25)
    # At 0, 25 and 50 s the first is on record, at 75 s the last.
    assert written[0] == written[1] == written[2] < written[3]
    assert link.station.last_seen_at is not None
    assert link.station.last_seen_at >= written[3]


async def test_a_heartbeat_needs_no_database_for_its_answer(peopled: Store) -> None:
    link, _, _ = at(peopled)
    work = peopled.work(link.station.key)
    answer = await v16.on_heartbeat(link, work, Heartbeat())
    assert answer.current_time == work.now
    assert work._own is None


# Orders.

WANTED = "SELECT evse_id, connector_id, operative, request_id FROM wanted_availability ORDER BY 1, 2"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (ChangeAvailability(False), {"connectorId": 0, "type": "Inoperative"}),
        (ChangeAvailability(True), {"connectorId": 0, "type": "Operative"}),
        (ChangeAvailability(False, 2), {"connectorId": 2, "type": "Inoperative"}),
        (ChangeAvailability(False, 2, 1), {"connectorId": 2, "type": "Inoperative"}),
    ],
)
async def test_5_2_availability_is_changed_by_number(peopled: Store, command: ChangeAvailability, said: Json) -> None:
    for key, topology in ((1, None), (2, Topology.flat_default(2))):
        link, wire, _ = at(peopled, station_of(key, topology))
        assert await say(link, command) == Outcome.accepted("Accepted")
        assert wire.told == [("ChangeAvailability", said)]


async def test_5_2_an_evse_of_two_numbers_is_changed_one_by_one(peopled: Store) -> None:
    link, wire, _ = at(peopled, station_of(topology=TWO_ON_ONE))
    wire.answers["ChangeAvailability"] = in_turn([{"status": "Scheduled"}, {"status": "Accepted"}])
    outcome = await say(link, ChangeAvailability(False, 1))
    assert [request["connectorId"] for _, request in wire.told] == [1, 2]
    assert outcome.status is CommandStatus.RUNNING
    with pytest.raises(NotFound):
        await say(link, ChangeAvailability(False, 7))


async def test_an_order_is_remembered_when_it_was_taken_and_only_then(peopled: Store) -> None:
    link, wire, _ = at(peopled)
    await say(link, ChangeAvailability(False, 1))
    wire.answers["ChangeAvailability"] = {"status": "Rejected"}
    assert await say(link, ChangeAvailability(True, 1)) == Outcome.refused("Rejected")
    assert await rows(peopled, WANTED) == [(1, 0, False, None)]
    (event,) = await happened(peopled, "AvailabilityOrdered")
    assert (event["evseId"], event["operative"], event["pending"]) == (1, False, False)


async def test_5_2_what_is_scheduled_runs_until_the_connector_says_that_it_has_happened(peopled: Store) -> None:
    link, wire, finished = at(peopled)
    await hear(peopled, link, "StatusNotification", status(1, "Charging"))
    wire.answers["ChangeAvailability"] = {"status": "Scheduled"}
    outcome = await say(link, ChangeAvailability(False, 1))
    assert outcome.status is CommandStatus.RUNNING
    assert outcome.request_id is not None
    assert await rows(peopled, WANTED) == [(1, 0, False, outcome.request_id)]
    await hear(peopled, link, "StatusNotification", status(1, "Finishing"))
    await hear(peopled, link, "StatusNotification", status(2, "Unavailable"))
    assert finished.ended == []
    await hear(peopled, link, "StatusNotification", status(1, "Unavailable"))
    assert finished.ended == [(outcome.request_id, False, "it has happened")]
    assert await rows(peopled, WANTED) == [(1, 0, False, None)]


async def test_an_order_whose_command_is_not_yet_on_record_is_ended_by_the_next_word(peopled: Store) -> None:
    link, wire, finished = at(peopled)
    wire.answers["ChangeAvailability"] = {"status": "Scheduled"}
    outcome = await say(link, ChangeAvailability(False, 1))
    finished.knows = False
    await hear(peopled, link, "StatusNotification", status(1, "Unavailable"))
    finished.knows = True
    await hear(peopled, link, "StatusNotification", status(1, "Unavailable"))
    assert finished.ended == [(outcome.request_id, False, "it has happened")]


async def test_what_is_scheduled_although_it_is_so_already_is_done(peopled: Store) -> None:
    link, wire, _ = at(peopled)
    await hear(peopled, link, "StatusNotification", status(1, "Unavailable"))
    wire.answers["ChangeAvailability"] = {"status": "Scheduled"}
    assert await say(link, ChangeAvailability(False, 1)) == Outcome.accepted("Scheduled")


async def test_a_later_order_takes_the_place_of_one_that_waits(peopled: Store) -> None:
    link, wire, finished = at(peopled)
    await hear(peopled, link, "StatusNotification", status(1, "Charging"))
    wire.answers["ChangeAvailability"] = in_turn([{"status": "Scheduled"}, {"status": "Accepted"}])
    first = await say(link, ChangeAvailability(False, 1))
    assert (await say(link, ChangeAvailability(True, 1))).status is CommandStatus.ACCEPTED
    assert finished.ended == [(first.request_id, True, "a later order took its place")]
    assert await rows(peopled, WANTED) == [(1, 0, True, None)]


# What is shown, and after a start.


async def test_what_was_last_known_is_shown_while_a_station_is_away_with_since_when(peopled: Store) -> None:
    station = station_of(topology=Topology.flat_default(2))
    stations = Stations()
    stations.add(station)
    link, _, _ = at(peopled, station)
    assert actions.conditions(station, stations) == []
    stations.enter(link)
    await hear(peopled, link, "StatusNotification", status(2, "Charging"))
    await hear(peopled, link, "StatusNotification", status(0, "Available"))
    await say(link, ChangeAvailability(False, 1))
    whole, ordered, charging = actions.conditions(station, stations)
    assert (whole.place.evse_id, whole.unknown_since, whole.wanted_operative) == (0, None, None)
    assert (ordered.place.evse_id, ordered.notice, ordered.wanted_operative, ordered.is_pending) == (
        1,
        None,
        False,
        False,
    )
    assert charging.notice is not None
    assert charging.notice.plugged_in is True
    assert charging.unknown_since is None
    stations.leave(link)
    away = actions.conditions(station, stations)[2]
    assert away.notice == charging.notice
    assert away.unknown_since == station.last_seen_at is not None


async def test_after_a_start_everything_is_known_again(peopled: Store) -> None:
    link, wire, _ = at(peopled)
    now = datetime.now(UTC).replace(microsecond=0)
    await hear(peopled, link, "StatusNotification", status(0, "Available", now))
    await hear(peopled, link, "StatusNotification", status(1, "Charging", now, info="hello"))
    wire.answers["ChangeAvailability"] = {"status": "Scheduled"}
    outcome = await say(link, ChangeAvailability(False))
    stations = Stations()
    again = station_of()
    stations.add(again)
    async with peopled.database.engine.connect() as connection:
        assert await actions.load(connection, stations) == 2
    before, after = link.station.recall(Live), again.recall(Live)
    assert after.conditions == before.conditions
    assert after.wanted == before.wanted
    # Nothing has changed, so nothing is announced; and what is late stays late.
    link, _, finished = at(peopled, again)
    await hear(peopled, link, "StatusNotification", status(1, "Charging", now))
    await hear(peopled, link, "StatusNotification", status(1, "Available", now - timedelta(hours=1)))
    assert len(await happened(peopled, "ConnectorChanged")) == 2
    await hear(peopled, link, "StatusNotification", status(1, "Unavailable"))
    assert finished.ended == [(outcome.request_id, False, "it has happened")]


async def test_conditions_are_read_in_pages(peopled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    link, _, _ = at(peopled)
    for number in range(6):
        await hear(peopled, link, "StatusNotification", status(number, "Available"))
    monkeypatch.setattr(block_store, "_PAGE", 2)
    stations = Stations()
    stations.add(station_of())
    async with peopled.database.engine.connect() as connection:
        assert await actions.load(connection, stations) == 6


async def test_the_api_sees_the_connectors_of_its_organisations_only(peopled: Store, server: EmbeddedPostgres) -> None:
    link, _, _ = at(peopled)
    await hear(peopled, link, "StatusNotification", status(1, "Available"))
    await hear(peopled, link, "StatusNotification", status(0, "Available"))
    await say(link, ChangeAvailability(True))
    as_api = connect(server.url(API, "tests"))
    try:
        for scope, seen in (("1", 1), ("2", 0), ("", 0), ("*", 1)):
            async with as_api.engine.begin() as connection:
                await connection.execute(
                    text("SELECT set_config(:name, :scope, true)"), {"name": SETTING, "scope": scope}
                )
                for table in ("connector", "evse", "wanted_availability"):
                    count = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
                    assert count == seen, (table, scope)
    finally:
        await as_api.close()
