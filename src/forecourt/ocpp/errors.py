"""What can go wrong between two OCPP parties, each with the code that goes on the wire.

    ProtocolError
    ├── LocalProtocolError     we were about to break the protocol: the caller of this library is at fault
    └── RemoteProtocolError    the peer broke it: `code` is what the peer is to be answered

Nothing else may leave the parsers of `forecourt.ocpp`, whatever the bytes.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """RPC framework error codes (Part 4, 4.3; OCPP-J 1.6, 4.2.3). The two that 1.6 misspelt are held in their corrected form."""

    FORMAT_VIOLATION = "FormatViolation"
    GENERIC_ERROR = "GenericError"
    INTERNAL_ERROR = "InternalError"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURRENCE_CONSTRAINT_VIOLATION = "OccurrenceConstraintViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    PROTOCOL_ERROR = "ProtocolError"
    RPC_FRAMEWORK_ERROR = "RpcFrameworkError"
    SECURITY_ERROR = "SecurityError"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"


class ProtocolError(Exception):
    """Base of everything this library raises about a message.

    `code` is the wire code, `reason` says in words what was wrong, `path` where in the payload (`$.evse.id`; empty when
    the payload as a whole or the frame is meant).
    """

    def __init__(self, code: ErrorCode, reason: str, path: str = "") -> None:
        super().__init__(f"{code}: {reason}" + (f" at {path}" if path else ""))
        self.code = code
        self.reason = reason
        self.path = path


class LocalProtocolError(ProtocolError):
    """What we were asked to send cannot be said; nothing was sent."""


class RemoteProtocolError(ProtocolError):
    """What the peer sent cannot be accepted."""
