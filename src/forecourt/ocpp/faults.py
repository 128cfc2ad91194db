"""What is wrong with a frame, and what the peer is answered for it.

That depends on how much of the frame could be read, and on the version (Part 4, 4.1.3, 4.1.7, 4.2.3 and 4.4; OCPP-J 1.6,
4.1.3 and 4.2.3). To a CALL, and to what does not say what it is, the answer is a CALLERROR with the id that was read:

    | What came                                            | 1.6             | 2.0.1 and 2.1                 |
    |------------------------------------------------------|-----------------|-------------------------------|
    | no readable id (so also: not JSON, not an array)     | nothing         | RpcFrameworkError, id "-1"    |
    | JSON in disorder, bad UTF-8, too deep: after the id  | FormatViolation | RpcFrameworkError             |
    | the same after the action, so in the payload         | FormatViolation | FormatViolation               |
    | elements missing, too many, or of the wrong kind     | ProtocolError   | RpcFrameworkError             |
    | unknown message type with a readable id              | nothing         | MessageTypeNotSupported       |
    | larger than the size limit                           | nothing: the connection is closed               |

The other types are never answered with a CALLERROR, whatever is wrong with them:

    | Type            | 1.6             | 2.0.1           | 2.1                                             |
    |-----------------|-----------------|-----------------|-------------------------------------------------|
    | CALLRESULT      | nothing         | nothing         | CALLRESULTERROR with the code and id as above   |
    | CALLERROR       | nothing         | nothing         | nothing                                         |
    | CALLRESULTERROR | an unknown type | an unknown type | nothing                                         |
    | SEND            | an unknown type | an unknown type | nothing                                         |

An id is readable when it is text of 1 to 255 printable characters.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from forecourt.ocpp.errors import ErrorCode, RemoteProtocolError
from forecourt.ocpp.events import BreachKind
from forecourt.ocpp.frames import (
    CALL,
    CALLRESULT,
    CALLRESULTERROR,
    Frame,
    FrameRules,
    call_error,
    call_result_error,
)

_ID_LENGTH_BORNE: Final = 255
_START_LENGTH: Final = 4096
_VALUE: Final = msgspec.json.Decoder()

# The start of a frame whose rest is in disorder: type, id, and for a CALL or SEND also the action.
_START: Final = re.compile(
    rb"""
    [ \t\r\n]* \[ [ \t\r\n]* (?P<type> 0 | [1-9]\d{0,8} ) [ \t\r\n]* ,
    (?:
        [ \t\r\n]* (?P<id> "(?:[^"\\]|\\.)*" ) [ \t\r\n]*
        (?P<action> , [ \t\r\n]* "(?:[^"\\]|\\.)*" [ \t\r\n]* )?
        (?P<payload> , )?
    )?
    """,
    re.VERBOSE | re.DOTALL,
)


class FrameError(RemoteProtocolError):
    """A frame that cannot be accepted. `answer` is what the peer is to be sent for it; None where the version says nothing.

    `message_type` and `message_id` are what could be read of the frame.
    """

    def __init__(
        self,
        kind: BreachKind,
        code: ErrorCode,
        reason: str,
        *,
        message_type: int | None = None,
        message_id: str | None = None,
        answer: Frame | None = None,
    ) -> None:
        super().__init__(code, reason)
        self.kind = kind
        self.message_type = message_type
        self.message_id = message_id
        self.answer = answer


def readable_id(value: object) -> str | None:
    """`value` if it can be a message id, though perhaps a longer one than is allowed."""
    if isinstance(value, str) and 0 < len(value) <= _ID_LENGTH_BORNE and value.isprintable():
        return value
    return None


def plain(text: msgspec.Raw | bytes) -> object:
    """The JSON value in `text`; None, which is never what a frame needs, when Python cannot hold it."""
    try:
        return _VALUE.decode(text)
    except (ValueError, RecursionError):
        return None


def fault(
    rules: FrameRules, kind: BreachKind, code: ErrorCode, reason: str, message_type: int | None, message_id: str | None
) -> FrameError:
    """The fault with its answer, as in the tables above. `code` is for a frame whose id could be read."""
    known = message_type is None or message_type in rules.types
    if not known:
        kind, reason = BreachKind.UNKNOWN_TYPE, f"unknown message type {message_type}"
        code = rules.unknown_type or rules.broken
    if message_id is None:
        code = rules.broken
    answer_id = message_id or rules.unreadable_id
    answer: Frame | None = None
    if answer_id is not None:
        if message_type is None or message_type == CALL or (not known and rules.unknown_type):
            answer = call_error(answer_id, code, reason)
        elif message_type == CALLRESULT and CALLRESULTERROR in rules.types:
            answer = call_result_error(answer_id, code, reason)
    return FrameError(kind, code, reason, message_type=message_type, message_id=message_id, answer=answer)


def disorder(rules: FrameRules, data: bytes, reason: str, kind: BreachKind | None = None) -> FrameError:
    """The fault of a message that is no JSON, or none that we follow: judged by how far its beginning can be read."""
    start = _START.match(data, 0, _START_LENGTH)
    if start is None:
        return fault(rules, kind or BreachKind.UNREADABLE_FRAME, rules.broken, reason, None, None)
    message_type = int(start["type"])
    message_id = readable_id(plain(start["id"])) if start["id"] else None
    if message_id is None:
        return fault(rules, kind or BreachKind.UNREADABLE_FRAME, rules.broken, reason, message_type, None)
    in_payload = start["payload"] is not None and (start["action"] is not None) == (message_type != CALLRESULT)
    code = ErrorCode.FORMAT_VIOLATION if in_payload else rules.unparsable
    return fault(rules, kind or BreachKind.BROKEN_FRAME, code, reason, message_type, message_id)
