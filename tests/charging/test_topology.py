import pytest

from forecourt.charging.ids import STATION, ConnectorId, EvseId
from forecourt.charging.topology import WHOLE_STATION, Connector, Evse, Place, Topology
from forecourt.errors import Invalid, NotFound

E1, E2, E3 = EvseId(1), EvseId(2), EvseId(3)
C1, C2 = ConnectorId(1), ConnectorId(2)

DC_TWIN = Topology(
    (Evse(E1, (Connector(C1, "cCCS2"), Connector(C2, "cG105"))), Evse(E3, (Connector(C1, "sType2"),))),
    {1: Place(E1, C1), 2: Place(E1, C2), 3: Place(E3, C1)},
)


def test_by_default_connector_n_of_1_6_is_EVSE_n_connector_1() -> None:
    topology = Topology.flat_default(2)
    assert topology.of_flat(2) == Place(E2, C1)
    assert topology.to_flat(Place(E2, C1)) == 2
    assert topology.to_flat(Place(E2)) == 2
    assert [evse.evse_id for evse in topology.evses] == [1, 2]


def test_connector_0_is_the_station() -> None:
    assert DC_TWIN.of_flat(0) == WHOLE_STATION
    assert DC_TWIN.to_flat(WHOLE_STATION) == 0
    assert DC_TWIN.has(WHOLE_STATION)
    assert not DC_TWIN.has(Place(STATION, C1))


def test_several_connectors_of_one_EVSE_have_their_own_numbers() -> None:
    assert [DC_TWIN.of_flat(number) for number in (1, 2, 3)] == [Place(E1, C1), Place(E1, C2), Place(E3, C1)]
    assert DC_TWIN.to_flat(Place(E1, C2)) == 2
    assert DC_TWIN.siblings(Place(E1, C1)) == (Place(E1, C2),)
    assert DC_TWIN.siblings(Place(E3, C1)) == ()


@pytest.mark.parametrize("place", [Place(E1), Place(E1, C1), Place(E3, C1)])
def test_a_place_of_the_station_is_known(place: Place) -> None:
    assert DC_TWIN.has(place)


@pytest.mark.parametrize("place", [Place(E2), Place(E2, C1), Place(E3, C2)])
def test_a_place_that_the_station_lacks_is_not_known(place: Place) -> None:
    assert not DC_TWIN.has(place)


def test_an_EVSE_with_several_numbers_needs_a_connector_named() -> None:
    with pytest.raises(Invalid, match="connector_ambiguous"):
        DC_TWIN.to_flat(Place(E1))


@pytest.mark.parametrize("number", [4, -1, 99])
def test_a_number_that_is_not_in_the_map_is_not_found(number: int) -> None:
    with pytest.raises(NotFound, match="connector_unknown"):
        DC_TWIN.of_flat(number)


def test_a_place_without_number_is_not_found() -> None:
    with pytest.raises(NotFound, match="connector_unknown"):
        Topology(DC_TWIN.evses).to_flat(Place(E3, C1))


def test_an_unknown_EVSE_is_not_found() -> None:
    assert DC_TWIN.evse(E3).connectors == (Connector(C1, "sType2"),)
    with pytest.raises(NotFound, match="evse_unknown"):
        DC_TWIN.evse(E2)


@pytest.mark.parametrize(
    ("evses", "flat", "code"),
    [
        ((Evse(E1, (Connector(C1),)), Evse(E1, (Connector(C1),))), {}, "evse_twice"),
        ((Evse(E1, (Connector(C1), Connector(C1))),), {}, "connector_twice"),
        ((Evse(E1, ()),), {}, "evse_without_connector"),
        ((Evse(EvseId(0), (Connector(C1),)),), {}, "evse_not_positive"),
        ((Evse(E1, (Connector(ConnectorId(0)),)),), {}, "connector_not_positive"),
        ((Evse(E1, (Connector(C1),)),), {1: Place(E2, C1)}, "flat_number_astray"),
        ((Evse(E1, (Connector(C1),)),), {1: Place(E1, C2)}, "flat_number_astray"),
        ((Evse(E1, (Connector(C1),)),), {1: Place(E1)}, "flat_number_astray"),
        ((Evse(E1, (Connector(C1),)),), {0: Place(E1, C1)}, "flat_number_astray"),
        ((Evse(E1, (Connector(C1),)),), {1: WHOLE_STATION}, "flat_number_astray"),
        ((Evse(E1, (Connector(C1),)),), {1: Place(E1, C1), 2: Place(E1, C1)}, "flat_number_twice"),
    ],
)
def test_a_topology_that_contradicts_itself_is_refused(
    evses: tuple[Evse, ...], flat: dict[int, Place], code: str
) -> None:
    with pytest.raises(Invalid, match=code) as caught:
        Topology(evses, flat)
    assert caught.value.fields


def test_the_map_of_a_topology_cannot_be_changed_from_outside() -> None:
    flat = {1: Place(E1, C1)}
    topology = Topology((Evse(E1, (Connector(C1),)),), flat)
    flat[2] = Place(E1, C1)
    assert dict(topology.flat) == {1: Place(E1, C1)}


@pytest.mark.parametrize(
    ("place", "text"),
    [(WHOLE_STATION, "station"), (Place(E2), "EVSE 2"), (Place(E2, C1), "EVSE 2, connector 1")],
)
def test_a_place_has_words(place: Place, text: str) -> None:
    assert str(place) == text
