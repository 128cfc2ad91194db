"""Stations found by a text in what they are called."""

from __future__ import annotations

import pytest

from forecourt.csms.stations.model import OrganisationKey, Station, StationKey
from forecourt.csms.stations.names import Names

MANY = 1100


def station(key: int, name: str = "", serial_number: str = "") -> Station:
    return Station(StationKey(key), f"CS{key:04}", OrganisationKey(1), name=name, serial_number=serial_number)


def known(*stations: Station) -> Names:
    names = Names()
    for one in stations:
        names.add(one)
    return names


def keys(names: Names, text: str) -> list[int]:
    return [one.key for one in names.holding(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cs0001", [1]),
        ("CS000", [1, 2, 3]),
        ("garden", [1, 2]),
        ("GARDEN GATE", [1]),
        ("sn-1", [3]),
        ("sN-1x", []),
        ("STRASSE", [2]),
        ("straße", [2]),
        ("ゲート", [3]),
        ("0", [1, 2, 3]),
        ("", [1, 2, 3]),
        # What ends the names of one station and begins those of the next.
        ("gatecs", []),
        ("gate\0cs", []),
        ("gate\n\0cs0002", [1]),
    ],
)
def test_a_text_is_found_anywhere_in_what_a_station_is_called_and_each_station_once(
    text: str, found: list[int]
) -> None:
    names = known(station(1, "Garden gate"), station(2, "Gardenstraße 0 00 000"), station(3, "ゲート", "SN-1"))
    assert keys(names, text) == found


def test_many_are_found_as_if_they_were_looked_through_one_by_one() -> None:
    stations = [station(key, f"Place {key * 7 % 100}", f"SN{key * 13}") for key in range(MANY)]
    names = known(*stations)
    for text in ("cs0999", "cs09", "place 9", "13", "99", "sn", "e", "nowhere"):
        assert keys(names, text) == [one.key for one in stations if text in one.called.casefold()]


def test_a_change_is_known_to_the_next_search() -> None:
    stations = [station(key, "North") for key in range(MANY)]
    names = known(*stations)
    assert keys(names, "south") == []
    stations[3].know_as(name="South")
    stations[MANY - 1].know_as(serial_number="SOUTH-1")
    assert keys(names, "south") == [3, MANY - 1]
    names.add(station(MANY, "Southern"))
    assert keys(names, "south") == [3, MANY - 1, MANY]
    names.forget(stations[3])
    stations[3].know_as(name="South again")
    stations[MANY - 1].know_as(serial_number="")
    assert keys(names, "south") == [MANY]
    assert len(keys(names, "north")) == MANY - 1


def test_whoever_has_gone_is_not_found_even_if_all_have() -> None:
    stations = [station(key) for key in range(3)]
    names = known(*stations)
    for one in stations:
        names.forget(one)
    assert keys(names, "cs") == []
    with pytest.raises(ValueError, match="CS0001"):
        names.forget(stations[1])
    names.add(stations[1])
    assert keys(names, "cs") == [1]
