"""Following the message log: nobody waits for a follower, and nothing is told that is not on record."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from forecourt.clock import SYSTEM
from forecourt.csms.gateway.tail import MOST_HELD, Followed, Follower, Tail
from forecourt.csms.stations.model import Station
from forecourt.csms.store.rows import Row
from forecourt.csms.store.scopes import Scope
from forecourt.csms.store.work import Work

EVERYTHING = Scope(organisations=None)
STATION = cast(Station, SimpleNamespace(key=7, organisation=1, site=3))


def row(**values: Any) -> Row:
    """A row of the log."""
    told = {"caller": "station", "action": "Heartbeat", "request": "{}", "answer": "", "error": "", **values}
    names = ("caller", "version", "message_id", "action", "request", "answer", "error")
    return (None, 7, 1, *(told.get(name, "") for name in names), 0)


class Unit:
    """A unit of work that is committed when the test says so."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.functions: list[Any] = []

    def add(self, kind: object, *rows: Row) -> None:
        self.rows += rows

    def on_commit(self, function: Any) -> None:
        self.functions.append(function)

    def commit(self) -> None:
        for function in self.functions:
            function()


def write(tail: Tail, told: Row) -> Unit:
    """Log a row."""
    unit = Unit()
    tail.log(cast(Work, unit), STATION, told)
    return unit


async def heard(follower: Follower) -> tuple[list[Row], int]:
    """What a follower is told next."""
    async for told in follower.lines():
        return list(told.rows), told.missed
    raise EOFError


async def test_a_row_is_told_once_it_is_on_record() -> None:
    tail = Tail(SYSTEM)
    follower = tail.follow(Followed(scope=EVERYTHING), "me")
    failed, kept = write(tail, row(action="Lost")), write(tail, row(action="Kept"))
    assert (len(failed.rows), len(kept.rows)) == (1, 1)
    kept.commit()
    assert await heard(follower) == ([row(action="Kept")], 0)


async def test_who_is_slow_is_told_how_much_was_left_out() -> None:
    tail = Tail(SYSTEM)
    follower = tail.follow(Followed(scope=EVERYTHING), "me")
    for _ in range(MOST_HELD + 3):
        write(tail, row()).commit()
    rows, missed = await heard(follower)
    assert (len(rows), missed) == (MOST_HELD, 3)


async def test_a_follower_that_has_left_costs_nothing_and_the_end_of_the_tail_ends_all() -> None:
    tail = Tail(SYSTEM)
    gone, there = (tail.follow(Followed(scope=EVERYTHING), name) for name in ("gone", "there"))
    gone.close()
    assert (tail.followers, tail.followers_of("there"), tail.followers_of("gone")) == (1, 1, 0)
    there.close()
    assert write(tail, row()).functions == []
    tail.close()
    assert [told async for told in there.lines()] == []


@pytest.mark.parametrize(
    ("followed", "taken"),
    [
        (Followed(scope=EVERYTHING), True),
        (Followed(scope=EVERYTHING, station=7, caller="station", action="Heartbeat", failed=False), True),
        (Followed(scope=EVERYTHING, station=8), False),
        (Followed(scope=EVERYTHING, caller="csms"), False),
        (Followed(scope=EVERYTHING, action="Boot"), False),
        (Followed(scope=EVERYTHING, failed=True), False),
        (Followed(scope=EVERYTHING, words="ACME"), True),
        (Followed(scope=EVERYTHING, words="100%"), False),
        (Followed(scope=Scope(frozenset({1}))), True),
        (Followed(scope=Scope(frozenset({2}))), False),
        (Followed(scope=Scope(frozenset({1}), sites=frozenset({3}))), True),
        (Followed(scope=Scope(frozenset({1}), sites=frozenset({4}))), False),
        (Followed(scope=Scope(frozenset({1}), sites=frozenset({4}), whole=frozenset({1}))), True),
    ],
)
def test_a_follower_takes_what_its_filters_leave_and_may_be_seen(followed: Followed, taken: bool) -> None:
    assert followed.takes(STATION, row(request='{"vendorId":"acme"}')) is taken
