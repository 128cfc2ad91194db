"""Uploading logs (N01; 1.6 section 5.9 and whitepaper 4.5), and writing down what happens."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from forecourt.charging.topology import Place
from forecourt.clock import Timer
from forecourt.station import events
from forecourt.station.blocks.certificates.actions import trusted
from forecourt.station.blocks.certificates.model import Use
from forecourt.station.blocks.diagnostics.model import Kind, LogStatus, Wanted
from forecourt.station.blocks.diagnostics.store import Log
from forecourt.station.core import Station
from forecourt.station.storage import Shelf
from forecourt.station.transfers import Outcome, Transfer

RETRIES: Final = 3
INTERVAL_S: Final = 60
"""When the management system leaves it to us."""

UPLOADS: Shelf[Wanted] = Shelf("uploads", Wanted)
_KEY: Final = "current"

_WORDS: Final = {
    Outcome.DONE: "Uploaded",
    Outcome.FAILED: "UploadFailure",
    Outcome.DENIED: "PermissionDenied",
    Outcome.BAD_REQUEST: "BadMessage",
    Outcome.UNSUPPORTED: "NotSupportedOperation",
}


class Upload:
    """The upload that is under way, if any, and the last status that nobody has answered yet."""

    __slots__ = ("attempts", "timer", "transfer", "untold", "wanted")

    def __init__(self, station: Station) -> None:
        self.wanted: Wanted | None = None
        self.attempts = 0
        self.timer: Timer | None = None
        self.transfer: Transfer | None = None
        self.untold: LogStatus | None = None


def upload(
    station: Station,
    kind: Kind,
    url: str,
    *,
    request_id: int | None,
    retries: int | None,
    interval_s: int | None,
    oldest: datetime | None,
    latest: datetime | None,
) -> tuple[str, str | None]:
    """Begin an upload. Returns a LogStatusEnumType word and the name of the file, None when there is none to upload."""
    now = station.now()
    if not station.transfers.protocols or not station.part(Log).read(kind, oldest, latest):
        return "Rejected", None  # N01.FR.05
    canceled = _cancel(station)
    stem = "security" if kind is Kind.SECURITY else "diagnostics"
    wanted = Wanted(
        kind=kind,
        url=url,
        name=f"{station.build.identity}-{stem}-{now:%Y%m%dT%H%M%SZ}.log"[-255:],
        retries=RETRIES if retries is None else max(0, retries),
        interval_s=INTERVAL_S if interval_s is None else max(0, interval_s),
        request_id=request_id,
        oldest=oldest,
        latest=latest,
    )
    station.storage.put(UPLOADS, _KEY, wanted)
    _begin(station, wanted)
    return ("AcceptedCanceled" if canceled else "Accepted"), wanted.name


def trigger_log_status(station: Station, place: Place | None) -> bool:
    """N01.FR.13: with the request while one is under way, else Idle without."""
    _trigger(station, diagnostics=False)
    return True


def trigger_diagnostics_status(station: Station, place: Place | None) -> bool:
    """1.6, 4.4."""
    _trigger(station, diagnostics=True)
    return True


# What is written down.


def note(station: Station, text: str) -> None:
    station.part(Log).write(Kind.DIAGNOSTICS, text)


def on_started(station: Station, event: events.Started) -> None:
    note(station, f"started, {station.boot_reason}")
    for _, wanted in station.storage.items(UPLOADS):
        _begin(station, wanted)


def on_online(station: Station, event: events.Online) -> None:
    station.part(Log).online = True
    note(station, f"connected, OCPP {station.dialect.version.name}")
    if station.accepted:
        _say_again(station)


def on_offline(station: Station, event: events.Offline) -> None:
    log = station.part(Log)
    if log.online is not False:
        log.online = False
        note(station, "not connected")


def on_registered(station: Station, event: events.Registered) -> None:
    note(station, "accepted by the management system")
    _say_again(station)


def on_fault(station: Station, event: events.Fault) -> None:
    note(station, f"EVSE {event.evse_id}: {event.code or 'no fault any more'}")


def on_transaction_began(station: Station, event: events.TransactionBegan) -> None:
    transaction = event.bay.transaction
    if transaction is not None:
        note(station, f"EVSE {event.bay.evse_id}: transaction {transaction.id} began at {transaction.begin_wh} Wh")


def on_transaction_ended(station: Station, event: events.TransactionEnded) -> None:
    note(station, f"EVSE {event.bay.evse_id}: transaction ended")


def on_resetting(station: Station, event: events.Resetting) -> None:
    note(station, f"reset of {event.evse_id or 'the station'}, {event.reason}")


def on_variable(station: Station, event: events.VariableChanged) -> None:
    """The value stays out of it: it may be a secret."""
    note(station, f"{event.name} was set")


def on_noted(station: Station, event: events.Noted) -> None:
    note(station, event.text)


def on_incident(station: Station, event: events.Incident) -> None:
    """A04.FR.04: critical or not."""
    station.part(Log).write(Kind.SECURITY, event.kind if event.detail is None else f"{event.kind}: {event.detail}")


# The course of an upload.


def _begin(station: Station, wanted: Wanted) -> None:
    upload = station.part(Upload)
    upload.wanted, upload.attempts = wanted, 0
    station.later(lambda: _attempt(station, wanted))


def _attempt(station: Station, wanted: Wanted) -> None:
    upload = station.part(Upload)
    if upload.wanted is not wanted:
        return
    if upload.attempts == 0:
        _tell(station, wanted, "Uploading")  # N01.FR.08
    upload.attempts += 1
    if upload.attempts <= wanted.retries:
        upload.timer = station.after(wanted.interval_s, lambda: _due(station, wanted))
    content = station.part(Log).read(wanted.kind, wanted.oldest, wanted.latest).encode()
    upload.transfer = station.transfers.upload(
        wanted.url,
        wanted.name,
        content,
        lambda outcome: station.turn(lambda: _ended(station, wanted, outcome)),
        trusted=trusted(station, Use.CSMS),
    )


def _due(station: Station, wanted: Wanted) -> None:
    """The interval is over; if the attempt is not, its end is the beginning of the next one."""
    upload = station.part(Upload)
    upload.timer = None
    if upload.transfer is None:
        _attempt(station, wanted)


def _ended(station: Station, wanted: Wanted, outcome: Outcome) -> None:
    upload = station.part(Upload)
    if upload.wanted is not wanted:
        return
    upload.transfer = None
    if outcome is not Outcome.DONE:
        note(station, f"upload of {wanted.name}: {outcome}")
        if upload.timer is not None:
            return
        if upload.attempts <= wanted.retries:
            _attempt(station, wanted)
            return
    _forget(station)
    _tell(station, wanted, _WORDS[outcome])  # N01.FR.09, 10


def _cancel(station: Station) -> bool:
    """N01.FR.12, 20. Returns whether there was something to cancel."""
    upload = station.part(Upload)
    wanted = upload.wanted
    if wanted is None:
        return False
    _forget(station)
    if wanted.request_id is not None:
        station.later(lambda: _tell(station, wanted, "AcceptedCanceled"))
    return True


def _forget(station: Station) -> None:
    upload = station.part(Upload)
    if upload.transfer is not None:
        upload.transfer.cancel()
    if upload.timer is not None:
        upload.timer.cancel()
    upload.wanted = upload.transfer = upload.timer = None
    station.storage.remove(UPLOADS, _KEY)


def _say_again(station: Station) -> None:
    upload = station.made(Upload)
    if upload is not None and upload.untold is not None:
        _say(station, upload.untold)


def _trigger(station: Station, *, diagnostics: bool) -> None:
    wanted = station.part(Upload).wanted
    runs = wanted is not None and (wanted.request_id is None) == diagnostics
    request_id = wanted.request_id if runs and wanted is not None else None
    status = LogStatus(
        status="Uploading" if runs else "Idle", request_id=request_id, diagnostics=diagnostics, triggered=True
    )
    station.later(lambda: station.say(status))


def _tell(station: Station, wanted: Wanted, status: str) -> None:
    _say(station, LogStatus(status=status, request_id=wanted.request_id, diagnostics=wanted.request_id is None))


def _say(station: Station, status: LogStatus) -> None:
    """What is not answered is told again when the management system is there again."""
    upload = station.part(Upload)
    upload.untold = status

    def ended(answered: bool) -> None:
        if answered and upload.untold is status:
            upload.untold = None

    if station.online:
        station.say(status, ended=ended)
