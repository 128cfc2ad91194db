"""What a driver identifies himself with, the verdicts about it, and who may end a transaction.

A token is a case-insensitive text and a type (C01.FR.25, Part 2 C 1.1); the idTag of 1.6 has no type and matches any.
How a management system comes to a verdict is in `judging`, how a station does without one in `local_authorization`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class TokenKind(StrEnum):
    """IdTokenEnumStringType of 2.1, with the words of the wire. UNTYPED is ours, for an idTag of 1.6."""

    CENTRAL = "Central"
    DIRECT_PAYMENT = "DirectPayment"
    EMAID = "eMAID"
    EVCCID = "EVCCID"
    ISO14443 = "ISO14443"
    ISO15693 = "ISO15693"
    KEY_CODE = "KeyCode"
    LOCAL = "Local"
    MAC_ADDRESS = "MacAddress"
    NO_AUTHORIZATION = "NoAuthorization"
    VIN = "VIN"
    UNTYPED = ""


UNCACHEABLE = frozenset({TokenKind.CENTRAL, TokenKind.NO_AUTHORIZATION})
"""Kinds that a station keeps out of its cache (C05.FR.02, C02.FR.03)."""

SECRET = frozenset({TokenKind.KEY_CODE})
"""Kinds whose value may appear in no log (C04.FR.04)."""


@dataclass(frozen=True, slots=True)
class Token:
    """An idToken or idTag. Equality is that of Python, for storage; whether two mean the same is `matches`.

    `kind` is a plain text because the list of kinds is open: values beyond `TokenKind` are carried as they came.
    additionalInfo is no part of it, as it takes no part in comparisons (C01.FR.25).
    """

    value: str
    kind: str = TokenKind.UNTYPED

    @classmethod
    def untyped(cls, id_tag: str) -> Token:
        return cls(id_tag)

    @property
    def key(self) -> str:
        """The value as it is compared and indexed: without case."""
        return self.value.casefold()

    def matches(self, other: Token) -> bool:
        """Whether both name the same: case does not count, and an untyped token matches one of any kind."""
        if self.key != other.key:
            return False
        kinds = {self.kind.casefold(), other.kind.casefold()}
        return len(kinds) == 1 or TokenKind.UNTYPED in kinds

    def __str__(self) -> str:
        """For logs and pages; secret values are left out."""
        return f"{self.kind or 'idTag'} " + ("***" if self.kind in SECRET else self.value)


def same_group(one: Token | None, other: Token | None) -> bool:
    """Two tokens are in one group if their group tokens match and are not empty (Part 2 C 1.2; 1.6 3.10)."""
    return one is not None and other is not None and bool(one.value) and one.matches(other)


class Verdict(StrEnum):
    """AuthorizationStatusEnumType; five of these are words of 1.6 as well (7.2)."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    CONCURRENT_TX = "ConcurrentTx"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    NO_CREDIT = "NoCredit"
    NOT_ALLOWED_TYPE_EVSE = "NotAllowedTypeEVSE"
    NOT_AT_THIS_LOCATION = "NotAtThisLocation"
    NOT_AT_THIS_TIME = "NotAtThisTime"
    UNKNOWN = "Unknown"


IN_FIVE_WORDS = MappingProxyType(
    {
        Verdict.ACCEPTED: Verdict.ACCEPTED,
        Verdict.BLOCKED: Verdict.BLOCKED,
        Verdict.CONCURRENT_TX: Verdict.CONCURRENT_TX,
        Verdict.EXPIRED: Verdict.EXPIRED,
        Verdict.INVALID: Verdict.INVALID,
        Verdict.NO_CREDIT: Verdict.BLOCKED,
        Verdict.NOT_ALLOWED_TYPE_EVSE: Verdict.BLOCKED,
        Verdict.NOT_AT_THIS_LOCATION: Verdict.BLOCKED,
        Verdict.NOT_AT_THIS_TIME: Verdict.BLOCKED,
        Verdict.UNKNOWN: Verdict.INVALID,
    }
)
"""Each verdict in the words of 1.6.

A token that is known but not allowed here and now is Blocked, an unknown one Invalid.
"""


class StopRight(StrEnum):
    """Whether a token may end the authorization of a transaction, and by which right."""

    SAME_TOKEN = "same_token"  # noqa: S105 - not a password
    SAME_GROUP = "same_group"
    MASTER_PASS = "master_pass"  # noqa: S105 - not a password
    NONE = "none"

    @property
    def granted(self) -> bool:
        return self is not StopRight.NONE


def right_to_stop(
    presented: Token,
    *,
    verdict: Verdict | None,
    group: Token | None,
    started_by: Token | None,
    started_group: Token | None,
    master_group: Token | None = None,
) -> StopRight:
    """By which right `presented` may stop a transaction.

    The token that started it may always, whatever has become of it since (C01.FR.03, E07.FR.01). Another one needs the
    same group (C09.FR.03) or the master pass group (C16.FR.01, 02), and must be accepted itself (C09.FR.11).
    `verdict` is None when nobody has judged it yet: then it is not accepted.
    """
    if started_by is not None and presented.matches(started_by):
        return StopRight.SAME_TOKEN
    if verdict is not Verdict.ACCEPTED:
        return StopRight.NONE
    if same_group(group, started_group):
        return StopRight.SAME_GROUP
    if same_group(group, master_group):
        return StopRight.MASTER_PASS
    return StopRight.NONE
