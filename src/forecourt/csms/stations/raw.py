"""The verb for experts and vendors' extensions: send any action of the station's version, as JSON that is checked first.

What the other commands know of meaning is missing here: the station is asked literally that.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import msgspec

from forecourt.csms.redaction import redacted
from forecourt.csms.stations.commands import Command, Outcome
from forecourt.csms.stations.dialects import Said, Says
from forecourt.csms.stations.link import Link
from forecourt.errors import Invalid
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import RemoteProtocolError
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.reading import read
from forecourt.ocpp.versions import Version
from forecourt.ocpp.writing import write

_AGREES: Final = frozenset({"Accepted", "AcceptedCanceled", "RebootRequired", "Scheduled", "Unlocked", "Unpublished"})
"""Words of `status` by which a station says that it does what it was asked. An answer without a status agrees."""

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class SendRaw(Command):
    """Send an action with this payload, literally. `payload` is what stands in the message, in the words of the wire."""

    action: str
    payload: dict[str, Any]


def request_of(version: Version, command: SendRaw) -> Request[Message]:
    """The message that a raw command means in a version.

    Raises Invalid, naming the path, for an action that the version does not have or a management system may not send, and
    for a payload that is not exactly as the version has it.
    """
    action = version.actions.get(command.action)
    if action is None or not action.from_csms or action.response is None:
        message = f"a management system cannot send {command.action} in OCPP {version.name}"
        raise Invalid("action_not_in_this_version", message, {"action": message})
    try:
        payload = _ENCODER.encode(command.payload)
        found = read(version, action.request, payload, Reading.STRICT).message
    except RemoteProtocolError as error:
        path = error.path.removeprefix("$").lstrip(".")
        raise Invalid("payload_invalid", str(error), {f"payload.{path}" if path else "payload": error.reason}) from None
    if not isinstance(found, Request):
        raise TypeError(f"{command.action} is not a request")
    return found


async def say_raw(link: Link, command: SendRaw) -> Outcome:
    """Send it, once it is sure that it can be said. The outcome's result is the payload of the answer, without secrets."""
    version = link.dialect.version
    request = request_of(version, command)
    answer = await link.call(request)
    # By way of bytes: what is shown is what stood on the wire. It may repeat what was secret in the request.
    payload = _ENCODER.encode(answer)
    shown: dict[str, Any] = msgspec.json.decode(redacted(command.action, write(version, request), payload)[1])
    word = shown.get("status")
    if not isinstance(word, str):
        return Outcome.accepted("Answered", **shown)
    return Outcome.accepted_if(word in _AGREES, word, **shown)


SAYS: Final[Says] = MappingProxyType({SendRaw: Said((), say_raw)})
"""The same in every version. It names no messages, since it says them all: what else says one is listed by its block."""
