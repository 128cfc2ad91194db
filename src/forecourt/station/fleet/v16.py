"""What the accepting management system answers in 1.6, where that is more than nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from forecourt.ocpp import v16
from forecourt.ocpp.message import Message

if TYPE_CHECKING:
    from forecourt.station.fleet.accepting import Accepting

_ACCEPTED: Final = v16.IdTagInfo(status="Accepted")


def _boot(csms: Accepting, call: v16.BootNotification) -> v16.BootNotificationResponse:
    now = csms.timeline.now()
    return v16.BootNotificationResponse(status="Accepted", current_time=now, interval=csms.interval_s)


def _start(csms: Accepting, call: v16.StartTransaction) -> v16.StartTransactionResponse:
    return v16.StartTransactionResponse(transaction_id=csms.next_number(), id_tag_info=_ACCEPTED)


ANSWERS: Final[Mapping[type[Message], Callable[[Accepting, Any], Message]]] = MappingProxyType(
    {
        v16.BootNotification: _boot,
        v16.Heartbeat: lambda csms, call: v16.HeartbeatResponse(current_time=csms.timeline.now()),
        v16.Authorize: lambda csms, call: v16.AuthorizeResponse(id_tag_info=_ACCEPTED),
        v16.StartTransaction: _start,
        v16.DataTransfer: lambda csms, call: v16.DataTransferResponse(status="UnknownVendorId"),
        v16.SignCertificate: lambda csms, call: v16.SignCertificateResponse(status="Rejected"),
    }
)
