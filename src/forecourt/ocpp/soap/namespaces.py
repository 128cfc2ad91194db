"""Names that SOAP, WS-Addressing and XML Schema have given to their vocabularies."""

from __future__ import annotations

from typing import Final

ENVELOPE: Final = "http://www.w3.org/2003/05/soap-envelope"
"""SOAP 1.2, the only version that OCPP 1.6 uses (OCPP-S 1.6 section 2)."""
ENVELOPE_1_1: Final = "http://schemas.xmlsoap.org/soap/envelope/"

ADDRESSING: Final = "http://www.w3.org/2005/08/addressing"
ADDRESSING_2004: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
"""A draft of WS-Addressing that some frameworks still speak (OCPP-S 1.6 section 3.5 warns of them)."""

ANONYMOUS: Final = f"{ADDRESSING}/anonymous"
"""The address that means: in the HTTP response."""
ANONYMOUS_2004: Final = f"{ADDRESSING_2004}/role/anonymous"
NONE: Final = f"{ADDRESSING}/none"
FAULT_ACTION: Final = f"{ADDRESSING}/soap/fault"

XML: Final = "http://www.w3.org/XML/1998/namespace"
XMLNS: Final = "http://www.w3.org/2000/xmlns/"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XSD: Final = "http://www.w3.org/2001/XMLSchema"
