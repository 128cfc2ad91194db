"""A disk that is full: the station says nothing it could not keep, starts anew, and goes on when there is room."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V201
from forecourt.station.storage import Memory, Shelf, Sqlite, StorageFailed
from tests.station.rig import Rig

V = TypeVar("V")
WORDS: Shelf[str] = Shelf("words", str)


class Full(Memory):
    """Takes nothing while it is full."""

    __slots__ = ("full",)

    def __init__(self) -> None:
        super().__init__()
        self.full = False

    def put(self, shelf: Shelf[V], key: str, value: V) -> None:
        if self.full:
            raise StorageFailed("full")
        super().put(shelf, key, value)


def test_what_could_not_be_kept_is_not_said_and_the_station_starts_anew() -> None:
    storage = Full()
    rig = Rig(V201, storage=storage)
    storage.full = True
    rig.session()
    assert not rig.of(v2.TransactionEvent)
    assert rig.hardware.restarts > 0
    assert rig.hardware.measure(rig.powered.evse_ids[0]).power_w == 0
    storage.full = False
    rig.time.advance(5)
    assert rig.last(v2.BootNotification).reason == "Watchdog"
    rig.fresh()
    rig.hardware.swipe("TAG001")
    rig.time.advance(60)
    assert rig.of(v2.TransactionEvent)[0].event_type == "Started"


def test_a_transaction_that_runs_when_the_disk_fills_ends_once_with_what_the_meter_says() -> None:
    storage = Full()
    rig = Rig(V201, storage=storage)
    rig.session(seconds=90)
    storage.full = True
    rig.time.advance(120)
    told = len(rig.of(v2.TransactionEvent))
    storage.full = False
    rig.time.advance(10)
    ended = [event for event in rig.of(v2.TransactionEvent)[told:] if event.event_type == "Ended"]
    assert len(ended) == 1
    numbers = [event.seq_no for event in rig.of(v2.TransactionEvent)]
    assert numbers == list(range(len(numbers)))


def test_a_call_that_cannot_be_kept_is_answered_with_an_error() -> None:
    storage = Full()
    rig = Rig(V201, storage=storage)
    storage.full = True
    evse = v2.EVSE(id=1)
    assert rig.error(v2.ChangeAvailability(operational_status="Inoperative", evse=evse)) == "InternalError"


def test_a_file_that_may_not_grow_fails_with_words_and_keeps_what_it_had(tmp_path: Path) -> None:
    storage = Sqlite(tmp_path / "station.db")
    storage.put(WORDS, "a", "kept")
    storage.commit()
    storage._connection.execute("PRAGMA max_page_count = 4")
    with pytest.raises(StorageFailed, match="full"):
        storage.put(WORDS, "c", "x" * 100_000)
    storage.lose()
    storage._connection.execute("PRAGMA max_page_count = 1000")
    storage.put(WORDS, "b", "too")
    storage.commit()
    assert storage.items(WORDS) == [("a", "kept"), ("b", "too")]
    storage.close()


def test_what_was_not_committed_when_the_power_failed_is_gone(tmp_path: Path) -> None:
    storage = Sqlite(tmp_path / "station.db")
    storage.put(WORDS, "a", "lost")
    storage.lose()
    storage.put(WORDS, "b", "kept")
    storage.commit()
    assert storage.items(WORDS) == [("b", "kept")]
    storage.close()


def test_nobody_else_may_read_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "station.db"
    storage = Sqlite(path)
    storage.put(WORDS, "a", "b")
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    storage.commit()
    storage.close()
