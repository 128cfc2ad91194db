"""Envelopes as peers write them, put together from text so that every part can be wrong."""

from __future__ import annotations

from forecourt.ocpp.soap import CENTRAL_SYSTEM, Service

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SOAP_1_1 = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
WSA_2004 = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

ACTION = "<wsa:Action soap:mustUnderstand='true'>/Heartbeat</wsa:Action>"
MESSAGE_ID = "<wsa:MessageID>urn:uuid:1</wsa:MessageID>"
FROM = "<wsa:From><wsa:Address>http://192.0.2.7:8080/ocpp</wsa:Address></wsa:From>"
REPLY_TO = "<wsa:ReplyTo soap:mustUnderstand='1'><wsa:Address>http://www.w3.org/2005/08/addressing/anonymous</wsa:Address></wsa:ReplyTo>"
TO = "<wsa:To soap:mustUnderstand='true'>http://csms.example/ocpp</wsa:To>"
IDENTITY = "<o:chargeBoxIdentity soap:mustUnderstand='true'>CP1234</o:chargeBoxIdentity>"
HEADERS = (ACTION, MESSAGE_ID, FROM, REPLY_TO, TO, IDENTITY)
HEARTBEAT = "<o:heartbeatRequest/>"


def envelope(
    body: str = HEARTBEAT, *, headers: tuple[str, ...] = HEADERS, service: Service = CENTRAL_SYSTEM, soap: str = SOAP
) -> bytes:
    """An envelope with the prefixes `soap`, `wsa`, `o` (the service), `xsi` and `x` (nobody's)."""
    return (
        f"<soap:Envelope xmlns:soap='{soap}' xmlns:wsa='{WSA}' xmlns:o='{service.namespace}' xmlns:xsi='{XSI}'"
        f" xmlns:x='urn:x'><soap:Header>{''.join(headers)}</soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


def asking(action: str, fields: str, *, service: Service = CENTRAL_SYSTEM) -> bytes:
    """A request of one action whose element holds `fields`."""
    element = f"{action[0].lower()}{action[1:]}Request"
    headers = (f"<wsa:Action>/{action}</wsa:Action>", *HEADERS[1:])
    return envelope(f"<o:{element}>{fields}</o:{element}>", headers=headers, service=service)


def without(*left_out: str) -> tuple[str, ...]:
    """The headers of a Heartbeat without some of them."""
    return tuple(header for header in HEADERS if header not in left_out)


def instead(old: str, *new: str) -> tuple[str, ...]:
    """The headers of a Heartbeat with others in the place of one."""
    return tuple(part for header in HEADERS for part in (new if header == old else (header,)))
