"""The certificates of this server, and who signs those of stations: read at start, and again whenever a file has changed."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from pathlib import Path

from forecourt.clock import Clock
from forecourt.csms.blocks.certificates.model import OwnCertificates
from forecourt.csms.config import Tls
from forecourt.csms.gateway.revocation import Revoked, read_lists
from forecourt.errors import Invalid
from forecourt.pki.certificates import InvalidCertificate, read, write
from forecourt.transport.handshake import Certificate
from forecourt.transport.listener import Listener
from forecourt.transport.tls import ClientCertificates, KeyPair, server_context

_LOG = logging.getLogger("forecourt.gateway")


class Certificates:
    """What `settings` name, and how the files were when they were last read. `issued` is the file with the root of this server,
    which need not be there yet; None where it signs none."""

    def __init__(self, settings: Tls, clock: Clock, issued: Path | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._issued = issued
        self.own = OwnCertificates()
        """What is served and trusted."""
        self._revoked = Revoked()
        self._told: Revoked | None = None
        self._seen: Mapping[Path, tuple[int, int]] = {}

    def is_revoked(self, certificate: Certificate) -> bool:
        """Whether a station's certificate is on one of the lists. Does not wait."""
        return self._revoked.covers(certificate)

    async def begin(self) -> ssl.SSLContext | None:
        """As `load`, for a start. Raises Invalid with the file that cannot be used."""
        try:
            return await self.load()
        except (OSError, ValueError) as error:
            raise Invalid("tls_unusable", f"tls: {error}") from error

    async def load(self) -> ssl.SSLContext | None:
        """The context of the listener, None without certificates. Raises OSError, ssl.SSLError, ValueError."""
        context = await asyncio.to_thread(self._load)
        self._warn()
        return context

    async def renew(self, listener: Listener) -> bool:
        """Let new connections see what the files hold now, if they have changed; those that are there go on with what they have.

        Files that cannot be used, such as a certificate whose key is not there yet, are looked at again the next time.
        """
        self._warn()
        if not self._settings.certificates or await asyncio.to_thread(self._look) == self._seen:
            return False
        try:
            context = await self.load()
        except (OSError, ssl.SSLError, ValueError) as error:
            _LOG.error("changed certificates cannot be used, the earlier ones stay: %s", error)
            return False
        if context is None:
            return False
        listener.renew_tls(context)
        _LOG.info("the certificates were read again")
        return True

    def _load(self) -> ssl.SSLContext | None:
        settings = self._settings
        if not settings.certificates:
            return None
        # Looked at before they are read: what changes in between is noticed the next time.
        seen = self._look()
        for certificate, key in settings.certificates:
            _try(certificate, key)
        named = "" if settings.client_ca is None else _roots_in(settings.client_ca)
        if settings.client_crl and not named:
            raise ValueError(f"{settings.client_crl[0]} is held against who is in client_ca, which names nobody")
        root = self._root()
        asks = settings.client_ca is not None or bool(root)
        context = server_context(
            [KeyPair(certificate, key) for certificate, key in settings.certificates],
            clients=ClientCertificates.OPTIONAL if asks else ClientCertificates.NONE,
            client_roots=named + root if asks else None,
            rsa_key_exchange=settings.rsa_key_exchange,
        )
        self._revoked = read_lists(settings.client_crl, named)
        self.own = OwnCertificates(tuple(chain.read_text() for chain, _ in settings.certificates), named)
        self._seen = seen
        return context

    def _root(self) -> str:
        """The root of this server without its key, if there is one yet. Raises OSError, ValueError."""
        if self._issued is None or not self._issued.exists():
            return ""
        try:
            return "\n" + write(read(self._issued.read_text())[:1])
        except InvalidCertificate as error:
            raise ValueError(f"{self._issued}: {error}") from error

    def _warn(self) -> None:
        """Say once of what was read that it should have been replaced."""
        late = [one for one in self._revoked.lists if one.is_late(self._clock.now())]
        if late and self._told is not self._revoked:
            self._told = self._revoked
            for one in late:
                _LOG.warning(
                    "%s should have been replaced on %s; what it revokes stays revoked", one.file, one.next_update
                )

    def _look(self) -> Mapping[Path, tuple[int, int]]:
        files = [file for pair in self._settings.certificates for file in pair]
        if self._settings.client_ca is not None:
            files.append(self._settings.client_ca)
        if self._issued is not None:
            files.append(self._issued)
        files += self._settings.client_crl
        found = {}
        for file in files:
            try:
                known = file.stat()
            except OSError:
                continue
            found[file] = (known.st_mtime_ns, known.st_size)
        return found


def _roots_in(file: Path) -> str:
    """The text of a file with certificates. Raises OSError, and ValueError for what holds none."""
    text = file.read_text(errors="replace")
    try:
        read(text)
    except InvalidCertificate as error:
        raise ValueError(f"{file}: {error}") from error
    return text


def _try(certificate: Path, key: Path) -> None:
    """Raise ValueError, which names them, for files that are no certificate and its key. What reads them later names none."""
    for file in (certificate, key):
        file.read_bytes()
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise ValueError(f"{certificate} with {key}: {error.reason or error}") from error
