"""Periodic event streams of 2.1 (N11 to N15): values of a monitor that go together and are not confirmed.

A stream has the id of its monitor. Values that nobody can be told now wait, the newest `ROOM` of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from forecourt.clock import Timer
from forecourt.station.blocks.monitoring.model import Monitor
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name, table

ROOM: Final = 1_000
MOST: Final = int(table()[Name("MonitoringCtrlr", "MaxPeriodicEventStreams")].default)


@dataclass(frozen=True, slots=True)
class Opening:
    """OpenPeriodicEventStream."""

    monitor: Monitor


@dataclass(frozen=True, slots=True)
class Closing:
    """ClosePeriodicEventStream."""

    stream_id: int


@dataclass(frozen=True, slots=True)
class Flow:
    """NotifyPeriodicEventStream; `pending` values more wait."""

    stream_id: int
    values: tuple[tuple[datetime, str], ...]
    pending: int


class Stream:
    """An open stream, or one that the management system has been asked to take."""

    __slots__ = ("buffer", "monitor", "open", "timer")

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.open = False
        self.buffer: list[tuple[datetime, str]] = []
        self.timer: Timer | None = None


class Streams:
    """The streams of a station, by id."""

    __slots__ = ("streams",)

    def __init__(self, station: Station) -> None:
        self.streams: dict[int, Stream] = {}


def begin(station: Station, monitor: Monitor) -> None:
    """N11.FR.01, 02: ask the management system to take the values of a monitor as a stream, if that is how it is set."""
    streams = station.part(Streams).streams
    if not monitor.streams or monitor.id in streams or len(streams) >= MOST:
        return
    streams[monitor.id] = Stream(monitor)
    station.say(Opening(monitor), ended=lambda answered: None if answered else refused(station, monitor.id))


def opened(station: Station, stream_id: int) -> None:
    stream = station.part(Streams).streams.get(stream_id)
    if stream is not None:
        stream.open = True
        _flush_later(station, stream)


def refused(station: Station, stream_id: int) -> None:
    """N11.FR.07: the monitor tells by NotifyEvent."""
    stream = station.part(Streams).streams.pop(stream_id, None)
    if stream is not None and stream.timer is not None:
        stream.timer.cancel()


def take(station: Station, monitor: Monitor, value: str) -> bool:
    """Put a value into the stream of its monitor; False where it has none that is open."""
    stream = station.part(Streams).streams.get(monitor.id)
    if stream is None or not stream.open:
        return False
    stream.buffer.append((station.now(), value))
    del stream.buffer[:-ROOM]
    if 0 < stream.monitor.stream_values <= len(stream.buffer):
        _flush(station, stream)
    return True


def adjust(station: Station, stream_id: int, monitor: Monitor) -> bool:
    """N14: `monitor` says how often from now on. False where there is no such stream."""
    stream = station.part(Streams).streams.get(stream_id)
    if stream is None:
        return False
    stream.monitor = monitor
    _flush_later(station, stream)
    return True


def close(station: Station, stream_id: int) -> None:
    """N13: what waits is sent, then the stream is closed."""
    stream = station.part(Streams).streams.pop(stream_id, None)
    if stream is None:
        return
    if stream.timer is not None:
        stream.timer.cancel()
    if stream.open:
        while stream.buffer and station.online:
            _send(station, stream)
        station.say(Closing(stream_id))


def open_streams(station: Station) -> tuple[Monitor, ...]:
    """N12: the monitors whose streams are open."""
    return tuple(stream.monitor for stream in station.part(Streams).streams.values() if stream.open)


def _flush_later(station: Station, stream: Stream) -> None:
    if stream.timer is not None:
        stream.timer.cancel()
        stream.timer = None
    if stream.monitor.stream_interval_s > 0:
        stream.timer = station.after(stream.monitor.stream_interval_s, lambda: _due(station, stream))


def _due(station: Station, stream: Stream) -> None:
    _flush(station, stream)
    _flush_later(station, stream)


def _flush(station: Station, stream: Stream) -> None:
    if stream.buffer and station.online:
        _send(station, stream)


def _send(station: Station, stream: Stream) -> None:
    """N15.FR.07: no more at a time than is asked for."""
    most = stream.monitor.stream_values or len(stream.buffer)
    part, stream.buffer = tuple(stream.buffer[:most]), stream.buffer[most:]
    notice: Any = Flow(stream.monitor.id, part, len(stream.buffer))
    said = station.dialect.says.get(Flow)
    message = None if said is None else said.say(station, notice)
    if message is not None:
        station.link.send(message)
