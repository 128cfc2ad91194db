"""From the bytes of a message to a frame. Payloads are not read here; what a faulty frame is answered, `faults` says.

A frame without fault costs one pass of msgspec. Only when that refuses is the frame looked at element by element.

Forgiven under tolerant reading, each time as a deviation: an id of more than 36 characters, an id sent as an integer (it is
answered as text), elements too many, a CALLERROR or CALLRESULTERROR without description or details or with ones that are
not as they should be, and null for an empty payload in 2.x (1.6 allows it). The path of a deviation is `[n]`, the position
in the frame.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias, cast

import msgspec

from forecourt.ocpp.depth import DEPTH_LIMIT, is_deeper
from forecourt.ocpp.deviations import Deviation, DeviationKind, Reading, excerpt
from forecourt.ocpp.errors import ErrorCode
from forecourt.ocpp.events import BreachKind
from forecourt.ocpp.faults import FrameError, disorder, fault, plain, readable_id
from forecourt.ocpp.frames import (
    CALL,
    CALLRESULT,
    CALLRESULTERROR,
    DESCRIPTION_LENGTH,
    ID_LENGTH,
    RULES,
    SEND,
    Call,
    CallError,
    CallResult,
    CallResultError,
    Details,
    Frame,
    FrameRules,
    Send,
)
from forecourt.ocpp.versions import Version

SIZE_LIMIT_BYTES: Final = 1_048_576

Parsed: TypeAlias = tuple[Frame, tuple[Deviation, ...]]

_WITH_PAYLOAD: Final = (Call, CallResult, Send)
_NOTHING: Final = msgspec.Raw(b"{}")
_NULL: Final = msgspec.Raw(b"null")
_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])


class FrameDeviation(StrEnum):
    """What was wrong with a frame, and what was made of it."""

    ID_NOT_TEXT = "message id not text"
    """The number is read as text, and answered so."""
    ID_TOO_LONG = "message id too long"
    """Kept."""
    EXTRA_ELEMENT = "extra element"
    """Left out."""
    ERROR_DESCRIPTION = "error description"
    """Missing, no text, or too long: empty, or cut."""
    ERROR_DETAILS = "error details"
    """Missing or no object: empty."""


def to_bytes(data: bytes | str | memoryview, size_limit_bytes: int = SIZE_LIMIT_BYTES) -> bytes:
    """A message as bytes of its own. Raises FrameError, of the kind TOO_BIG."""
    if isinstance(data, str):
        # A lone surrogate becomes bytes that are no UTF-8, and `parse` finds them.
        data = data.encode(errors="surrogatepass")
    if len(data) > size_limit_bytes:
        reason = f"a message of {len(data)} bytes, {size_limit_bytes} are allowed"
        raise FrameError(BreachKind.TOO_BIG, ErrorCode.GENERIC_ERROR, reason)
    return data if isinstance(data, bytes) else bytes(data)


def parse(
    data: bytes | str | memoryview,
    version: Version,
    reading: Reading = Reading.STRICT,
    *,
    size_limit_bytes: int = SIZE_LIMIT_BYTES,
    depth_limit: int = DEPTH_LIMIT,
) -> Parsed:
    """The frame in `data`, and what was forgiven in it.

    The payload shares the memory of `data` if that is bytes, of a copy if not. Raises FrameError, nothing else.
    """
    data = to_bytes(data, size_limit_bytes)
    rules = RULES[version]
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as error:
            raise disorder(rules, data, f"not UTF-8 at byte {error.start}") from None
    deviations: tuple[Deviation, ...] = ()
    frame: Frame | None
    try:
        frame = rules.decoder.decode(data)
    except (ValueError, RecursionError):
        frame = None
    # The payload of any other frame is somebody else's to read, and to bound.
    if not isinstance(frame, _WITH_PAYLOAD) and is_deeper(data, depth_limit):
        raise disorder(rules, data, f"nested deeper than {depth_limit}", BreachKind.TOO_DEEP)
    if frame is None or not frame.id.isprintable():
        frame, deviations = _Examination(rules, data, reading).frame()
    # 4.1.5: null and {} both stand for no payload, and {} is what should be sent.
    if isinstance(frame, _WITH_PAYLOAD) and frame.payload == _NULL:
        if rules.null_payload:
            frame = msgspec.structs.replace(frame, payload=_NOTHING)
        elif reading is Reading.TOLERANT:
            frame = msgspec.structs.replace(frame, payload=_NOTHING)
            deviations = (*deviations, Deviation(DeviationKind.NULL, "$", "null", "read as an empty object"))
    return frame, deviations


class _Examination:
    """A frame looked at element by element, because it is not as it should be."""

    def __init__(self, rules: FrameRules, data: bytes, reading: Reading) -> None:
        self._rules = rules
        self._data = data
        self._strict = reading is Reading.STRICT
        self._type: int | None = None
        self._id: str | None = None
        self._deviations: list[Deviation] = []

    def frame(self) -> Parsed:
        """The frame and what was forgiven in it. Raises FrameError."""
        elements = self._elements()
        self._type = _integer(plain(elements[0])) if elements else None
        value = plain(elements[1]) if len(elements) > 1 else None
        number = None if self._strict else _integer(value)
        message_id = self._id = readable_id(value if number is None else str(number))
        if message_id is None:
            raise self._broken("no readable message id")
        if self._type is None:
            raise self._broken("the message type is not an integer")
        if self._type not in self._rules.types:
            raise self._broken("unknown message type")
        if number is not None:
            self._forgive(FrameDeviation.ID_NOT_TEXT, 1, value, "the message id is a number")
        if len(message_id) > ID_LENGTH:
            self._forgive(
                FrameDeviation.ID_TOO_LONG, 1, value, f"{len(message_id)} characters, {ID_LENGTH} are allowed"
            )
        return self._of_type(self._type, message_id, elements), tuple(self._deviations)

    def _elements(self) -> list[msgspec.Raw]:
        try:
            return _ELEMENTS.decode(self._data)
        except msgspec.ValidationError:
            raise self._broken("not a JSON array") from None
        except RecursionError:
            raise disorder(self._rules, self._data, "nested too deep", BreachKind.TOO_DEEP) from None
        except ValueError as error:
            raise disorder(self._rules, self._data, f"not JSON: {error}") from None

    def _of_type(self, message_type: int, message_id: str, elements: list[msgspec.Raw]) -> Frame:
        if message_type == CALLRESULT:
            self._count(elements, 3)
            return CallResult(message_id, elements[2])
        if message_type in (CALL, SEND):
            self._count(elements, 4)
            action = self._text(elements[2], "action")
            return (
                Call(message_id, action, elements[3]) if message_type == CALL else Send(message_id, action, elements[3])
            )
        self._count(elements, 5, at_least=3)
        code = self._text(elements[2], "error code")
        description = self._description(elements[3] if len(elements) > 3 else None)
        details = self._details(elements[4] if len(elements) > 4 else None)
        if message_type == CALLRESULTERROR:
            return CallResultError(message_id, code, description, details)
        return CallError(message_id, code, description, details)

    def _count(self, elements: list[msgspec.Raw], expected: int, *, at_least: int | None = None) -> None:
        if len(elements) < (at_least or expected):
            raise self._broken(f"{len(elements)} elements instead of {expected}")
        if len(elements) > expected:
            extra = plain(elements[expected])
            self._forgive(
                FrameDeviation.EXTRA_ELEMENT, expected, extra, f"{len(elements)} elements instead of {expected}"
            )

    def _text(self, element: msgspec.Raw, name: str) -> str:
        value = plain(element)
        if not isinstance(value, str):
            raise self._broken(f"the {name} is not text")
        return value

    def _description(self, element: msgspec.Raw | None) -> str:
        value = plain(element) if element is not None else None
        if not isinstance(value, str):
            self._forgive(FrameDeviation.ERROR_DESCRIPTION, 3, value, "no error description")
            return ""
        if len(value) > DESCRIPTION_LENGTH:
            self._forgive(
                FrameDeviation.ERROR_DESCRIPTION, 3, value, f"{len(value)} characters, {DESCRIPTION_LENGTH} are allowed"
            )
        return value[:DESCRIPTION_LENGTH]

    def _details(self, element: msgspec.Raw | None) -> Details:
        value = plain(element) if element is not None else None
        if not isinstance(value, dict):
            self._forgive(FrameDeviation.ERROR_DETAILS, 4, value, "no error details")
            return {}
        return cast(Details, value)

    def _forgive(self, kind: FrameDeviation, position: int, value: object, detail: str) -> None:
        if self._strict:
            raise self._broken(detail)
        self._deviations.append(Deviation(kind, f"[{position}]", excerpt(value), detail))

    def _broken(self, reason: str) -> FrameError:
        return fault(
            self._rules,
            BreachKind.BROKEN_FRAME if self._id else BreachKind.UNREADABLE_FRAME,
            self._rules.broken,
            reason,
            self._type,
            self._id,
        )


def _integer(value: object) -> int | None:
    """`value` if it is an integer that is worth talking about."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < 64:
        return value
    return None
