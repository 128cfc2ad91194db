"""How large and how long a number may be.

JSON sets no limit, and neither do OCPP's schemas. Decimal takes 1e999999 without a murmur, and then the first integer made of it
takes a minute and a megabyte. So every number, also in customData, has at most `MAX_DIGITS` digits and its first digit stands
at most `MAX_EXPONENT` places from the point: 1e-30 <= |x| < 1e31. These limits are wide of anything that is ever metered.
"""

from __future__ import annotations

from decimal import Clamped, Context, Decimal, InvalidOperation, Overflow, Rounded, Subnormal, Underflow
from typing import Final

MAX_DIGITS: Final = 34
MAX_EXPONENT: Final = 30

_LARGEST_INTEGER: Final = 10 ** (MAX_EXPONENT + 1) - 1

_CONTEXT: Final = Context(
    prec=MAX_DIGITS,
    Emax=MAX_EXPONENT,
    Emin=-MAX_EXPONENT,
    traps=[Clamped, InvalidOperation, Overflow, Rounded, Subnormal, Underflow],
)

decimal_of: Final = _CONTEXT.create_decimal
"""The exact Decimal of a JSON number's text. Raises ArithmeticError for one that is too large, too small or too long."""


def is_bounded(value: int | Decimal) -> bool:
    """Whether a number is within the limits. An infinite Decimal or one that is no number is not."""
    if isinstance(value, int):
        return -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER
    try:
        return _CONTEXT.plus(value).is_finite()
    except ArithmeticError:
        return False


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether `value`, which is bounded, is an exact multiple of `step`."""
    return not _CONTEXT_OF_STEPS.remainder(value, step)


_CONTEXT_OF_STEPS: Final = Context(prec=4 * MAX_DIGITS)
"""Wide enough for the integer quotient of any bounded number and any step of a schema."""
