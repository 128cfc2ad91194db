"""The order of entries: first come first served, with exceptions for those in the way and those under suspicion."""

from __future__ import annotations

from forecourt.csms.store.entry import Entry
from forecourt.csms.store.lineup import Lineup, halved


def entries(*keys: str | None) -> list[Entry]:
    return [Entry(key, deadline=10.0) for key in keys]


def lineup(waiting: list[Entry]) -> Lineup:
    made = Lineup()
    for entry in waiting:
        made.join(entry)
    return made


def test_entries_are_taken_together_in_the_order_they_came_and_no_more_than_fit() -> None:
    first, second, third = waiting = entries("a", "b", "a")
    line = lineup(waiting)
    assert line.take(2, 0.0) == [[first, second]]
    assert line.take(2, 0.0) == [[third]]
    assert line.take(2, 0.0) == [[]]
    assert len(line) == 0


def test_a_suspect_goes_alone_after_the_others_until_it_is_trusted_again() -> None:
    odd, fine, again = waiting = entries("odd", "fine", "odd")
    line = lineup(waiting)
    line.suspect("odd", now=0.0)
    assert line.take(9, 59.0) == [[again], [odd], [fine]]
    line = lineup(waiting)
    line.suspect("odd", now=0.0)
    assert line.take(9, 61.0) == [waiting]


def test_nobody_in_particular_is_never_under_suspicion() -> None:
    waiting = entries(None, "a")
    line = lineup(waiting)
    line.suspect(None, now=0.0)
    assert line.take(9, 0.0) == [waiting]


def test_who_was_put_off_comes_back_alone_and_before_its_later_entries() -> None:
    stuck, other, later = waiting = entries("stuck", "other", "stuck")
    line = lineup(waiting)
    line.take(1, 0.0)
    line.put_off(stuck, now=0.0)
    # Not yet: what belongs behind it goes alone too, and joins it when its turn comes.
    assert line.take(9, 0.5) == [[later], [other]]
    assert line.without_waiting([later]) == []
    assert line.without_waiting([other]) == [other]
    assert line.take(9, 1.0) == [[later], [stuck], []]
    assert not line.any_put_off


def test_at_the_end_nobody_waits_for_another_try() -> None:
    (stuck,) = entries("stuck")
    line = Lineup()
    line.put_off(stuck, now=0.0)
    assert line.take(9, 0.0) == [[]]
    assert line.take(9, 0.0, all_due=True) == [[stuck], []]


def test_what_could_not_be_written_goes_first_next_time_unless_its_caller_was_turned_away() -> None:
    first, gone, second, third = entries("a", "b", "c", "d")
    line = lineup([third])
    gone.expired = True
    line.return_to_front([first, gone, second])
    assert line.take(9, 0.0) == [[first, second, third]]


def test_entries_leave_when_their_deadline_has_passed() -> None:
    late, stuck, early = entries("a", "b", "c")
    late.deadline = stuck.deadline = 1.0
    line = lineup([late, early])
    line.put_off(stuck, now=0.0)
    assert line.expire(0.5) == []
    assert line.expire(1.0) == [late, stuck]
    assert not line.any_put_off
    assert line.expire(1.0, everything=True) == [early]
    assert len(line) == 0


def test_a_part_that_failed_is_halved_and_its_first_half_is_next() -> None:
    first, second, third, rest = entries("a", "b", "c", "d")
    parts = [[rest], [first, second, third]]
    halved(parts)
    assert parts == [[rest], [second, third], [first]]
