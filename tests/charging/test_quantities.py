from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.quantities import Money, Price, current_per_phase_a, floored, power_w, rounded
from forecourt.errors import Invalid

AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=4)
EUR = "EUR"


@pytest.mark.parametrize(
    ("current_a", "voltage_v", "phases", "watts"),
    [
        ("16", "230", 3, "11040.000"),
        ("32", "230", 1, "7360.000"),
        ("6.1", "230.5", 2, "2812.100"),
        ("0", "230", 3, "0"),
    ],
)
def test_K01_FR_50_power_is_current_times_line_voltage_times_phases(
    current_a: str, voltage_v: str, phases: int, watts: str
) -> None:
    assert power_w(Decimal(current_a), Decimal(voltage_v), phases) == Decimal(watts)


def test_K01_FR_50_current_per_phase_is_rounded_down() -> None:
    assert current_per_phase_a(Decimal(11_000), Decimal(230), 3) == Decimal("15.942")
    assert current_per_phase_a(Decimal(11_040), Decimal(230), 3) == 16


@given(
    st.decimals(min_value=0, max_value=10**7, places=3),
    st.decimals(min_value=1, max_value=1000, places=1),
    st.integers(1, 3),
)
def test_a_power_converted_to_current_and_back_is_never_more(watts: Decimal, volts: Decimal, phases: int) -> None:
    back = power_w(current_per_phase_a(watts, volts, phases), volts, phases)
    assert back <= watts
    assert watts - back <= volts * phases * Decimal("0.001") + Decimal("0.001")


@pytest.mark.parametrize("phases", [0, 4, -1])
def test_there_are_one_to_three_phases(phases: int) -> None:
    with pytest.raises(Invalid, match="phases_out_of_range"):
        power_w(Decimal(1), Decimal(230), phases)
    with pytest.raises(Invalid, match="phases_out_of_range"):
        current_per_phase_a(Decimal(1), Decimal(230), phases)


def test_a_voltage_is_positive() -> None:
    with pytest.raises(Invalid, match="voltage_not_positive"):
        current_per_phase_a(Decimal(1), Decimal(0), 1)


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [(Fraction(2, 3), 1, "0.6"), (Fraction(-2, 3), 1, "-0.7"), (Fraction(6), 0, "6"), (Fraction(1, 10), 1, "0.1")],
)
def test_rounding_down_goes_towards_less_also_below_zero(value: Fraction, places: int, expected: str) -> None:
    assert floored(value, places) == Decimal(expected)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1.005", "EUR", "1.01"),
        ("-1.005", "EUR", "-1.01"),
        ("1.0049", "USD", "1.00"),
        ("100.5", "JPY", "101"),
        ("1.2345", "KWD", "1.235"),
    ],
)
def test_money_is_rounded_to_the_minor_unit_of_its_currency(amount: str, currency: str, expected: str) -> None:
    assert rounded(Money(Decimal(amount), currency)) == Money(Decimal(expected), currency)


@given(AMOUNTS, AMOUNTS)
def test_money_adds_and_subtracts_exactly(one: Decimal, other: Decimal) -> None:
    assert Money(one, EUR) + Money(other, EUR) - Money(other, EUR) == Money(one, EUR)


def test_money_is_compared_within_a_currency() -> None:
    assert Money(Decimal(1), EUR) < Money(Decimal(2), EUR)
    assert Money(Decimal(2), EUR) <= Money(Decimal(2), EUR)
    with pytest.raises(Invalid, match="currencies_differ"):
        _ = Money(Decimal(1), EUR) < Money(Decimal(2), "USD")
    with pytest.raises(Invalid, match="currencies_differ"):
        _ = Money(Decimal(1), EUR) + Money(Decimal(2), "USD")


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "E1R", "ÄÖÜ"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(Invalid, match="currency_unknown"):
        Money(Decimal(1), currency)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_an_amount_is_a_number(amount: str) -> None:
    with pytest.raises(Invalid, match="amount_not_finite"):
        Money(Decimal(amount), EUR)


@given(AMOUNTS, st.decimals(min_value=0, max_value=100, places=2))
def test_net_and_tax_of_a_gross_price_make_the_gross_price(gross: Decimal, tax_percent: Decimal) -> None:
    assert Price.of_gross(Money(gross, EUR), tax_percent).gross == Money(gross, EUR)


def test_a_price_knows_net_tax_and_gross() -> None:
    price = Price.of_net(Money(Decimal(100), EUR), Decimal(19))
    assert (price.net, price.tax, price.gross) == tuple(Money(Decimal(amount), EUR) for amount in (100, 19, 119))
    assert price.times(Decimal(2)).gross == Money(Decimal(238), EUR)
    assert (price + price).tax == Money(Decimal(38), EUR)
    assert rounded(Price.of_gross(Money(Decimal(119), EUR), Decimal(19)).net) == Money(Decimal("100.00"), EUR)


def test_net_and_tax_are_in_one_currency() -> None:
    with pytest.raises(Invalid, match="currencies_differ"):
        Price(Money(Decimal(1), EUR), Money(Decimal(1), "USD"))
