"""A token as a row of its table, and back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization.model import KnownToken, Medium, TokenData, TokenKey
from forecourt.csms.stations.model import OrganisationKey


def fields_of(data: TokenData, group_key: int | None) -> dict[str, Any]:
    """The columns of a token that may change."""
    return {
        "medium": data.medium.value,
        "group_id": group_key,
        "visual_number": data.visual_number,
        "valid_from": data.valid_from,
        "valid_until": data.valid_until,
        "language": data.language,
        "second_language": data.second_language,
        "personal_message": data.personal_message,
        "max_concurrent": data.max_concurrent,
        "concurrent_per_group": data.concurrent_per_group,
        "charging_priority": data.charging_priority,
        "cache_life_s": data.cache_life_s,
        "places": None if data.places is None else dict(data.places),
        "evse_kinds": None if data.evse_kinds is None else sorted(data.evse_kinds),
    }


def known_of(row: Row[Any]) -> KnownToken:
    """The token of a row of `store.tokens_as_seen_by`."""
    places = None
    if row.places is not None:
        places = {wire_id: None if evses is None else tuple(evses) for wire_id, evses in row.places.items()}
    return KnownToken(
        key=TokenKey(row.id),
        provider=OrganisationKey(row.organisation_id),
        blocked=row.blocked,
        block_reason=row.block_reason,
        group_key=row.group_id,
        master_pass=bool(row.master_pass),
        accepted_here=row.accepted_here,
        data=TokenData(
            token=Token(row.value, row.kind),
            medium=Medium(row.medium),
            group=row.group_value or "",
            visual_number=row.visual_number,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            language=row.language,
            second_language=row.second_language,
            personal_message=row.personal_message,
            max_concurrent=row.max_concurrent,
            concurrent_per_group=row.concurrent_per_group,
            charging_priority=row.charging_priority,
            cache_life_s=row.cache_life_s,
            places=places,
            evse_kinds=None if row.evse_kinds is None else frozenset(row.evse_kinds),
        ),
    )
