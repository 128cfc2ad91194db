"""What waits is bounded; what is dropped is stated; begins and ends of transactions never are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V201
from forecourt.station.blocks.data_transfer.model import Transfer
from forecourt.station.link import Answer, Failed
from forecourt.station.outbox import MOST_KEPT, ROOM
from forecourt.station.storage import Sqlite
from tests.station.rig import Rig


def test_beyond_its_bound_every_second_periodic_update_is_dropped_without_a_gap() -> None:
    rig = Rig(V201)
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "10")
    rig.session(seconds=5)
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(3 * 3600)
    assert len(rig.station.outbox.queue) <= MOST_KEPT
    rig.hardware.swipe("TAG001")
    rig.link.up = True
    rig.time.advance(2000)
    told = rig.of(v2.TransactionEvent)
    assert (told[0].event_type, told[-1].event_type) == ("Started", "Ended")
    assert [event.seq_no for event in told] == list(range(len(told)))
    assert MOST_KEPT / 3 < len(told) < MOST_KEPT + 20


def test_of_what_is_said_once_the_oldest_gives_way() -> None:
    rig = Rig(V201, start=False)
    rig.link.up = False
    rig.powered.power_on()
    ended: list[bool] = []
    for number in range(ROOM + 5):
        transfer = Transfer(vendor_id=str(number))
        rig.station.turn(lambda transfer=transfer: rig.station.say(transfer, ended=ended.append))  # type: ignore[misc]
    assert rig.station.outbox.waiting == ROOM
    assert ended == [False] * 5


def test_a_file_is_read_again_after_a_restart(tmp_path: object) -> None:
    path = f"{tmp_path}/station.db"
    storage = Sqlite(path)
    rig = Rig(V201, storage=storage)
    rig.set("OCPPCommCtrlr.OfflineThreshold", "77")
    rig.session(seconds=30)
    rig.powered.cut_power()
    storage.close()
    again = Rig(V201, storage=Sqlite(path), start=False)
    again.powered.power_on()
    again.time.advance(5)
    ended = again.last(v2.TransactionEvent)
    assert (ended.event_type, ended.transaction_info.stopped_reason) == ("Ended", "PowerLoss")
    assert ended.transaction_info.transaction_id == rig.of(v2.TransactionEvent)[0].transaction_info.transaction_id
    assert ended.seq_no == rig.of(v2.TransactionEvent)[-1].seq_no + 1
    assert again.station.model.text("OCPPCommCtrlr", "OfflineThreshold") == "77"


def lose_power(rig: Rig) -> None:
    rig.powered.cut_power()
    rig.powered.power_on()


@pytest.mark.parametrize("cut", [lambda rig: rig.link.cut(), lose_power], ids=["link", "power"])
def test_E13_FR_04_an_attempt_that_was_cut_short_is_none_of_those_that_failed(cut: Callable[[Rig], None]) -> None:
    rig = Rig(V201)
    rig.set("OCPPCommCtrlr.RetryBackOffWaitMinimum", "1")
    rig.set("OCPPCommCtrlr.RetryBackOffRandomRange", "0")
    tried: list[v2.TransactionEvent] = []
    taken: list[v2.TransactionEvent] = []

    def hear(event: v2.TransactionEvent) -> Answer | None:
        tried.append(event)
        if len(tried) <= 5:
            return None
        if len(tried) == 6:
            return Failed(code="InternalError", reason="once")
        taken.append(event)
        return v2.TransactionEventResponse()

    rig.answers[v2.TransactionEvent] = hear
    rig.session(seconds=1)
    for number in range(1, 6):
        assert len(tried) == number
        cut(rig)
        rig.time.advance(8)
    rig.time.advance(200)
    assert {event.seq_no for event in tried[:6]} == {0}
    assert taken[0] == tried[0]
