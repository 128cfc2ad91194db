"""What a station finds out by itself about the contract that a vehicle shows (C07, Plug & Charge)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from cryptography.x509 import Certificate

from forecourt.pki import certificates, chains
from forecourt.pki.certificates import HashData, InvalidCertificate
from forecourt.station.blocks.certificates.actions import roots
from forecourt.station.blocks.certificates.model import Use
from forecourt.station.core import Station
from forecourt.station.hardware.interface import Contract

MOST_QUESTIONS: Final = 4
"""How many certificates Authorize has room for."""
_EMAID_LENGTH: Final = 14
"""Of an eMAID without its check digit, which not everybody writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the station finds by itself. `valid` says that the chain goes back to a root that it trusts, `strange` that it knows
    no root the chain could go back to."""

    valid: bool
    strange: bool
    questions: tuple[tuple[HashData, str], ...] = ()


def check(station: Station, contract: Contract) -> Checked:
    trusted = [*roots(station, Use.MO), *roots(station, Use.V2G)]
    try:
        leaf, *above = certificates.read(contract.chain)
    except InvalidCertificate:
        return Checked(valid=False, strange=False)
    if _plain(certificates.common_name(leaf) or "") != _plain(contract.emaid):
        return Checked(valid=False, strange=False)
    try:
        path: Sequence[Certificate] = chains.verify(leaf, above, trusted, station.now())
    except InvalidCertificate:
        known = any(root.subject == one.issuer for root in trusted for one in (leaf, *above))
        return Checked(valid=False, strange=not known, questions=_questions((leaf, *above)))
    return Checked(valid=True, strange=False, questions=_questions(path))


def _questions(path: Sequence[Certificate]) -> tuple[tuple[HashData, str], ...]:
    """C07.FR.02: what responders may be asked about; not of what they have no address in or no issuer at hand for."""
    return tuple(
        (certificates.hash_data(one, signer), place)
        for one, signer in pairwise(path)
        if certificates.issued_by(one, signer) and (place := certificates.responder(one)) is not None
    )[:MOST_QUESTIONS]


def _plain(emaid: str) -> str:
    return emaid.replace("-", "").casefold()[:_EMAID_LENGTH]
