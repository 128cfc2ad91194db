from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.tokens import IN_FIVE_WORDS, StopRight, Token, TokenKind, Verdict, right_to_stop, same_group

CARD = Token("04A1B2", TokenKind.ISO14443)
OTHER = Token("04FFFF", TokenKind.ISO14443)
FAMILY = Token("acme", TokenKind.CENTRAL)
GUARDS = Token("guards", TokenKind.CENTRAL)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (CARD, Token("04a1b2", TokenKind.ISO14443), True),
        (CARD, Token("04a1b2", "iso14443"), True),
        (CARD, Token("04a1b2", TokenKind.EMAID), False),
        (CARD, Token.untyped("04a1B2"), True),
        (Token.untyped("x"), Token.untyped("X"), True),
        (CARD, OTHER, False),
        (Token("", TokenKind.NO_AUTHORIZATION), Token("", TokenKind.NO_AUTHORIZATION), True),
        (Token("a", "VendorKind"), Token("A", "VendorKind"), True),
    ],
)
def test_C01_FR_25_tokens_match_without_case_and_an_idTag_matches_any_type(
    one: Token, other: Token, same: bool
) -> None:
    assert one.matches(other) is same
    assert other.matches(one) is same


@given(st.text(), st.sampled_from(TokenKind))
def test_a_token_matches_itself(value: str, kind: TokenKind) -> None:
    assert Token(value, kind).matches(Token(value.swapcase().swapcase(), kind)) or value.casefold() != (
        value.swapcase().swapcase().casefold()
    )
    assert Token(value, kind).matches(Token(value))


def test_C04_FR_04_a_key_code_is_never_shown() -> None:
    assert "1234" not in str(Token("1234", TokenKind.KEY_CODE))
    assert str(CARD) == "ISO14443 04A1B2"
    assert str(Token.untyped("abc")) == "idTag abc"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (FAMILY, Token("ACME", TokenKind.CENTRAL), True),
        (FAMILY, Token.untyped("ACME"), True),
        (FAMILY, GUARDS, False),
        (None, FAMILY, False),
        (FAMILY, None, False),
        (None, None, False),
        (Token(""), Token(""), False),
    ],
)
def test_tokens_are_in_one_group_if_their_group_tokens_match_and_are_not_empty(
    one: Token | None, other: Token | None, same: bool
) -> None:
    assert same_group(one, other) is same


@pytest.mark.parametrize("verdict", [None, *Verdict])
def test_C01_FR_03_the_token_that_started_may_always_stop(verdict: Verdict | None) -> None:
    right = right_to_stop(
        Token("04a1b2", TokenKind.ISO14443), verdict=verdict, group=None, started_by=CARD, started_group=None
    )
    assert right is StopRight.SAME_TOKEN
    assert right.granted


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.ACCEPTED, StopRight.SAME_GROUP),
        (Verdict.BLOCKED, StopRight.NONE),
        (Verdict.EXPIRED, StopRight.NONE),
        (None, StopRight.NONE),
    ],
)
def test_C09_FR_03_and_11_another_token_of_the_group_may_stop_if_it_is_accepted(
    verdict: Verdict | None, expected: StopRight
) -> None:
    right = right_to_stop(
        OTHER, verdict=verdict, group=FAMILY, started_by=CARD, started_group=Token("ACME", TokenKind.CENTRAL)
    )
    assert right is expected


def test_C16_FR_02_a_master_pass_may_stop_what_it_did_not_start() -> None:
    facts = {"started_by": CARD, "started_group": FAMILY}
    allowed = right_to_stop(OTHER, verdict=Verdict.ACCEPTED, group=GUARDS, master_group=GUARDS, **facts)
    blocked = right_to_stop(OTHER, verdict=Verdict.BLOCKED, group=GUARDS, master_group=GUARDS, **facts)
    stranger = right_to_stop(OTHER, verdict=Verdict.ACCEPTED, group=GUARDS, master_group=None, **facts)
    assert (allowed, blocked, stranger) == (StopRight.MASTER_PASS, StopRight.NONE, StopRight.NONE)
    assert not blocked.granted


def test_a_transaction_that_nobody_started_by_token_is_stopped_by_no_token() -> None:
    for verdict, group in product(Verdict, (None, FAMILY)):
        right = right_to_stop(CARD, verdict=verdict, group=group, started_by=None, started_group=None)
        assert right is StopRight.NONE


def test_every_verdict_can_be_said_in_the_five_words_of_1_6_and_only_accepted_becomes_accepted() -> None:
    assert IN_FIVE_WORDS.keys() == set(Verdict)
    assert {said.value for said in IN_FIVE_WORDS.values()} == {
        "Accepted",
        "Blocked",
        "Expired",
        "Invalid",
        "ConcurrentTx",
    }
    assert [verdict for verdict, said in IN_FIVE_WORDS.items() if said is Verdict.ACCEPTED] == [Verdict.ACCEPTED]
