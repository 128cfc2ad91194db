"""Whether a token may charge: by the local list, by the cache, else by the management system."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from forecourt.charging.local_authorization import (
    Cached,
    Decision,
    Entry,
    LocalJudgement,
    LocalList,
    Settings,
    TokenInfo,
    UpdateStatus,
    cacheable,
    first_to_go,
    judge_locally,
)
from forecourt.charging.tokens import Token, TokenKind, Verdict
from forecourt.station.blocks.authorization import contracts
from forecourt.station.blocks.authorization.model import (
    CACHE,
    CACHE_SIZE,
    LIST,
    LIST_SIZE,
    LIST_VERSION,
    Ask,
    Evidence,
    Known,
    key_of,
)
from forecourt.station.core import Station
from forecourt.station.hardware.interface import Contract

_UNASKED: Final = frozenset({TokenKind.NO_AUTHORIZATION, TokenKind.CENTRAL})
"""Kinds that nobody is asked about (C02.FR.03, C05.FR.02)."""

_ISO15118: Final = "ISO15118Ctrlr"
_REFUSED: Final = TokenInfo(verdict=Verdict.INVALID)

Then = Callable[[TokenInfo], object]


def judge(station: Station, token: Token, then: Then) -> None:
    """Come to a verdict about a presented token and hand it to `then`, at once or when the answer has come."""
    if token.kind in _UNASKED:
        then(TokenInfo(verdict=Verdict.ACCEPTED))
        return
    found = _locally(station, token, online=station.online)
    if found.decision is not Decision.ASK:
        then(_verdict(found))
        return
    if station.model.flag("AuthCtrlr", "DisableRemoteAuthorization"):
        # Only what is known here counts (Part 2, DisableRemoteAuthorization).
        then(judge_offline(station, token))
        return
    ask = Ask(token)

    def ended(answered: bool) -> None:
        if ask.info is not None:
            then(ask.info)
        else:
            then(judge_offline(station, token))

    station.say(ask, urgent=True, ended=ended)


def judge_contract(station: Station, contract: Contract, then: Then) -> None:
    """The same for what a vehicle shows (C07): its certificates come first, then its eMAID. That it holds the key of the certificate,
    the hardware has seen to."""
    model, token = station.model, Token(contract.emaid, TokenKind.EMAID)
    checked = contracts.check(station, contract)
    if not model.flag(_ISO15118, "PnCEnabled") or not (checked.valid or checked.strange):
        then(_REFUSED)
        return

    def alone() -> None:
        # C07.FR.07 to 12. Where nobody may be asked, what is known here counts also online.
        may = station.online or model.flag(_ISO15118, "ContractValidationOffline")
        then(judge_offline(station, token) if checked.valid and may else _REFUSED)

    if not station.online or model.flag("AuthCtrlr", "DisableRemoteAuthorization"):
        alone()
        return
    central = model.flag(_ISO15118, "CentralContractValidationAllowed")
    if not central and not (checked.valid and checked.questions):
        # Neither the station nor the management system could tell what has become of the certificate.
        then(_REFUSED)
        return
    evidence = Evidence(
        questions=checked.questions, chain=contract.chain if central else None, needs_chain=not checked.valid
    )
    ask = Ask(token, evidence)

    def ended(answered: bool) -> None:
        if ask.info is not None:
            then(ask.info)
        elif station.online:
            # No answer is no leave: with a card the same vehicle may still charge.
            then(_REFUSED)
        else:
            alone()

    station.say(ask, urgent=True, ended=ended)


def judge_offline(station: Station, token: Token) -> TokenInfo:
    """The verdict that the station comes to by itself, as if there were no connection (C12, C13, C15)."""
    return _verdict(_locally(station, token, online=False))


def learn(station: Station, token: Token, info: TokenInfo) -> None:
    """Keep what the management system has said about a token (C10.FR.01, 02)."""
    if not station.model.flag("AuthCacheCtrlr", "Enabled"):
        return
    known, now, key = station.part(Known), station.now(), key_of(token)
    if not cacheable(token, info, now):
        _uncache(station, key)
        return
    if key not in known.cache and len(known.cache) >= CACHE_SIZE:
        out = first_to_go(known.cache.values())
        if out is not None:
            _uncache(station, key_of(out.token))
    cached = Cached(token=token, info=info, updated_at=now, used_at=now)
    known.cache[key] = cached
    station.storage.put(CACHE, key, cached)


def clear_cache(station: Station) -> bool:
    """C11. Refused while there is no cache (C11.FR.04)."""
    if not station.model.flag("AuthCacheCtrlr", "Enabled"):
        return False
    for key in list(station.part(Known).cache):
        _uncache(station, key)
    return True


def list_enabled(station: Station) -> bool:
    return station.model.flag("LocalAuthListCtrlr", "Enabled")


def list_version(station: Station) -> int:
    return station.part(Known).list.version


def update_list(station: Station, version: int, entries: Iterable[Entry], *, full: bool) -> UpdateStatus:
    """SendLocalList (D01). The new list is kept as a whole or not at all."""
    known, given = station.part(Known), tuple(entries)
    if len(given) > station.model.integer("LocalAuthListCtrlr", "ItemsPerMessage"):
        return UpdateStatus.FAILED
    changed, status = known.list.replaced(version, given) if full else known.list.changed(version, given)
    if status is not UpdateStatus.ACCEPTED:
        return status
    if len(changed) > LIST_SIZE:
        return UpdateStatus.FAILED
    _keep_list(station, known.list, changed)
    known.list = changed
    return status


def entries(station: Station) -> int:
    """How many tokens the local list has."""
    return len(station.part(Known).list)


def known_of(station: Station, token: Token) -> Iterator[tuple[str, Token, TokenInfo | None]]:
    """Where a token is known, as it stands there, and what is said of it."""
    known = station.part(Known)
    listed = known.list.find(token)
    if listed is not None:
        yield "local list", token, listed
    for cached in known.cache.values():
        if cached.token.matches(token):
            yield "cache", cached.token, cached.info


def forget(station: Station, token: Token) -> None:
    """Take a token out of the cache (N10.FR.03, 06)."""
    for key in [key for key, cached in station.part(Known).cache.items() if cached.token.matches(token)]:
        _uncache(station, key)


def _locally(station: Station, token: Token, *, online: bool) -> LocalJudgement:
    model, known = station.model, station.part(Known)
    listed = known.list.find(token) if list_enabled(station) else None
    cached = _cached(known, token) if model.flag("AuthCacheCtrlr", "Enabled") else None
    life_time_s = model.integer("AuthCacheCtrlr", "LifeTime")
    disabled = model.flag("LocalAuthListCtrlr" if listed is not None else "AuthCacheCtrlr", "DisablePostAuthorize")
    settings = Settings(
        pre_authorize=model.flag("AuthCtrlr", "LocalPreAuthorize"),
        authorize_offline=model.flag("AuthCtrlr", "LocalAuthorizeOffline"),
        unknown_offline=model.flag("AuthCtrlr", "OfflineTxForUnknownIdEnabled"),
        list_expires=True,
        post_authorize=not disabled,
        cache_life_time=timedelta(seconds=life_time_s) if life_time_s else None,
    )
    now = station.now()
    found = judge_locally(listed, cached, online=online, at=now, settings=settings)
    if cached is not None and listed is None and found.decision is Decision.ALLOW:
        used = replace(cached, used_at=now)
        known.cache[key_of(cached.token)] = used
        station.storage.put(CACHE, key_of(cached.token), used)
    return found


def _cached(known: Known, token: Token) -> Cached | None:
    """An idTag of 1.6 has no kind and means the card that was learnt with one, and the other way round."""
    exact = known.cache.get(key_of(token))
    return exact or next((cached for cached in known.cache.values() if cached.token.matches(token)), None)


def _verdict(found: LocalJudgement) -> TokenInfo:
    info = found.info
    if found.decision is Decision.ALLOW:
        return replace(info, verdict=Verdict.ACCEPTED) if info is not None else TokenInfo(verdict=Verdict.ACCEPTED)
    if info is None or info.verdict is Verdict.ACCEPTED:
        return TokenInfo(verdict=Verdict.UNKNOWN)
    return info


def _uncache(station: Station, key: str) -> None:
    if station.part(Known).cache.pop(key, None) is not None:
        station.storage.remove(CACHE, key)


def _keep_list(station: Station, before: LocalList, after: LocalList) -> None:
    old = {key_of(entry.token): entry for entries in before.entries.values() for entry in entries}
    new = {key_of(entry.token): entry for entries in after.entries.values() for entry in entries}
    for key in old.keys() - new.keys():
        station.storage.remove(LIST, key)
    for key, entry in new.items():
        if old.get(key) != entry:
            station.storage.put(LIST, key, entry)
    station.storage.put(LIST_VERSION, "version", after.version)
