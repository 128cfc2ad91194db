"""Coming online and staying there: back-off, heartbeats, security events, a week of a link that comes and goes."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V201
from forecourt.station.link import Route
from forecourt.station.outbox import MOST_KEPT, ROOM
from tests.station.rig import Rig


def test_the_wait_before_the_next_connection_doubles_up_to_a_limit_and_has_a_random_part() -> None:
    rig = Rig(V201)
    for name, value in (
        ("RetryBackOffWaitMinimum", "10"),
        ("RetryBackOffRandomRange", "4"),
        ("RetryBackOffRepeatTimes", "3"),
    ):
        rig.set(f"OCPPCommCtrlr.{name}", value)
    tried: list[float] = []
    rig.station.link = Watched(tried, rig)  # type: ignore[assignment]  # a stand-in that passes everything on
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(500)
    waits = [later - earlier for earlier, later in pairwise(tried)]
    for wait, minimum in zip(waits, [20, 40, 80, 80], strict=False):
        assert minimum <= wait <= minimum + 4.1
    assert len({round(wait - minimum, 2) for wait, minimum in zip(waits, [20, 40, 80, 80], strict=False)}) > 1


class Watched:
    """The link of a rig, noting when it is opened."""

    def __init__(self, tried: list[float], rig: Rig) -> None:
        self._tried = tried
        self._rig = rig

    def open(self, route: Route) -> None:
        self._tried.append(self._rig.time.monotonic())
        self._rig.link.open(route)

    def __getattr__(self, name: str) -> object:
        return getattr(self._rig.link, name)


def test_A04_the_start_and_a_new_password_are_told_as_security_events() -> None:
    rig = Rig(V201, start=False)
    rig.powered.power_on()
    rig.time.advance(5)
    assert [event.type for event in rig.of(v2.SecurityEventNotification)] == ["StartupOfTheDevice"]
    rig.fresh()
    rig.set("SecurityCtrlr.BasicAuthPassword", "0123456789abcdef")
    rig.time.advance(60)
    assert rig.last(v2.SecurityEventNotification).type == "ReconfigurationOfSecurityParameters"
    # Connected anew, and since it is the same start, not booted again.
    assert rig.station.online
    assert not rig.of(v2.BootNotification)


def test_G02_a_station_that_talks_does_not_beat() -> None:
    rig = Rig(V16)
    rig.set("HeartbeatInterval", "60")
    rig.set("MeterValueSampleInterval", "30")
    rig.session(seconds=600)
    assert not rig.of(v16.Heartbeat)
    assert len(rig.of(v16.MeterValues)) >= 19
    rig.hardware.swipe("TAG001")
    rig.time.advance(600)
    assert len(rig.of(v16.Heartbeat)) >= 9


@pytest.mark.parametrize("version", [V16, V201], ids=str)
def test_a_week_of_a_link_that_comes_and_goes_loses_nothing_and_keeps_nothing(version: object) -> None:
    rig = Rig(version)  # type: ignore[arg-type]
    rig.set("AllowOfflineTxForUnknownId" if version is V16 else "AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    chance = random.Random(3)
    begun = 0
    for hour in range(24 * 7):
        rig.link.up = chance.random() < 0.6
        rig.link.cut()
        if hour % 6 == 0:
            rig.hardware.plug()
            rig.hardware.swipe("TAG001")
        if hour % 6 == 3:
            rig.hardware.swipe("TAG001")
            rig.hardware.unplug()
        rig.time.advance(3600)
        assert rig.station.outbox.waiting <= MOST_KEPT + ROOM
    rig.link.up = True
    rig.time.advance(3600)
    assert not rig.station.outbox.holds()
    assert not rig.station.outbox.numberings
    if version is V16:
        begun = len(rig.of(v16.StartTransaction))
        assert begun == len(rig.of(v16.StopTransaction))
    else:
        told: dict[str, set[int]] = {}
        for event in rig.of(v2.TransactionEvent):
            told.setdefault(event.transaction_info.transaction_id, set()).add(event.seq_no)
        assert all(numbers == set(range(len(numbers))) for numbers in told.values())
        begun = len(told)
    assert begun > 10
