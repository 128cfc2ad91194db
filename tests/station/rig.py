"""A station on the bench: scripted management system, virtual time, simulated hardware, everything recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from forecourt.ocpp import v2, v16
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import V16, Version
from forecourt.station.config import Build, EvseBuild
from forecourt.station.core import Station
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.link import Answer, Failed
from forecourt.station.running import Powered
from forecourt.station.scripted import ScriptedLink
from forecourt.station.scripted_transfers import ScriptedTransfers
from forecourt.station.storage import Storage
from forecourt.station.timeline import VirtualTimeline

M = TypeVar("M", bound=Message)
Script = Callable[[Any], "Answer | None"]

ACCEPTED_16 = v16.IdTagInfo(status="Accepted")
ACCEPTED = v2.IdTokenInfo(status="Accepted")


class Rig:
    """`heard` is all that the management system was told, in order. `answers` replaces what it answers, by request type."""

    def __init__(
        self, version: Version, *, evses: int = 1, storage: Storage | None = None, start: bool = True, **build: Any
    ):
        self.version = version
        self.time = VirtualTimeline()
        self.heard: list[Message] = []
        self.answers: dict[type[Message], Script] = {}
        self.numbers = 0
        self.build = Build(
            identity="CS001", versions=(version,), evses=build.pop("built", (EvseBuild(),) * evses), seed=7, **build
        )
        self.hardware = SimulatedHardware(self.build, self.time)
        self.hardware.shown = []
        self.link = ScriptedLink(self.time, version, self.script)
        self.transfers = ScriptedTransfers(self.time)
        self.powered = Powered(self.build, self.time, self.link, self.hardware, storage, self.transfers)
        if start:
            self.powered.power_on()
            self.time.advance(5)
            self.heard.clear()

    @property
    def station(self) -> Station:
        assert self.powered.station is not None
        return self.powered.station

    def ask(self, request: Any) -> Any:
        """Ask the station; raises AssertionError when it answers with an error."""
        answer = self.link.ask(request)
        assert not isinstance(answer, Failed), answer
        self.time.advance(1)
        return answer

    def error(self, request: Message) -> str | None:
        """The code of the error the station answers with."""
        answer = self.link.ask(request)
        assert isinstance(answer, Failed), answer
        self.time.advance(1)
        return answer.code

    def of(self, kind: type[M]) -> list[M]:
        """All heard messages of a kind."""
        return [message for message in self.heard if isinstance(message, kind)]

    def last(self, kind: type[M]) -> M:
        return self.of(kind)[-1]

    def names(self) -> list[str]:
        return [type(message).__name__ for message in self.heard]

    def fresh(self) -> None:
        self.heard.clear()

    def session(self, token: str = "TAG001", *, seconds: float = 120) -> None:
        """Plug in, present the token, charge."""
        self.hardware.plug()
        self.time.advance(2)
        self.hardware.swipe(token)
        self.time.advance(seconds)

    def set(self, key: str, value: str) -> None:
        """ChangeConfiguration or SetVariables; `Component.Variable` names both."""
        if self.version is V16:
            assert self.ask(v16.ChangeConfiguration(key=key, value=value)).status == "Accepted"
            return
        component, _, variable = key.partition(".")
        data = v2.SetVariableData(
            component=v2.Component(name=component), variable=v2.Variable(name=variable), attribute_value=value
        )
        (result,) = self.ask(v2.SetVariables(set_variable_data=(data,))).set_variable_result
        assert result.attribute_status == "Accepted", result

    def script(self, station: Station, request: Message) -> Answer | None:
        self.heard.append(request)
        answer = self.answers.get(type(request))
        if answer is not None:
            return answer(request)
        now = self.time.now()
        match request:
            case v16.BootNotification():
                return v16.BootNotificationResponse(status="Accepted", current_time=now, interval=300)
            case v16.Heartbeat():
                return v16.HeartbeatResponse(current_time=now)
            case v16.Authorize():
                return v16.AuthorizeResponse(id_tag_info=ACCEPTED_16)
            case v16.DataTransfer():
                return v16.DataTransferResponse(status="UnknownVendorId")
            case v16.StartTransaction():
                self.numbers += 1
                return v16.StartTransactionResponse(transaction_id=self.numbers, id_tag_info=ACCEPTED_16)
            case v2.BootNotification():
                return v2.BootNotificationResponse(status="Accepted", current_time=now, interval=300)
            case v2.Heartbeat():
                return v2.HeartbeatResponse(current_time=now)
            case v2.Authorize():
                return v2.AuthorizeResponse(id_token_info=ACCEPTED)
            case v2.TransactionEvent() if isinstance(request.id_token, v2.IdToken):
                return v2.TransactionEventResponse(id_token_info=ACCEPTED)
            case v2.Get15118EVCertificate():
                return v2.Get15118EVCertificateResponse(status="Failed", exi_response="")
            case v2.GetCertificateStatus():
                return v2.GetCertificateStatusResponse(status="Failed")
            case v2.NotifyEVChargingNeeds():
                return v2.NotifyEVChargingNeedsResponse(status="Accepted")
            case v2.NotifyEVChargingSchedule():
                return v2.NotifyEVChargingScheduleResponse(status="Accepted")
            case _:
                response = self.version.action_of(request).response
                return None if response is None else response()
