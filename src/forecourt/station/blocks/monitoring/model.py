"""Monitors of variables, what they remember, and what is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Final

import msgspec

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import WHOLE_STATION, Place
from forecourt.station.config import EvseBuild
from forecourt.station.device_model.table import Name
from forecourt.station.storage import Shelf

LEAST_SEVERE: Final = 9
"""Severities go from 0, danger, to 9, debugging (MonitoringData, severity)."""

FIRST_PRECONFIGURED: Final = 1_000
FIRST_CUSTOM: Final = 10_000


class Origin(StrEnum):
    """EventNotificationEnumType, without the word for what has no monitor."""

    HARD_WIRED = "HardWiredMonitor"
    PRECONFIGURED = "PreconfiguredMonitor"
    CUSTOM = "CustomMonitor"


class Selection(StrEnum):
    """MonitoringBaseEnumType."""

    ALL = "All"
    FACTORY_DEFAULT = "FactoryDefault"
    HARD_WIRED_ONLY = "HardWiredOnly"


THRESHOLDS: Final = frozenset({"UpperThreshold", "LowerThreshold"})
TARGET_DELTAS: Final = frozenset({"TargetDelta", "TargetDeltaRelative"})
DELTAS: Final = TARGET_DELTAS | {"Delta"}
PERIODIC: Final = frozenset({"Periodic", "PeriodicClockAligned"})


class Monitor(msgspec.Struct, frozen=True, kw_only=True):
    """Watches one variable at one place. `kind` is a MonitorEnum word; `value` a bound, a difference, or seconds.

    With `in_transaction` it watches only while a transaction runs there.
    """

    id: int
    component: str
    variable: str
    instance: str = ""
    evse_id: EvseId
    connector_id: ConnectorId | None = None
    kind: str
    value: Decimal
    severity: int
    in_transaction: bool = False
    origin: Origin = Origin.CUSTOM
    stream_interval_s: int = 0
    stream_values: int = 0

    @property
    def streams(self) -> bool:
        """Its values are to go in a periodic event stream, so often or so many at a time."""
        return self.stream_interval_s > 0 or self.stream_values > 0

    @property
    def name(self) -> Name:
        return Name(self.component, self.variable, self.instance)

    @property
    def place(self) -> Place:
        return Place(self.evse_id, self.connector_id)


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What a monitor last told: that its threshold was exceeded, or the value that it measures differences from."""

    alerted: bool = False
    reference: str | None = None


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `monitor_id` is None for what is told without a monitor."""

    id: int
    at: datetime
    trigger: str
    value: str
    component: str
    variable: str
    instance: str = ""
    evse_id: EvseId
    connector_id: ConnectorId | None = None
    notification: str
    severity: int
    cleared: bool = False
    monitor_id: int | None = None
    transaction_id: str | None = None
    tech_code: str | None = None

    @property
    def name(self) -> Name:
        return Name(self.component, self.variable, self.instance)

    @property
    def place(self) -> Place:
        return Place(self.evse_id, self.connector_id)


@dataclass(frozen=True, slots=True)
class Told:
    """NotifyEvent."""

    events: tuple[Happened, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPart:
    """NotifyMonitoringReport: a part of what was asked for under `request_id`."""

    request_id: int
    at: datetime
    seq: int
    more: bool
    monitors: tuple[Monitor, ...]


MONITORS: Shelf[Monitor] = Shelf("monitors", Monitor)
MEMORIES: Shelf[Memory] = Shelf("monitor_memories", Memory)
REMOVED: Shelf[bool] = Shelf("monitors_removed", bool)
"""Preconfigured monitors that were cleared, until a monitoring base brings them back."""
EVENTS: Shelf[Happened] = Shelf("events", Happened)
LAST_EVENT: Shelf[int] = Shelf("last_event", int)


@cache
def built_in(evses: tuple[EvseBuild, ...]) -> dict[int, Monitor]:
    """The monitors of every station of this build, by id: faults of each EVSE, and of the station as a whole."""
    wired = (
        Monitor(
            id=number,
            component="EVSE",
            variable="Problem",
            evse_id=EvseId(number),
            kind="Delta",
            value=Decimal(1),
            severity=2,
            origin=Origin.HARD_WIRED,
        )
        for number in range(1, len(evses) + 1)
    )
    station = Monitor(
        id=FIRST_PRECONFIGURED,
        component="ChargingStation",
        variable="Problem",
        evse_id=WHOLE_STATION.evse_id,
        kind="Delta",
        value=Decimal(1),
        severity=4,
        origin=Origin.PRECONFIGURED,
    )
    return {monitor.id: monitor for monitor in (*wired, station)}
