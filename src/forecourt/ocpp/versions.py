"""The versions of OCPP that this library speaks, each with its table of actions. 1.6 over SOAP is `V16` too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from forecourt.ocpp.action import Action
from forecourt.ocpp.delta import Delta
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.v2.actions import ACTIONS as ACTIONS_2
from forecourt.ocpp.v2.deltas import DELTAS
from forecourt.ocpp.v16.actions import ACTIONS as ACTIONS_16

__all__ = ["V16", "V21", "V201", "VERSIONS", "Action", "Version"]


class Version:
    """One version. There is one object of each, so `version is V16` is a fair question.

    `name` is what people call it ("2.0.1") and `subprotocol` what the WebSocket handshake calls it. `actions` are all actions
    by name. `delta` is what the version forbids although the types of its dialect allow it.
    """

    __slots__ = ("_by_type", "actions", "delta", "name", "subprotocol")

    def __init__(self, name: str, actions: Iterable[Action], delta: Delta) -> None:
        self.name: Final = name
        self.subprotocol: Final = f"ocpp{name}"
        self.delta: Final = delta
        self.actions: Final[Mapping[str, Action]] = MappingProxyType(
            {action.name: action for action in actions if action.name not in delta.actions}
        )
        self._by_type: Final = {
            struct: action
            for action in self.actions.values()
            for struct in (action.request, action.response)
            if struct is not None
        }

    def __repr__(self) -> str:
        return f"<OCPP {self.name}>"

    def action_of(self, message: Message | type[Message]) -> Action:
        """The action whose request or response `message` is; the message itself or its type.

        Raises LocalProtocolError when this version has no such message.
        """
        struct = message if isinstance(message, type) else type(message)
        try:
            return self._by_type[struct]
        except KeyError:
            raise LocalProtocolError(
                ErrorCode.NOT_IMPLEMENTED, f"OCPP {self.name} has no message {struct.__name__}"
            ) from None


V16: Final = Version("1.6", ACTIONS_16, Delta())
V201: Final = Version("2.0.1", ACTIONS_2, DELTAS["2.0.1"])
V21: Final = Version("2.1", ACTIONS_2, DELTAS["2.1"])

VERSIONS: Final[Mapping[str, Version]] = MappingProxyType(
    {version.subprotocol: version for version in (V21, V201, V16)}
)
"""By subprotocol, the newest first."""

VersionName: TypeAlias = Literal["1.6", "2.0.1", "2.1"]
"""What versions are called, for those who choose one by name."""
