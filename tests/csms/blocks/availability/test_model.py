"""Which words count, which come late, and when an order has taken effect. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forecourt.charging.connector_state import ChargingState, ConnectorState
from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import WHOLE_STATION, Place
from forecourt.csms.blocks.availability.actions import meaning_of
from forecourt.csms.blocks.availability.model import (
    ChangeAvailability,
    Condition,
    Live,
    Notice,
    has_happened,
    instant,
    is_late,
    moment,
    within,
    worst,
)
from forecourt.csms.stations.habits.model import ORDINARY, Catalogue
from forecourt.csms.stations.habits.table import ROWS
from forecourt.errors import Invalid

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
S = ConnectorState
IDLE, CONNECTED, CHARGING = ChargingState.IDLE, ChargingState.EV_CONNECTED, ChargingState.CHARGING


def place(evse_id: int, connector_id: int | None = 1) -> Place:
    return Place(EvseId(evse_id), None if connector_id is None else ConnectorId(connector_id))


def notice(at: datetime | None, where: Place | None = None, state: ConnectorState = S.AVAILABLE) -> Notice:
    return Notice(where or place(1), state, None, None, state.value, at)


def live_of(*known: Notice, received_at: datetime = NOW) -> Live:
    live = Live()
    live.conditions = {one.place: Condition(one, received_at, received_at) for one in known}
    return live


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


CASES = [
    # status, habits, state, plugged in, charging
    ("Available", "ordinary", S.AVAILABLE, False, IDLE),
    ("Preparing", "ordinary", S.OCCUPIED, None, None),
    ("Charging", "ordinary", S.OCCUPIED, True, CHARGING),
    ("SuspendedEV", "ordinary", S.OCCUPIED, True, ChargingState.SUSPENDED_EV),
    ("SuspendedEVSE", "ordinary", S.OCCUPIED, True, ChargingState.SUSPENDED_EVSE),
    ("Finishing", "ordinary", S.OCCUPIED, None, None),
    ("Reserved", "ordinary", S.RESERVED, None, None),
    ("Unavailable", "ordinary", S.UNAVAILABLE, None, None),
    ("Faulted", "ordinary", S.FAULTED, None, None),
    ("Preparing", "cable", S.OCCUPIED, True, CONNECTED),
    ("Finishing", "cable", S.OCCUPIED, True, CONNECTED),
    ("Charging", "cable", S.OCCUPIED, True, CHARGING),
    ("Available", "cable", S.AVAILABLE, False, IDLE),
    ("Preparing", "card", S.OCCUPIED, False, IDLE),
    ("Finishing", "card", S.OCCUPIED, None, None),
    # The word of 2.x, from whichever station.
    ("Occupied", "ordinary", S.OCCUPIED, True, None),
]


@pytest.mark.parametrize(("word", "habits", "state", "plugged_in", "charging"), CASES)
def test_every_status_means_the_same_for_every_station_once_its_habits_are_known(
    word: str, habits: str, state: ConnectorState, plugged_in: bool | None, charging: ChargingState | None
) -> None:
    meant = meaning_of(Catalogue(ROWS).named(habits), word)
    assert meant is not None
    assert (meant.state, meant.plugged_in, meant.charging) == (state, plugged_in, charging)


@pytest.mark.parametrize("habits", ["ordinary", "cable", "card"])
@pytest.mark.parametrize("word", ["SuspendedEV", "Finishing"])
def test_4_9_a_cable_that_was_pulled_out_of_the_vehicle_is_not_plugged_in_whatever_the_habits(
    habits: str, word: str
) -> None:
    meant = meaning_of(Catalogue(ROWS).named(habits), word, "EV side disconnected")
    assert meant is not None
    assert meant.plugged_in is False


def test_a_word_of_no_version_means_nothing() -> None:
    assert meaning_of(ORDINARY, "Waiting") is None


def test_what_is_older_than_what_is_known_is_late() -> None:
    live = live_of(notice(NOW - seconds(10)))
    assert is_late(live, notice(NOW - seconds(11)), NOW)
    assert not is_late(live, notice(NOW - seconds(10)), NOW)
    assert not is_late(live, notice(NOW - seconds(9)), NOW)
    assert not is_late(live, notice(NOW - seconds(11), place(2)), NOW), "of another connector"


def test_without_a_time_of_both_the_order_of_arrival_decides() -> None:
    assert not is_late(live_of(notice(None)), notice(NOW - timedelta(days=1)), NOW)
    assert not is_late(live_of(notice(NOW)), notice(None), NOW)
    assert not is_late(Live(), notice(NOW - timedelta(days=1)), NOW)


def test_a_clock_that_ran_ahead_does_not_silence_the_station_when_it_is_right_again() -> None:
    live = live_of(notice(NOW + timedelta(days=9000)), received_at=NOW)
    assert not is_late(live, notice(NOW + seconds(1)), NOW + seconds(1))


def test_a_clock_that_lost_its_battery_does_not_silence_the_station() -> None:
    live = live_of(notice(NOW))
    assert not is_late(live, notice(datetime(1970, 1, 1, 0, 1, tzinfo=UTC)), NOW + seconds(5))
    assert moment(NOW - timedelta(days=31), NOW) is None


def test_a_clock_that_was_put_back_an_hour_is_believed_from_the_second_word_on() -> None:
    live = live_of(notice(NOW), notice(NOW, place(2)))
    back = timedelta(hours=1)
    assert is_late(live, notice(NOW + seconds(60) - back), NOW + seconds(60))
    assert not is_late(live, notice(NOW + seconds(90) - back), NOW + seconds(90))
    assert not is_late(live, notice(NOW + seconds(91) - back, place(2)), NOW + seconds(91)), "of any connector"


def test_what_waited_in_a_queue_stays_late_however_much_of_it_comes() -> None:
    live = live_of(notice(NOW))
    for number in range(50):
        assert is_late(live, notice(NOW - seconds(3000 - 60 * number)), NOW + seconds(number))


def test_a_time_that_nobody_can_hold_is_none() -> None:
    assert instant(datetime(1, 1, 1, tzinfo=UTC)) is None
    assert instant(datetime(9999, 12, 31, tzinfo=UTC)) is None
    assert instant(NOW) == NOW


@pytest.mark.parametrize(
    ("states", "whole", "operative", "expected"),
    [
        ({place(1): S.UNAVAILABLE}, place(1), False, True),
        ({place(1): S.FAULTED}, place(1), False, True),  # G03.FR.06
        ({place(1): S.OCCUPIED}, place(1), False, False),
        ({place(1): S.UNAVAILABLE, place(1, 2): S.OCCUPIED}, place(1, None), False, False),
        ({place(1): S.UNAVAILABLE, place(1, 2): S.FAULTED}, place(1, None), False, True),
        ({place(1): S.UNAVAILABLE, place(2): S.OCCUPIED}, place(1, None), False, True),
        ({place(1): S.UNAVAILABLE, place(2): S.OCCUPIED}, WHOLE_STATION, False, False),
        ({place(1): S.UNAVAILABLE, place(2): S.UNAVAILABLE}, WHOLE_STATION, False, True),  # G04.FR.07
        # 1.6 section 4.9: the status of connector 0 has no direct connection to that of the others.
        ({WHOLE_STATION: S.UNAVAILABLE, place(1): S.OCCUPIED}, WHOLE_STATION, False, False),
        ({WHOLE_STATION: S.UNAVAILABLE}, WHOLE_STATION, False, True),
        ({}, WHOLE_STATION, False, False),
        ({}, WHOLE_STATION, True, False),
        ({place(1): S.UNAVAILABLE, place(2): S.AVAILABLE}, WHOLE_STATION, True, True),  # G04.FR.08
        ({place(1): S.UNAVAILABLE}, place(1), True, False),
    ],
)
def test_an_order_has_taken_effect_when_the_connectors_say_so(
    states: dict[Place, ConnectorState], whole: Place, operative: bool, expected: bool
) -> None:
    live = live_of(*(notice(NOW, where, state) for where, state in states.items()))
    assert has_happened(live.conditions, whole, operative=operative) is expected


def test_a_place_is_within_itself_its_evse_and_its_station() -> None:
    assert within(place(1), place(1))
    assert within(place(1), place(1, None))
    assert within(place(1), WHOLE_STATION)
    assert not within(place(1), place(1, 2))
    assert not within(place(1), place(2, None))
    assert not within(place(1, None), place(1))


def test_the_worst_word_stands_for_all() -> None:
    assert worst(["Accepted", "Scheduled"]) == "Scheduled"
    assert worst(["Accepted", "Rejected", "Scheduled"]) == "Rejected"
    assert worst(["Accepted"]) == "Accepted"


def test_a_connector_is_named_with_its_evse() -> None:
    with pytest.raises(Invalid) as refused:
        ChangeAvailability(False, connector_id=1)
    assert dict(refused.value.fields) == {"evseId": "a connector belongs to an EVSE: name it"}
    assert ChangeAvailability(False).place == WHOLE_STATION
    assert ChangeAvailability(False, 2).place == place(2, None)
    assert ChangeAvailability(False, 2, 1).place == place(2)


def test_every_template_says_where_it_is_known_from() -> None:
    assert all(row.source and row.is_template for row in ROWS)
