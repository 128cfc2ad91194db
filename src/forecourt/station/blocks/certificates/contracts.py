"""Contract certificates for vehicles (M01, M02): what a vehicle asks, and the answer, pass through unread."""

from __future__ import annotations

from typing import Final

from forecourt.charging.ids import EvseId
from forecourt.station import events
from forecourt.station.blocks.certificates.model import ISO15118, ContractQuestion
from forecourt.station.core import Station

WAIT_S: Final = 5.0
"""How long a vehicle waits for its certificate (ISO 15118-2, 8.7.2)."""


class Asking:
    """What each vehicle waits for."""

    __slots__ = ("questions",)

    def __init__(self, station: Station) -> None:
        self.questions: dict[EvseId, ContractQuestion] = {}


def on_certificate_wanted(station: Station, event: events.CertificateWanted) -> None:
    """M01.FR.01, M02.FR.01. Without an answer in time the vehicle is told of a failure."""
    evse_id, asking = event.evse_id, station.part(Asking)
    if not station.online or not station.model.flag(ISO15118, "ContractCertificateInstallationEnabled"):
        station.hardware.certificate(evse_id, None)
        return
    question = asking.questions[evse_id] = ContractQuestion(event.request)

    def over(answer: str | None) -> None:
        if asking.questions.get(evse_id) is question:
            del asking.questions[evse_id]
            station.hardware.certificate(evse_id, answer, remaining=question.remaining)

    station.after(WAIT_S, lambda: over(None))
    station.say(question, urgent=True, ended=lambda heard: over(question.answer))


def on_unplugged(station: Station, event: events.Unplugged) -> None:
    asking = station.made(Asking)
    if asking is not None:
        asking.questions.pop(event.evse_id, None)
