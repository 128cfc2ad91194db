"""Of a storm of boots only so many stations are asked at once for what is missing."""

from __future__ import annotations

from forecourt.csms.blocks.provisioning.actions import Pace


def test_a_burst_is_taken_and_then_so_many_a_second() -> None:
    pace = Pace(most=4, per_s=2.0, burst=3.0)
    assert [pace.takes(100.0) for _ in range(5)] == [True, True, True, False, False]
    assert not pace.takes(100.4)
    assert pace.takes(100.5)
    assert not pace.takes(100.6)
    assert [pace.takes(200.0) for _ in range(5)] == [True, True, True, False, False]


def test_never_more_at_once_than_allowed() -> None:
    pace = Pace(most=2, per_s=2.0, burst=10.0, now=2)
    assert not pace.takes(1.0)
    pace.now = 1
    assert pace.takes(1.0)
