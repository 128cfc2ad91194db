"""Cursors of every type a list is sorted by, and what is no cursor."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, DateTime, MetaData, Numeric, Table, Text, Uuid, select
from sqlalchemy.dialects import postgresql

from forecourt.csms.web.paging import Sorting, search
from forecourt.errors import Invalid

THING = Table(
    "thing",
    MetaData(),
    Column("id", BigInteger),
    Column("name", Text),
    Column("at", DateTime(timezone=True)),
    Column("price", Numeric),
    Column("mark", Uuid),
)
SORTING = Sorting(
    THING.c.id, {"name": THING.c.name, "at": THING.c.at, "price": THING.c.price, "mark": THING.c.mark}, "-at"
)


def parameters(order: str | None, cursor: str | None) -> dict[str, Any]:
    """What a page's statement is given."""
    statement = SORTING.order(order).page(select(THING), cursor, 10)
    return dict(statement.compile(dialect=postgresql.dialect()).params)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("order", "value"),
    [
        ("name", "Depot é\u2028"),
        ("-name", ""),
        ("at", datetime(2026, 11, 28, 12, 0, 0, 123456, UTC)),
        ("price", Decimal("0.10")),
        ("mark", UUID(int=7)),
    ],
)
def test_a_cursor_comes_back_as_what_it_was(order: str, value: object) -> None:
    cursor = SORTING.order(order).cursor(value, 42)
    found = list(parameters(order, cursor).values())
    assert value in found
    assert 42 in found


def test_the_order_that_nobody_asked_for_is_the_lists_own() -> None:
    statement = str(SORTING.order(None).page(select(THING.c.id), None, 10))
    assert "ORDER BY thing.at DESC, thing.id DESC" in statement
    assert "ORDER BY thing.id ASC" in str(SORTING.order("id").page(select(THING.c.id), None, 10))


@pytest.mark.parametrize(
    ("asked", "hint"), [("names", "did you mean name?"), ("colour", "known are id, name"), ("--id", "known are")]
)
def test_an_unknown_order_is_refused_with_the_nearest_known_one(asked: str, hint: str) -> None:
    with pytest.raises(Invalid, match="sort_unknown") as refused:
        SORTING.order(asked)
    assert hint in refused.value.fields["sort"]


@pytest.mark.parametrize("order", ["id", "name", "at", "price", "mark"])
@given(cursor=st.text(max_size=40) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_no_text_but_a_cursor_is_one(order: str, cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor_invalid"):
        parameters(order, cursor)


@pytest.mark.parametrize(
    ("order", "packed"),
    [
        ("id", '["id",1,9223372036854775808]'),
        ("id", '["id",true,true]'),
        ("id", '["id",1.5,1.5]'),
        ("name", '["-name","a",1]'),
        ("name", '["name",7,1]'),
        ("name", r'["name","a\u0000",1]'),
        ("name", '["name","a"]'),
        ("at", '["at","2026-11-28T12:00:00",1]'),
        ("at", '["at",7,1]'),
        ("price", '["price","ten",1]'),
        ("price", '["price","NaN",1]'),
        ("price", '["price","1e999999",1]'),
        ("mark", '["mark","7",1]'),
    ],
)
def test_a_cursor_that_somebody_made_up_is_refused(order: str, packed: str) -> None:
    cursor = base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")
    with pytest.raises(Invalid, match="cursor_invalid"):
        parameters(order, cursor)


@pytest.mark.parametrize(("text", "pattern"), [("a", "%a%"), ("50%", r"%50\%%"), ("a_b", r"%a\_b%"), ("\\", r"%\\%")])
def test_a_search_takes_the_characters_of_patterns_as_they_are(text: str, pattern: str) -> None:
    assert search(text) == pattern
