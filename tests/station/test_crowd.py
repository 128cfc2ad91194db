"""A crowd of stations through three days of bad networks and power cuts: what the management system was told adds up."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from forecourt.ocpp import v2, v16
from forecourt.ocpp.message import Message
from forecourt.station.core import Station
from forecourt.station.fleet.accepting import Accepting
from forecourt.station.fleet.crowd import Crowd, Mix, Outages
from forecourt.station.fleet.habits import COMMUTERS, ByHour, Habits, LogNormal
from forecourt.station.link import Answer
from forecourt.station.running import Powered
from forecourt.station.scripted import ScriptedLink
from forecourt.station.timeline import VirtualTimeline

DAY_S = 86_400
MIX = Mix(
    seed=5,
    habits=Habits(arrivals=ByHour(8.0, COMMUTERS)),
    outages=Outages(per_day=12.0),
    settings={"SampledDataCtrlr.TxUpdatedInterval": "300"},
)


class Ledger:
    """Accepts everything and keeps it: events of 2.x by transaction, begins and ends of 1.6 by number."""

    def __init__(self, time: VirtualTimeline) -> None:
        self.accepting = Accepting(time)
        self.events: dict[str, list[v2.TransactionEvent]] = defaultdict(list)
        self.begun: dict[int, tuple[str, v16.StartTransaction]] = {}
        self.ended: dict[int, list[v16.StopTransaction]] = defaultdict(list)

    def __call__(self, station: Station, request: Message) -> Answer:
        answer = self.accepting(station, request)
        match request, answer:
            case v2.TransactionEvent(), _:
                self.events[request.transaction_info.transaction_id].append(request)
            case v16.StartTransaction(), v16.StartTransactionResponse(transaction_id=number):
                self.begun[number] = (station.build.identity, request)
            case v16.StopTransaction(), _:
                self.ended[request.transaction_id].append(request)
        return answer


def cuts(time: VirtualTimeline, powered: Powered, chance: random.Random) -> None:
    """The power fails eight times a day, for a few minutes."""

    def off() -> None:
        powered.cut_power()
        time.after(chance.uniform(5, 600), on)

    def on() -> None:
        if powered.station is None:
            powered.power_on()
        time.after(chance.expovariate(8 / DAY_S), off)

    time.after(chance.expovariate(8 / DAY_S), off)


def lived(mix: Mix, spoil: Callable[[VirtualTimeline, Powered, random.Random], None] | None) -> tuple[Ledger, Crowd]:
    time = VirtualTimeline()
    ledger, chance = Ledger(time), random.Random(9)
    crowd = Crowd(mix, 24, time, lambda build: ScriptedLink(time, build.versions[0], ledger))
    crowd.switch_on(60)
    for powered, _, _ in crowd.members:
        if spoil is not None:
            spoil(time, powered, chance)
    time.advance(3 * DAY_S)
    crowd.send_home()
    # The longest outage, the longest wait to reconnect, and the queues.
    time.advance(12 * 3600)
    return ledger, crowd


def check(ledger: Ledger) -> None:
    for events in ledger.events.values():
        # What was on its way when the link broke may come twice; told apart by its number it is one.
        once = {event.seq_no: event for event in events}
        assert sorted(once) == list(range(len(once)))
        kinds = [once[number].event_type for number in sorted(once)]
        assert kinds[0] == "Started"
        assert kinds[-1] == "Ended"
        assert set(kinds[1:-1]) <= {"Updated"}
        moments = [once[number].timestamp for number in sorted(once)]
        assert moments == sorted(moments)
    # A begin whose answer was lost is said again: then two numbers mean one transaction, and one of them is ended.
    by_begin: dict[tuple[str, object], list[int]] = defaultdict(list)
    for number, (identity, begin) in ledger.begun.items():
        by_begin[identity, (begin.timestamp, begin.connector_id, begin.id_tag)].append(number)
    for numbers in by_begin.values():
        ends = {(stop.timestamp, stop.meter_stop) for number in numbers for stop in ledger.ended[number]}
        assert len(ends) == 1
        ((_, meter_stop),) = ends
        assert meter_stop >= ledger.begun[numbers[0]][1].meter_start


def test_every_transaction_is_told_from_its_begin_to_its_end_over_bad_networks() -> None:
    ledger, crowd = lived(MIX, None)
    check(ledger)
    assert len(ledger.events) > 100
    assert len(ledger.begun) > 50
    assert (
        crowd.figures.begun
        == crowd.figures.ended
        == len(ledger.events) + len({(identity, begin.timestamp) for identity, begin in ledger.begun.values()})
    )
    assert crowd.idle


def test_and_over_power_cuts_too() -> None:
    # Networks that are away for long, so that the power fails while something waits to be told.
    mix = replace(MIX, outages=Outages(per_day=12.0, lasts_s=LogNormal(1800, 1.0, 60, 6 * 3600)))
    ledger, crowd = lived(mix, cuts)
    check(ledger)
    reasons: set[object] = {events[-1].transaction_info.stopped_reason for events in ledger.events.values()}
    reasons |= {stop.reason for stops in ledger.ended.values() for stop in stops}
    assert "PowerLoss" in reasons
    assert crowd.busy == 0


def test_a_station_more_changes_nothing_for_the_others() -> None:
    def told(size: int) -> set[tuple[str, datetime]]:
        time = VirtualTimeline()
        ledger = Ledger(time)
        crowd = Crowd(
            replace(MIX, outages=None), size, time, lambda build: ScriptedLink(time, build.versions[0], ledger)
        )
        for powered, _, drivers in crowd.members:
            powered.power_on()
            drivers.begin()
        time.advance(DAY_S)
        return {(name, begin.timestamp) for name, begin in ledger.begun.values() if name <= "CS00005"}

    assert told(5) == told(6) != set()
