"""Data transfer in the words of 1.6, where data is text."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Final

from msgspec import UNSET

from forecourt.csms.blocks.data_transfer.model import Handlers, Transfer, TransferData, as_text
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.ocpp import v16


async def on_data_transfer(
    handlers: Handlers, link: Link, work: Work, call: v16.DataTransfer
) -> v16.DataTransferResponse:
    """Section 4.3."""
    transfer = Transfer(
        call.vendor_id,
        "" if call.message_id is UNSET else call.message_id,
        None if call.data is UNSET else call.data,
    )
    answer = await handlers.answer(link, work, transfer)
    data = UNSET if answer.data is None else as_text(answer.data)
    return v16.DataTransferResponse(status=answer.status.value, data=data)


async def say_transfer_data(link: Link, command: TransferData) -> Outcome:
    """Section 5.6."""
    reply = await link.call(
        v16.DataTransfer(
            vendor_id=command.vendor_id,
            message_id=command.message_id or UNSET,
            data=UNSET if command.data is None else as_text(command.data),
        )
    )
    given = {} if reply.data is UNSET else {"data": reply.data}
    return Outcome.accepted_if(reply.status == "Accepted", reply.status, **given)


def hears(handlers: Handlers) -> Hears:
    """What is heard, and by whom."""
    return {v16.DataTransfer: partial(on_data_transfer, handlers)}


SAYS: Final[Says] = MappingProxyType({TransferData: Said((v16.DataTransfer,), say_transfer_data)})
