"""What tokens look like in the API, and what can be said of them there. Secret values go in and never come out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import Row

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization.model import KnownToken, Medium, TokenData, shown
from forecourt.csms.blocks.authorization.records import known_of
from forecourt.csms.web.problems import Fault, faults_of
from forecourt.csms.web.texts import LINE
from forecourt.errors import DomainError

Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Value = Annotated[str, Meta(min_length=1, max_length=255, pattern=LINE)]
Kind = Annotated[
    str,
    Meta(
        max_length=20,
        pattern=LINE,
        description="a kind of OCPP 2.1, such as ISO14443 or eMAID; empty for an idTag of 1.6, which fits any",
    ),
]
MediumName = Literal["rfid", "app", "contract", "code", "payment", "other"]
Group = Annotated[str, Meta(max_length=20, pattern=LINE)]
VisualNumber = Annotated[str, Meta(max_length=64, pattern=LINE)]
Language = Annotated[str, Meta(max_length=8, pattern=LINE)]
Message = Annotated[str, Meta(max_length=512, pattern=LINE)]
Moment = Annotated[datetime, Meta(tz=True)]
AtOnce = Annotated[int, Meta(ge=1, le=1000)]
Priority = Annotated[int, Meta(ge=-9, le=9)]
Life = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Evse = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Places = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=48)], list[Evse] | None],
    Meta(max_length=1000, description="identities of stations, each with its EVSEs or null for all of them"),
]
Currents = Annotated[list[Literal["ac", "dc"]], Meta(min_length=1, max_length=2)]
Reason = Annotated[str, Meta(max_length=200, pattern=LINE)]


class TokenOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a driver identifies himself with. `organisationId` provides it; `value` is `***` where it is a secret."""

    id: int
    organisation_id: int
    value: str
    kind: str
    medium: MediumName
    group_id: str
    master_pass: bool
    visual_number: str
    valid_from: datetime | None
    valid_until: datetime | None
    blocked: bool
    block_reason: str
    blocked_at: datetime | None
    language: str
    second_language: str
    personal_message: str
    max_concurrent: int | None
    concurrent_per_group: bool
    charging_priority: int
    cache_life_s: int | None
    places: dict[str, list[int] | None] | None
    evse_kinds: list[Literal["ac", "dc"]] | None
    created_at: datetime
    changed_at: datetime


class TokenBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A new token. `maxConcurrent` null means any number of transactions at once."""

    organisation_id: Number | None = None
    value: Value
    kind: Kind = ""
    medium: MediumName = "rfid"
    group_id: Group = ""
    visual_number: VisualNumber = ""
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    language: Language = ""
    second_language: Language = ""
    personal_message: Message = ""
    max_concurrent: AtOnce | None = 1
    concurrent_per_group: bool = False
    charging_priority: Priority = 0
    cache_life_s: Life | None = None
    places: Places | None = None
    evse_kinds: Currents | None = None


class TokenChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is to be different; what is left out stays. A token's value and kind do not change: that is another token."""

    medium: MediumName | UnsetType = UNSET
    group_id: Group | UnsetType = UNSET
    visual_number: VisualNumber | UnsetType = UNSET
    valid_from: Moment | UnsetType | None = UNSET
    valid_until: Moment | UnsetType | None = UNSET
    language: Language | UnsetType = UNSET
    second_language: Language | UnsetType = UNSET
    personal_message: Message | UnsetType = UNSET
    max_concurrent: AtOnce | UnsetType | None = UNSET
    concurrent_per_group: bool | UnsetType = UNSET
    charging_priority: Priority | UnsetType = UNSET
    cache_life_s: Life | UnsetType | None = UNSET
    places: Places | UnsetType | None = UNSET
    evse_kinds: Currents | UnsetType | None = UNSET


class BlockBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Why a token is to be refused."""

    reason: Reason = ""


class GroupOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Tokens that stand in for each other: what one has begun another may end. Those of a master pass end any and begin none."""

    id: int
    organisation_id: int
    group_id: str
    master_pass: bool
    created_at: datetime


class GroupBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a group is to be; one that does not exist yet is made."""

    organisation_id: Number | None = None
    group_id: Annotated[str, Meta(min_length=1, max_length=20, pattern=LINE)]
    master_pass: bool


class ImportBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Many tokens at once, as CSV with the columns of an export; only `value` has to be there. Unknown columns are refused."""

    organisation_id: Number | None = None
    csv: Annotated[str, Meta(min_length=1, max_length=4_000_000)]


class RefusedLineOut(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was left out: its number in the file, counted from 1 with the header, and why."""

    line: int
    code: str
    message: str
    errors: list[Fault]

    @classmethod
    def of(cls, line: int, why: DomainError) -> RefusedLineOut:
        """What was wrong with this line."""
        return cls(line=line, code=why.code, message=why.message, errors=faults_of(why))


class ImportOut(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did. Lines that say what is on record already are `unchanged`."""

    added: int
    changed: int
    unchanged: int
    refused: list[RefusedLineOut]


class JudgementOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A verdict that a station was told about a token, and why. `moment` is when the token becomes or ceased to be valid,
    `transactions` are those that stand against it, `evseIds` where it may charge if that is not everywhere."""

    id: int
    at: datetime
    organisation_id: int
    station_id: int
    station: str
    token: str
    kind: str
    token_id: int | None
    asked: str
    evse_id: int | None
    verdict: str
    reason: str
    group: str
    moment: datetime | None
    transactions: list[str]
    evse_ids: list[int]


_DATA: Final = {"group_id": "group"}
"""Fields that the block names differently."""


def data_of(body: TokenBody) -> TokenData:
    """A new token as the block has it."""
    fields = {name: getattr(body, name) for name in TokenChange.__struct_fields__}
    return TokenData(token=Token(body.value, body.kind), **plain(fields))


def plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a body as those of `TokenData`."""
    named = {_DATA.get(name, name): value for name, value in fields.items()}
    if "medium" in named:
        named["medium"] = Medium(named["medium"])
    if named.get("places") is not None:
        named["places"] = {
            wire_id: None if evses is None else tuple(evses) for wire_id, evses in named["places"].items()
        }
    if named.get("evse_kinds") is not None:
        named["evse_kinds"] = frozenset(named["evse_kinds"])
    return named


def out_of(row: Row[Any]) -> TokenOut:
    """A token of `store.tokens_as_seen_by`."""
    known = known_of(row)
    values = row._mapping
    return TokenOut(
        **fields_out(known),
        blocked_at=values["blocked_at"],
        created_at=values["created_at"],
        changed_at=values["changed_at"],
    )


def fields_out(known: KnownToken) -> dict[str, Any]:
    """What a token is, without when."""
    data = known.data
    fields = {name: getattr(data, _DATA.get(name, name)) for name in TokenChange.__struct_fields__}
    fields["medium"] = data.medium.value
    if data.places is not None:
        fields["places"] = {wire_id: None if evses is None else list(evses) for wire_id, evses in data.places.items()}
    if data.evse_kinds is not None:
        fields["evse_kinds"] = sorted(data.evse_kinds)
    return {
        **fields,
        "id": known.key,
        "organisation_id": known.provider,
        "value": shown(data.token.value, data.token.kind),
        "kind": data.token.kind,
        "master_pass": known.master_pass,
        "blocked": known.blocked,
        "block_reason": known.block_reason,
    }
