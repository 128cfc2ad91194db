"""Excerpts of what was forgiven."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from forecourt.ocpp.deviations import EXCERPT_LENGTH, excerpt


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ("a\0", r'"a\u0000"'),
        (Decimal("1.50"), "1.50"),
        ({"a": [1]}, '{"a":[1]}'),
        ("x" * 58, '"' + "x" * 58 + '"'),
        ("x" * 59, '"' + "x" * 58 + "…"),
        ("\ud800", "(str)"),
    ],
)
def test_an_excerpt_is_the_beginning_of_the_json(value: Any, text: str) -> None:
    assert excerpt(value) == text


def test_an_excerpt_of_anything_is_short() -> None:
    endless: list[Any] = []
    endless.append(endless)
    for value in ("é" * 10**6, [1] * 10**5, endless, {"x" * 1000: 1}):
        assert len(excerpt(value)) <= EXCERPT_LENGTH
