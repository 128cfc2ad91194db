"""What fits into one message, when values are the same, what a station consists of, how far a report has come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import Connector, Evse, Place, Topology
from forecourt.csms.blocks.provisioning.commands import (
    Criterion,
    GetVariables,
    Inventory,
    RequestReport,
    SetVariables,
)
from forecourt.csms.blocks.provisioning.model import KEYS_COMPONENT, Component, Given, Name, Variable
from forecourt.csms.blocks.provisioning.progress import Progress
from forecourt.csms.blocks.provisioning.rules import (
    Room,
    clock_is_off,
    grown,
    in_messages,
    pause_after,
    same_value,
    topology_of,
)
from forecourt.errors import Invalid

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("items", "room", "expected"),
    [
        ("", Room(4), []),
        ("abcd", Room(4), ["abcd"]),
        ("abcde", Room(4), ["abcd", "e"]),
        ("abc", Room(0), ["a", "b", "c"]),
        ("abc", Room(4, 102), ["ab", "c"]),
        ("abc", Room(4, 1), ["a", "b", "c"]),
        ("aab", Room(4), ["a", "ab"]),
    ],
)
def test_B05_FR_11_B05_FR_13_items_are_spread_over_messages(items: str, room: Room, expected: list[str]) -> None:
    spread = in_messages(items, room, size_of=lambda item: 1, same=lambda item: item)
    assert ["".join(some) for some in spread] == expected


@pytest.mark.parametrize(
    ("one", "other", "data_type", "same"),
    [
        ("60", "60", "", True),
        ("60", " 60 ", "", True),
        ("60", "60.0", "integer", True),
        ("60", "60.0", "", True),
        ("60", "61", "", False),
        ("true", "True", "", True),
        ("true", "false", "boolean", False),
        ("TRUE", "true", "boolean", True),
        ("a", "A", "string", False),
        ("a,b", "a, b", "", True),
        ("a,b", "b,a", "", False),
        ("a,b", "b,a", "MemberList", True),
        ("a,b", "b,a", "SequenceList", False),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "dateTime", False),
    ],
)
def test_values_mean_the_same_or_not(one: str, other: str, data_type: str, same: bool) -> None:
    assert same_value(one, other, data_type) is same


def test_failures_are_given_more_and_more_time_up_to_a_day() -> None:
    pauses = [pause_after(failures) for failures in range(12)]
    assert pauses[:3] == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]
    assert pauses[-1] == pause_after(10_000) == timedelta(hours=24)


@pytest.mark.parametrize(("ahead_s", "off"), [(0, False), (59, False), (-59, False), (61, True), (-61, True)])
def test_a_clock_is_off_beyond_a_bound_in_either_direction(ahead_s: int, off: bool) -> None:
    assert clock_is_off(NOW + timedelta(seconds=ahead_s), NOW) is off


def test_a_topology_grows_with_the_connectors_that_are_seen() -> None:
    assert grown(None, 2) == Topology.flat_default(2)
    assert grown(Topology.flat_default(2), 3) == Topology.flat_default(3)
    assert grown(Topology.flat_default(2), 2) is None
    assert grown(Topology.flat_default(2), 1) is None


@pytest.mark.parametrize("nonsense", [0, -1, 1_000_000])
def test_an_impossible_number_of_connectors_teaches_nothing(nonsense: int) -> None:
    assert grown(None, nonsense) is None


def test_a_topology_that_was_drawn_does_not_grow() -> None:
    evse = Evse(EvseId(1), (Connector(ConnectorId(1)), Connector(ConnectorId(2))))
    drawn = Topology((evse,), {1: Place(EvseId(1), ConnectorId(1)), 2: Place(EvseId(1), ConnectorId(2))})
    assert grown(drawn, 3) is None


def test_components_show_evses_and_their_connectors() -> None:
    shown = topology_of({1, 2}, {(1, 1): "cCCS2", (1, 2): "", (3, 1): ""})
    assert shown is not None
    assert [(evse.evse_id, [one.connector_id for one in evse.connectors]) for evse in shown.evses] == [
        (1, [1, 2]),
        (2, [1]),
        (3, [1]),
    ]
    assert shown.evses[0].connectors[0].kind == "cCCS2"
    assert shown.evses[0].connectors[1].kind is None


def test_components_with_impossible_numbers_show_nothing() -> None:
    assert topology_of(set(), {}) is None
    assert topology_of({0, -3}, {(1_000_000, 1): ""}) is None
    shown = topology_of({1}, {(1, 0): ""})
    assert shown is not None
    assert shown.evses[0].connectors == (Connector(ConnectorId(1)),)


@pytest.mark.parametrize(
    ("parts", "missing", "complete"),
    [
        ([], (), False),
        ([(0, False)], (), True),
        ([(0, True)], (), False),
        ([(0, True), (1, False)], (), True),
        ([(1, False), (0, True)], (), True),
        ([(0, True), (2, False)], (1,), False),
        ([(2, False)], (0, 1), False),
        ([(0, True), (0, True), (1, False)], (), True),
        # Counted from 1, against the specification.
        ([(1, True), (2, False)], (), True),
        # All with the number 0.
        ([(0, True), (0, True), (0, False)], (), True),
    ],
)
def test_B07_FR_10_a_report_is_complete_when_all_parts_have_come_in_any_order(
    parts: list[tuple[int, bool]], missing: tuple[int, ...], complete: bool
) -> None:
    progress = Progress()
    for number, more in parts:
        progress = progress.having(number, more=more)
    assert (progress.missing, progress.is_complete) == (missing, complete)


def test_a_part_with_a_huge_number_makes_no_huge_list() -> None:
    progress = Progress().having(2**62, more=False)
    assert len(progress.missing) == 100


def test_a_path_is_the_same_however_a_variable_is_spelt_and_another_for_another_place() -> None:
    assert Name.of("OCPPCommCtrlr", "RetryBackOffWaitMinimum").path == "ocppcommctrlr/retrybackoffwaitminimum"
    assert Name.of("EVSE", "Power").path == Name.of("evse", "POWER").path
    places = [
        Component("C"),
        Component("C", evse_id=1),
        Component("C", evse_id=1, connector_id=1),
        Component("C", instance="1"),
        Component("C", instance="1", evse_id=1),
    ]
    assert len({Name(place, Variable("V")).path for place in places}) == len(places)
    assert Name(Component("a/b"), Variable("c")).path != Name(Component("a"), Variable("b/c")).path
    assert Name(Component("a"), Variable("c", "1")).path != Name(Component("a"), Variable("c[1]")).path


@pytest.mark.parametrize(
    "values",
    [
        (),
        (Given(Component("C"), Variable("V"), "x" * 2_501),),
        (Given(Component("SecurityCtrlr"), Variable("BasicAuthPassword"), "x" * 20),),
        (Given(Component(KEYS_COMPONENT), Variable("authorizationkey"), "x" * 20),),
    ],
)
def test_what_cannot_be_set_this_way_is_refused_when_it_is_asked_for(values: tuple[Given, ...]) -> None:
    with pytest.raises(Invalid):
        SetVariables(values)


def test_a_command_for_nothing_is_refused() -> None:
    with pytest.raises(Invalid):
        GetVariables(())
    with pytest.raises(Invalid):
        RequestReport()
    with pytest.raises(Invalid):
        RequestReport(base=Inventory.FULL, criteria=(Criterion.PROBLEM,))
