"""Which EVSEs are kept free, against trying all ways; and reservations over a loss of power at any moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.ids import EvseId
from forecourt.charging.tokens import Token
from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21
from forecourt.station.blocks.reservation.model import Reservation, Spot, kept, placed
from tests.station.rig import Rig
from tests.station.test_power_cut import Failing, PowerCut

KINDS = ("sType2", "cCCS2")
SPOTS = st.lists(
    st.sets(st.sampled_from(KINDS), min_size=1).map(lambda kinds: tuple(sorted(kinds))), max_size=4
).map(lambda every: [Spot(EvseId(number), kinds) for number, kinds in enumerate(every, 1)])  # fmt: skip
RESERVATIONS = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(1, 4)), st.one_of(st.none(), st.sampled_from(KINDS))), max_size=4
).map(
    lambda every: [
        Reservation(
            id=number,
            token=Token(f"T{number}"),
            expires_at=datetime(2030, 1, 1, tzinfo=UTC),
            evse_id=None if evse is None else EvseId(evse),
            connector_kind=kind,
        )
        for number, (evse, kind) in enumerate(every)
    ]
)


def possible(reservations: list[Reservation], spots: list[Spot]) -> bool:
    """Whether any way of seating works."""
    return any(
        all(spot.suits(one) for one, spot in zip(reservations, seats, strict=False))
        for seats in permutations(spots, len(reservations))
    )


@given(RESERVATIONS, SPOTS)
def test_H01_FR_07_09_each_reservation_has_an_EVSE_of_its_own_if_that_can_be(
    reservations: list[Reservation], spots: list[Spot]
) -> None:
    found = placed(reservations, spots)
    assert (found is not None) == possible(reservations, spots)
    if found is not None:
        by_id = {spot.evse_id: spot for spot in spots}
        assert len(set(found.values())) == len(reservations)
        assert all(by_id[found[one.id]].suits(one) for one in reservations)


@given(RESERVATIONS, SPOTS)
def test_H01_FR_20_24_an_EVSE_is_kept_free_exactly_when_the_others_do_not_suffice(
    reservations: list[Reservation], spots: list[Spot]
) -> None:
    if not possible(reservations, spots):
        return
    for spot in spots:
        others = [one for one in spots if one is not spot]
        assert (spot.evse_id in kept(reservations, spots)) == (not possible(reservations, others))


def test_power_may_fail_at_any_moment_of_making_and_using_a_reservation() -> None:
    """What was accepted holds afterwards; a reservation that was used is not there again."""
    cut_at, done = 1, False
    while not done:
        storage = Failing()
        rig = Rig(V21, storage=storage)
        storage.count, storage.at, done, accepted = 0, cut_at, True, False
        ask = v2.ReserveNow(
            id=7,
            expiry_date_time=rig.time.now() + timedelta(hours=1),
            id_token=v2.IdToken(id_token="TAG001", type="ISO14443"),
            evse_id=1,
        )
        used = False
        for step in ("reserve", "swipe", "plug"):
            try:
                if step == "reserve":
                    accepted = rig.ask(ask).status == "Accepted"
                elif step == "swipe":
                    rig.hardware.swipe("TAG001")
                    rig.time.advance(2)
                else:
                    rig.hardware.plug()
                    rig.time.advance(5)
            except PowerCut:
                done = False
                rig.powered.cut_power()
                rig.time.advance(10)
                rig.powered.power_on()
                rig.time.advance(5)
            reserved = rig.station.bays[EvseId(1)].reserved
            used = used or any(isinstance(event.reservation_id, int) for event in rig.of(v2.TransactionEvent))
            if step == "reserve" and accepted:
                assert reserved
            if used:
                assert not reserved
        assert used or not done
        cut_at += 1
    assert cut_at > 10
