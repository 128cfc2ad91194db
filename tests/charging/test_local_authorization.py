from datetime import UTC, datetime, timedelta

import pytest

from forecourt.charging.local_authorization import (
    Cached,
    Decision,
    Entry,
    Grounds,
    LocalList,
    Settings,
    TokenInfo,
    UpdateStatus,
    cacheable,
    first_to_go,
    judge_locally,
)
from forecourt.charging.tokens import Token, TokenKind, Verdict

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CARD = Token("04A1", TokenKind.ISO14443)
PLUG = Token("04A1", TokenKind.EMAID)
OTHER = Token("04FF", TokenKind.ISO14443)
GOOD = TokenInfo(verdict=Verdict.ACCEPTED)
BAD = TokenInfo(verdict=Verdict.BLOCKED)
PAST = TokenInfo(verdict=Verdict.ACCEPTED, expires_at=NOW - HOUR)


def cached(info: TokenInfo, age: timedelta = HOUR, unused: timedelta = HOUR, token: Token = CARD) -> Cached:
    return Cached(token=token, info=info, updated_at=NOW - age, used_at=NOW - unused)


FULL, ACCEPTED = LocalList().replaced(7, [Entry(CARD, GOOD), Entry(PLUG, BAD), Entry(OTHER, GOOD)])


def test_D01_FR_15_a_full_update_replaces_everything_and_sets_the_version() -> None:
    assert ACCEPTED is UpdateStatus.ACCEPTED
    assert (FULL.version, len(FULL)) == (7, 3)
    after, status = FULL.replaced(3, [Entry(CARD, BAD)])
    assert (after.version, len(after), after.find(CARD), status) == (3, 1, BAD, UpdateStatus.ACCEPTED)


def test_D01_FR_04_a_full_update_without_entries_empties_the_list_and_sets_the_version() -> None:
    after, status = FULL.replaced(8, [])
    assert (after.version, len(after), after.find(CARD), status) == (8, 0, None, UpdateStatus.ACCEPTED)


@pytest.mark.parametrize(
    ("version", "entries"),
    [
        (8, [Entry(CARD, GOOD), Entry(Token("04a1", TokenKind.ISO14443), BAD)]),
        (8, [Entry(CARD, GOOD), Entry(Token.untyped("04a1"), BAD)]),
        (8, [Entry(CARD, None)]),
        (0, [Entry(CARD, GOOD)]),
        (-1, []),
    ],
)
def test_D01_FR_06_and_18_an_impossible_full_update_leaves_the_list_as_it_was(
    version: int, entries: list[Entry]
) -> None:
    assert FULL.replaced(version, entries) == (FULL, UpdateStatus.FAILED)


def test_D01_FR_16_and_17_a_differential_update_adds_replaces_and_removes() -> None:
    new = Token("04EE", TokenKind.ISO14443)
    after, status = FULL.changed(9, [Entry(new, GOOD), Entry(PLUG, GOOD), Entry(OTHER, None), Entry(Token("no"), None)])
    assert status is UpdateStatus.ACCEPTED
    assert (after.version, len(after)) == (9, 3)
    assert (after.find(new), after.find(PLUG), after.find(CARD), after.find(OTHER)) == (GOOD, GOOD, GOOD, None)
    assert FULL.find(OTHER) == GOOD


def test_D01_FR_05_a_differential_update_without_entries_only_sets_the_version() -> None:
    after, status = FULL.changed(9, [])
    assert (after.entries, after.version, status) == (FULL.entries, 9, UpdateStatus.ACCEPTED)


@pytest.mark.parametrize("version", [7, 6, 0])
def test_D01_FR_19_a_differential_update_needs_a_higher_version(version: int) -> None:
    assert FULL.changed(version, [Entry(CARD, BAD)]) == (FULL, UpdateStatus.VERSION_MISMATCH)


def test_D01_FR_06_a_differential_update_that_names_a_token_twice_fails() -> None:
    assert FULL.changed(9, [Entry(CARD, BAD), Entry(CARD, None)]) == (FULL, UpdateStatus.FAILED)


def test_a_token_is_found_by_its_kind_and_an_untyped_one_by_its_text() -> None:
    assert FULL.find(Token("04a1", TokenKind.ISO14443)) == GOOD
    assert FULL.find(Token("04a1", TokenKind.EMAID)) == BAD
    assert FULL.find(Token.untyped("04A1")) == GOOD
    assert FULL.find(Token("04A1", TokenKind.LOCAL)) is None
    untyped, _ = LocalList().replaced(1, [Entry(Token.untyped("04a1"), BAD)])
    assert untyped.find(CARD) == BAD


@pytest.mark.parametrize(
    ("token", "info", "kept"),
    [
        (CARD, GOOD, True),
        (CARD, BAD, True),  # C10.FR.01: regardless of status
        (CARD, TokenInfo(verdict=Verdict.ACCEPTED, expires_at=NOW + HOUR), True),
        (CARD, TokenInfo(verdict=Verdict.NO_CREDIT, expires_at=NOW), False),
        (Token("x", TokenKind.CENTRAL), GOOD, False),
        (Token("", TokenKind.NO_AUTHORIZATION), GOOD, False),
    ],
)
def test_C10_what_is_answered_about_a_token_is_cached_unless_it_may_not_be(
    token: Token, info: TokenInfo, kept: bool
) -> None:
    assert cacheable(token, info, NOW) is kept


@pytest.mark.parametrize(
    ("entry", "life_time", "expired"),
    [
        (cached(GOOD), None, False),
        (cached(GOOD, age=2 * HOUR, unused=2 * HOUR), HOUR, True),
        (cached(GOOD, age=2 * HOUR, unused=HOUR), HOUR, False),
        (cached(GOOD, age=HOUR, unused=2 * HOUR), HOUR, False),
        (cached(PAST), 9 * HOUR, True),
        (
            cached(TokenInfo(verdict=Verdict.ACCEPTED, expires_at=NOW + HOUR), age=9 * HOUR, unused=9 * HOUR),
            HOUR,
            False,
        ),
    ],
)
def test_C10_FR_08_and_13_a_cache_entry_ends_when_it_says_or_after_its_life_time(
    entry: Cached, life_time: timedelta | None, expired: bool
) -> None:
    assert entry.expired(NOW, life_time) is expired


def test_C10_FR_07_what_is_not_accepted_makes_room_first_then_the_longest_unused() -> None:
    old, recent, refused = cached(GOOD, unused=9 * HOUR), cached(GOOD), cached(BAD, unused=timedelta(0))
    assert first_to_go([old, recent, refused]) is refused
    assert first_to_go([recent, old]) is old
    assert first_to_go([]) is None


ONLINE = [
    (GOOD, None, Settings(), Decision.ASK, Grounds.IN_LIST),  # C01.FR.05: may ask
    (GOOD, None, Settings(pre_authorize=True), Decision.ALLOW, Grounds.IN_LIST),  # C14.FR.02
    (BAD, None, Settings(pre_authorize=True), Decision.ASK, Grounds.IN_LIST),  # C14.FR.03
    (BAD, None, Settings(pre_authorize=True, post_authorize=False), Decision.REFUSE, Grounds.IN_LIST),
    (PAST, None, Settings(pre_authorize=True), Decision.ALLOW, Grounds.IN_LIST),  # C14.FR.02: expiry not supported
    (PAST, None, Settings(pre_authorize=True, list_expires=True), Decision.ASK, Grounds.IN_LIST),  # C14.FR.05
    (
        PAST,
        None,
        Settings(pre_authorize=True, list_expires=True, post_authorize=False),
        Decision.ASK,
        Grounds.IN_LIST,
    ),
    (None, cached(GOOD), Settings(pre_authorize=True), Decision.ALLOW, Grounds.IN_CACHE),  # C12.FR.02
    (None, cached(BAD), Settings(pre_authorize=True), Decision.ASK, Grounds.IN_CACHE),  # C10.FR.03, C12.FR.05
    (None, cached(BAD), Settings(post_authorize=False), Decision.REFUSE, Grounds.IN_CACHE),
    (None, cached(PAST), Settings(pre_authorize=True), Decision.ASK, Grounds.IN_CACHE),
    (BAD, cached(GOOD), Settings(pre_authorize=True), Decision.ASK, Grounds.IN_LIST),  # C14.FR.01
    (None, None, Settings(pre_authorize=True), Decision.ASK, Grounds.UNKNOWN),  # C01.FR.02
]
OFFLINE = [
    (GOOD, None, Settings(), Decision.ALLOW, Grounds.IN_LIST),  # C13.FR.02
    (GOOD, None, Settings(authorize_offline=False), Decision.REFUSE, Grounds.IN_LIST),
    (BAD, None, Settings(unknown_offline=True), Decision.REFUSE, Grounds.IN_LIST),
    (PAST, None, Settings(), Decision.ALLOW, Grounds.IN_LIST),  # C13.FR.02
    (PAST, None, Settings(list_expires=True), Decision.REFUSE, Grounds.IN_LIST),  # C13.FR.05
    (PAST, None, Settings(list_expires=True, unknown_offline=True), Decision.REFUSE, Grounds.IN_LIST),  # C13.FR.06
    (BAD, cached(GOOD), Settings(), Decision.REFUSE, Grounds.IN_LIST),  # C13.FR.01
    (GOOD, cached(BAD), Settings(), Decision.ALLOW, Grounds.IN_LIST),
    (None, cached(GOOD), Settings(), Decision.ALLOW, Grounds.IN_CACHE),
    (None, cached(PAST), Settings(unknown_offline=True), Decision.REFUSE, Grounds.IN_CACHE),
    (None, None, Settings(), Decision.REFUSE, Grounds.UNKNOWN),
    (None, None, Settings(unknown_offline=True), Decision.ALLOW, Grounds.UNKNOWN),  # C15.FR.08
]


@pytest.mark.parametrize(
    ("online", "listed", "in_cache", "settings", "decision", "grounds"),
    [(True, *case) for case in ONLINE] + [(False, *case) for case in OFFLINE],
)
def test_C13_C14_C15_the_list_comes_before_the_cache_and_unknown_tokens_need_leave(
    online: bool,
    listed: TokenInfo | None,
    in_cache: Cached | None,
    settings: Settings,
    decision: Decision,
    grounds: Grounds,
) -> None:
    judgement = judge_locally(listed, in_cache, online=online, at=NOW, settings=settings)
    assert (judgement.decision, judgement.grounds) == (decision, grounds)


def test_what_has_run_out_is_told_as_expired_and_keeps_the_rest() -> None:
    info = TokenInfo(verdict=Verdict.ACCEPTED, expires_at=NOW, group=Token("g"), priority=3)
    told = judge_locally(info, None, online=True, at=NOW, settings=Settings(list_expires=True)).info
    assert told == TokenInfo(verdict=Verdict.EXPIRED, expires_at=NOW, group=Token("g"), priority=3)
    blocked = TokenInfo(verdict=Verdict.BLOCKED, expires_at=NOW)
    assert judge_locally(blocked, None, online=False, at=NOW, settings=Settings(list_expires=True)).info == blocked
