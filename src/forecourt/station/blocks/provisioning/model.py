"""The words of provisioning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forecourt.charging.topology import Place
from forecourt.station.device_model.table import Described
from forecourt.station.device_model.values import Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """BootNotification, for a BootReasonEnum word."""

    reason: str
    triggered: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One variable in a report."""

    row: Described
    place: Place
    value: str | None
    bounds: Bounds
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPart:
    """NotifyReport: a part of what was asked for under `request_id`."""

    request_id: int
    at: datetime
    seq: int
    more: bool
    lines: tuple[Line, ...]
    triggered: bool = True
