"""Power fails after every storage operation in turn: nothing of a transaction is lost or told twice, no register runs back."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2, v16
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.station.storage import Memory, Shelf
from tests.station.rig import ACCEPTED, Rig

V = TypeVar("V")


class PowerCut(Exception):
    """The power is gone, right now."""


class Failing(Memory):
    """Cuts the power at the `at`-th operation: before it for writes, after it for commits."""

    __slots__ = ("at", "count")

    def __init__(self) -> None:
        super().__init__()
        self.at: int | None = None
        self.count = 0

    def put(self, shelf: Shelf[V], key: str, value: V) -> None:
        self._tick()
        super().put(shelf, key, value)

    def remove(self, shelf: Shelf[V], key: str) -> None:
        self._tick()
        super().remove(shelf, key)

    def commit(self) -> None:
        super().commit()
        self._tick()

    def _tick(self) -> None:
        self.count += 1
        if self.count == self.at:
            raise PowerCut


LIMIT_WH = 200


def limiting(request: v2.TransactionEvent) -> v2.TransactionEventResponse:
    """Limits the energy of every transaction when that begins (E16)."""
    return v2.TransactionEventResponse(
        id_token_info=UNSET if request.id_token is UNSET else ACCEPTED,
        transaction_limit=v2.TransactionLimit(max_energy=Decimal(LIMIT_WH))
        if request.event_type == "Started"
        else UNSET,
    )


def run(version: Version, cut_at: int | None, *, resumes: bool = False, limited: bool = False) -> tuple[Rig, int]:
    """A session with a stop by the driver; the power cut, if any, is followed by a start ten seconds later."""
    storage = Failing()
    rig = Rig(version, storage=storage)
    if limited:
        rig.answers[v2.TransactionEvent] = limiting
    if resumes:
        rig.set("TxCtrlr.ResumptionTimeout", "600")
        rig.set("TxCtrlr.AllowEnergyTransferResumption", "true")
        rig.fresh()
    if version is V16:
        rig.set("StartTxnSampledData", "Energy.Active.Import.Register")
        rig.fresh()
    storage.count, storage.at = 0, cut_at
    steps: list[Callable[[], object]] = [
        lambda: rig.hardware.plug(),
        lambda: rig.time.advance(2),
        lambda: rig.hardware.swipe("TAG001"),
        lambda: rig.time.advance(130),
        lambda: rig.hardware.swipe("TAG001"),
        lambda: rig.time.advance(2),
        lambda: rig.hardware.unplug(),
        lambda: rig.time.advance(600),
        lambda: rig.time.advance(600),
    ]
    for step in steps:
        try:
            step()
        except PowerCut:
            rig.powered.cut_power()
            rig.time.advance(10)
            rig.powered.power_on()
            rig.time.advance(5)
    return rig, storage.count


def sweep(version: Version, *, resumes: bool = False, limited: bool = False) -> list[Rig]:
    _, operations = run(version, None, resumes=resumes, limited=limited)
    assert operations > 20
    return [run(version, at, resumes=resumes, limited=limited)[0] for at in range(1, operations + 1)]


def distinct(messages: list[Message]) -> list[Message]:
    """Without what was said again, word for word, because it was not known to have arrived."""
    kept: list[Message] = []
    for message in messages:
        if message not in kept:
            kept.append(message)
    return kept


def used_wh(told: list[v2.TransactionEvent]) -> Decimal:
    """What the transaction has taken, by the readings of its end."""
    read = [
        sampled.value
        for value in told[-1].meter_value or ()
        for sampled in value.sampled_value
        if sampled.measurand in (UNSET, "Energy.Active.Import.Register")
    ]
    assert read
    return Decimal(max(read) - min(read))


@pytest.mark.parametrize(
    ("version", "resumes", "limited"),
    [(V201, False, False), (V21, False, False), (V21, True, False), (V21, True, True)],
)
def test_E13_no_transaction_event_is_lost_or_doubled(version: Version, resumes: bool, limited: bool) -> None:
    for rig in sweep(version, resumes=resumes, limited=limited):
        told: dict[str, list[v2.TransactionEvent]] = {}
        for event in distinct(list(rig.of(v2.TransactionEvent))):
            assert isinstance(event, v2.TransactionEvent)
            told.setdefault(event.transaction_info.transaction_id, []).append(event)
        last_wh = None
        for events in told.values():
            assert not limited or used_wh(events) <= LIMIT_WH
            assert [event.seq_no for event in events] == list(range(len(events)))
            assert events[0].event_type == "Started"
            assert [event.event_type for event in events].count("Ended") == 1
            assert events[-1].event_type == "Ended"
            for event in events:
                for value in event.meter_value or ():
                    for sampled in value.sampled_value:
                        if sampled.context != "Transaction.Begin":
                            assert last_wh is None or sampled.value >= last_wh
                            last_wh = sampled.value
        assert not rig.station.outbox.holds()
        assert not rig.station.outbox.numberings


def context_of(told: Message) -> object:
    assert isinstance(told, v16.MeterValues)
    return told.meter_value[0].sampled_value[0].context


def test_no_start_or_stop_of_1_6_is_lost_or_doubled() -> None:
    for rig in sweep(V16):
        starts = distinct(list(rig.of(v16.StartTransaction)))
        stops = distinct(list(rig.of(v16.StopTransaction)))
        assert len(starts) == len(stops)
        last = 0
        for start, stop in zip(starts, stops, strict=True):
            assert isinstance(start, v16.StartTransaction)
            assert isinstance(stop, v16.StopTransaction)
            assert last <= start.meter_start <= stop.meter_stop
            last = stop.meter_stop
            assert stop.transaction_id > 0
        begins = [told for told in distinct(list(rig.of(v16.MeterValues))) if context_of(told) == "Transaction.Begin"]
        assert len(begins) == len(starts)
        assert not rig.station.outbox.holds()
