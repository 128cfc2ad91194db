"""What becomes of certificates: issued, shown, revoked, near their end; and what is remembered of them for handshakes."""

from __future__ import annotations

import hashlib
import logging
from typing import Final

from cryptography import x509
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.blocks.certificates import store
from forecourt.csms.blocks.certificates.model import (
    SOON,
    CertificateExpiring,
    CertificateInUse,
    CertificateIssued,
    Certificates,
    Holder,
    InUse,
)
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.errors import StoreError
from forecourt.csms.store.work import Work
from forecourt.errors import Invalid
from forecourt.pki.certificates import InvalidCertificate, read, serial_of
from forecourt.pki.issuing import MOST_NAME_LENGTH, Authority, PublicKey, issue

_LOG = logging.getLogger("forecourt.certificates")

_UNREADABLE: Final = "a certificate of a station cannot be read and is not listed"


async def load(block: Certificates, connection: AsyncConnection, stations: Stations) -> None:
    """Remember what handshakes need: what is revoked, and what each station has shown last."""
    block.revoked.update(await store.revoked(connection))
    for key, fingerprint in (await store.in_use(connection)).items():
        stations.of_key(StationKey(key)).recall(InUse).fingerprint = fingerprint


def is_revoked(block: Certificates, der: bytes) -> bool:
    """Whether a certificate was revoked here. Does not wait."""
    return bool(block.revoked) and hashlib.sha256(der).hexdigest() in block.revoked


def common_name(station: Station) -> str:
    """What the CN of a station's certificate has to be (A00.FR.405)."""
    return station.credentials.certificate_name or station.wire_id


def sign(block: Certificates, authority: Authority, station: Station, key: PublicKey) -> x509.Certificate:
    """A certificate with which a station passes the handshake. Raises Invalid for names that do not fit into one."""
    names = [name for name in block.names(station) if len(name) <= MOST_NAME_LENGTH]
    try:
        return issue(
            authority,
            key,
            common_name=common_name(station),
            organization=next(iter(names), ""),
            now=block.store.clock.now(),
            days=block.authority.days,
        )
    except ValueError as error:
        message = f"{error}; a shorter name of the organisation for certificates helps (certificateNames)"
        raise Invalid("certificate_names", message) from error


def announce_issued(work: Work, station: Station, one: x509.Certificate) -> None:
    """Say that a station has a new certificate."""
    work.announce(
        CertificateIssued(
            organisation_id=station.organisation,
            station_id=station.key,
            serial=serial_of(one),
            valid_to=one.not_valid_after_utc,
        )
    )


async def shown(block: Certificates, station: Station, der: bytes) -> None:
    """A station was let in with this certificate. Costs nothing unless it is another one than before. Raises StoreError."""
    memory, fingerprint = station.recall(InUse), hashlib.sha256(der).hexdigest()
    if memory.fingerprint == fingerprint:
        return
    try:
        one = x509.load_der_x509_certificate(der)
        subject = one.subject.rfc4514_string()
    except ValueError:
        _LOG.warning("%s: %s", station.wire_id, _UNREADABLE)
        return
    before, memory.fingerprint = memory.fingerprint, fingerprint
    try:
        async with block.store.work(station.key) as work:
            await store.shown(await work.sql(), station, one, work.now)
            work.announce(
                CertificateInUse(
                    organisation_id=station.organisation,
                    station_id=station.key,
                    serial=serial_of(one),
                    valid_to=one.not_valid_after_utc,
                )
            )
    except StoreError:
        memory.fingerprint = before
        raise
    _LOG.info("%s comes with another certificate: %s, serial number %s", station.wire_id, subject, serial_of(one))


class Watch:
    """What is done now and then: the server's own certificates are listed, and what ends soon is told."""

    def __init__(self, block: Certificates) -> None:
        self._block = block
        self._kept: object = None

    async def keep_own(self) -> None:
        """List what the listener serves and trusts, if that has changed. Raises StoreAway."""
        block, own = self._block, self._block.own()
        root = block.authority.known
        now_own = (own, None if root is None else root.certificate)
        if now_own == self._kept:
            return
        found = [(Holder.SERVER, one) for chain in own.chains for one in _readable(chain)[:1]]
        found += [(Holder.AUTHORITY, one) for one in _readable(own.client_roots)]
        if root is not None:
            found.append((Holder.AUTHORITY, root.certificate))
        async with block.store.work() as work:
            await store.keep_own(await work.sql(), found, work.now)
        self._kept = now_own

    async def tell(self) -> None:
        """Tell of every certificate in use that ends soon, once. Raises StoreAway."""
        async with self._block.store.work() as work:
            for row in await store.untold(await work.sql(), work.now + SOON, work.now):
                work.announce(
                    CertificateExpiring(
                        organisation_id=row.organisation_id,
                        station_id=row.station_id,
                        holder=row.holder,
                        serial=row.serial,
                        subject=row.subject,
                        valid_to=row.not_after,
                    )
                )


def _readable(text: str) -> tuple[x509.Certificate, ...]:
    try:
        return read(text)
    except InvalidCertificate:
        return ()
