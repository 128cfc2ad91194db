from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from forecourt.charging.ids import EvseId, StationId, TokenId, TransactionId
from forecourt.charging.judging import (
    Asked,
    Because,
    Concurrency,
    Judgement,
    Occasion,
    OpenTransaction,
    TokenRecord,
    judge,
)
from forecourt.charging.quantities import Money
from forecourt.charging.tokens import Token, TokenKind, Verdict

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HERE, ELSEWHERE = StationId("here"), StationId("elsewhere")
E1, E2, E3 = EvseId(1), EvseId(2), EvseId(3)
CARD = Token("04A1B2", TokenKind.ISO14443)
GROUP = Token("acme", TokenKind.CENTRAL)
GOOD = TokenRecord(token_id=TokenId("t"), token=CARD, group=GROUP)
OCCASION = Occasion(asked=Asked.TO_START, at=NOW, station_id=HERE, evses={E1: "ac", E2: "ac", E3: "dc"})


def tx(name: str, station: StationId = ELSEWHERE, token: Token = CARD, group: Token | None = None) -> OpenTransaction:
    return OpenTransaction(transaction_id=TransactionId(name), station_id=station, token=token, group=group)


def test_nothing_against_it_is_accepted_with_its_group_and_every_EVSE() -> None:
    judgement = judge(CARD, GOOD, [], OCCASION)
    assert judgement == Judgement(verdict=Verdict.ACCEPTED, because=Because.NOTHING_AGAINST_IT, group=GROUP)
    assert judgement.accepted


CASES: list[tuple[str, TokenRecord, Occasion, Verdict, Because]] = [
    ("blocked", replace(GOOD, blocked=True), OCCASION, Verdict.BLOCKED, Because.BLOCKED),
    (
        "not yet valid",
        replace(GOOD, valid_from=NOW + HOUR),
        OCCASION,
        Verdict.NOT_AT_THIS_TIME,
        Because.NOT_YET_VALID,
    ),
    ("valid from now", replace(GOOD, valid_from=NOW), OCCASION, Verdict.ACCEPTED, Because.NOTHING_AGAINST_IT),
    ("expired", replace(GOOD, valid_to=NOW), OCCASION, Verdict.EXPIRED, Because.NO_LONGER_VALID),
    ("valid still", replace(GOOD, valid_to=NOW + HOUR), OCCASION, Verdict.ACCEPTED, Because.NOTHING_AGAINST_IT),
    (
        "C16.FR.03 master pass to start",
        GOOD,
        replace(OCCASION, master_group=GROUP),
        Verdict.INVALID,
        Because.MASTER_PASS_CANNOT_START,
    ),
    (
        "C16 master pass presented",
        GOOD,
        replace(OCCASION, master_group=GROUP, asked=Asked.TO_AUTHORIZE),
        Verdict.ACCEPTED,
        Because.NOTHING_AGAINST_IT,
    ),
    (
        "C01.FR.22 not at this station",
        replace(GOOD, stations={ELSEWHERE: None}),
        OCCASION,
        Verdict.NOT_AT_THIS_LOCATION,
        Because.NOT_AT_THIS_STATION,
    ),
    (
        "at this station",
        replace(GOOD, stations={HERE: None}),
        OCCASION,
        Verdict.ACCEPTED,
        Because.NOTHING_AGAINST_IT,
    ),
    (
        "C01.FR.18 no such EVSE here",
        replace(GOOD, evse_kinds=frozenset({"hpc"})),
        OCCASION,
        Verdict.NOT_ALLOWED_TYPE_EVSE,
        Because.NO_EVSE_OF_AN_ALLOWED_KIND,
    ),
    (
        "wrong EVSE chosen",
        replace(GOOD, evse_kinds=frozenset({"dc"})),
        replace(OCCASION, evse_id=E1),
        Verdict.NOT_AT_THIS_LOCATION,
        Because.NOT_AT_THIS_EVSE,
    ),
    (
        "right EVSE chosen",
        replace(GOOD, evse_kinds=frozenset({"dc"})),
        replace(OCCASION, evse_id=E3),
        Verdict.ACCEPTED,
        Because.NOTHING_AGAINST_IT,
    ),
    (
        "EVSE and kind exclude each other",
        replace(GOOD, evse_kinds=frozenset({"dc"}), stations={HERE: frozenset({E1})}),
        OCCASION,
        Verdict.NOT_AT_THIS_LOCATION,
        Because.NOT_AT_THIS_EVSE,
    ),
    (
        "C17.FR.02 no credit",
        replace(GOOD, credit=Money(Decimal(0), "EUR")),
        OCCASION,
        Verdict.NO_CREDIT,
        Because.NO_CREDIT,
    ),
    (
        "C17.FR.01 credit",
        replace(GOOD, credit=Money(Decimal("0.01"), "EUR")),
        OCCASION,
        Verdict.ACCEPTED,
        Because.NOTHING_AGAINST_IT,
    ),
]


@pytest.mark.parametrize(
    ("record", "on", "verdict", "because"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_verdict_says_why(record: TokenRecord, on: Occasion, verdict: Verdict, because: Because) -> None:
    judgement = judge(CARD, record, [], on)
    assert (judgement.verdict, judgement.because) == (verdict, because)
    assert judgement.group == GROUP  # C09.FR.09: also with a refusal
    assert judgement.keep_out_of_cache is (record.credit is not None)


def test_the_reason_comes_with_the_moment_it_rests_on() -> None:
    assert judge(CARD, replace(GOOD, valid_from=NOW + HOUR), [], OCCASION).moment == NOW + HOUR
    assert judge(CARD, replace(GOOD, valid_to=NOW - HOUR), [], OCCASION).moment == NOW - HOUR


def test_where_several_things_are_wrong_the_first_in_the_order_of_reasons_decides() -> None:
    hopeless = replace(
        GOOD, blocked=True, valid_to=NOW - HOUR, stations={}, credit=Money(Decimal(-1), "EUR"), evse_kinds=frozenset()
    )
    reasons = []
    for healed in (
        {},
        {"blocked": False},
        {"valid_to": None},
        {"stations": None},
        {"evse_kinds": None},
        {"credit": None},
    ):
        hopeless = replace(hopeless, **healed)
        reasons.append(judge(CARD, hopeless, [tx("other")], OCCASION).because)
    assert reasons == [
        Because.BLOCKED,
        Because.NO_LONGER_VALID,
        Because.NOT_AT_THIS_STATION,
        Because.NO_EVSE_OF_AN_ALLOWED_KIND,
        Because.NO_CREDIT,
        Because.OTHER_TRANSACTION_OPEN,
    ]
    assert [because.value for because in reasons] == sorted(because.value for because in reasons)


def test_C02_FR_02_no_authorization_is_always_accepted() -> None:
    judgement = judge(Token("", TokenKind.NO_AUTHORIZATION), None, [], OCCASION)
    assert (judgement.verdict, judgement.because) == (Verdict.ACCEPTED, Because.NO_AUTHORIZATION_NEEDED)


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [(TokenKind.ISO14443, Verdict.UNKNOWN), (TokenKind.KEY_CODE, Verdict.INVALID), ("", Verdict.UNKNOWN)],
)
def test_an_unknown_token_is_unknown_and_C04_FR_01_a_wrong_key_code_invalid(kind: str, verdict: Verdict) -> None:
    judgement = judge(Token("0815", kind), None, [], OCCASION)
    assert (judgement.verdict, judgement.because) == (verdict, Because.NOT_KNOWN)


@pytest.mark.parametrize(
    ("kinds", "stations", "evses", "expected"),
    [
        (None, None, OCCASION.evses, set()),
        (frozenset({"ac"}), None, OCCASION.evses, {E1, E2}),
        (frozenset({"ac", "dc"}), None, OCCASION.evses, set()),
        (None, {HERE: frozenset({E1, E2, E3})}, OCCASION.evses, set()),
        (None, {HERE: frozenset({E2})}, OCCASION.evses, {E2}),
        (None, {HERE: frozenset({E2})}, {}, {E2}),
        (frozenset({"ac"}), {HERE: frozenset({E2, E3})}, OCCASION.evses, {E2}),
    ],
)
def test_C01_FR_19_and_20_the_EVSEs_are_listed_only_if_not_all_are_allowed(
    kinds: frozenset[str] | None,
    stations: Mapping[StationId, frozenset[EvseId] | None] | None,
    evses: Mapping[EvseId, str],
    expected: set[EvseId],
) -> None:
    record = replace(GOOD, evse_kinds=kinds, stations=stations)
    judgement = judge(CARD, record, [], replace(OCCASION, evses=evses))
    assert judgement.accepted
    assert judgement.evse_ids == expected


SAME_CARD_THERE = tx("t1")
SAME_CARD_HERE = tx("t2", HERE)
FAMILY_THERE = tx("t3", token=Token("04BEEF", TokenKind.ISO14443), group=GROUP)
STRANGER_THERE = tx("t4", token=Token("04BEEF", TokenKind.ISO14443))


@pytest.mark.parametrize(
    ("rule", "asked", "open_one", "verdict"),
    [
        (Concurrency.ONE_PER_TOKEN, Asked.TO_START, SAME_CARD_THERE, Verdict.CONCURRENT_TX),
        (Concurrency.ONE_PER_TOKEN, Asked.TO_START, SAME_CARD_HERE, Verdict.CONCURRENT_TX),
        (Concurrency.ONE_PER_TOKEN, Asked.TO_AUTHORIZE, SAME_CARD_THERE, Verdict.CONCURRENT_TX),
        (Concurrency.ONE_PER_TOKEN, Asked.TO_AUTHORIZE, SAME_CARD_HERE, Verdict.ACCEPTED),
        (Concurrency.ONE_PER_TOKEN, Asked.TO_START, FAMILY_THERE, Verdict.ACCEPTED),
        (Concurrency.ONE_PER_GROUP, Asked.TO_START, FAMILY_THERE, Verdict.CONCURRENT_TX),
        (Concurrency.ONE_PER_GROUP, Asked.TO_START, STRANGER_THERE, Verdict.ACCEPTED),
        (Concurrency.UNLIMITED, Asked.TO_START, SAME_CARD_THERE, Verdict.ACCEPTED),
    ],
)
def test_another_open_transaction_counts_by_the_rule_of_the_token(
    rule: Concurrency, asked: Asked, open_one: OpenTransaction, verdict: Verdict
) -> None:
    judgement = judge(CARD, replace(GOOD, concurrency=rule), [open_one], replace(OCCASION, asked=asked))
    assert judgement.verdict is verdict
    assert judgement.transactions == (() if verdict is Verdict.ACCEPTED else (open_one.transaction_id,))


def test_a_repeated_start_does_not_stand_against_itself() -> None:
    again = replace(OCCASION, transaction_id=SAME_CARD_HERE.transaction_id)
    assert judge(CARD, GOOD, [SAME_CARD_HERE], again).accepted


def test_an_idTag_of_another_case_is_the_same_token_to_the_concurrency_rule() -> None:
    assert judge(Token.untyped("04a1b2"), GOOD, [tx("t", token=Token.untyped("04a1b2"))], OCCASION).transactions == (
        "t",
    )
