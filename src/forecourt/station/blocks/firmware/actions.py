"""The course of a firmware update (L01, L02; 1.6 section 5.19 and whitepaper 4.1), through power cuts and restarts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from forecourt.clock import Timer
from forecourt.pki import certificates, chains, keys
from forecourt.pki.certificates import InvalidCertificate
from forecourt.station import events
from forecourt.station.blocks.certificates.actions import roots, trusted
from forecourt.station.blocks.certificates.model import Use
from forecourt.station.blocks.firmware import telling
from forecourt.station.blocks.firmware.model import Offer, Phase, Update
from forecourt.station.blocks.firmware.telling import tell
from forecourt.station.blocks.provisioning.actions import restart_soon
from forecourt.station.core import Station
from forecourt.station.state import FIRMWARE
from forecourt.station.storage import Shelf
from forecourt.station.transfers import Outcome, Transfer

RETRIES: Final = 3
INTERVAL_S: Final = 60
"""When the management system leaves it to us."""

UPDATES: Shelf[Update] = Shelf("firmware_update", Update)
_KEY: Final = "current"


class Updating:
    """The update that is under way, if any. `image` is what was fetched and found good."""

    __slots__ = ("attempts", "image", "timer", "transfer", "update", "waiting")

    def __init__(self, station: Station) -> None:
        self.update: Update | None = None
        self.attempts = 0
        self.image: bytes | None = None
        self.timer: Timer | None = None
        self.transfer: Transfer | None = None
        self.waiting = False


def update(station: Station, offer: Offer) -> str:
    """Take on an update. Returns a word of UpdateFirmwareStatusEnumType."""
    updating = station.part(Updating)
    if not station.transfers.protocols:
        return "Rejected"
    if offer.signer is not None:
        try:
            _check_signer(station, offer.signer)  # L01.FR.21
        except InvalidCertificate as error:
            fault = str(error)
            station.later(lambda: station.announce(events.Incident("InvalidFirmwareSigningCertificate", fault)))
            return "InvalidCertificate"
    canceled = updating.update is not None
    if updating.update is not None:
        if updating.update.phase is not Phase.FETCHING:
            return "Rejected"  # L01.FR.27
        _end(station)
    accepted = Update(
        url=offer.url,
        retries=RETRIES if offer.retries is None else max(0, offer.retries),
        interval_s=INTERVAL_S if offer.interval_s is None else max(0, offer.interval_s),
        retrieve_at=offer.retrieve_at,
        install_at=offer.install_at,
        request_id=offer.request_id,
        signer=offer.signer,
        signature=offer.signature,
    )
    _keep(station, accepted)
    station.later(lambda: _begin(station))
    return "AcceptedCanceled" if canceled else "Accepted"  # L01.FR.24


def on_started(station: Station, event: events.Started) -> None:
    """After a power cut it goes on: what was fetched or half installed, from the beginning."""
    if station.storage.items(telling.UNTOLD):
        station.part(telling.Telling)
    for _, kept in station.storage.items(UPDATES):
        updating = station.part(Updating)
        updating.update = kept
        if kept.phase is Phase.ACTIVATING:
            _activated(station, kept)
        else:
            _keep(station, msgspec.structs.replace(kept, phase=Phase.FETCHING))
            station.later(lambda: _begin(station))


def on_online(station: Station, event: events.Online) -> None:
    telling.go_on(station)


def on_registered(station: Station, event: events.Registered) -> None:
    telling.go_on(station)


def on_transaction_ended(station: Station, event: events.TransactionEnded) -> None:
    """L01.FR.06: an installation that waited for the last transaction."""
    updating = station.made(Updating)
    if updating is not None and updating.waiting:
        station.later(lambda: _install(station))


def on_installed(station: Station, event: events.FirmwareInstalled) -> None:
    """The hardware has done it, or has failed to."""
    current = station.part(Updating).update
    if current is None or current.phase is not Phase.INSTALLING:
        return
    if event.version is None:
        _fail(station, "InstallationFailed")
        return
    station.storage.put(FIRMWARE, "version", event.version)
    _keep(station, msgspec.structs.replace(current, phase=Phase.ACTIVATING))
    tell(station, current, "InstallRebooting")  # L01.FR.32
    station.later(lambda: restart_soon(station, "FirmwareUpdate"))


# Fetching.


def _begin(station: Station) -> None:
    """Now, or when it is time (L01.FR.13)."""
    current = station.part(Updating).update
    if current is None:
        return
    wait_s = (current.retrieve_at - station.now()).total_seconds()
    if wait_s <= 0:
        _fetch(station)
        return
    tell(station, current, "DownloadScheduled")
    _at(station, wait_s, _fetch)


def _fetch(station: Station) -> None:
    updating = station.part(Updating)
    current = updating.update
    if current is None or updating.transfer is not None:
        return
    if updating.attempts == 0:
        tell(station, current, "Downloading")
    updating.attempts += 1
    if updating.attempts <= current.retries:
        _at(station, current.interval_s, _fetch)
    updating.transfer = station.transfers.download(
        current.url,
        lambda found: station.turn(lambda: _fetched(station, current, found)),
        trusted=trusted(station, Use.CSMS),
    )


def _fetched(station: Station, current: Update, found: bytes | Outcome) -> None:
    updating = station.part(Updating)
    if updating.update is not current:
        return
    updating.transfer = None
    if isinstance(found, Outcome):
        station.announce(events.Noted(f"firmware could not be fetched: {found}"))
        if updating.timer is None:
            if updating.attempts <= current.retries:
                _fetch(station)
            else:
                _fail(station, "DownloadFailed")  # L01.FR.30
        return
    _still(updating)
    tell(station, current, "Downloaded")
    if current.signer is not None:
        signer = certificates.read(current.signer)[0]
        if not keys.signed_by(signer, current.signature or "", found):
            _fail(station, "InvalidSignature")
            station.announce(events.Incident("InvalidFirmwareSignature"))  # L01.FR.03
            return
        tell(station, current, "SignatureVerified")
    updating.image = found
    wait_s = 0.0 if current.install_at is None else (current.install_at - station.now()).total_seconds()
    if wait_s <= 0:
        _install(station)
        return
    tell(station, current, "InstallScheduled")  # L01.FR.16
    _at(station, wait_s, _install)


def _check_signer(station: Station, text: str) -> None:
    """L01.FR.12: the signer must go back to a root of the maker. Raises InvalidCertificate."""
    signer, *above = certificates.read(text)
    chains.verify(signer, above, roots(station, Use.MANUFACTURER), station.now())


# Installing.


def _install(station: Station) -> None:
    """L01.FR.05, 06: not while anybody charges."""
    updating = station.part(Updating)
    current, image = updating.update, updating.image
    if current is None or image is None or current.phase is not Phase.FETCHING:
        return
    if any(bay.transaction is not None for bay in station.bays.values()):
        if not updating.waiting:
            updating.waiting = True
            if current.install_at is None or current.install_at <= station.now():
                tell(station, current, "InstallScheduled")  # L01.FR.34
        if not station.model.flag("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate"):
            _hold(station, True)  # L01.FR.07
        return
    updating.waiting = False
    _keep(station, msgspec.structs.replace(current, phase=Phase.INSTALLING))
    _hold(station, True)
    tell(station, current, "Installing")
    if not station.hardware.install(image):
        _fail(station, "InstallVerificationFailed")  # L01.FR.29


def _activated(station: Station, current: Update) -> None:
    """This is the new firmware (L01.FR.28, 31)."""
    tell(station, current, "Installed")
    station.announce(events.Incident("FirmwareUpdated", station.firmware_version))
    _end(station)


def _hold(station: Station, held: bool) -> None:
    """Nobody may begin to charge; who charges goes on."""
    for bay in station.bays.values():
        if bay.held is not held:
            bay.held = held
            station.announce(events.BayChanged(bay))


def _fail(station: Station, word: str) -> None:
    current = station.part(Updating).update
    if current is not None:
        tell(station, current, word)
    _end(station)


def _end(station: Station) -> None:
    updating = station.part(Updating)
    if updating.transfer is not None:
        updating.transfer.cancel()
    _still(updating)
    updating.update = updating.image = updating.transfer = None
    updating.attempts, updating.waiting = 0, False
    station.storage.remove(UPDATES, _KEY)
    _hold(station, False)


def _keep(station: Station, current: Update) -> None:
    station.part(Updating).update = current
    station.storage.put(UPDATES, _KEY, current)


def _at(station: Station, wait_s: float, work: Callable[[Station], None]) -> None:
    updating = station.part(Updating)
    _still(updating)

    def due() -> None:
        updating.timer = None
        work(station)

    updating.timer = station.after(wait_s, due)


def _still(updating: Updating) -> None:
    if updating.timer is not None:
        updating.timer.cancel()
        updating.timer = None
