"""What waits is bounded; what is dropped is stated; begins and ends of transactions never are."""

from __future__ import annotations

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V201
from forecourt.station.blocks.data_transfer.model import Transfer
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
