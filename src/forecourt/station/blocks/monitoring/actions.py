"""Setting, clearing and listing monitors (N02 to N06)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from forecourt.station.blocks.monitoring import streams, watching
from forecourt.station.blocks.monitoring.model import (
    DELTAS,
    FIRST_CUSTOM,
    LEAST_SEVERE,
    MONITORS,
    PERIODIC,
    REMOVED,
    TARGET_DELTAS,
    THRESHOLDS,
    Monitor,
    Origin,
    ReportPart,
    Selection,
)
from forecourt.station.blocks.monitoring.watching import Watch
from forecourt.station.core import Station
from forecourt.station.device_model.table import Described, Name
from forecourt.station.device_model.targets import TARGETS

BASE: Final = Name("MonitoringCtrlr", "ActiveMonitoringBase")
LEVEL: Final = Name("MonitoringCtrlr", "ActiveMonitoringLevel")
PART: Final = 25
"""How many monitors go into one message of a report."""


def set_monitor(station: Station, wanted: Monitor, row: Described, asked_id: int | None) -> tuple[str, str, int | None]:
    """N04. Returns the SetMonitoringStatus word, the reason code and the id of the monitor that is in force now."""
    if not station.model.flag("MonitoringCtrlr", "Enabled"):
        return "Rejected", "NotEnabled", None
    refusal = _refusal(station, wanted, row)
    if refusal is not None:
        return *refusal, None
    known = watching.active(station)
    if asked_id is not None:
        old = known.get(asked_id)
        # N04.FR.13, 16, 18.
        if old is None:
            return "Rejected", "NotFound", None
        if (old.name, old.place) != (wanted.name, wanted.place) or old.origin is Origin.HARD_WIRED:
            return "Rejected", "InvalidValue", None
    if any(_same(one, wanted) and one.id != asked_id for one in known.values()):
        return "Duplicate", "InvalidValue", None  # N04.FR.10
    watch = station.part(Watch)
    number = max((*watch.custom, FIRST_CUSTOM)) + 1 if asked_id is None else asked_id
    monitor = msgspec.structs.replace(wanted, id=number, origin=Origin.CUSTOM)
    streams.close(station, number)
    _keep(station, monitor)
    station.later(lambda: watching.begin(station, monitor, replaced=asked_id is not None))
    return "Accepted", "NoError", number


def clear(station: Station, monitor_id: int) -> str:
    """N06. A preconfigured monitor that is cleared comes back with the next monitoring base."""
    monitor = watching.active(station).get(monitor_id)
    if monitor is None:
        return "NotFound"
    if monitor.origin is Origin.HARD_WIRED:
        return "Rejected"
    _remove(station, monitor_id)
    watch = station.part(Watch)
    if monitor_id in watch.preset:
        watch.removed |= {monitor_id}
        station.storage.put(REMOVED, str(monitor_id), True)
    return "Accepted"


def set_base(station: Station, base: Selection) -> None:
    """N03. With All, what was set stays, also in place of a preconfigured monitor."""
    watch = station.part(Watch)
    if base is not Selection.ALL:
        for monitor_id in list(watch.custom):
            _remove(station, monitor_id)
    for monitor_id in watch.removed:
        station.storage.remove(REMOVED, str(monitor_id))
    watch.removed = frozenset()
    station.model.set(BASE, base.value)
    station.later(lambda: watching.look(station))


def set_level(station: Station, severity: int) -> bool:
    """N05. Refused outside 0 to 9; what is less severe is told no more."""
    if not 0 <= severity <= LEAST_SEVERE:
        return False
    station.model.set(LEVEL, str(severity))
    station.later(lambda: watching.look(station))
    return True


def adjust_stream(station: Station, stream_id: int, interval_s: int, values: int) -> bool:
    """N14. False where there is no such stream, or nothing would ever be sent."""
    watch = station.part(Watch)
    monitor = watch.custom.get(stream_id)
    if monitor is None or (interval_s <= 0 and values <= 0):
        return False
    changed = msgspec.structs.replace(monitor, stream_interval_s=interval_s, stream_values=values)
    if not streams.adjust(station, stream_id, changed):
        return False
    _keep(station, changed)
    return True


def report(station: Station, request_id: int, wanted: Callable[[Monitor], bool]) -> bool:
    """N02: tell of the monitors that are wanted, in parts; False where there are none."""
    found = sorted((one for one in watching.active(station).values() if wanted(one)), key=lambda one: one.id)
    starts = range(0, len(found), PART)

    def tell() -> None:
        for seq, start in enumerate(starts):
            station.say(
                ReportPart(
                    request_id=request_id,
                    at=station.now(),
                    seq=seq,
                    more=seq + 1 < len(starts),
                    monitors=tuple(found[start : start + PART]),
                )
            )

    if found:
        station.later(tell)
    return bool(found)


def criterion_met(monitor: Monitor, criterion: str) -> bool:
    """N02.FR.12 to 14."""
    kinds = {"ThresholdMonitoring": THRESHOLDS, "DeltaMonitoring": DELTAS, "PeriodicMonitoring": PERIODIC}
    return monitor.kind in kinds[criterion]


def _refusal(station: Station, wanted: Monitor, row: Described) -> tuple[str, str] | None:
    """N04.FR.05, 06, 14, 20. What has no target cannot differ from one."""
    numeric = row.kind in ("integer", "decimal")
    aimless = wanted.kind in TARGET_DELTAS and wanted.name not in TARGETS
    if aimless or (wanted.kind in THRESHOLDS and not numeric):
        return "UnsupportedMonitorType", "UnsupportedParam"
    if not 0 <= wanted.severity <= LEAST_SEVERE:
        return "Rejected", "ValueOutOfRange"
    if wanted.kind in THRESHOLDS:
        least, most = station.model.bounds(row, wanted.place)
        outside = (least is not None and wanted.value < least) or (most is not None and wanted.value > most)
        return ("Rejected", "ValueOutOfRange") if outside else None
    if wanted.value <= 0:
        return "Rejected", "ValueOutOfRange"
    if wanted.streams and wanted.kind not in PERIODIC:
        return "Rejected", "UnsupportedParam"
    return None


def _keep(station: Station, monitor: Monitor) -> None:
    station.part(Watch).custom[monitor.id] = monitor
    station.storage.put(MONITORS, f"{monitor.id:010}", monitor)


def _same(one: Monitor, other: Monitor) -> bool:
    mine = (one.name, one.place, one.kind, one.severity)
    return mine == (other.name, other.place, other.kind, other.severity)


def _remove(station: Station, monitor_id: int) -> None:
    """N07.FR.12: a threshold that was exceeded is not told to be cleared when its monitor goes."""
    streams.close(station, monitor_id)
    if station.part(Watch).custom.pop(monitor_id, None) is not None:
        station.storage.remove(MONITORS, f"{monitor_id:010}")
    watching.forget(station, monitor_id)
