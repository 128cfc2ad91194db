"""What may be on record about a token: the limits of its fields, checked before anything is written."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from forecourt.charging.tokens import SECRET, Token, TokenKind
from forecourt.csms.blocks.authorization.model import Medium, TokenData
from forecourt.errors import Flaw, Invalid

MAX_VALUE_LENGTH: Final = 255
"""IdTokenType.idToken of 2.1; what a station's version cannot say never reaches us from there, and is not put on its list."""

MAX_ID_TAG_LENGTH: Final = 20
"""An idTag, and so a token without a type; and a parentIdTag, and so a group: it has to be sayable in every version."""

MAX_KIND_LENGTH: Final = 20
MAX_PRIORITY: Final = 9
_SHORTEST_CODE: Final = 4

RFID_KINDS: Final = frozenset({TokenKind.UNTYPED, TokenKind.ISO14443, TokenKind.ISO15693, TokenKind.LOCAL})

_KINDS: Final = MappingProxyType({kind.casefold(): kind for kind in TokenKind})
_CURRENTS: Final = frozenset({"ac", "dc"})
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,4})?")  # C01.FR.17, in the 8 characters of the wire


class Faults:
    """Collects what is wrong with a record, field by field, so that all of it is told at once."""

    def __init__(self) -> None:
        self.fields: dict[str, Flaw] = {}

    def check(self, fine: bool, field: str, code: str, message: str) -> None:
        """Note `message` about `field` unless it is fine or there is one already."""
        if not fine:
            self.fields.setdefault(field, Flaw(message, code))

    def raise_any(self) -> None:
        """Raises Invalid if there were faults."""
        if self.fields:
            raise Invalid("token_invalid", "; ".join(self.fields.values()), self.fields)


def canonical(token: Token) -> Token:
    """`token` with its kind as the specification writes it. An unknown kind stays as it is: the list is open."""
    kind = _KINDS.get(token.kind.casefold())
    return token if kind is None or kind == token.kind else replace(token, kind=kind.value)


def checked(data: TokenData) -> TokenData:
    """`data` as it may be kept. Raises Invalid, naming every field that cannot be."""
    token = canonical(data.token)
    faults = Faults()
    _check_token(faults, token)
    fits = data.medium is not Medium.RFID or token.kind in RFID_KINDS
    faults.check(fits, "medium", "token_medium", f"a card reader does not read a token of the kind {token.kind}")
    faults.check(
        _is_text(data.group, MAX_ID_TAG_LENGTH),
        "groupId",
        "token_group_invalid",
        f"a group has up to {MAX_ID_TAG_LENGTH} printable characters",
    )
    faults.check(
        _is_text(data.visual_number, 64),
        "visualNumber",
        "visual_number_invalid",
        "a visual number has up to 64 printable characters",
    )
    _check_validity(faults, data.valid_from, data.valid_until)
    _check_languages(faults, data.language, data.second_language)
    faults.check(
        _is_text(data.personal_message, 512),
        "personalMessage",
        "personal_message_invalid",
        "a message has up to 512 printable characters",
    )
    concurrent, life_s = data.max_concurrent, data.cache_life_s
    faults.check(concurrent is None or concurrent >= 1, "maxConcurrent", "max_concurrent", "at least one transaction")
    fits = abs(data.charging_priority) <= MAX_PRIORITY
    faults.check(fits, "chargingPriority", "charging_priority", "a priority is from -9 to 9")
    faults.check(life_s is None or life_s >= 0, "cacheLifeS", "cache_life", "not negative")
    kinds = data.evse_kinds
    faults.check(kinds is None or (bool(kinds) and kinds <= _CURRENTS), "evseKinds", "evse_kinds", "ac, dc or both")
    for wire_id, evses in (data.places or {}).items():
        right = evses is None or (bool(evses) and all(evse >= 1 for evse in evses))
        faults.check(right, f"places.{wire_id}", "places", "EVSEs are numbered from 1; leave the list out to mean all")
    faults.raise_any()
    return replace(data, token=token)


def check_group(value: str) -> str:
    """`value` if it may name a group. Raises Invalid."""
    if not value or not _is_text(value, MAX_ID_TAG_LENGTH):
        message = f"a group has 1 to {MAX_ID_TAG_LENGTH} printable characters"
        raise Invalid("token_group_invalid", message, {"groupId": message})
    return value


def _check_token(faults: Faults, token: Token) -> None:
    longest = MAX_VALUE_LENGTH if token.kind else MAX_ID_TAG_LENGTH
    faults.check(
        bool(token.value) and token.value == token.value.strip() and _is_text(token.value, longest),
        "value",
        "token_value_invalid",
        f"a token has 1 to {longest} printable characters and does not begin or end with a space",
    )
    kind_fits = token.kind.isascii() and _is_text(token.kind, MAX_KIND_LENGTH)
    faults.check(
        kind_fits, "kind", "token_kind_invalid", f"a kind has up to {MAX_KIND_LENGTH} printable ASCII characters"
    )
    # C02: whoever presses a start button shows nothing that could be on record.
    faults.check(
        token.kind != TokenKind.NO_AUTHORIZATION,
        "kind",
        "token_kind_none",
        "NoAuthorization stands for having no token",
    )
    weak = token.kind in SECRET and len(token.value) < _SHORTEST_CODE
    faults.check(not weak, "value", "token_code_short", f"a code has at least {_SHORTEST_CODE} characters")


def _check_validity(faults: Faults, valid_from: datetime | None, valid_until: datetime | None) -> None:
    for moment, field in ((valid_from, "validFrom"), (valid_until, "validUntil")):
        faults.check(
            moment is None or moment.tzinfo is not None, field, "instant_without_zone", "a moment has a time zone"
        )
    if valid_from is not None and valid_until is not None and not faults.fields.keys() & {"validFrom", "validUntil"}:
        faults.check(valid_from < valid_until, "validUntil", "validity_backwards", "it ends after it has begun")


def _check_languages(faults: Faults, first: str, second: str) -> None:
    for language, field in ((first, "language"), (second, "secondLanguage")):
        fits = not language or bool(_LANGUAGE.fullmatch(language))
        faults.check(fits, field, "language_invalid", "a language tag such as en-US")
    alone = bool(second) and not first  # C01.FR.10
    faults.check(not alone, "secondLanguage", "language_first_missing", "there is no first language")
    same = bool(second) and second.casefold() == first.casefold()  # C01.FR.11
    faults.check(not same, "secondLanguage", "language_twice", "the same as the first language")


def _is_text(value: str, longest: int) -> bool:
    return len(value) <= longest and value.isprintable()
