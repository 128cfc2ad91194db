"""Showing tariffs and costs, or what is configured to be shown in their place (I01 to I06)."""

from __future__ import annotations

from decimal import Decimal

from forecourt.charging.ids import EvseId
from forecourt.charging.tokens import Token
from forecourt.station import events
from forecourt.station.blocks.transactions.actions import by_id
from forecourt.station.core import Station
from forecourt.station.languages import fitting


class Told:
    """Whose personal message was shown last."""

    __slots__ = ("token",)

    def __init__(self, station: Station) -> None:
        self.token: Token | None = None


def on_personal_message(station: Station, event: events.PersonalMessage) -> None:
    """I01.FR.03, I06.FR.03; in a language that the driver reads, if there is one."""
    station.part(Told).token = event.token
    bay = None if event.evse_id is None else station.bays[event.evse_id]
    driver = None if bay is None else bay.authorization
    texts = ((event.language, event.text), *event.others)
    usual = station.model.text("DisplayMessageCtrlr", "Language")
    chosen = fitting([language for language, _ in texts], () if driver is None else driver.languages, usual)
    station.hardware.show(event.evse_id, texts[chosen][1])


def on_authorized(station: Station, event: events.Authorized) -> None:
    """I04.FR.01: a driver whose tariff nobody has told is shown the one for all."""
    told, authorization = station.part(Told), event.bay.authorization
    known, told.token = told.token, None
    if authorization is None or (known is not None and known.matches(authorization.token)):
        return
    if text := station.model.text("TariffCostCtrlr", "TariffFallbackMessage"):
        station.hardware.show(event.bay.evse_id, text)


def on_cost(station: Station, event: events.CostTold) -> None:
    """I02.FR.04, I03.FR.03."""
    _show(station, event.evse_id, event.total, final=event.final)


def on_transaction_ended(station: Station, event: events.TransactionEnded) -> None:
    """I05.FR.02."""
    text = station.model.text("TariffCostCtrlr", "TotalCostFallbackMessage")
    if text and not station.online:
        station.hardware.show(event.bay.evse_id, text)


def update(station: Station, transaction_id: str, total: Decimal) -> None:
    """CostUpdated (I02.FR.03). The driver of a transaction that is over is gone."""
    bay = by_id(station, transaction_id)
    if bay is not None:
        evse_id = bay.evse_id
        station.later(lambda: station.announce(events.CostTold(evse_id, transaction_id, total, final=False)))


def _show(station: Station, evse_id: EvseId, total: Decimal, *, final: bool) -> None:
    currency = station.model.text("TariffCostCtrlr", "Currency")
    words = f"Total: {currency} {total:.2f}" if final else f"{currency} {total:.2f} so far"
    station.hardware.show(evse_id, words)
