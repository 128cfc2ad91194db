"""How large and how long numbers may be."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.ocpp.numbers import decimal_of, is_bounded, is_multiple

LONGEST = "9." + "9" * 33


@pytest.mark.parametrize(
    "text", ["0", "-0.0", "21.40", "1e30", "9.9e30", "-9.9e30", "1e-30", LONGEST, LONGEST + "e30", "0e30", "0e-63"]
)
def test_numbers_within_the_limits_are_exact(text: str) -> None:
    assert decimal_of(text).as_tuple() == Decimal(text).as_tuple()
    assert is_bounded(Decimal(text))


@pytest.mark.parametrize(
    "text", ["1e31", "-1e31", "9e-31", LONGEST + "0", "1e999999", "1e-999999", "0e999999", "0e-999999", f"1e{'9' * 40}"]
)
def test_numbers_beyond_are_refused_before_they_are_made(text: str) -> None:
    with pytest.raises(ArithmeticError):
        decimal_of(text)


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity", "1e31", "0e31", "1e-31"])
def test_what_is_no_number_or_too_large_is_not_bounded(number: str) -> None:
    assert not is_bounded(Decimal(number))


def test_integers_have_the_same_limit() -> None:
    assert is_bounded(10**31 - 1)
    assert is_bounded(-(10**31) + 1)
    assert not is_bounded(10**31)
    assert not is_bounded(-(10**31))


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e30"), max_value=Decimal("1e30")),
    st.sampled_from(["0.1", "0.01", "0.5", "3"]),
)
def test_a_multiple_is_one_in_exact_arithmetic(value: Decimal, step: str) -> None:
    if is_bounded(value):
        assert is_multiple(value, Decimal(step)) is ((Fraction(value) / Fraction(step)).denominator == 1)
