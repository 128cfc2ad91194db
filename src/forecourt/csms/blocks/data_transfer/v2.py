"""Data transfer in the words of 2.0.1 and 2.1, where data is any JSON value."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Any, Final

from msgspec import UNSET

from forecourt.csms.blocks.data_transfer.model import Handlers, Transfer, TransferData
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.ocpp import v2


async def on_data_transfer(
    handlers: Handlers, link: Link, work: Work, call: v2.DataTransfer
) -> v2.DataTransferResponse:
    """P02."""
    transfer = Transfer(
        call.vendor_id,
        "" if call.message_id is UNSET else call.message_id,
        None if call.data is UNSET else call.data,
    )
    answer = await handlers.answer(link, work, transfer)
    return v2.DataTransferResponse(status=answer.status.value, data=UNSET if answer.data is None else answer.data)


async def say_transfer_data(link: Link, command: TransferData) -> Outcome:
    """P01."""
    reply = await link.call(
        v2.DataTransfer(
            vendor_id=command.vendor_id,
            message_id=command.message_id or UNSET,
            data=UNSET if command.data is None else command.data,
        )
    )
    given: dict[str, Any] = {} if reply.data is UNSET else {"data": reply.data}
    if reply.status_info is not UNSET:
        given["reasonCode"] = reply.status_info.reason_code
    return Outcome.accepted_if(reply.status == "Accepted", reply.status, **given)


def hears(handlers: Handlers) -> Hears:
    """What is heard, and by whom."""
    return {v2.DataTransfer: partial(on_data_transfer, handlers)}


SAYS: Final[Says] = MappingProxyType({TransferData: Said((v2.DataTransfer,), say_transfer_data)})
