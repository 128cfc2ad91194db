"""The headers of an envelope: WS-Addressing and chargeBoxIdentity (OCPP-S 1.6 section 3)."""

from __future__ import annotations

from typing import Final

from forecourt.ocpp.errors import ErrorCode, RemoteProtocolError
from forecourt.ocpp.soap.faults import FaultCode, Refusal, SoapFault
from forecourt.ocpp.soap.findings import Findings, SoapDeviation
from forecourt.ocpp.soap.namespaces import ADDRESSING, ADDRESSING_2004, ANONYMOUS, ANONYMOUS_2004, ENVELOPE, NONE
from forecourt.ocpp.soap.operations import Service
from forecourt.ocpp.soap.xml import Node

ACTION: Final = "Action"
FAULT_TO: Final = "FaultTo"
FROM: Final = "From"
IDENTITY: Final = "chargeBoxIdentity"
MESSAGE_ID: Final = "MessageID"
RELATES_TO: Final = "RelatesTo"
REPLY_TO: Final = "ReplyTo"
TO: Final = "To"

NOWHERE: Final = frozenset({ANONYMOUS, ANONYMOUS_2004, NONE})
"""Addresses that lead to no place of their own."""


def read_headers(header: Node, service: Service, findings: Findings, headers: dict[str, str]) -> None:
    """Put into `headers` what the known headers say, by name; a header that says nothing is left out.

    `headers` is filled as far as reading came when this raises: RemoteProtocolError for a header that comes twice, Refusal for
    headers that must be understood and are not.
    """
    not_understood: list[tuple[str, str]] = []
    seen: set[str] = set()
    for block in header.children:
        name = _known_name(block)
        if name is None:
            if _must_be_understood(block):
                not_understood.append((block.namespace, block.name))
            continue
        if name in seen:
            # WS-Addressing 1.0 SOAP binding, 6.4.1.2 (invalid cardinality). Of two identities neither can be believed.
            raise RemoteProtocolError(ErrorCode.PROTOCOL_ERROR, "the header occurs twice", path_of(name))
        seen.add(name)
        _judge_namespace(block, name, service, findings)
        if text := _text(block, name):
            headers[name] = text
    if not_understood:
        raise _not_understood(not_understood)
    for name in (REPLY_TO, FAULT_TO):
        address = headers.get(name, ANONYMOUS)
        if address not in _IN_THE_RESPONSE:
            # OCPP-S 1.6 section 3.8: there is no asynchronous SOAP in OCPP.
            detail = f"the answer is asked for at {address!r}; it is given in the HTTP response"
            findings.forgive(SoapDeviation.REPLY_ADDRESS, path_of(name), address, detail)


def path_of(name: str) -> str:
    """Where a header stands, as a path for people."""
    return f"Header/{name}"


def _known_name(block: Node) -> str | None:
    if block.namespace in _ADDRESSING_VERSIONS:
        return block.name if block.name in _ADDRESSING_NAMES else None
    # OCPP-S 1.6 section 3.3: the name is case insensitive.
    return IDENTITY if block.name.lower() == IDENTITY.lower() else None


def _judge_namespace(block: Node, name: str, service: Service, findings: Findings) -> None:
    if block.namespace == ADDRESSING_2004:
        detail = "the header is of the draft of August 2004"
        findings.forgive(SoapDeviation.ADDRESSING_VERSION, path_of(name), block.namespace, detail)
    elif name == IDENTITY and block.namespace.rstrip("/") != service.namespace.rstrip("/"):
        # Section 8 has the namespaces without the slash at the end, everything else with it.
        detail = f"the header is in the namespace {block.namespace!r} instead of {service.namespace!r}"
        findings.forgive(SoapDeviation.NAMESPACE, path_of(name), block.namespace, detail)


def _text(block: Node, name: str) -> str:
    if name not in (FROM, REPLY_TO, FAULT_TO):
        return block.text.strip()
    return next((child.text.strip() for child in block.children if child.name == "Address"), "")


def _must_be_understood(block: Node) -> bool:
    """Whether the header is meant for us and may not be ignored (SOAP 1.2 part 1, 5.2.2 and 5.2.3)."""
    role = block.attributes.get(f"{{{ENVELOPE}}}role", "").strip()
    must = block.attributes.get(f"{{{ENVELOPE}}}mustUnderstand", "").strip()
    return role in _OUR_ROLES and must in ("true", "1")


def _not_understood(names: list[tuple[str, str]]) -> Refusal:
    words = ", ".join(name[:60] for _, name in names[:_NAMES_ECHOED])
    error = RemoteProtocolError(
        ErrorCode.NOT_SUPPORTED, f"headers that must be understood and are not: {words}", "Header"
    )
    fault = SoapFault(code=FaultCode.MUST_UNDERSTAND, reason=str(error), not_understood=tuple(names[:_NAMES_ECHOED]))
    return Refusal(error, fault)


_ADDRESSING_VERSIONS: Final = frozenset({ADDRESSING, ADDRESSING_2004})
_ADDRESSING_NAMES: Final = frozenset({ACTION, FAULT_TO, FROM, MESSAGE_ID, RELATES_TO, REPLY_TO, TO})
_IN_THE_RESPONSE: Final = frozenset({ANONYMOUS, ANONYMOUS_2004})
_OUR_ROLES: Final = frozenset({"", f"{ENVELOPE}/role/next", f"{ENVELOPE}/role/ultimateReceiver"})

_NAMES_ECHOED: Final = 16
"""Of the headers that are not understood, how many a fault names."""
