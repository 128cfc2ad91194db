"""OCPP 1.6 over SOAP: another door to the messages of `v16`. Bytes in, messages out and back; no I/O.

    parse_request     what a peer asks of our service
    write_response    our answer to it, or `write_fault` with the fault of a Refusal
    write_request     what we ask of the peer's service
    parse_response    its answer, which may be a fault
    wsdl              the description of our service

The 28 messages of 1.6 go through this door; those of the security whitepaper are refused in both directions.
"""

from __future__ import annotations

from forecourt.ocpp.soap.faults import (
    IDENTITY_MISMATCH,
    INTERNAL_ERROR,
    NOT_SUPPORTED,
    PROTOCOL_ERROR,
    SECURITY_ERROR,
    FaultCode,
    Refusal,
    SoapFault,
    fault_of,
)
from forecourt.ocpp.soap.findings import SoapDeviation
from forecourt.ocpp.soap.incoming import SoapRequest, SoapResponse, parse_request, parse_response
from forecourt.ocpp.soap.namespaces import ANONYMOUS
from forecourt.ocpp.soap.operations import (
    CENTRAL_SYSTEM,
    CHARGE_POINT,
    OPERATIONS,
    WITHOUT_SOAP,
    Operation,
    Service,
    operation_of,
)
from forecourt.ocpp.soap.outgoing import CONTENT_TYPE, write_fault, write_request, write_response
from forecourt.ocpp.soap.wsdl import wsdl
from forecourt.ocpp.soap.xml import LIMITS, Limits

__all__ = [
    "ANONYMOUS",
    "CENTRAL_SYSTEM",
    "CHARGE_POINT",
    "CONTENT_TYPE",
    "IDENTITY_MISMATCH",
    "INTERNAL_ERROR",
    "LIMITS",
    "NOT_SUPPORTED",
    "OPERATIONS",
    "PROTOCOL_ERROR",
    "SECURITY_ERROR",
    "WITHOUT_SOAP",
    "FaultCode",
    "Limits",
    "Operation",
    "Refusal",
    "Service",
    "SoapDeviation",
    "SoapFault",
    "SoapRequest",
    "SoapResponse",
    "fault_of",
    "operation_of",
    "parse_request",
    "parse_response",
    "write_fault",
    "write_request",
    "write_response",
    "wsdl",
]
