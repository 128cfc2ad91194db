"""Finding the habits that fit a station. Pure."""

from __future__ import annotations

import pytest

from forecourt.charging.connector_state import Habit, Make, Status
from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import Place
from forecourt.csms.stations.habits.model import ORDINARY, Catalogue, Habits
from forecourt.csms.stations.habits.table import ROWS
from forecourt.csms.stations.model import OrganisationKey, Station, StationKey
from forecourt.errors import NotFound

ACME = Habits(name="acme", source="test", vendor="Acme", statuses=(Habit(status=Status.PREPARING, plugged_in=True),))
ACME_2 = Habits(name="acme-two", source="test", vendor="ACME", model="Two", strict=True)
ACME_2_OLD = Habits(name="acme-two-old", source="test", vendor="acme", model="two", firmware="1.")


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (Make("ACME", "One"), "acme"),
        (Make("acme", "TWO-22kW", "2.0"), "acme-two"),
        (Make("acme", "two", "1.7"), "acme-two-old"),
        (Make("acme and sons", "two"), "ordinary"),
        (Make(), "ordinary"),
    ],
)
def test_the_row_that_says_most_about_a_make_is_found(make: Make, name: str) -> None:
    catalogue = Catalogue([ACME, ACME_2, ACME_2_OLD])
    assert catalogue.of(make).name == name
    assert catalogue.of(make) is catalogue.of(make)


def test_what_an_operator_chose_for_a_model_comes_before_what_fits_by_itself() -> None:
    chosen = {("ACME", "Two"): "cable", ("Other", ""): "card"}
    catalogue = Catalogue([*ROWS, ACME, ACME_2], chosen)
    assert catalogue.of(Make("acme", "two")).name == "cable"
    assert catalogue.of(Make("acme", "one")).name == "acme"
    assert catalogue.of(Make("OTHER", "anything")).name == "card"


def test_a_template_holds_for_nobody_it_was_not_chosen_for() -> None:
    assert {Catalogue(ROWS).of(Make(vendor, "")).name for vendor in ("", "Acme")} == {"ordinary"}


def test_a_name_that_no_row_has_is_refused() -> None:
    with pytest.raises(NotFound):
        Catalogue(ROWS, {("Acme", ""): "acme"})
    with pytest.raises(ValueError, match="acme"):
        Catalogue([ACME, ACME])


def test_a_template_may_say_what_stations_consist_of() -> None:
    topology = Catalogue(ROWS).named("two-cables-one-evse").topology()
    assert topology is not None
    assert dict(topology.flat) == {n: Place(EvseId(1), ConnectorId(n)) for n in (1, 2)}
    assert ORDINARY.topology() is None


def test_all_rows_can_be_listed_to_choose_from() -> None:
    assert [row.name for row in Catalogue(ROWS).rows] == ["ordinary", "cable", "card", "two-cables-one-evse"]


@pytest.mark.parametrize("by_default", [False, True])
@pytest.mark.parametrize(
    ("own", "model", "strict"),
    [(None, "", None), (None, "Two", True), (False, "Two", False), (True, "", True)],
)
def test_how_a_station_is_read_is_said_of_it_of_its_make_or_of_all(
    own: bool | None, model: str, strict: bool | None, by_default: bool
) -> None:
    station = Station(StationKey(1), "CS1", OrganisationKey(1), vendor="acme", model=model, strict=own)
    expected = by_default if strict is None else strict
    assert Catalogue([ACME, ACME_2]).reads_strictly(station, by_default=by_default) is expected
