"""The certificates that vehicles of ISO 15118-20 show: whether a root that is trusted vouches for them, and none is revoked (M07)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from cryptography.x509 import Certificate

from forecourt.charging.ids import EvseId
from forecourt.pki import certificates, chains
from forecourt.pki.certificates import InvalidCertificate, fingerprint, hash_data
from forecourt.station import events
from forecourt.station.blocks.certificates.model import Revocation, RevocationQuestion, Source, Use
from forecourt.station.blocks.certificates.store import Certificates
from forecourt.station.core import Station

WAIT_S: Final = 10.0
"""How long the TLS handshake may wait; ISO 15118-20 gives 20 s to all of it."""
WEEK: Final = timedelta(days=7)
"""M07.FR.09: how long an answer may be kept at most."""
MOST_KEPT: Final = 100
MOST_LINKS: Final = 4
"""How many certificates one message asks about."""
MOST_ADDRESSES: Final = 5


class Seen:
    """What is known of certificates by fingerprint, and until when; and which chain is being asked about at each EVSE."""

    __slots__ = ("asking", "known")

    def __init__(self, station: Station) -> None:
        self.known: dict[str, tuple[bool, datetime]] = {}
        self.asking: dict[EvseId, RevocationQuestion] = {}


def on_vehicle_shown(station: Station, event: events.VehicleShown) -> None:
    """M07.FR.10, 11: only what is not known is asked about. Where nothing can be found out the vehicle is not trusted."""
    evse_id, seen = event.evse_id, station.part(Seen)
    links = _links(station, event.chain)
    unknown = [link for link in links if _known(station, link[0]) is None]
    questions = tuple(one for one in map(_question, unknown) if one is not None)
    revoked = any(_known(station, one) is False for one, _ in links)
    if not links or revoked or len(questions) < len(unknown) or len(unknown) > MOST_LINKS:
        station.hardware.vehicle_checked(evse_id, good=False)
        return
    if not unknown:
        station.hardware.vehicle_checked(evse_id, good=True)
        return
    if not station.online:
        station.hardware.vehicle_checked(evse_id, good=False)
        return
    question = seen.asking[evse_id] = RevocationQuestion(questions)

    def over() -> None:
        if seen.asking.get(evse_id) is not question:
            return
        del seen.asking[evse_id]
        station.hardware.vehicle_checked(evse_id, good=all(_known(station, one) for one, _ in links))

    def ended(heard: bool) -> None:
        for (one, _), asked in zip(unknown, questions, strict=True):
            _learn(station, fingerprint(one), question, asked)
        over()

    station.after(WAIT_S, over)
    station.say(question, urgent=True, ended=ended)


def on_unplugged(station: Station, event: events.Unplugged) -> None:
    seen = station.made(Seen)
    if seen is not None:
        seen.asking.pop(event.evse_id, None)


def _links(station: Station, text: str) -> list[tuple[Certificate, Certificate]]:
    """Each certificate with who has signed it, the root left out; nothing where no root that is trusted vouches for them."""
    held = station.part(Certificates)
    try:
        leaf, *above = certificates.read(text)
        path = chains.verify(leaf, above, [*held.of(Use.OEM), *held.of(Use.V2G)], station.now())
    except InvalidCertificate:
        return []
    return list(pairwise(path))


def _question(link: tuple[Certificate, Certificate]) -> Source | None:
    """Where to learn of it; None for one that says nothing about that."""
    certificate, signer = link
    responder = certificates.responder(certificate)
    places = certificates.revocation_lists(certificate) if responder is None else (responder,)
    if not places:
        return None
    named = hash_data(certificate, signer)
    return Source(named=named, lists=responder is None, addresses=places[:MOST_ADDRESSES])


def _known(station: Station, certificate: Certificate) -> bool | None:
    """Whether it is good; None where that is not known, or no longer."""
    known = station.part(Seen).known.get(fingerprint(certificate))
    return None if known is None or known[1] <= station.now() else known[0]


def _learn(station: Station, known_as: str, question: RevocationQuestion, asked: Source) -> None:
    answer: Revocation | None = next((one for one in question.answers if one.named.same(asked.named)), None)
    if answer is None or answer.good is None:
        return
    known = station.part(Seen).known
    if known_as not in known and len(known) >= MOST_KEPT:
        del known[next(iter(known))]
    known[known_as] = (answer.good, min(answer.until, station.now() + WEEK))
