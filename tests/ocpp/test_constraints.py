"""The compiled checks: that each kind of rule is in them, and that nothing is where nothing is to be checked."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

from forecourt.ocpp import v2, v16
from forecourt.ocpp.constraints import check_of
from forecourt.ocpp.delta import Bounds, Delta
from forecourt.ocpp.deviations import DeviationKind
from forecourt.ocpp.errors import ErrorCode
from forecourt.ocpp.message import Message, Number
from forecourt.ocpp.payload_faults import PayloadFault
from forecourt.ocpp.repair import repaired
from forecourt.ocpp.versions import V16, V21, V201, Version

MISSING = ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
TYPE = ErrorCode.TYPE_CONSTRAINT_VIOLATION
PROPERTY = ErrorCode.PROPERTY_CONSTRAINT_VIOLATION


class Leaf(Message, frozen=True, kw_only=True):
    word: str


class Tree(Message, frozen=True, kw_only=True):
    words: tuple[str, ...] | UnsetType = UNSET
    counts: tuple[int, ...] | UnsetType = UNSET
    leaves: tuple[Leaf, ...] | UnsetType = UNSET
    share: Annotated[Number, Meta(extra={"minimum": 0, "maximum": 1, "multiple_of": Decimal("0.25")})] | UnsetType = (
        UNSET
    )
    amount: Number | UnsetType = UNSET
    plain: Annotated[str, Meta(max_length=9)] | UnsetType = UNSET
    note: str | UnsetType = UNSET


NARROW = Version(
    "narrow",
    (),
    Delta(
        absent={Tree: frozenset({"plain"})},
        required={Tree: frozenset({"note"})},
        values={(Leaf, "word"): frozenset({"yes", "no"})},
        bounds={
            (Tree, "words"): Bounds(min_length=2, max_length=3, min_items=1, max_items=2),
            (Tree, "counts"): Bounds(minimum=-5, maximum=5),
            (Tree, "amount"): Bounds(minimum=1, maximum=2, integral=True),
            (Tree, "note"): Bounds(min_length=1),
        },
    ),
)
"""A version with every kind of narrowing, among them those that no real one has today."""


def fault_in(tree: Tree) -> tuple[ErrorCode, str] | None:
    check = check_of(NARROW, Tree)
    assert check is not None
    try:
        check(tree)
    except PayloadFault as fault:
        return fault.code, fault.path
    return None


def tree(**fields: Any) -> Tree:
    return Tree(**{"note": "n", **fields})


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (tree(), None),
        (tree(words=("ab", "abc"), counts=(-5, 5), leaves=(Leaf(word="yes"),), share=Decimal("0.75"), amount=Decimal("2.0")), None),
        (tree(plain="x"), (ErrorCode.PROTOCOL_ERROR, "$.plain")),
        (tree(note=UNSET), (MISSING, "$.note")),
        (tree(note=""), (PROPERTY, "$.note")),
        (tree(words=()), (MISSING, "$.words")),
        (tree(words=("ab", "ab", "ab")), (MISSING, "$.words")),
        (tree(words=("ab", "a")), (PROPERTY, "$.words[1]")),
        (tree(words=("abcd", "ab")), (PROPERTY, "$.words[0]")),
        (tree(counts=(0, -6)), (PROPERTY, "$.counts[1]")),
        (tree(counts=(0, 6)), (PROPERTY, "$.counts[1]")),
        (tree(leaves=(Leaf(word="yes"), Leaf(word="maybe"))), (PROPERTY, "$.leaves[1].word")),
        (tree(share=Decimal("-0.25")), (PROPERTY, "$.share")),
        (tree(share=Decimal("1.25")), (PROPERTY, "$.share")),
        (tree(share=Decimal("0.3")), (PROPERTY, "$.share")),
        (tree(share="0.25"), (TYPE, "$.share")),
        (tree(share=10**40), (PROPERTY, "$.share")),
        (tree(amount=Decimal(0)), (PROPERTY, "$.amount")),
        (tree(amount=Decimal(3)), (PROPERTY, "$.amount")),
        (tree(amount=Decimal("1.5")), (TYPE, "$.amount")),
    ],
)  # fmt: skip
def test_each_kind_of_rule_is_checked(found: Tree, expected: tuple[ErrorCode, str] | None) -> None:
    assert fault_in(found) == expected


def test_a_number_that_came_as_an_integer_becomes_a_decimal() -> None:
    whole = tree(amount=2)
    assert fault_in(whole) is None
    assert type(whole.amount) is Decimal


@pytest.mark.parametrize(
    ("payload", "kinds"),
    [
        ('{"note":"n","words":["a"]}', [DeviationKind.TEXT_LENGTH]),
        ('{"note":"n","words":["abcd"]}', [DeviationKind.TEXT_LENGTH]),
        ('{"note":"n","words":["ab","ab","ab"]}', [DeviationKind.ITEM_COUNT]),
        ('{"note":"n","words":[]}', [DeviationKind.ITEM_COUNT]),
        ('{"note":"n","counts":[6]}', [DeviationKind.OUT_OF_BOUNDS]),
        ('{"note":"n","leaves":[{"word":"YES"}]}', [DeviationKind.LETTER_CASE]),
        ('{"note":"n","leaves":[]}', []),
        ('{"note":"n","share":0.3}', [DeviationKind.WRONG_STEP]),
        ('{"note":"n","amount":0.5}', [DeviationKind.OUT_OF_BOUNDS, DeviationKind.OTHER_VERSION]),
        ('{"note":"","plain":"0123456789"}', [DeviationKind.OTHER_VERSION, DeviationKind.TEXT_LENGTH, DeviationKind.TEXT_LENGTH]),
    ],
)  # fmt: skip
def test_tolerant_reading_forgives_each_of_them(payload: str, kinds: list[DeviationKind]) -> None:
    _, deviations = repaired(NARROW, Tree, payload.encode())
    assert sorted(deviation.kind for deviation in deviations) == sorted(kinds)


def test_a_type_that_msgspec_checks_entirely_has_no_check() -> None:
    assert check_of(V16, v16.BootNotification) is None
    assert check_of(V21, v2.Heartbeat) is None
    assert check_of(V16, v16.SetChargingProfile) is not None


def test_a_check_is_made_once() -> None:
    assert check_of(V21, v2.TransactionEvent) is check_of(V21, v2.TransactionEvent)
    assert check_of(V21, v2.TransactionEvent) is not check_of(V201, v2.TransactionEvent)


def test_every_message_of_every_version_has_a_check_that_compiles() -> None:
    for version in (V16, V201, V21):
        for action in version.actions.values():
            for struct in (action.request, action.response):
                check = check_of(version, struct) if struct else None
                assert check is None or callable(check)


def test_a_frozen_message_is_changed_by_no_one_but_its_reader() -> None:
    with pytest.raises(AttributeError):
        tree().note = "other"  # type: ignore[misc]
    assert msgspec.structs.replace(tree(), note="other").note == "other"
