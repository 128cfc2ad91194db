"""Customer information in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from forecourt.charging.tokens import Token
from forecourt.ocpp import v2
from forecourt.station.blocks.customer_information import actions
from forecourt.station.blocks.customer_information.actions import Known
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.words.v2 import token_of


def on_customer_information(station: Station, call: v2.CustomerInformation) -> v2.CustomerInformationResponse:
    """N09, N10. N09.FR.09: exactly one word says who is meant; N09.FR.07: something is to be done."""
    said = [call.id_token, call.customer_certificate, call.customer_identifier]
    if len([one for one in said if one is not UNSET]) != 1:
        info = v2.StatusInfo(reason_code="InvalidValue", additional_info="exactly one reference to a customer")
        return v2.CustomerInformationResponse(status="Invalid", status_info=info)
    if not call.report and not call.clear:
        return v2.CustomerInformationResponse(status="Rejected", status_info=v2.StatusInfo(reason_code="InvalidValue"))
    who: Token | None = None
    if call.id_token is not UNSET:
        who = token_of(call.id_token)
    elif call.customer_identifier is not UNSET:
        who = Token.untyped(call.customer_identifier)
    actions.answer(station, call.request_id, who, report=call.report, clear=call.clear)
    return v2.CustomerInformationResponse(status="Accepted")


def say_known(station: Station, known: Known) -> v2.NotifyCustomerInformation:
    return v2.NotifyCustomerInformation(
        data=known.text, tbc=known.more, seq_no=known.seq, generated_at=known.at, request_id=known.request_id
    )


HEARS: Final[Hears] = {v2.CustomerInformation: on_customer_information}
SAYS: Final[Says] = {Known: Said(v2.NotifyCustomerInformation, say_known)}
