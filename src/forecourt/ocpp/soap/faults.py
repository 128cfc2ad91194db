"""SOAP faults: how a refusal is said over SOAP, and what is made of a fault that a peer sent.

OCPP-S 1.6 section 4 names five subcodes. We send no others and accept any (errata 3.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, ProtocolError, RemoteProtocolError
from forecourt.ocpp.soap.namespaces import ENVELOPE, XML
from forecourt.ocpp.soap.xml import Node


class FaultCode(StrEnum):
    """Who is at fault, in the five words that SOAP 1.2 has for it (part 1, section 5.4.6)."""

    SENDER = "Sender"
    RECEIVER = "Receiver"
    VERSION_MISMATCH = "VersionMismatch"
    MUST_UNDERSTAND = "MustUnderstand"
    DATA_ENCODING_UNKNOWN = "DataEncodingUnknown"


SECURITY_ERROR: Final = "SecurityError"
IDENTITY_MISMATCH: Final = "IdentityMismatch"
PROTOCOL_ERROR: Final = "ProtocolError"
INTERNAL_ERROR: Final = "InternalError"
NOT_SUPPORTED: Final = "NotSupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapFault:
    """One fault, sent or received. `subcode` is empty or a name without prefix, which may be any name when received."""

    code: FaultCode
    subcode: str = ""
    reason: str
    not_understood: tuple[tuple[str, str], ...] = ()
    """Namespace and name of the headers that a MustUnderstand fault is about."""

    @property
    def http_status(self) -> int:
        """The status this fault travels with (SOAP 1.2 part 2, table 20)."""
        return 400 if self.code is FaultCode.SENDER else 500

    @property
    def error_code(self) -> ErrorCode:
        """The code that a CALLERROR with the same meaning would carry."""
        return _MEANINGS.get(self.subcode) or _MEANINGS_WITHOUT_SUBCODE[self.code]

    @property
    def description(self) -> str:
        """The fault in one line of words: what a CALLERROR would carry as description."""
        return f"{self.subcode or self.code}: {self.reason}"


class Refusal(RemoteProtocolError):
    """A request that is to be answered with `fault`, and what had been read of it when it was refused.

    `message_id`, `identity` and `action` are None where the request does not say them or was refused earlier.
    """

    def __init__(self, error: RemoteProtocolError, fault: SoapFault | None = None) -> None:
        super().__init__(error.code, error.reason, error.path)
        self.fault = fault or fault_of(error)
        self.message_id: str | None = None
        self.identity: str | None = None
        self.action: str | None = None


def fault_of(error: ProtocolError) -> SoapFault:
    """Return the fault that says the error to the peer. An error of our own says no more than that it is ours."""
    if isinstance(error, Refusal):
        return error.fault
    if isinstance(error, LocalProtocolError):
        return SoapFault(code=FaultCode.RECEIVER, subcode=INTERNAL_ERROR, reason="the answer could not be formed")
    code, subcode = _FAULTS.get(error.code, (FaultCode.SENDER, PROTOCOL_ERROR))
    return SoapFault(code=code, subcode=subcode, reason=str(error))


def read_fault(element: Node) -> SoapFault:
    """Read the SoapFault element of a peer. Whatever is missing or odd in it, it stays a fault."""
    code = element.child(ENVELOPE, "Code")
    value = "" if code is None else _name_in(code)
    subcode = None if code is None else code.child(ENVELOPE, "Subcode")
    reason = element.child(ENVELOPE, "Reason")
    return SoapFault(
        code=_CODES.get(value, FaultCode.RECEIVER),
        subcode="" if subcode is None else _name_in(subcode),
        reason=_reason_in(element if reason is None else reason),
    )


def _name_in(code: Node) -> str:
    value = code.child(ENVELOPE, "Value")
    return "" if value is None else value.text.strip().rpartition(":")[2][:_NAME_LENGTH]


def _reason_in(element: Node) -> str:
    texts = [child for child in element.children if child.name == "Text" and child.text.strip()]
    english = [text for text in texts if text.attributes.get(f"{{{XML}}}lang", "").lower().startswith("en")]
    words = (english or texts or [element])[0].words()
    return " ".join(words.split())[:_REASON_LENGTH] or "no reason given"


_NAME_LENGTH: Final = 100
_REASON_LENGTH: Final = 1_000

_CODES: Final = MappingProxyType({code.value: code for code in FaultCode})

_FAULTS: Final = MappingProxyType(
    {
        ErrorCode.SECURITY_ERROR: (FaultCode.SENDER, SECURITY_ERROR),
        ErrorCode.NOT_IMPLEMENTED: (FaultCode.RECEIVER, NOT_SUPPORTED),
        ErrorCode.NOT_SUPPORTED: (FaultCode.RECEIVER, NOT_SUPPORTED),
        ErrorCode.INTERNAL_ERROR: (FaultCode.RECEIVER, INTERNAL_ERROR),
        ErrorCode.GENERIC_ERROR: (FaultCode.RECEIVER, INTERNAL_ERROR),
    }
)
"""What is not listed is the sender's breach of the protocol."""

_MEANINGS: Final = MappingProxyType(
    {
        SECURITY_ERROR: ErrorCode.SECURITY_ERROR,
        # No CALLERROR says this. Who must tell it apart looks at the subcode.
        IDENTITY_MISMATCH: ErrorCode.GENERIC_ERROR,
        PROTOCOL_ERROR: ErrorCode.PROTOCOL_ERROR,
        INTERNAL_ERROR: ErrorCode.INTERNAL_ERROR,
        NOT_SUPPORTED: ErrorCode.NOT_SUPPORTED,
        # What frameworks answer by themselves (WS-Addressing 1.0 SOAP binding, section 6.4).
        "ActionNotSupported": ErrorCode.NOT_SUPPORTED,
        "InvalidAddressingHeader": ErrorCode.PROTOCOL_ERROR,
        "MessageAddressingHeaderRequired": ErrorCode.PROTOCOL_ERROR,
    }
)

_MEANINGS_WITHOUT_SUBCODE: Final = MappingProxyType(
    {
        FaultCode.SENDER: ErrorCode.GENERIC_ERROR,
        FaultCode.RECEIVER: ErrorCode.INTERNAL_ERROR,
        FaultCode.VERSION_MISMATCH: ErrorCode.PROTOCOL_ERROR,
        FaultCode.MUST_UNDERSTAND: ErrorCode.NOT_SUPPORTED,
        FaultCode.DATA_ENCODING_UNKNOWN: ErrorCode.FORMAT_VIOLATION,
    }
)
