"""What was wrong with an envelope and can be lived with: collected under tolerant reading, refused under strict reading."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from forecourt.ocpp.deviations import Deviation, DeviationKind, Reading, excerpt
from forecourt.ocpp.errors import ErrorCode, RemoteProtocolError
from forecourt.ocpp.repair import MAX_DEVIATIONS


class SoapDeviation(StrEnum):
    """What was wrong with an envelope beyond what JSON can have wrong, and what was made of it."""

    ACTION = "action"
    """The Action header is missing, or not quite the name of the operation. The body's element decides."""
    MESSAGE_ID = "message id"
    """The MessageID header is missing. The answer says of no request that it belongs to it."""
    RELATES_TO = "relates to"
    """The RelatesTo header is missing or names another request. The answer came in the HTTP response, so it is the answer."""
    IDENTITY = "identity"
    """The chargeBoxIdentity header is missing. The station must be known by other means."""
    RECIPIENT = "recipient"
    """The To header is missing. Whoever reads it is meant."""
    REPLY_ADDRESS = "reply address"
    """ReplyTo or FaultTo asks for an answer elsewhere. It is given in the HTTP response all the same."""
    ADDRESSING_VERSION = "addressing version"
    """A header of a draft of WS-Addressing. Read as that of the standard."""
    NAMESPACE = "namespace"
    """An element in another namespace, or in none. Read as if it were in that of the service."""
    ELEMENT_NAME = "element name"
    """The body's element is the operation's in other capitals. Read as such."""
    ELEMENT_ORDER = "element order"
    """An element before one that it should follow. Kept."""
    EMPTY_ELEMENT = "empty element"
    """An optional element with nothing in it where nothing is no value. Read as absent."""
    WHITE_SPACE = "white space"
    """White space around a value. Left out."""
    STRAY_TEXT = "stray text"
    """Text between elements. Left out."""
    ATTRIBUTE = "attribute"
    """An attribute that the element does not have. Left out."""
    ENVELOPE = "envelope"
    """Something beside or before header and body. Left out."""


class Findings:
    """Collects the deviations of one envelope."""

    def __init__(self, reading: Reading) -> None:
        self.reading: Final = reading
        self._listed: list[Deviation] = []
        self._unlisted = 0

    @property
    def deviations(self) -> tuple[Deviation, ...]:
        """What was forgiven so far, in the order in which it was found."""
        if not self._unlisted:
            return tuple(self._listed)
        more = Deviation(DeviationKind.MORE, "Envelope", str(self._unlisted), "not listed one by one")
        return (*self._listed, more)

    def forgive(
        self, kind: SoapDeviation, path: str, value: str, detail: str, code: ErrorCode = ErrorCode.PROTOCOL_ERROR
    ) -> None:
        """Record a deviation. Under strict reading it is not forgiven: raises RemoteProtocolError with `code`."""
        detail = detail[:_DETAIL_LENGTH]
        if self.reading is Reading.STRICT:
            raise RemoteProtocolError(code, detail, path)
        if len(self._listed) < MAX_DEVIATIONS:
            self._listed.append(Deviation(kind, path, excerpt(value), detail))
        else:
            self._unlisted += 1


_DETAIL_LENGTH: Final = 300
"""Details quote names that the peer chose."""
