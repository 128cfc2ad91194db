"""Keeping messages for the display, and showing them when they are due (O01 to O06)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from forecourt.charging.connector_state import ChargingState, ConnectorState
from forecourt.charging.ids import EvseId
from forecourt.charging.topology import WHOLE_STATION
from forecourt.clock import Timer
from forecourt.station import events
from forecourt.station.blocks.availability.actions import state_at
from forecourt.station.blocks.display.model import ALWAYS, NOTICES, Notice, NoticesPart, foremost
from forecourt.station.blocks.transactions.actions import by_id
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name, table
from forecourt.station.state import Bay

MOST: Final = int(table()[Name("DisplayMessageCtrlr", "DisplayMessages")].maximum or 0)
"""How many messages there may be."""
PART: Final = 10
"""How many messages go into one part of a list."""
_SUSPENDED: Final = (ChargingState.SUSPENDED_EV, ChargingState.SUSPENDED_EVSE)


class Board:
    """The messages of a station by id, what is on the display, who stands before it, and when that changes by itself."""

    __slots__ = ("notices", "reader", "shown", "timer")

    def __init__(self, station: Station) -> None:
        self.notices: dict[int, Notice] = {notice.id: notice for _, notice in station.storage.items(NOTICES)}
        self.shown: tuple[str, ...] = ()
        self.reader: EvseId | None = None
        self.timer: Timer | None = None


def set_notice(station: Station, notice: Notice) -> str:
    """SetDisplayMessage; returns the DisplayMessageStatus word. A message with the same id is replaced (O06)."""
    model, board = station.model, station.part(Board)
    if not model.flag("DisplayMessageCtrlr", "Enabled"):
        return "Rejected"
    if notice.priority not in model.members("DisplayMessageCtrlr", "SupportedPriorities"):
        return "NotSupportedPriority"
    if notice.state is not None and notice.state not in model.members("DisplayMessageCtrlr", "SupportedStates"):
        return "NotSupportedState"
    formats = model.members("DisplayMessageCtrlr", "SupportedFormats")
    if any(text.form not in formats for text in notice.texts):
        return "NotSupportedMessageFormat"
    if notice.transaction_id is not None and by_id(station, notice.transaction_id) is None:
        return "UnknownTransaction"
    if _over(notice, station.now()) or (notice.start_at and notice.end_at and notice.start_at >= notice.end_at):
        return "Rejected"
    # O01.FR.16: there is one message that is always in front.
    ousted = [
        one.id for one in board.notices.values() if one.id == notice.id or one.priority == notice.priority == ALWAYS
    ]
    if len(board.notices) - len(ousted) >= MOST:
        return "Rejected"  # O01.FR.11
    for notice_id in ousted:
        _remove(station, notice_id)
    board.notices[notice.id] = notice
    station.storage.put(NOTICES, str(notice.id), notice)
    station.later(lambda: look(station))
    return "Accepted"


def clear(station: Station, notice_id: int) -> bool:
    """O05. False where there is no such message."""
    if notice_id not in station.part(Board).notices:
        return False
    _remove(station, notice_id)
    station.later(lambda: look(station))
    return True


def report(station: Station, request_id: int, wanted: Callable[[Notice], bool]) -> bool:
    """O03, O04: list the messages that are wanted, in parts; False where there are none."""
    found = [notice for _, notice in sorted(station.part(Board).notices.items()) if wanted(notice)]
    starts = range(0, len(found), PART)

    def tell() -> None:
        for start in starts:
            part = tuple(found[start : start + PART])
            station.say(NoticesPart(request_id=request_id, more=start + PART < len(found), notices=part))

    if found:
        station.later(tell)
    return bool(found)


def count(station: Station) -> int:
    """How many messages there are."""
    return len(station.part(Board).notices)


def on_change(station: Station, event: object) -> None:
    """Something that decides what is shown may be different."""
    look(station)


def on_authorized(station: Station, event: events.Authorized) -> None:
    """C01.FR.08: who was authorized last is taken for the one who reads."""
    station.part(Board).reader = event.bay.evse_id
    look(station)


def on_transaction_ended(station: Station, event: events.TransactionEnded) -> None:
    """O02.FR.02."""
    running = {bay.transaction.id for bay in station.bays.values() if bay.transaction is not None}
    for notice in list(station.part(Board).notices.values()):
        if notice.transaction_id is not None and notice.transaction_id not in running:
            _remove(station, notice.id)
    look(station)


def on_variable(station: Station, event: events.VariableChanged) -> None:
    if event.name.component == "DisplayMessageCtrlr":
        look(station)


def look(station: Station) -> None:
    """Forget what is over, show what is due, and come back when that changes by itself (O01.FR.06, 07)."""
    board = station.part(Board)
    if not board.notices and not board.shown:
        return
    now = station.now()
    for notice in [one for one in board.notices.values() if _over(one, now)]:
        _remove(station, notice.id)
    due = [notice for notice in board.notices.values() if _due(station, notice, now)]
    enabled = station.model.flag("DisplayMessageCtrlr", "Enabled")
    language = station.model.text("DisplayMessageCtrlr", "Language")
    shown = (
        tuple(notice.for_reader(_preferred(station, notice), language) for notice in foremost(due)) if enabled else ()
    )
    if shown != board.shown:
        board.shown = shown
        station.hardware.display(shown)
    _come_back(station, board, now)


def _preferred(station: Station, notice: Notice) -> tuple[str, ...]:
    """The languages of the driver a message is for, or else of the one who stands at the station."""
    reader = station.part(Board).reader
    bay = None if notice.transaction_id is None else by_id(station, notice.transaction_id)
    if bay is None and reader is not None:
        bay = station.bays[reader]
    driver = None if bay is None else bay.authorization
    return () if driver is None else driver.languages


def _come_back(station: Station, board: Board, now: datetime) -> None:
    if board.timer is not None:
        board.timer.cancel()
        board.timer = None
    moments = [at for one in board.notices.values() for at in (one.start_at, one.end_at) if at is not None and at > now]
    if moments:
        board.timer = station.after((min(moments) - now).total_seconds(), lambda: look(station))


def _over(notice: Notice, now: datetime) -> bool:
    return notice.end_at is not None and notice.end_at <= now


def _due(station: Station, notice: Notice, now: datetime) -> bool:
    if notice.start_at is not None and notice.start_at > now:
        return False
    if notice.state is None:
        return True
    bay = None if notice.transaction_id is None else by_id(station, notice.transaction_id)
    return notice.state in _states(station, list(station.bays.values()) if bay is None else [bay])


def _states(station: Station, bays: list[Bay]) -> set[str]:
    """The MessageState words that hold at these bays."""
    found: set[str] = set()
    charging = {bay.charging_state for bay in bays if bay.transaction is not None}
    if ChargingState.CHARGING in charging:
        found.add("Charging")
    if charging.intersection(_SUSPENDED):
        found.add("Suspended")
    if any(bay.fault is not None for bay in bays):
        found.add("Faulted")
    if state_at(station, WHOLE_STATION) is ConnectorState.UNAVAILABLE:
        found.add("Unavailable")
    elif not found and all(bay.transaction is None and bay.authorization is None for bay in bays):
        found.add("Idle")
    return found


def _remove(station: Station, notice_id: int) -> None:
    del station.part(Board).notices[notice_id]
    station.storage.remove(NOTICES, str(notice_id))
