"""A database that goes away: held for a while, then stations are sent away until it is back."""

from __future__ import annotations

import pytest

from forecourt.clock import VirtualClock
from forecourt.csms.gateway.database import Availability


class Watched:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.sent_away = 0
        self.availability = Availability(self.clock, 15.0, self.send_away)

    def send_away(self) -> None:
        self.sent_away += 1


@pytest.fixture
def watched() -> Watched:
    return Watched()


async def test_a_database_that_is_back_in_time_is_not_noticed_by_stations(watched: Watched) -> None:
    watched.availability.change(False)
    await watched.clock.advance(14.9)
    assert watched.availability.is_available()
    watched.availability.change(True)
    await watched.clock.advance(100)
    assert (watched.availability.is_available(), watched.sent_away) == (True, 0)


async def test_after_the_hold_stations_are_sent_away_and_none_is_let_in(watched: Watched) -> None:
    watched.availability.change(False)
    await watched.clock.advance(15.0)
    assert (watched.availability.is_available(), watched.sent_away) == (False, 1)


async def test_stations_are_let_in_as_soon_as_the_database_is_back(watched: Watched) -> None:
    watched.availability.change(False)
    await watched.clock.advance(60.0)
    watched.availability.change(True)
    assert watched.availability.is_available()
    await watched.clock.advance(60.0)
    assert watched.sent_away == 1


async def test_hearing_twice_that_it_is_away_does_not_prolong_the_hold(watched: Watched) -> None:
    watched.availability.change(False)
    await watched.clock.advance(10.0)
    watched.availability.change(False)
    await watched.clock.advance(5.0)
    assert (watched.availability.is_available(), watched.sent_away) == (False, 1)


async def test_every_absence_has_a_hold_of_its_own(watched: Watched) -> None:
    watched.availability.change(False)
    await watched.clock.advance(10.0)
    watched.availability.change(True)
    watched.availability.change(False)
    await watched.clock.advance(14.9)
    assert watched.sent_away == 0
    await watched.clock.advance(0.1)
    assert watched.sent_away == 1
