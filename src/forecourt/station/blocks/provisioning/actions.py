"""Signing on: boot with all its outcomes, reconnecting after a growing wait, and starting anew when asked."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from forecourt.charging.ids import EvseId
from forecourt.charging.topology import Place
from forecourt.clock import Timer
from forecourt.station import events
from forecourt.station.blocks.provisioning.model import Boot
from forecourt.station.blocks.provisioning.network import actions as network
from forecourt.station.core import Registration, Station
from forecourt.station.device_model.table import Name
from forecourt.station.state import Bay

RETRY_S: Final = 60
"""Between two BootNotifications when the management system has not said."""

FLUSH_S: Final = 5.0
"""How long a reset waits for the last messages to leave."""

_HEARTBEAT: Final = Name("OCPPCommCtrlr", "HeartbeatInterval")


class Signing:
    """Where a station is in signing on, and in starting anew."""

    __slots__ = ("attempts", "boot_timer", "reset_due", "reset_timer", "resets", "retry_timer")

    def __init__(self, station: Station) -> None:
        self.boot_timer: Timer | None = None
        self.retry_timer: Timer | None = None
        self.attempts = 0
        self.reset_due: str | None = None
        self.reset_timer: Timer | None = None
        self.resets = 0


def on_online(station: Station, event: events.Online) -> None:
    """B01; who was accepted since it has had power need not boot again."""
    signing = station.part(Signing)
    signing.attempts = 0
    if not station.accepted:
        boot(station)


def on_offline(station: Station, event: events.Offline) -> None:
    """Part 4, 5.4: the wait doubles up to RetryBackOffRepeatTimes times; each has a random part of its own."""
    signing, model = station.part(Signing), station.model
    signing.boot_timer = _cancelled(signing.boot_timer)
    if signing.retry_timer is not None:
        return
    if network.failed(station, event.fault):
        signing.attempts = 0
    doublings = min(signing.attempts, model.integer("OCPPCommCtrlr", "RetryBackOffRepeatTimes"))
    wait_s = model.integer("OCPPCommCtrlr", "RetryBackOffWaitMinimum") * 2**doublings
    wait_s += station.random.randint(0, model.integer("OCPPCommCtrlr", "RetryBackOffRandomRange"))
    signing.attempts += 1

    def again() -> None:
        signing.retry_timer = None
        station.connect()

    signing.retry_timer = station.after(wait_s, again)


def boot(station: Station, *, triggered: bool = False) -> None:
    signing = station.part(Signing)
    signing.boot_timer = _cancelled(signing.boot_timer)
    reason = "Triggered" if triggered else station.boot_reason

    def ended(answered: bool) -> None:
        if not answered and station.connected_now and not station.accepted:
            _boot_later(station, RETRY_S)

    station.say(Boot(reason=reason, triggered=triggered), urgent=True, ended=ended)


def booted(station: Station, status: str, interval_s: int, now: datetime) -> None:
    """The answer to BootNotification (B01, B02, B03)."""
    station.registration = Registration(status)
    if not station.accepted:
        _boot_later(station, interval_s if interval_s > 0 else RETRY_S)
        return
    station.set_clock(now)
    if interval_s > 0 and str(interval_s) != station.model.text(*_HEARTBEAT):
        station.model.set(_HEARTBEAT, str(interval_s))
    station.announce(events.Registered())


def trigger_boot(station: Station, place: Place | None) -> bool:
    station.later(lambda: boot(station, triggered=True))
    return True


def reset(station: Station, *, on_idle: bool, evse_id: EvseId | None, reason: str) -> str:
    """B11, B12, 1.6 section 5.14. Returns Accepted, Scheduled while a transaction runs that may end first, or Rejected."""
    concerned = _concerned(station, evse_id)
    if not concerned:
        return "Rejected"
    if on_idle and any(bay.transaction is not None for bay in concerned):
        for bay in concerned:
            bay.resetting = True
        station.part(Signing).reset_due = "ScheduledReset"
        return "Scheduled"
    station.later(lambda: _end_and_restart(station, evse_id, reason, "RemoteReset"))
    return "Accepted"


def _concerned(station: Station, evse_id: EvseId | None) -> list[Bay]:
    """What is to start anew; nothing where an EVSE cannot do so alone (B11.FR.09, B12.FR.09)."""
    if evse_id is not None and not station.build.resets_evses:
        return []
    return [bay for bay in station.bays.values() if evse_id in (None, bay.evse_id)]


def reset_and_resume(station: Station, evse_id: EvseId | None) -> str:
    """B13. Rejected where resuming is not wanted (B13.FR.01); without transactions a reset like any other."""
    concerned = _concerned(station, evse_id)
    if not concerned or station.model.integer("TxCtrlr", "ResumptionTimeout") == 0:
        return "Rejected"
    if all(bay.transaction is None for bay in concerned):
        return reset(station, on_idle=False, evse_id=evse_id, reason="ImmediateReset")

    def begin() -> None:
        station.announce(events.Pausing(evse_id))
        if evse_id is None:
            restart_soon(station, "RemoteReset")

    station.later(begin)
    return "Accepted"


def on_transaction_ended(station: Station, event: events.TransactionEnded) -> None:
    """B12.FR.01, 03: a reset that waited for the last transaction."""
    signing = station.part(Signing)
    waiting = [bay for bay in station.bays.values() if bay.resetting]
    if signing.reset_due is None or any(bay.transaction is not None for bay in waiting):
        return
    reason, signing.reset_due = signing.reset_due, None
    whole = len(waiting) == len(station.bays)
    for bay in waiting:
        bay.resetting = False
    if whole:
        station.later(lambda: restart_soon(station, reason))


def _end_and_restart(station: Station, evse_id: EvseId | None, reason: str, boot_reason: str) -> None:
    station.announce(events.Resetting(evse_id, reason, "ResetCommand"))
    if evse_id is None:
        restart_soon(station, boot_reason)


def restart_soon(station: Station, boot_reason: str) -> None:
    """When nothing waits to be sent any more, or after a while; what is kept goes after the boot."""
    signing = station.part(Signing)
    given_up_at = station.timeline.monotonic() + FLUSH_S

    def look() -> None:
        if station.online and not station.outbox.idle and station.timeline.monotonic() < given_up_at:
            signing.reset_timer = station.after(0.1, look)
        elif not station.restart(boot_reason) and signing.resets < station.model.integer(
            "OCPPCommCtrlr", "ResetRetries"
        ):
            signing.resets += 1
            signing.reset_timer = station.after(FLUSH_S, lambda: restart_soon(station, boot_reason))

    signing.reset_timer = station.after(0.1, look)


def _boot_later(station: Station, wait_s: float) -> None:
    signing = station.part(Signing)
    signing.boot_timer = _cancelled(signing.boot_timer)
    signing.boot_timer = station.after(wait_s, lambda: boot(station))


def _cancelled(timer: Timer | None) -> Timer | None:
    """Nothing, in place of a timer that is not to run any more."""
    if timer is not None:
        timer.cancel()
    return None
