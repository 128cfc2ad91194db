"""The five frames of the RPC framework (Part 4, 4.2; OCPP-J 1.6, 4.2): what they are, which version has which, how they are written.

Reading frames, and what a faulty one is answered, is `forecourt.ocpp.parsing`. Payloads stay JSON text here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.versions import V16, V21, V201, Version

CALL: Final = 2
CALLRESULT: Final = 3
CALLERROR: Final = 4
CALLRESULTERROR: Final = 5
SEND: Final = 6

ID_LENGTH: Final = 36
DESCRIPTION_LENGTH: Final = 255
CODE_LENGTH: Final = 50
UNREADABLE_ID: Final = "-1"
"""The id of the answer to a frame whose id could not be read (Part 4, 4.2.3)."""

MessageId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_LENGTH)]
Details: TypeAlias = dict[str, Any]
Description: TypeAlias = Annotated[str, msgspec.Meta(max_length=DESCRIPTION_LENGTH)]


class Call(msgspec.Struct, frozen=True, array_like=True, tag=CALL, forbid_unknown_fields=True, gc=False):
    """A request. `payload` is the text of a JSON value; that it is an object, only reading it tells."""

    id: MessageId
    action: str
    payload: msgspec.Raw


class CallResult(msgspec.Struct, frozen=True, array_like=True, tag=CALLRESULT, forbid_unknown_fields=True, gc=False):
    """The answer to a request."""

    id: MessageId
    payload: msgspec.Raw


class CallError(msgspec.Struct, frozen=True, array_like=True, tag=CALLERROR, forbid_unknown_fields=True, gc=False):
    """The refusal of a request. `code` is the text as it came; `heard_code` makes an ErrorCode of it."""

    id: MessageId
    code: str
    description: Description
    details: Details


class CallResultError(
    msgspec.Struct, frozen=True, array_like=True, tag=CALLRESULTERROR, forbid_unknown_fields=True, gc=False
):
    """The refusal of an answer (2.1). `id` is that of the answer."""

    id: MessageId
    code: str
    description: Description
    details: Details


class Send(msgspec.Struct, frozen=True, array_like=True, tag=SEND, forbid_unknown_fields=True, gc=False):
    """A message that is never answered (2.1)."""

    id: MessageId
    action: str
    payload: msgspec.Raw


Frame: TypeAlias = Call | CallResult | CallError | CallResultError | Send


class FrameRules(msgspec.Struct, frozen=True, kw_only=True):
    """What one version says about frames.

    `types` are the message type numbers it has, `codes` the error codes. `broken` is the code for a frame that has a
    readable id and the wrong structure, `unparsable` for one whose JSON ends in disorder after a readable id.
    `unknown_type` answers a message type number that it does not have, `unreadable_id` is the id under which a frame
    without readable id is answered; both are None where the version leaves these unanswered.
    `null_payload` tells whether null may stand for an empty payload.
    """

    types: frozenset[int]
    codes: frozenset[ErrorCode]
    decoder: msgspec.json.Decoder[Frame]
    broken: ErrorCode
    unparsable: ErrorCode
    unknown_type: ErrorCode | None
    unreadable_id: str | None
    null_payload: bool


_NEW_IN_2: Final = frozenset({ErrorCode.RPC_FRAMEWORK_ERROR, ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED})
_DECODER_BEFORE_21: Final[msgspec.json.Decoder[Frame]] = msgspec.json.Decoder(Call | CallResult | CallError)

RULES: Final[Mapping[Version, FrameRules]] = MappingProxyType(
    {
        V16: FrameRules(
            types=frozenset({CALL, CALLRESULT, CALLERROR}),
            codes=frozenset(ErrorCode) - _NEW_IN_2,
            decoder=_DECODER_BEFORE_21,
            broken=ErrorCode.PROTOCOL_ERROR,
            unparsable=ErrorCode.FORMAT_VIOLATION,
            unknown_type=None,
            unreadable_id=None,
            null_payload=True,
        ),
        V201: FrameRules(
            types=frozenset({CALL, CALLRESULT, CALLERROR}),
            codes=frozenset(ErrorCode),
            decoder=_DECODER_BEFORE_21,
            broken=ErrorCode.RPC_FRAMEWORK_ERROR,
            unparsable=ErrorCode.RPC_FRAMEWORK_ERROR,
            unknown_type=ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED,
            unreadable_id=UNREADABLE_ID,
            null_payload=False,
        ),
        V21: FrameRules(
            types=frozenset({CALL, CALLRESULT, CALLERROR, CALLRESULTERROR, SEND}),
            codes=frozenset(ErrorCode),
            decoder=msgspec.json.Decoder(Frame),
            broken=ErrorCode.RPC_FRAMEWORK_ERROR,
            unparsable=ErrorCode.RPC_FRAMEWORK_ERROR,
            unknown_type=ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED,
            unreadable_id=UNREADABLE_ID,
            null_payload=False,
        ),
    }
)

# OCPP-J 1.6 misspells two codes; its errata (5.1, 5.2) correct them and leave both on the wire.
_HEARD: Final[Mapping[str, ErrorCode]] = MappingProxyType(
    {
        **{code.value: code for code in ErrorCode},
        "FormationViolation": ErrorCode.FORMAT_VIOLATION,
        "OccurenceConstraintViolation": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    }
)

_encoder: Final = msgspec.json.Encoder()


def heard_code(text: str) -> str:
    """The ErrorCode that `text` means, in either spelling of 1.6; a code that nobody specified stays the text it is, but short."""
    return _HEARD.get(text) or text[:CODE_LENGTH]


def call_error(message_id: str, code: ErrorCode, description: str = "", details: Details | None = None) -> CallError:
    """A CALLERROR with its description cut to what may be said and, where there are no details, an empty object."""
    return CallError(message_id, code.value, _sayable(description), details or {})


def call_result_error(message_id: str, code: ErrorCode, description: str = "") -> CallResultError:
    """A CALLRESULTERROR without details, its description cut to what may be said."""
    return CallResultError(message_id, code.value, _sayable(description), {})


def _sayable(description: str) -> str:
    # A description may quote the peer, and what Python took from JSON need not be sayable in UTF-8 (lone surrogates).
    return description[:DESCRIPTION_LENGTH].encode(errors="replace").decode()


def encode(frame: Frame) -> bytes:
    """The text of `frame`. Raises LocalProtocolError when the details of an error are not JSON."""
    try:
        return _encoder.encode(frame)
    except (TypeError, ValueError, RecursionError) as error:
        raise LocalProtocolError(ErrorCode.INTERNAL_ERROR, f"the frame cannot be written as JSON: {error}") from error
