"""What the accepting management system answers in 2.0.1 and 2.1, where that is more than nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from forecourt.ocpp import v2
from forecourt.ocpp.message import Message
from forecourt.station.link import Answer, Failed

if TYPE_CHECKING:
    from forecourt.station.fleet.accepting import Accepting

_ACCEPTED: Final = v2.IdTokenInfo(status="Accepted")


def _boot(csms: Accepting, call: v2.BootNotification) -> v2.BootNotificationResponse:
    return v2.BootNotificationResponse(status="Accepted", current_time=csms.timeline.now(), interval=csms.interval_s)


def _event(csms: Accepting, call: v2.TransactionEvent) -> v2.TransactionEventResponse:
    if isinstance(call.id_token, v2.IdToken):
        return v2.TransactionEventResponse(id_token_info=_ACCEPTED)
    return v2.TransactionEventResponse()


ANSWERS: Final[Mapping[type[Message], Callable[[Accepting, Any], Answer]]] = MappingProxyType(
    {
        v2.BootNotification: _boot,
        v2.Heartbeat: lambda csms, call: v2.HeartbeatResponse(current_time=csms.timeline.now()),
        v2.Authorize: lambda csms, call: v2.AuthorizeResponse(id_token_info=_ACCEPTED),
        v2.TransactionEvent: _event,
        v2.NotifyEVChargingSchedule: lambda csms, call: v2.NotifyEVChargingScheduleResponse(status="Accepted"),
        v2.OpenPeriodicEventStream: lambda csms, call: v2.OpenPeriodicEventStreamResponse(status="Accepted"),
        # What it would have to have something for.
        v2.DataTransfer: lambda csms, call: v2.DataTransferResponse(status="UnknownVendorId"),
        v2.Get15118EVCertificate: lambda csms, call: v2.Get15118EVCertificateResponse(status="Failed", exi_response=""),
        v2.GetCertificateChainStatus: lambda csms, call: Failed("NotSupported"),
        v2.GetCertificateStatus: lambda csms, call: v2.GetCertificateStatusResponse(status="Failed"),
        v2.NotifyEVChargingNeeds: lambda csms, call: v2.NotifyEVChargingNeedsResponse(status="Rejected"),
        v2.PullDynamicScheduleUpdate: lambda csms, call: v2.PullDynamicScheduleUpdateResponse(status="Rejected"),
        v2.SignCertificate: lambda csms, call: v2.SignCertificateResponse(status="Rejected"),
        v2.VatNumberValidation: lambda csms, call: v2.VatNumberValidationResponse(
            status="Rejected", vat_number=call.vat_number
        ),
    }
)
