"""A small management system at a real socket for commands that run stations: it accepts them and remembers what they said."""

from __future__ import annotations

from collections import Counter
from typing import Any

from forecourt.clock import SYSTEM
from forecourt.ocpp import v2, v16
from forecourt.transport import Handlers, Peer


class Csms:
    """Accepts everything; `said` counts actions and `begun` transactions, `open` are those that have not ended."""

    def __init__(self) -> None:
        self.said: Counter[str] = Counter()
        self.open: set[str] = set()
        self.stop_reasons: list[str] = []

    @property
    def handlers(self) -> Handlers:
        return {
            v16.BootNotification: self._boot_16,
            v16.StatusNotification: self._noted(v16.StatusNotificationResponse),
            v16.MeterValues: self._noted(v16.MeterValuesResponse),
            v2.BootNotification: self._boot,
            v2.StatusNotification: self._noted(v2.StatusNotificationResponse),
            v2.SecurityEventNotification: self._noted(v2.SecurityEventNotificationResponse),
            v16.SecurityEventNotification: self._noted(v16.SecurityEventNotificationResponse),
            v16.Authorize: lambda peer, call: v16.AuthorizeResponse(id_tag_info=v16.IdTagInfo(status="Accepted")),
            v2.Authorize: lambda peer, call: v2.AuthorizeResponse(id_token_info=v2.IdTokenInfo(status="Accepted")),
            v16.StartTransaction: self._start,
            v16.StopTransaction: self._stop,
            v2.TransactionEvent: self._event,
        }

    def _noted(self, response: Any) -> Any:
        def note(peer: Peer, call: Any) -> Any:
            self.said[type(call).__name__] += 1
            return response()

        return note

    def _boot_16(self, peer: Peer, call: v16.BootNotification) -> v16.BootNotificationResponse:
        self.said["BootNotification"] += 1
        return v16.BootNotificationResponse(status="Accepted", current_time=SYSTEM.now(), interval=600)

    def _boot(self, peer: Peer, call: v2.BootNotification) -> v2.BootNotificationResponse:
        self.said["BootNotification"] += 1
        return v2.BootNotificationResponse(status="Accepted", current_time=SYSTEM.now(), interval=600)

    def _start(self, peer: Peer, call: v16.StartTransaction) -> v16.StartTransactionResponse:
        number = self.said.total() + 1
        self.said["begun"] += 1
        self.open.add(str(number))
        return v16.StartTransactionResponse(transaction_id=number, id_tag_info=v16.IdTagInfo(status="Accepted"))

    def _stop(self, peer: Peer, call: v16.StopTransaction) -> v16.StopTransactionResponse:
        self.open.remove(str(call.transaction_id))
        self.stop_reasons.append(call.reason if isinstance(call.reason, str) else "Local")
        return v16.StopTransactionResponse()

    def _event(self, peer: Peer, call: v2.TransactionEvent) -> v2.TransactionEventResponse:
        info = call.transaction_info
        if call.event_type == "Started":
            self.said["begun"] += 1
            self.open.add(info.transaction_id)
        elif call.event_type == "Ended":
            self.open.remove(info.transaction_id)
            self.stop_reasons.append(info.stopped_reason if isinstance(info.stopped_reason, str) else "Local")
        return v2.TransactionEventResponse()
