"""Authorization in the words of 1.6: idTags without type, five statuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from msgspec import UNSET

from forecourt.charging.local_authorization import Entry
from forecourt.charging.tokens import Token, Verdict
from forecourt.ocpp import v16
from forecourt.station.blocks.authorization import actions
from forecourt.station.blocks.authorization.model import Ask, Evidence
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.words.plug_and_charge import v16 as pnc
from forecourt.station.words.v16 import info_of

MAX_ID_TAG_LENGTH: Final = 20


def say_ask(station: Station, ask: Ask) -> v16.Authorize | v16.DataTransfer | None:
    """Section 4.1; for contracts Plug & Charge, 6.1. What is longer than an idTag cannot be asked about."""
    if len(ask.token.value) > MAX_ID_TAG_LENGTH:
        return None
    if ask.evidence is not None:
        return _say_contract(ask.token.value, ask.evidence)
    return v16.Authorize(id_tag=ask.token.value)


def _say_contract(emaid: str, evidence: Evidence) -> v16.DataTransfer | None:
    chain = evidence.chain if evidence.chain is not None and len(evidence.chain) <= pnc.MAX_CERTIFICATE_LENGTH else None
    if evidence.needs_chain and chain is None:
        return None
    questions = ((named, place) for named, place in evidence.questions if len(place) <= pnc.MAX_ADDRESS_LENGTH)
    content = pnc.Authorize(
        id_token=pnc.IdToken(id_token=emaid),
        certificate=UNSET if chain is None else chain,
        iso15118_certificate_hash_data=tuple(pnc.OcspData.of(named, place) for named, place in questions) or UNSET,
    )
    return pnc.wrapped("Authorize", content)


def heard_ask(station: Station, ask: Ask, answer: v16.AuthorizeResponse | v16.DataTransferResponse) -> None:
    """Of a contract the certificate and the eMAID must both be accepted."""
    if isinstance(answer, v16.AuthorizeResponse):
        ask.info = info_of(answer.id_tag_info)
    else:
        told = pnc.unwrapped(answer, pnc.Authorized)
        if told is None:
            return
        ask.info = told.id_token_info.info
        if told.certificate_status != "Accepted" and ask.info.verdict is Verdict.ACCEPTED:
            ask.info = replace(ask.info, verdict=Verdict.INVALID)
    actions.learn(station, ask.token, ask.info)


def on_clear_cache(station: Station, call: v16.ClearCache) -> v16.ClearCacheResponse:
    """Section 5.4."""
    return v16.ClearCacheResponse(status="Accepted" if actions.clear_cache(station) else "Rejected")


def on_get_local_list_version(station: Station, call: v16.GetLocalListVersion) -> v16.GetLocalListVersionResponse:
    """Section 5.10: -1 where there is no list, 0 for an empty one."""
    version = -1
    if actions.list_enabled(station):
        version = actions.list_version(station) if actions.entries(station) else 0
    return v16.GetLocalListVersionResponse(list_version=version)


def on_send_local_list(station: Station, call: v16.SendLocalList) -> v16.SendLocalListResponse:
    """Section 5.15."""
    if not actions.list_enabled(station):
        return v16.SendLocalListResponse(status="NotSupported")
    given = () if call.local_authorization_list is UNSET else call.local_authorization_list
    entries = (
        Entry(Token.untyped(data.id_tag), None if data.id_tag_info is UNSET else info_of(data.id_tag_info))
        for data in given
    )
    status = actions.update_list(station, call.list_version, entries, full=call.update_type == "Full")
    return v16.SendLocalListResponse(status=status.value)


HEARS: Final[Hears] = {
    v16.ClearCache: on_clear_cache,
    v16.GetLocalListVersion: on_get_local_list_version,
    v16.SendLocalList: on_send_local_list,
}
SAYS: Final[Says] = {Ask: Said(v16.Authorize, say_ask, heard_ask)}
