"""The certificate that vehicles are shown (ISO 15118): handed to the hardware, listed, and what responders say of it (M06)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from cryptography.x509 import Certificate

from forecourt.pki import certificates
from forecourt.pki.certificates import HashData, fingerprint, hash_data, issued_by, responder
from forecourt.station import events
from forecourt.station.blocks.certificates.model import Staple, StatusQuestion, Use
from forecourt.station.blocks.certificates.store import IDENTITIES, V2G, Certificates
from forecourt.station.core import Station
from forecourt.station.hardware.interface import Secc

FRESH: Final = timedelta(days=6)
"""How old an answer may become before it is asked for again at the daily look: within a week (M06.FR.10)."""


def on_started(station: Station, event: events.Started) -> None:
    if any(name == V2G for name, _ in station.storage.items(IDENTITIES)):
        hand_over(station)


def hand_over(station: Station) -> None:
    """Have the hardware show vehicles what there is."""
    held = station.part(Certificates)
    identity = held.identities.get(V2G)
    if identity is None:
        return
    staples = (held.staples.get(fingerprint(one)) for one in certificates.read(identity.chain))
    station.hardware.secure(
        Secc(
            key=identity.key,
            chain=identity.chain,
            staples=tuple(b"" if staple is None else staple.response for staple in staples),
        )
    )


def renewed(station: Station) -> None:
    """M06.FR.07: of the certificates that are new everything has to be asked."""
    held = station.part(Certificates)
    now_there = {fingerprint(one) for one in _chain(station)}
    for known in [known for known in held.staples if known not in now_there]:
        held.staple(known, None)
    hand_over(station)
    look(station)


def look(station: Station) -> None:
    """M06.FR.06, 10: ask for what is not known, or not known of late. What names no responder cannot be asked about."""
    held = station.part(Certificates)
    for one, named in _named(station):
        known, place = held.staples.get(fingerprint(one)), responder(one)
        if place is None or (known is not None and station.now() - known.at < FRESH):
            continue
        _ask(station, fingerprint(one), StatusQuestion(named, place))


def listed(station: Station) -> list[HashData]:
    """M03.FR.05: the certificate for vehicles and, after it, those between it and the root."""
    return [named for _, named in _named(station)]


def _ask(station: Station, known_as: str, question: StatusQuestion) -> None:
    def ended(heard: bool) -> None:
        # M06.FR.04: with no answer, or one that is none, what was known stays; the next look asks again.
        if question.response is not None and certificates.answered(question.response, question.named):
            station.part(Certificates).staple(known_as, Staple(response=question.response, at=station.now()))
            hand_over(station)

    station.say(question, ended=ended)


def _chain(station: Station) -> tuple[Certificate, ...]:
    identity = station.part(Certificates).identities.get(V2G)
    return () if identity is None else certificates.read(identity.chain)


def _named(station: Station) -> list[tuple[Certificate, HashData]]:
    """Each certificate with its name; the last one has none when the root that has signed it is gone."""
    chain = _chain(station)
    roots = station.part(Certificates).of(Use.V2G)
    signers = (*chain[1:], *(root for root in roots if chain and issued_by(chain[-1], root)))
    return [(one, hash_data(one, signer)) for one, signer in zip(chain, signers, strict=False)]
