"""Authorization and local lists in the words of 2.0.1 and 2.1: typed tokens, all verdicts, EVSEs, languages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from forecourt.charging.local_authorization import TokenInfo
from forecourt.charging.tokens import Token, TokenKind, Verdict
from forecourt.csms.blocks.authorization import lists
from forecourt.csms.blocks.authorization.actions import Asked, judge, refuse_contract
from forecourt.csms.blocks.authorization.list_model import Listed, Part
from forecourt.csms.blocks.authorization.lists import Lists
from forecourt.csms.blocks.authorization.model import (
    ClearCache,
    GetLocalListVersion,
    Judged,
    OpenTransactions,
    SendLocalList,
)
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Later, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.ocpp import v2

ROOM: Final[Mapping[tuple[str, str, str], str]] = MappingProxyType(
    {
        ("LocalAuthListCtrlr", "Enabled", "Actual"): "enabled",
        ("LocalAuthListCtrlr", "ItemsPerMessage", "Actual"): "items_per_message",
        ("LocalAuthListCtrlr", "BytesPerMessage", "Actual"): "bytes_per_message",
        ("LocalAuthListCtrlr", "Entries", "maxLimit"): "entries",
    }
)
"""Variables that say how much a station takes, and the field of `Room` each one is: component, variable, and the
attribute, or for Entries the characteristic, since its value is how many there are now (D01.FR.12)."""

_LONGEST_VALUE: Final = 255


def info_of(judged: Judged) -> v2.IdTokenInfo:
    """The verdict for an answer, with what is known of the token besides."""
    known = judged.known
    data = known.data if known is not None and known.accepted_here else None
    info = TokenInfo(
        verdict=judged.verdict,
        expires_at=judged.expires_at,
        group=judged.group,
        evse_ids=frozenset(judged.evse_ids),
        priority=data.charging_priority if data else 0,
    )
    if data is None:
        return _info_of(info, "", "", "")
    return _info_of(info, data.language, data.second_language, data.personal_message)


async def on_authorize(
    open_transactions: OpenTransactions, link: Link, work: Work, call: v2.Authorize
) -> v2.AuthorizeResponse:
    """C01, C04, C06, C09. A contract certificate is refused, since we cannot verify one yet (C07.FR.17)."""
    token = Token(call.id_token.id_token, call.id_token.type)
    if call.certificate is not UNSET or call.iso15118_certificate_hash_data is not UNSET:
        judged = refuse_contract(work, link.station, token)
        return v2.AuthorizeResponse(id_token_info=info_of(judged), certificate_status="CertChainError")
    judged = await judge(
        work, link.station, token, work.now, asked=Asked.TO_AUTHORIZE, open_transactions=open_transactions
    )
    return v2.AuthorizeResponse(id_token_info=info_of(judged))


def acknowledge_settlement(call: v2.NotifySettlement) -> v2.NotifySettlementResponse:
    """C20 to C22: the message is kept in the log. No receipt is promised, because nobody here writes one yet."""
    return v2.NotifySettlementResponse()


def refuse_vat_number(call: v2.VatNumberValidation) -> v2.VatNumberValidationResponse:
    """C18.FR.09, 10: a number we did not check is not valid."""
    return v2.VatNumberValidationResponse(
        vat_number=call.vat_number,
        evse_id=call.evse_id,
        status="Rejected",
        status_info=v2.StatusInfo(reason_code="UnsupportedRequest", additional_info="VAT numbers are not checked here"),
    )


async def say_clear_cache(link: Link, command: ClearCache) -> Outcome:
    """C11."""
    reply = await link.call(v2.ClearCache())
    details = _details(reply.status_info)
    return Outcome.accepted_if(reply.status == "Accepted", reply.status, **details)


async def say_send_local_list(kept: Lists, link: Link, command: SendLocalList) -> Outcome:
    """D01."""
    return await lists.bring(kept, link, WORDS, command.update)


async def say_get_local_list_version(kept: Lists, link: Link, command: GetLocalListVersion) -> Outcome:
    """D02. Version 0 means that there is no list."""
    return await lists.ask_version(kept, link, WORDS)


class Words:
    """Lists as 2.x speaks of them."""

    says_evses = True

    def name_of(self, link: Link, token: Token) -> Token | None:
        """A token without type is taken for what most card readers read; another reader's station asks us instead."""
        delta = link.dialect.version.delta
        kind = token.kind or TokenKind.ISO14443.value
        kinds = delta.values.get((v2.IdToken, "type"))
        bounds = delta.bounds.get((v2.IdToken, "id_token"))
        longest = bounds.max_length if bounds is not None and bounds.max_length is not None else _LONGEST_VALUE
        if len(token.value) > longest or (kinds is not None and kind not in kinds):
            return None
        return Token(token.value, kind)

    def size_of(self, listed: Listed) -> int:
        return len(msgspec.json.encode(_data_of(listed))) + 1

    async def ask_version(self, link: Link) -> int:
        return (await link.call(v2.GetLocalListVersion())).version_number

    async def send(self, link: Link, part: Part) -> str:
        reply = await link.call(
            v2.SendLocalList(
                version_number=part.version,
                update_type="Full" if part.full else "Differential",
                local_authorization_list=tuple(_data_of(listed) for listed in part.changes) or UNSET,
            )
        )
        return reply.status


WORDS: Final = Words()


def _data_of(listed: Listed) -> v2.AuthorizationData:
    token, info = listed.entry.token, listed.entry.info
    name = v2.IdToken(id_token=token.value, type=token.kind)
    if info is None:
        return v2.AuthorizationData(id_token=name)
    said = _info_of(info, listed.language, listed.second_language, listed.personal_message)
    return v2.AuthorizationData(id_token=name, id_token_info=said)


def _info_of(info: TokenInfo, language: str, second_language: str, message: str) -> v2.IdTokenInfo:
    accepted = info.verdict is Verdict.ACCEPTED
    return v2.IdTokenInfo(
        status=info.verdict.value,
        cache_expiry_date_time=info.expires_at if info.expires_at is not None else UNSET,
        charging_priority=info.priority or UNSET,
        # C01.FR.06, C09.FR.09, C09.FR.13.
        group_id_token=v2.IdToken(id_token=info.group.value, type=info.group.kind) if info.group else UNSET,
        language1=language or UNSET,
        language2=second_language or UNSET,
        # C01.FR.19, 20, 22.
        evse_id=tuple(sorted(info.evse_ids)) if info.evse_ids else UNSET,
        personal_message=_message_of(message, language) if accepted and message else UNSET,
    )


def _message_of(content: str, language: str) -> v2.MessageContent:
    return v2.MessageContent(format="UTF8", language=language or UNSET, content=content)


def _details(info: v2.StatusInfo | UnsetType) -> dict[str, str]:
    """What a station adds to its word, for people."""
    if info is UNSET:
        return {}
    added = {} if info.additional_info is UNSET else {"additionalInfo": info.additional_info}
    return {"reasonCode": info.reason_code, **added}


def hears(open_transactions: OpenTransactions) -> Hears:
    """What is heard, and by whom."""
    return {
        v2.Authorize: partial(on_authorize, open_transactions),
        v2.NotifySettlement: Later("payments", acknowledge_settlement),
        v2.VatNumberValidation: Later("payments", refuse_vat_number),
    }


def says(kept: Lists) -> Says:
    """What is said, and by whom."""
    return {
        ClearCache: Said((v2.ClearCache,), say_clear_cache),
        SendLocalList: Said((v2.SendLocalList,), partial(say_send_local_list, kept)),
        GetLocalListVersion: Said((v2.GetLocalListVersion,), partial(say_get_local_list_version, kept)),
    }
