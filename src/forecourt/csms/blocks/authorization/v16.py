"""Authorization and local lists in the words of 1.6: idTags without type, five statuses, parentIdTag for a group."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final, cast

import msgspec
from msgspec import UNSET

from forecourt.charging.local_authorization import Entry
from forecourt.charging.tokens import IN_FIVE_WORDS, Token
from forecourt.csms.blocks.authorization import lists
from forecourt.csms.blocks.authorization.actions import Asked, judge
from forecourt.csms.blocks.authorization.list_model import Listed, Part
from forecourt.csms.blocks.authorization.lists import Lists
from forecourt.csms.blocks.authorization.model import ClearCache, GetLocalListVersion, Judged, SendLocalList
from forecourt.csms.blocks.authorization.rules import MAX_ID_TAG_LENGTH
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.ocpp import v16

ROOM: Final[Mapping[str, str]] = MappingProxyType(
    {
        "LocalAuthListEnabled": "enabled",
        "SendLocalListMaxLength": "items_per_message",
        "LocalAuthListMaxLength": "entries",
    }
)
"""Configuration keys that say how much a station takes, and the field of `Room` each one is."""


def info_of(judged: Judged) -> v16.IdTagInfo:
    """The verdict for an answer. A group or an expiry it has none of is absent."""
    return v16.IdTagInfo(
        status=cast(v16.AuthorizationStatus, IN_FIVE_WORDS[judged.verdict].value),
        parent_id_tag=judged.group.value if judged.group is not None else UNSET,
        expiry_date=judged.expires_at if judged.expires_at is not None else UNSET,
    )


async def on_authorize(link: Link, work: Work, call: v16.Authorize) -> v16.AuthorizeResponse:
    """Section 4.1. Whether the idTag is in use already is a matter of StartTransaction only (section 7.2)."""
    token = Token.untyped(call.id_tag)
    judged = await judge(work, link.station, token, work.now, asked=Asked.TO_AUTHORIZE, open_transactions=None)
    return v16.AuthorizeResponse(id_tag_info=info_of(judged))


async def say_clear_cache(link: Link, command: ClearCache) -> Outcome:
    """Section 5.4."""
    reply = await link.call(v16.ClearCache())
    return Outcome.accepted_if(reply.status == "Accepted", reply.status)


async def say_send_local_list(kept: Lists, link: Link, command: SendLocalList) -> Outcome:
    """Section 5.15."""
    return await lists.bring(kept, link, WORDS, command.update)


async def say_get_local_list_version(kept: Lists, link: Link, command: GetLocalListVersion) -> Outcome:
    """Section 5.10. Version 0 means an empty list, -1 that the station supports none."""
    return await lists.ask_version(kept, link, WORDS)


class Words:
    """Lists as 1.6 speaks of them: names without type, so of several tokens with one value the first is meant."""

    says_evses = False

    def name_of(self, link: Link, token: Token) -> Token | None:
        """What is longer than an idTag cannot be presented at such a station either."""
        return Token.untyped(token.value) if len(token.value) <= MAX_ID_TAG_LENGTH else None

    def size_of(self, listed: Listed) -> int:
        return len(msgspec.json.encode(_data_of(listed.entry))) + 1

    async def ask_version(self, link: Link) -> int:
        return (await link.call(v16.GetLocalListVersion())).list_version

    async def send(self, link: Link, part: Part) -> str:
        reply = await link.call(
            v16.SendLocalList(
                list_version=part.version,
                update_type="Full" if part.full else "Differential",
                local_authorization_list=tuple(_data_of(listed.entry) for listed in part.changes) or UNSET,
            )
        )
        return reply.status


WORDS: Final = Words()


def _data_of(entry: Entry) -> v16.AuthorizationData:
    if entry.info is None:
        return v16.AuthorizationData(id_tag=entry.token.value)
    info = v16.IdTagInfo(
        status=cast(v16.AuthorizationStatus, IN_FIVE_WORDS[entry.info.verdict].value),
        parent_id_tag=entry.info.group.value if entry.info.group is not None else UNSET,
        expiry_date=entry.info.expires_at if entry.info.expires_at is not None else UNSET,
    )
    return v16.AuthorizationData(id_tag=entry.token.value, id_tag_info=info)


HEARS: Final[Hears] = MappingProxyType({v16.Authorize: on_authorize})


def says(kept: Lists) -> Says:
    """What is said, and by whom."""
    return {
        ClearCache: Said((v16.ClearCache,), say_clear_cache),
        SendLocalList: Said((v16.SendLocalList,), partial(say_send_local_list, kept)),
        GetLocalListVersion: Said((v16.GetLocalListVersion,), partial(say_get_local_list_version, kept)),
    }
