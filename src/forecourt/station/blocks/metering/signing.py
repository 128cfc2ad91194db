"""Having the meter sign what it reads, when and as it is configured (J01.FR.21, J02.FR.21)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec

from forecourt.charging.ids import EvseId
from forecourt.charging.readings import Context, Reading, SignedValue
from forecourt.station.blocks.metering import ocmf
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name
from forecourt.station.device_model.values import Refusal
from forecourt.station.hardware.interface import Signer
from forecourt.station.state import Bay, Transaction
from forecourt.station.storage import Shelf

PAGES: Shelf[int] = Shelf("ocmf_pages", int)
"""How many records each meter has signed."""
REGISTER: Final = "Energy.Active.Import.Register"


def wanted(station: Station, component: str, also: str | None = None) -> bool:
    """Whether SignReadings of `component` asks for it, and `also` with it where that is named."""
    model = station.model
    return model.flag(component, "SignReadings") and (also is None or model.flag(component, also))


def refuse(station: Station, value: str) -> Refusal | None:
    """Why readings cannot be signed, for who wants them to be."""
    if value.casefold() == "true" and any(station.hardware.signer(evse_id) is None for evse_id in station.bays):
        return Refusal("InvalidValue", "no meter that signs")
    return None


def public_key(station: Station, evse_id: EvseId) -> str:
    """What the signatures of the meter at an EVSE are checked by, as it is printed there; nothing where it does not sign."""
    signer = station.hardware.signer(evse_id)
    return "" if signer is None else ocmf.printed_key(signer).decode()


COMPUTED: Final = {Name("FiscalMetering", "PublicKey"): lambda station, place: public_key(station, place.evse_id)}

CHECKS: Final = {
    Name(component, variable): refuse
    for component, variable in (
        ("AlignedDataCtrlr", "SignReadings"),
        ("AlignedDataCtrlr", "SignUpdatedReadings"),
        ("SampledDataCtrlr", "SignReadings"),
        ("SampledDataCtrlr", "SignStartedReadings"),
        ("SampledDataCtrlr", "SignUpdatedReadings"),
    )
}


def sign(station: Station, bay: Bay, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """The same readings, with the signature of the meter at its register. At the end the record has the beginning too."""
    signer, found = station.hardware.signer(bay.evse_id), list(readings)
    for index, reading in enumerate(readings):
        if signer is not None and bay.transaction is not None and reading.measurand == REGISTER:
            found[index] = replace(reading, signed=_signed(station, bay, bay.transaction, signer, reading))
    return tuple(found)


def _signed(station: Station, bay: Bay, transaction: Transaction, signer: Signer, reading: Reading) -> SignedValue:
    moments = [(reading.at, reading.context, reading.value)]
    if reading.context is Context.TRANSACTION_END:
        moments.insert(0, (transaction.began_at, Context.TRANSACTION_BEGIN, transaction.begin_wh))
    authorization = bay.authorization or transaction.authorization
    data = ocmf.record(
        signer,
        moments,
        page=_next_page(station, bay),
        place=f"{station.build.identity} {transaction.connector_id}",
        token=None if authorization is None else authorization.token,
    )
    how = station.model.text("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue")
    tells = how == "EveryMeterValue" or (how == "OncePerTransaction" and not transaction.key_told)
    if tells:
        bay.transaction = msgspec.structs.replace(transaction, key_told=True)
    return SignedValue(data, ocmf.ENCODING, "", ocmf.printed_key(signer) if tells else b"")


def _next_page(station: Station, bay: Bay) -> int:
    pages, key = station.part(_Pages).counts, str(bay.evse_id)
    pages[key] = pages.get(key, 0) + 1
    station.storage.put(PAGES, key, pages[key])
    return pages[key]


class _Pages:
    """How far each meter has counted, by EVSE."""

    __slots__ = ("counts",)

    def __init__(self, station: Station) -> None:
        self.counts = dict(station.storage.items(PAGES))
