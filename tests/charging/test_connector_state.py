from itertools import product

import pytest

from forecourt.charging.connector_state import (
    MEANINGS,
    TRANSITIONS,
    ChargingState,
    ConnectorState,
    Habit,
    Happening,
    Make,
    Meaning,
    Status,
    after,
    meaning,
    of_connector,
)

S, H = ConnectorState, Happening


@pytest.mark.parametrize(
    ("before", "happening", "facts", "expected"),
    [
        (S.AVAILABLE, H.PLUGGED_IN, {"plugged_in": True}, S.OCCUPIED),  # G01.FR.03
        (S.OCCUPIED, H.UNPLUGGED, {"plugged_in": False}, S.AVAILABLE),  # G01.FR.04
        (S.OCCUPIED, H.UNPLUGGED, {"plugged_in": False, "operative": False}, S.UNAVAILABLE),  # G01.FR.05
        (S.RESERVED, H.PLUGGED_IN, {"plugged_in": True}, S.RESERVED),  # G01.FR.09
        (S.RESERVED, H.RESERVATION_USED, {"plugged_in": True}, S.OCCUPIED),  # G01.FR.06
        (S.RESERVED, H.RESERVATION_ENDED, {"plugged_in": False}, S.AVAILABLE),
        (S.RESERVED, H.RESERVATION_ENDED, {"plugged_in": True}, S.OCCUPIED),
        (S.UNAVAILABLE, H.PLUGGED_IN, {"plugged_in": True}, S.UNAVAILABLE),
        (S.UNAVAILABLE, H.MADE_OPERATIVE, {"plugged_in": True}, S.OCCUPIED),
        (S.UNAVAILABLE, H.MADE_OPERATIVE, {"plugged_in": False, "reserved": True}, S.RESERVED),
        (S.FAULTED, H.FAULT_CLEARED, {"plugged_in": True}, S.OCCUPIED),
        (S.FAULTED, H.FAULT_CLEARED, {"plugged_in": False, "operative": False}, S.UNAVAILABLE),
        (S.FAULTED, H.FAULT_CLEARED, {"plugged_in": True, "reserved": True}, S.RESERVED),
        (S.FAULTED, H.UNPLUGGED, {"plugged_in": False}, S.FAULTED),
        (S.OCCUPIED, H.FAULT, {"plugged_in": True}, S.FAULTED),
        (S.OCCUPIED, H.MADE_INOPERATIVE, {"plugged_in": True, "operative": False}, S.UNAVAILABLE),
    ],
)
def test_a_connector_changes_its_state_as_G01_says(
    before: ConnectorState, happening: Happening, facts: dict[str, bool], expected: ConnectorState
) -> None:
    assert after(before, happening, **facts) is expected


def test_a_fault_leads_from_every_state_to_faulted_and_only_its_end_leads_out() -> None:
    assert TRANSITIONS.keys() == set(ConnectorState)
    for state in set(ConnectorState) - {S.FAULTED}:
        assert TRANSITIONS[state][H.FAULT] is S.FAULTED
    assert set(TRANSITIONS[S.FAULTED]) == {H.FAULT_CLEARED}


def test_whatever_happens_an_inoperative_connector_never_becomes_free_or_occupied() -> None:
    for state, happening in product((S.UNAVAILABLE, S.FAULTED), Happening):
        for plugged_in, reserved in product((True, False), (True, False)):
            assert not after(state, happening, plugged_in=plugged_in, operative=False, reserved=reserved).operative


@pytest.mark.parametrize(
    ("status", "state", "plugged_in", "charging"),
    [
        ("Available", S.AVAILABLE, False, ChargingState.IDLE),
        ("Preparing", S.OCCUPIED, None, None),
        ("Charging", S.OCCUPIED, True, ChargingState.CHARGING),
        ("SuspendedEV", S.OCCUPIED, True, ChargingState.SUSPENDED_EV),
        ("SuspendedEVSE", S.OCCUPIED, True, ChargingState.SUSPENDED_EVSE),
        ("Finishing", S.OCCUPIED, None, None),
        ("Reserved", S.RESERVED, None, None),
        ("Unavailable", S.UNAVAILABLE, None, None),
        ("Faulted", S.FAULTED, None, None),
    ],
)
def test_a_status_of_1_6_means_what_the_specification_says_and_no_more(
    status: str, state: ConnectorState, plugged_in: bool | None, charging: ChargingState | None
) -> None:
    found = meaning(Status(status))
    assert found == Meaning(state, plugged_in, charging)
    assert found.occupied is (state is S.OCCUPIED)


def test_every_status_of_1_6_has_a_meaning() -> None:
    assert MEANINGS.keys() == set(Status)
    assert len(Status) == 9


ACME = Habit(vendor="Acme", status=Status.PREPARING, plugged_in=True, charging=ChargingState.EV_CONNECTED)
ACME_WALL = Habit(vendor="ACME", model="Wall", status=Status.PREPARING, plugged_in=False)
ACME_WALL_2 = Habit(vendor="acme", model="Wallbox", firmware="2.", status=Status.PREPARING, plugged_in=None)
ANYBODY = Habit(status=Status.FINISHING, plugged_in=True)
LYING = Habit(vendor="Odd", status=Status.UNAVAILABLE, plugged_in=False, state=S.AVAILABLE)
BRAND = Habit(vendor="Brand", status=Status.CHARGING, plugged_in=False)
UNIVERSAL = Habit(model="Universal", status=Status.CHARGING, plugged_in=None)
HABITS = (ACME, ACME_WALL, ACME_WALL_2, ANYBODY, LYING, BRAND, UNIVERSAL)


@pytest.mark.parametrize(
    ("make", "status", "plugged_in"),
    [
        (Make("ACME", "Pole", "1.0"), Status.PREPARING, True),
        (Make("acme", "wallbox", "1.0"), Status.PREPARING, False),
        (Make("acme", "Wallbox XL", "2.7"), Status.PREPARING, None),
        (Make("Other", "Wallbox", "2.7"), Status.PREPARING, None),
        (Make("Other"), Status.FINISHING, True),
        (Make("Brand", "Universal charger"), Status.CHARGING, False),
        (Make("Another", "Universal charger"), Status.CHARGING, None),
        (Make("acme"), Status.FINISHING, True),
        (Make("acme"), Status.CHARGING, True),
    ],
)
def test_the_most_precise_habit_that_fits_a_station_decides(
    make: Make, status: Status, plugged_in: bool | None
) -> None:
    assert meaning(status, habits=HABITS, make=make).plugged_in is plugged_in
    assert meaning(status, habits=HABITS[::-1], make=make).plugged_in is plugged_in


def test_a_habit_says_how_charging_stands_and_may_change_the_state() -> None:
    assert meaning(Status.PREPARING, habits=HABITS, make=Make("Acme")).charging is ChargingState.EV_CONNECTED
    assert meaning(Status.UNAVAILABLE, habits=HABITS, make=Make("Odd")) == Meaning(S.AVAILABLE, False)
    assert meaning(Status.FINISHING, habits=HABITS) == Meaning(S.OCCUPIED, True)


@pytest.mark.parametrize("status", [Status.SUSPENDED_EV, Status.FINISHING])
def test_a_cable_pulled_out_of_the_vehicle_is_not_plugged_in_whatever_the_status(status: Status) -> None:
    found = meaning(status, info="EV side disconnected", habits=HABITS, make=Make("Acme"))
    assert found == Meaning(S.OCCUPIED, False, ChargingState.IDLE)
    assert meaning(status, info="all is well").state is S.OCCUPIED


@pytest.mark.parametrize(
    ("state", "charging", "plugged_in", "told"),
    [
        (S.OCCUPIED, None, True, None),
        (S.AVAILABLE, None, False, ChargingState.IDLE),
        (S.RESERVED, None, None, None),
        (S.UNAVAILABLE, None, None, None),
        (S.FAULTED, None, None, None),
        (S.OCCUPIED, ChargingState.SUSPENDED_EVSE, True, ChargingState.SUSPENDED_EVSE),
        (S.OCCUPIED, ChargingState.IDLE, False, ChargingState.IDLE),
        (S.FAULTED, ChargingState.EV_CONNECTED, True, ChargingState.EV_CONNECTED),
    ],
)
def test_in_2_x_the_charging_state_says_more_than_the_state_of_the_connector(
    state: ConnectorState, charging: ChargingState | None, plugged_in: bool | None, told: ChargingState | None
) -> None:
    assert of_connector(state, charging) == Meaning(state, plugged_in, told)
