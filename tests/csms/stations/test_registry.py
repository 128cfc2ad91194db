"""Who exists and who is connected."""

from __future__ import annotations

import pytest

from forecourt.csms.stations.model import StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.errors import NotFound, Offline
from forecourt.ocpp.versions import V16
from tests.csms.blocks.availability.world import link_of, station_of


def test_a_station_is_found_by_both_of_its_names_until_it_is_forgotten() -> None:
    stations, one = Stations(), station_of()
    stations.add(one)
    assert stations.named("CS1") is one
    assert stations.of_key(StationKey(1)) is one
    assert list(stations) == [one]
    stations.forget(one)
    assert stations.named("CS1") is None
    assert len(stations) == 0
    with pytest.raises(NotFound):
        stations.of_key(StationKey(1))


def test_a_station_is_one_object() -> None:
    stations = Stations()
    stations.add(station_of())
    with pytest.raises(ValueError, match="CS1"):
        stations.add(station_of())
    assert len(stations) == 1


def test_a_station_that_is_not_connected_is_offline() -> None:
    stations, one = Stations(), station_of()
    stations.add(one)
    with pytest.raises(Offline):
        stations.link_of(one)
    assert stations.link_if_any(one) is None


def test_a_later_connection_takes_over_and_the_end_of_the_earlier_one_changes_nothing() -> None:
    stations, one = Stations(), station_of()
    (first, _), (second, _) = link_of(V16, {}, {}, one), link_of(V16, {}, {}, one)
    assert stations.enter(first) is None
    assert stations.enter(second) is first
    assert not stations.leave(first)
    assert stations.link_of(one) is second
    assert (stations.connected, stations.links()) == (1, [second])
    assert stations.leave(second)
    assert not stations.leave(second)
    assert stations.connected == 0
