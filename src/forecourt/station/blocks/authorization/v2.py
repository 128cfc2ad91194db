"""Authorization in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from msgspec import UNSET

from forecourt.charging.local_authorization import Entry
from forecourt.charging.tokens import Verdict
from forecourt.ocpp import v2
from forecourt.station import events
from forecourt.station.blocks.authorization import actions
from forecourt.station.blocks.authorization.model import Ask
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.words.v2 import fits, id_token, info_of, ocsp_data, token_of


def say_ask(station: Station, ask: Ask) -> v2.Authorize | None:
    """C01; C07.FR.02, 06 where there is a contract."""
    evidence = ask.evidence
    if evidence is None:
        return v2.Authorize(id_token=id_token(ask.token))
    room = evidence.chain is not None and fits(station, v2.Authorize, "certificate", evidence.chain)
    if evidence.needs_chain and not room:
        return None
    questions = (
        ocsp_data(named, place)
        for named, place in evidence.questions
        if fits(station, v2.OCSPRequestData, "responder_url", place)
    )
    return v2.Authorize(
        id_token=id_token(ask.token),
        certificate=evidence.chain if evidence.chain is not None and room else UNSET,
        iso15118_certificate_hash_data=tuple(questions) or UNSET,
    )


def heard_ask(station: Station, ask: Ask, answer: v2.AuthorizeResponse) -> None:
    """Of a contract the certificate and the eMAID must both be accepted."""
    info = info_of(answer.id_token_info)
    if ask.evidence is not None and answer.certificate_status != "Accepted" and info.verdict is Verdict.ACCEPTED:
        info = replace(info, verdict=Verdict.INVALID)
    ask.info = info
    if answer.id_token_info.personal_message is not UNSET:
        station.announce(events.PersonalMessage(ask.token, None, answer.id_token_info.personal_message.content))
    actions.learn(station, ask.token, ask.info)


def on_clear_cache(station: Station, call: v2.ClearCache) -> v2.ClearCacheResponse:
    """C11."""
    return v2.ClearCacheResponse(status="Accepted" if actions.clear_cache(station) else "Rejected")


def on_get_local_list_version(station: Station, call: v2.GetLocalListVersion) -> v2.GetLocalListVersionResponse:
    """D02. 0 where there is no list (D02.FR.02)."""
    version = actions.list_version(station) if actions.list_enabled(station) else 0
    return v2.GetLocalListVersionResponse(version_number=version)


def on_send_local_list(station: Station, call: v2.SendLocalList) -> v2.SendLocalListResponse:
    """D01."""
    if not actions.list_enabled(station):
        return v2.SendLocalListResponse(status="Failed", status_info=v2.StatusInfo(reason_code="NotEnabled"))
    given = () if call.local_authorization_list is UNSET else call.local_authorization_list
    entries = (
        Entry(token_of(data.id_token), None if data.id_token_info is UNSET else info_of(data.id_token_info))
        for data in given
    )
    status = actions.update_list(station, call.version_number, entries, full=call.update_type == "Full")
    return v2.SendLocalListResponse(status=status.value)


HEARS: Final[Hears] = {
    v2.ClearCache: on_clear_cache,
    v2.GetLocalListVersion: on_get_local_list_version,
    v2.SendLocalList: on_send_local_list,
}
SAYS: Final[Says] = {Ask: Said(v2.Authorize, say_ask, heard_ask)}
