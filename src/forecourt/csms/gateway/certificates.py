"""The certificates of this server, and who signs those of stations: read at start, and again whenever a file has changed."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from pathlib import Path

from forecourt.csms.config import Tls
from forecourt.transport.listener import Listener
from forecourt.transport.tls import ClientCertificates, KeyPair, server_context

_LOG = logging.getLogger("forecourt.gateway")


class Certificates:
    """What `settings` name, and how the files were when they were last read."""

    def __init__(self, settings: Tls) -> None:
        self._settings = settings
        self._seen: Mapping[Path, tuple[int, int]] = {}

    async def load(self) -> ssl.SSLContext | None:
        """The context of the listener, None without certificates. Raises OSError, ssl.SSLError."""
        return await asyncio.to_thread(self._load)

    async def renew(self, listener: Listener) -> bool:
        """Let new connections see what the files hold now, if they have changed; those that are there go on with what they have.

        Files that cannot be used, such as a certificate whose key is not there yet, are looked at again the next time.
        """
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
        roots = settings.client_ca.read_text() if settings.client_ca is not None else None
        context = server_context(
            [KeyPair(certificate, key) for certificate, key in settings.certificates],
            clients=ClientCertificates.NONE if roots is None else ClientCertificates.OPTIONAL,
            client_roots=roots,
            rsa_key_exchange=settings.rsa_key_exchange,
        )
        self._seen = seen
        return context

    def _look(self) -> Mapping[Path, tuple[int, int]]:
        files = [file for pair in self._settings.certificates for file in pair]
        if self._settings.client_ca is not None:
            files.append(self._settings.client_ca)
        found = {}
        for file in files:
            try:
                known = file.stat()
            except OSError:
                continue
            found[file] = (known.st_mtime_ns, known.st_size)
        return found
