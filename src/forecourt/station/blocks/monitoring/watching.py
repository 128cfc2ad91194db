"""Looking at what is watched, and telling what has happened (N07, N08).

What changes by an event is looked at when it does; what a meter or a clock says, every `POLL_S` while a monitor that was
set asks for it. Without a connection, events are kept up to the severity of OfflineQueuingSeverity, also over a loss of
power; of all else only what still differs afterwards is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from forecourt.charging.ids import STATION
from forecourt.clock import Timer
from forecourt.station import events
from forecourt.station.blocks.monitoring import streams
from forecourt.station.blocks.monitoring.model import (
    EVENTS,
    LAST_EVENT,
    MEMORIES,
    MONITORS,
    PERIODIC,
    REMOVED,
    TARGET_DELTAS,
    THRESHOLDS,
    Happened,
    Memory,
    Monitor,
    Origin,
    Selection,
    Told,
    built_in,
)
from forecourt.station.core import Station
from forecourt.station.device_model.table import Mutability, Name, table
from forecourt.station.device_model.targets import target
from forecourt.station.state import Bay

ENABLED: Final = Name("MonitoringCtrlr", "Enabled")
POLL_S: Final = 10.0
KEPT: Final = 200
"""How many events are kept while offline; the oldest go first."""
TOGETHER: Final = 20
"""How many events go into one message."""

_BY_EVENT: Final = frozenset({"AvailabilityState", "Problem"})
"""Computed variables that change only when something is announced."""


class Watch:
    """The monitors of a station and what they remember. `preset` are the built-in ones, shared by all of one build."""

    __slots__ = ("custom", "flying", "kept", "last_id", "memories", "pending", "poll", "preset", "removed", "timers")

    def __init__(self, station: Station) -> None:
        storage = station.storage
        self.preset: Final = built_in(station.build.evses)
        self.custom: dict[int, Monitor] = {monitor.id: monitor for _, monitor in storage.items(MONITORS)}
        self.removed: frozenset[int] = frozenset(int(key) for key, _ in storage.items(REMOVED))
        self.memories: dict[int, Memory] = {int(key): memory for key, memory in storage.items(MEMORIES)}
        self.kept: list[Happened] = [event for _, event in storage.items(EVENTS)]
        self.last_id = next((last for _, last in storage.items(LAST_EVENT)), 0)
        self.timers: dict[int, Timer] = {}
        self.pending: list[Happened] = []
        self.poll: Timer | None = None
        self.flying = False


def active(station: Station) -> Mapping[int, Monitor]:
    """The monitors in force, by id."""
    watch = station.part(Watch)
    preset = watch.preset
    if station.model.text("MonitoringCtrlr", "ActiveMonitoringBase") == Selection.HARD_WIRED_ONLY:
        preset = {key: one for key, one in preset.items() if one.origin is Origin.HARD_WIRED}
    if not watch.custom and not watch.removed:
        return preset
    return {key: one for key, one in preset.items() if key not in watch.removed} | watch.custom


# What happens.


def on_started(station: Station, event: events.Started) -> None:
    """N04, N07.FR.13, 14: monitors outlive a restart, and what changed meanwhile counts."""
    for monitor in station.part(Watch).custom.values():
        _arm(station, monitor)
    look(station)


def on_online(station: Station, event: events.Online) -> None:
    if station.accepted:
        _tell_kept(station)
        look(station)


def on_registered(station: Station, event: events.Registered) -> None:
    for monitor in station.part(Watch).custom.values():
        streams.begin(station, monitor)
    _tell_kept(station)
    look(station)


def on_bay_changed(station: Station, event: events.BayChanged) -> None:
    look(station)


def on_duty_changed(station: Station, event: events.DutyChanged) -> None:
    look(station)


def on_transaction_ending(station: Station, event: events.TransactionEnding) -> None:
    look(station)


def on_variable(station: Station, event: events.VariableChanged) -> None:
    switched = event.name == ENABLED
    for monitor in list(active(station).values()):
        if switched or monitor.name == event.name:
            _judge(station, monitor)


def on_clock_set(station: Station, event: events.ClockSet) -> None:
    """N08.FR.07: what is aligned follows the clock."""
    watch = station.part(Watch)
    for monitor in watch.custom.values():
        if monitor.kind == "PeriodicClockAligned":
            watch.timers[monitor.id].cancel()
            _arm(station, monitor)


def on_lock_failed(station: Station, event: events.LockFailed) -> None:
    """G05.FR.02: told by the hardware's nature, without a monitor."""
    bay = event.bay
    happened = Happened(
        id=_number_next(station),
        at=station.now(),
        trigger="Delta",
        value="true",
        component="ConnectorPlugRetentionLock",
        variable="Problem",
        evse_id=bay.evse_id,
        connector_id=bay.plugged,
        notification="HardWiredNotification",
        severity=2,
    )
    _tell(station, happened)


def begin(station: Station, monitor: Monitor, *, replaced: bool) -> None:
    """A monitor was set. N07.FR.11: a changed one is compared at once, with what the old one had told."""
    if station.part(Watch).custom.get(monitor.id) is not monitor:
        return
    if not (replaced and monitor.kind in THRESHOLDS | TARGET_DELTAS):
        forget(station, monitor.id)
    _arm(station, monitor)
    streams.begin(station, monitor)
    if monitor.kind == "Delta":
        _remember(station, monitor.id, Memory(reference=_reference(station, monitor)))
    _judge(station, monitor)


def forget(station: Station, monitor_id: int) -> None:
    """A monitor is no more, or begins anew."""
    watch = station.part(Watch)
    if (timer := watch.timers.pop(monitor_id, None)) is not None:
        timer.cancel()
    if watch.memories.pop(monitor_id, None) is not None:
        station.storage.remove(MEMORIES, str(monitor_id))


def look(station: Station) -> None:
    """Compare everything that is watched with what was told of it."""
    for monitor in list(active(station).values()):
        _judge(station, monitor)


# Comparing.


def _judge(station: Station, monitor: Monitor) -> None:
    if monitor.kind in PERIODIC or not _counts(station, monitor):
        return
    watch = station.part(Watch)
    memory = watch.memories.get(monitor.id)
    if monitor.kind in THRESHOLDS | TARGET_DELTAS:
        value = _value(station, monitor)
        exceeded = _exceeds(monitor, value, target(station, monitor.name, monitor.place))
        if exceeded is not (memory is not None and memory.alerted):
            _remember(station, monitor.id, Memory(alerted=exceeded))
            _tell(station, _of(station, monitor, "Alerting", value, cleared=not exceeded))
        return
    now = _reference(station, monitor)
    before = memory.reference if memory is not None and memory.reference is not None else "false"
    if _differs(monitor, before, now):
        _remember(station, monitor.id, Memory(reference=now))
        _tell(station, _of(station, monitor, "Delta", _value(station, monitor)))


def _counts(station: Station, monitor: Monitor) -> bool:
    """Whether an event of this monitor would be told, now or later (N05.FR.03, N07.FR.04, 15)."""
    model = station.model
    if not model.flag("MonitoringCtrlr", "Enabled"):
        return False
    if monitor.severity > model.integer("MonitoringCtrlr", "ActiveMonitoringLevel"):
        return False
    if monitor.in_transaction and not any(bay.transaction is not None for bay in _bays(station, monitor)):
        return False
    return station.online or monitor.severity <= model.integer("MonitoringCtrlr", "OfflineQueuingSeverity")


def _exceeds(monitor: Monitor, value: str, meant: str | None) -> bool:
    """N07.FR.16, 17, 22, 23."""
    number = _number(value)
    if number is None:
        return False
    if monitor.kind in TARGET_DELTAS:
        aim = Decimal(0) if meant is None else Decimal(meant)
        most = monitor.value if monitor.kind == "TargetDelta" else monitor.value * abs(aim)
        return abs(number - aim) > most
    return number > monitor.value if monitor.kind == "UpperThreshold" else number < monitor.value


def _differs(monitor: Monitor, before: str, now: str) -> bool:
    """N07.FR.18, 19: numbers by more than the value, anything else at all."""
    if before == now:
        return False
    if table()[monitor.name].kind not in ("integer", "decimal"):
        return True
    was, is_now = _number(before), _number(now)
    return was is None or is_now is None or abs(is_now - was) > monitor.value


def _number(value: str) -> Decimal | None:
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _value(station: Station, monitor: Monitor) -> str:
    """N07.FR.10: of what may only be written nothing is told."""
    row = table()[monitor.name]
    return "" if row.mutability is Mutability.WRITE_ONLY else station.model.value(row, monitor.place)


def _reference(station: Station, monitor: Monitor) -> str:
    row = table()[monitor.name]
    value = station.model.value(row, monitor.place)
    if row.mutability is Mutability.WRITE_ONLY:
        return hashlib.sha256(value.encode()).hexdigest()
    return value


def _remember(station: Station, monitor_id: int, memory: Memory) -> None:
    station.part(Watch).memories[monitor_id] = memory
    station.storage.put(MEMORIES, str(monitor_id), memory)


def _bays(station: Station, monitor: Monitor) -> list[Bay]:
    return [bay for bay in station.bays.values() if monitor.evse_id in (STATION, bay.evse_id)]


# By the clock.


def _arm(station: Station, monitor: Monitor) -> None:
    watch = station.part(Watch)
    if monitor.kind in PERIODIC:
        watch.timers[monitor.id] = station.after(_wait_s(station, monitor), lambda: _due(station, monitor))
    elif monitor.name in station.wiring.computed and monitor.variable not in _BY_EVENT and watch.poll is None:
        watch.poll = station.after(POLL_S, lambda: _poll(station))


def _wait_s(station: Station, monitor: Monitor) -> float:
    """N08.FR.06, 07: aligned ones at whole multiples after midnight."""
    every_s = float(monitor.value)
    if monitor.kind == "Periodic":
        return every_s
    now = station.now()
    passed_s = now.hour * 3600 + now.minute * 60 + now.second + now.microsecond / 1e6
    return min(every_s - passed_s % every_s, 86_400 - passed_s)


def _due(station: Station, monitor: Monitor) -> None:
    watch = station.part(Watch)
    current = active(station).get(monitor.id)
    if current is None:
        return
    monitor = current
    if _counts(station, monitor):
        value = _value(station, monitor)
        if not streams.take(station, monitor, value):
            _tell(station, _of(station, monitor, "Periodic", value))
    watch.timers[monitor.id] = station.after(_wait_s(station, monitor), lambda: _due(station, monitor))


def _poll(station: Station) -> None:
    watch = station.part(Watch)
    watch.poll = None
    for monitor in list(watch.custom.values()):
        _judge(station, monitor)
        if monitor.kind not in PERIODIC:
            _arm(station, monitor)


# Telling.


def _of(station: Station, monitor: Monitor, trigger: str, value: str, *, cleared: bool = False) -> Happened:
    bays = _bays(station, monitor)
    running = None if monitor.evse_id == STATION else bays[0].transaction
    fault = next((bay.fault for bay in bays if bay.fault is not None), None)
    return Happened(
        id=_number_next(station),
        at=station.now(),
        trigger=trigger,
        value=value,
        component=monitor.component,
        variable=monitor.variable,
        instance=monitor.instance,
        evse_id=monitor.evse_id,
        connector_id=monitor.connector_id,
        notification=monitor.origin.value,
        severity=monitor.severity,
        cleared=cleared,
        monitor_id=monitor.id,
        transaction_id=None if running is None else running.id,
        tech_code=fault if monitor.variable == "Problem" else None,
    )


def _number_next(station: Station) -> int:
    watch = station.part(Watch)
    watch.last_id += 1
    station.storage.put(LAST_EVENT, "last", watch.last_id)
    return watch.last_id


def _tell(station: Station, happened: Happened) -> None:
    """What happens in one turn goes in one message."""
    pending = station.part(Watch).pending
    pending.append(happened)
    if len(pending) == 1:
        station.later(lambda: _flush(station))


def _flush(station: Station) -> None:
    watch = station.part(Watch)
    pending, watch.pending = watch.pending, []
    if not station.online:
        _keep(station, pending)
        return

    def ended(answered: bool) -> None:
        if not answered and not station.online:
            _keep(station, pending)

    station.say(Told(tuple(pending)), ended=ended)


def _keep(station: Station, happened: list[Happened]) -> None:
    watch = station.part(Watch)
    most = station.model.integer("MonitoringCtrlr", "OfflineQueuingSeverity")
    for event in happened:
        if event.severity <= most:
            watch.kept.append(event)
            station.storage.put(EVENTS, f"{event.id:012}", event)
    while len(watch.kept) > KEPT:
        station.storage.remove(EVENTS, f"{watch.kept.pop(0).id:012}")


def _tell_kept(station: Station) -> None:
    """N07.FR.04, N08.FR.03: the oldest first; they are forgotten when they have been heard."""
    watch = station.part(Watch)
    if not watch.kept or watch.flying:
        return
    batch = tuple(watch.kept)[:TOGETHER]
    watch.flying = True

    def ended(answered: bool) -> None:
        watch.flying = False
        if not answered:
            return
        for event in batch:
            if watch.kept and watch.kept[0] is event:
                del watch.kept[0]
                station.storage.remove(EVENTS, f"{event.id:012}")
        _tell_kept(station)

    station.say(Told(batch), ended=ended)
