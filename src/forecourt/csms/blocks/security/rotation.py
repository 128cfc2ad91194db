"""Changing the password of a station, so that it can always come back (A01).

Before the station is asked, the new password is accepted beside the old one, and that survives whatever happens next:

    the station takes it                 only the new one is accepted from now on (A01.FR.03)
    it refuses                           only the old one (A01.FR.04)
    it takes it after a reboot, or       both, until it comes back with the new one; an answer that was lost leaves us
    nobody knows                         no other choice

While both are accepted no other change is begun, unless the station has come back with the old one meanwhile: giving up
the password it may have taken would lock it out. Passwords are never kept, only what proves them.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from forecourt.csms.blocks.security import store
from forecourt.csms.blocks.security.model import PasswordGiven, PasswordRefused, PasswordRotated
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.credentials import check_password, digest, new_password
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import SecurityProfile, Station
from forecourt.csms.store.errors import StoreError
from forecourt.csms.store.work import Store
from forecourt.errors import AnsweredError, Invalid, Offline
from forecourt.ocpp.errors import LocalProtocolError

_LOG = logging.getLogger("forecourt.security")

_WITH_PASSWORD: Final = frozenset({SecurityProfile.BASIC, SecurityProfile.TLS_BASIC})

_NOT_DONE: Final = frozenset({"NotImplemented", "NotSupported"})
"""Error codes that say the station cannot have done anything."""

RUNNING: Final = "AnotherChangeIsOpen"


class Taking(Enum):
    """What a station made of a new password."""

    TAKEN = auto()
    AFTER_REBOOT = auto()
    REFUSED = auto()


Give = Callable[[str], Awaitable[tuple[Taking, str]]]
"""Says a password to the station; returns what it made of it, and its word. Raises StationError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """What this block needs of the rest of the program. `pepper` is the key that passwords are hashed with."""

    store: Store
    pepper: bytes = field(repr=False)


async def rotate(block: Security, link: Link, give: Give) -> Outcome:
    """Give a station a new random password. Raises StationError, and Invalid for a station that uses none."""
    station = link.station
    if station.credentials.profile not in _WITH_PASSWORD:
        raise Invalid("no_password_in_use", "the station proves itself without a password")
    # A01.FR.07.
    password = new_password()
    if not await _begin(block, station, digest(password, block.pepper)):
        return Outcome.refused(
            RUNNING,
            description="whether the station has taken the password of an earlier change is known when it connects again",
        )
    try:
        taking, word = await give(password)
    except (Offline, LocalProtocolError):
        await _end(block, station, taken=False, reason="NotSent")
        raise
    except AnsweredError as error:
        if error.code in _NOT_DONE:
            await _end(block, station, taken=False, reason=error.code)
        raise
    if taking is Taking.TAKEN:
        await _end(block, station, taken=True)
    elif taking is Taking.REFUSED:
        await _end(block, station, taken=False, reason=word)
        return Outcome.refused(word)
    return Outcome.accepted(word)


async def connected(block: Security, station: Station, shown: bytes, back: bool = True) -> None:
    """A station was let in with password `shown`. Costs nothing unless a change of its password is open. Raises StoreError.

    That it shows the old one tells only of a station that has come `back` that it did not take the new one.
    """
    if len(station.credentials.password_hmacs) < 2:
        return
    async with block.store.work(station.key) as work:
        connection = await work.sql()
        passwords = await store.lock(connection, station)
        is_new = passwords.following is not None and _matches(block, shown, passwords.following)
        if is_new:
            await store.keep(connection, station, passwords.following, None)
            work.announce(PasswordRotated(organisation_id=station.organisation, station_id=station.key))
            passwords = store.Passwords(passwords.following, None, False)
        elif passwords.following is not None and back:
            await store.old_one_seen(connection, station, work.now)
    station.credentials.password_hmacs = passwords.hmacs


async def give_password(block: Security, station: Station, password: str, given_by: str) -> None:
    """Let a station prove itself with `password` from now on, as it was set at the station. Raises Invalid.

    No other one is accepted any more, also none of a change that is open.
    """
    stored = digest(check_password(password), block.pepper)
    async with block.store.work(station.key) as work:
        connection = await work.sql()
        await store.lock(connection, station)
        await store.keep(connection, station, stored, None)
        work.announce(PasswordGiven(organisation_id=station.organisation, station_id=station.key, given_by=given_by))
    station.credentials.password_hmacs = (stored,)


async def _begin(block: Security, station: Station, following: bytes) -> bool:
    async with block.store.work(station.key) as work:
        connection = await work.sql()
        passwords = await store.lock(connection, station)
        if passwords.following is not None and not passwords.old_seen:
            return False
        await store.keep(connection, station, passwords.current, following)
        await store.begin(connection, station, work.now)
    station.credentials.password_hmacs = store.Passwords(passwords.current, following, False).hmacs
    return True


async def _end(block: Security, station: Station, *, taken: bool, reason: str = "") -> None:
    """Keep the password that is in use from now on. With the database away both stay valid, and the next connection decides."""
    try:
        async with block.store.work(station.key) as work:
            connection = await work.sql()
            passwords = await store.lock(connection, station)
            if passwords.following is None:
                # The station has come back already, and that has settled it.
                return
            current = passwords.following if taken else passwords.current
            await store.keep(connection, station, current, None)
            whose = {"organisation_id": station.organisation, "station_id": station.key}
            work.announce(PasswordRotated(**whose) if taken else PasswordRefused(**whose, reason=reason))
    except StoreError as error:
        _LOG.warning("the password change of %s is settled when it connects again: %s", station.wire_id, error)
        return
    station.credentials.password_hmacs = () if current is None else (current,)


def _matches(block: Security, shown: bytes, stored: bytes) -> bool:
    """Stations of 1.6 show the bytes that the hexadecimal digits stand for, or the digits themselves (whitepaper, A00.FR.205)."""
    digits = shown.hex().encode()
    matches = [hmac.compare_digest(digest(form, block.pepper), stored) for form in (shown, digits)]
    return any(matches)
