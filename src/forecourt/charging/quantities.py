"""Power, current and money: conversions and the one place where each is rounded.

Units are in the names: Wh, W, A, V, s. Import is positive, export negative. Electricity is computed in fractions, so
that a figure converted there and back is the same figure; it is rounded once, downwards, when it leaves.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from types import MappingProxyType

from forecourt.errors import Invalid

MOST_PHASES = 3
CURRENCY = re.compile(r"[A-Z]{3}")

MINOR_DIGITS = MappingProxyType(
    {
        "BHD": 3,
        "BIF": 0,
        "CLP": 0,
        "DJF": 0,
        "GNF": 0,
        "IQD": 3,
        "ISK": 0,
        "JOD": 3,
        "JPY": 0,
        "KMF": 0,
        "KRW": 0,
        "KWD": 3,
        "LYD": 3,
        "OMR": 3,
        "PYG": 0,
        "RWF": 0,
        "TND": 3,
        "UGX": 0,
        "UYI": 0,
        "VND": 0,
        "VUV": 0,
        "XAF": 0,
        "XOF": 0,
        "XPF": 0,
    }
)
"""Digits after the point of the currencies that do not have two (ISO 4217)."""


def floored(value: Fraction, places: int) -> Decimal:
    """The highest decimal with `places` digits after the point that is not above `value`."""
    return Decimal(math.floor(value * 10**places)).scaleb(-places)


def power_w(current_per_phase_a: Decimal, voltage_v: Decimal, phases: int) -> Decimal:
    """Power of a current on each of `phases` phases, at the line voltage, rounded down to a milliwatt.

    The voltage is the set one of the area, not a measured one (K01.FR.50). For DC, one phase.
    """
    return floored(Fraction(current_per_phase_a) * Fraction(voltage_v) * _counted(phases), 3)


def current_per_phase_a(power_w: Decimal, voltage_v: Decimal, phases: int) -> Decimal:
    """Current on each of `phases` phases that makes `power_w`, rounded down to a milliampere (K01.FR.50)."""
    if voltage_v <= 0:
        raise Invalid("voltage_not_positive", f"a line voltage of {voltage_v} V")
    return floored(Fraction(power_w) / (Fraction(voltage_v) * _counted(phases)), 3)


def _counted(phases: int) -> int:
    if not 1 <= phases <= MOST_PHASES:
        raise Invalid("phases_out_of_range", f"{phases} phases; there are 1 to {MOST_PHASES}")
    return phases


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (three capital letters, ISO 4217). Exact until `rounded`; never a float.

    Sums and comparisons raise Invalid when currencies differ: there is no rate here.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if CURRENCY.fullmatch(self.currency) is None:
            raise Invalid("currency_unknown", f"{self.currency!r} is not three capital letters")
        if not self.amount.is_finite():
            raise Invalid("amount_not_finite", f"an amount of {self.amount}")

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def times(self, factor: Decimal) -> Money:
        return Money(self.amount * factor, self.currency)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise Invalid("currencies_differ", f"{self.currency} and {other.currency} cannot be reckoned together")
        return other.amount


def rounded(money: Money) -> Money:
    """`money` in whole minor units of its currency, half away from zero. The only rounding of money there is (R20)."""
    minor = Decimal(1).scaleb(-MINOR_DIGITS.get(money.currency, 2))
    return Money(money.amount.quantize(minor, rounding=ROUND_HALF_UP), money.currency)


@dataclass(frozen=True, slots=True)
class Price:
    """What something costs, as net and tax; neither is rounded here, so that a sum can be rounded once."""

    net: Money
    tax: Money

    def __post_init__(self) -> None:
        if self.net.currency != self.tax.currency:
            raise Invalid("currencies_differ", f"net in {self.net.currency}, tax in {self.tax.currency}")

    @classmethod
    def of_net(cls, net: Money, tax_percent: Decimal) -> Price:
        return cls(net, net.times(tax_percent / 100))

    @classmethod
    def of_gross(cls, gross: Money, tax_percent: Decimal) -> Price:
        """A gross price taken apart; net and tax sum to `gross` exactly. `tax_percent` is not negative."""
        net = Money(gross.amount * 100 / (100 + tax_percent), gross.currency)
        return cls(net, gross - net)

    @property
    def gross(self) -> Money:
        return self.net + self.tax

    def __add__(self, other: Price) -> Price:
        return Price(self.net + other.net, self.tax + other.tax)

    def times(self, factor: Decimal) -> Price:
        return Price(self.net.times(factor), self.tax.times(factor))
