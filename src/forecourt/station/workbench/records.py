"""What happens at a station, as records that can be printed, sent and compared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import Version
from forecourt.ocpp.writing import write
from forecourt.station import events
from forecourt.station.core import Station
from forecourt.station.link import Failed


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened. `kind` is `said` (a call leaves), `answered`, `failed` (no answer, or an error: `text`),
    `asked` (a call of the management system, with our `answer`), or a word for something at the station.

    Payloads are as on the wire.
    """

    number: int
    at: datetime
    kind: str
    evse: int | None = None
    action: str = ""
    payload: dict[str, Any] | None = None
    answer: dict[str, Any] | None = None
    text: str = ""

    def line(self) -> str:
        """For people."""
        parts = [self.kind]
        if self.evse is not None:
            parts.append(f"EVSE {self.evse}")
        parts += [part for part in (self.action, self.text) if part]
        for shown, arrow in ((self.payload, ""), (self.answer, "-> ")):
            if shown is not None:
                parts.append(arrow + msgspec.json.encode(shown).decode())
        return " ".join(parts)


def describe(station: Station, event: object, number: int) -> Record | None:
    """The record of an event; None for what nobody needs to see."""
    version, at = station.dialect.version, station.now()
    match event:
        case events.Saying(request):
            return Record(
                number=number, at=at, kind="said", action=_action(version, request), payload=_json(version, request)
            )
        case events.Answered(request, Failed(code, reason)):
            text = ": ".join(part for part in (code, reason) if part)
            return Record(number=number, at=at, kind="failed", action=_action(version, request), text=text)
        case events.Answered(request, answer):
            return Record(
                number=number, at=at, kind="answered", action=_action(version, request), payload=_json(version, answer)
            )
        case events.Asked(request, answer):
            return Record(
                number=number,
                at=at,
                kind="asked",
                action=_action(version, request),
                payload=_json(version, request),
                answer=_json(version, answer),
            )
    told = _TOLD.get(type(event))
    if told is None:
        return None
    kind, evse, text = told(event)
    return Record(number=number, at=at, kind=kind, evse=evse, text=text)


def _action(version: Version, request: Message) -> str:
    return version.action_of(request).name


def _json(version: Version, message: Message | Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(write(version, message))
    _hide(found)
    return found


def _hide(part: Any) -> None:
    """Passwords are nobody's business: a variable or key that holds one, and fields called so, in place."""
    if isinstance(part, list):
        for one in part:
            _hide(one)
    elif isinstance(part, dict):
        variable = part.get("variable")
        secret = part.get("key") in _SECRETS or (isinstance(variable, dict) and variable.get("name") in _SECRETS)
        for key, value in part.items():
            if key in _SECRETS or (secret and key in ("value", "attributeValue")):
                part[key] = "***"
            else:
                _hide(value)


_SECRETS: Final = frozenset({"AuthorizationKey", "BasicAuthPassword", "basicAuthPassword", "password"})


def _limit(event: events.Restricted) -> str:
    return f"{event.source}: " + ("no limit" if event.limit is None else f"{event.limit.limit} {event.limit.unit}")


_Told = Callable[[Any], tuple[str, int | None, str]]

_TOLD: Final[dict[type[Any], _Told]] = {
    events.Started: lambda event: ("started", None, ""),
    events.Online: lambda event: ("online", None, ""),
    events.Offline: lambda event: ("offline", None, event.why),
    events.Registered: lambda event: ("accepted", None, ""),
    events.Plugged: lambda event: ("plugged", event.evse_id, f"connector {event.connector_id}"),
    events.Unplugged: lambda event: ("unplugged", event.evse_id, "cable left" if event.cable_left else ""),
    events.Drawing: lambda event: ("energy", event.evse_id, "flows" if event.flows else "stops"),
    events.Presented: lambda event: ("presented", event.evse_id, str(event.token)),
    events.VehicleShown: lambda event: ("vehicle", event.evse_id, ""),
    events.CertificateWanted: lambda event: ("wanted", event.evse_id, "renews" if event.request.renews else "installs"),
    events.ContractShown: lambda event: ("contract", event.evse_id, event.contract.emaid),
    events.Fault: lambda event: ("fault", event.evse_id, event.code or "mended"),
    events.Restricted: lambda event: ("restricted", event.evse_id or None, _limit(event)),
    events.Needed: lambda event: ("needs", event.evse_id, str(event.needs)),
    events.Scheduled: lambda event: ("schedule", event.evse_id, str(event.schedule_id)),
    events.SessionEnded: lambda event: ("session ended", event.evse_id, ""),
    events.Hurried: lambda event: ("hurry", event.evse_id, "wanted" if event.wanted else "no longer"),
    events.LimitWished: lambda event: ("limit", event.evse_id, str(event.limits)),
    events.PersonalMessage: lambda event: ("message", event.evse_id, event.text),
    events.CostTold: lambda event: ("cost", event.evse_id, f"{event.total}{' in the end' if event.final else ''}"),
    events.FirmwareInstalled: lambda event: ("firmware", None, event.version or "not installed"),
    events.Incident: lambda event: ("incident", None, event.kind),
    events.TransactionBegan: lambda event: ("begun", event.bay.evse_id, event.bay.transaction.id),
    events.TransactionEnded: lambda event: ("ended", event.bay.evse_id, ""),
    events.Resetting: lambda event: ("resetting", event.evse_id, event.reason),
    events.VariableChanged: lambda event: ("variable", None, str(event.name)),
    events.ClockSet: lambda event: ("clock set", None, f"by {event.by_s:.3f} s"),
}
