"""What may be on record about a token."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization.model import Medium, TokenData
from forecourt.csms.blocks.authorization.rules import check_group, checked
from forecourt.errors import Invalid
from tests.csms.blocks.authorization.world import NOW

CARD = TokenData(token=Token("04A1B2C3", "ISO14443"))


@pytest.mark.parametrize(
    "changes",
    [
        {"token": Token("04A1B2C3")},
        {"token": Token("x" * 20)},
        {"token": Token("x" * 255, "Central"), "medium": Medium.APP},
        {"token": Token("4711", "KeyCode"), "medium": Medium.CODE},
        {"token": Token("anything", "VendorKind"), "medium": Medium.OTHER},
        {"group": "x" * 20},
        {"language": "en"},
        {"language": "en-US", "second_language": "de"},
        {"valid_from": NOW, "valid_until": NOW + timedelta(seconds=1)},
        {"max_concurrent": None},
        {"charging_priority": -9, "cache_life_s": 0},
        {"places": {"CS1": None, "CS2": (1,)}, "evse_kinds": frozenset({"ac"})},
        {"places": {}},
    ],
    ids=repr,
)
def test_what_can_be_kept_is_kept_as_it_is(changes: dict[str, Any]) -> None:
    data = replace(CARD, **changes)
    assert checked(data) == data


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"token": Token("")}, "value"),
        ({"token": Token("x" * 21)}, "value"),
        ({"token": Token("x" * 256, "Central"), "medium": Medium.APP}, "value"),
        ({"token": Token(" A", "ISO14443")}, "value"),
        ({"token": Token("A\n", "ISO14443")}, "value"),
        ({"token": Token("A\0", "ISO14443")}, "value"),
        ({"token": Token("471", "KeyCode"), "medium": Medium.CODE}, "value"),
        ({"token": Token("A", "x" * 21), "medium": Medium.OTHER}, "kind"),
        ({"token": Token("A", "ärger"), "medium": Medium.OTHER}, "kind"),
        ({"token": Token("A", "NoAuthorization"), "medium": Medium.OTHER}, "kind"),
        ({"token": Token("A", "eMAID")}, "medium"),
        ({"group": "x" * 21}, "groupId"),
        ({"group": "A\tB"}, "groupId"),
        ({"visual_number": "x" * 65}, "visualNumber"),
        ({"valid_from": datetime(2026, 1, 1)}, "validFrom"),  # noqa: DTZ001 - what is refused
        ({"valid_until": datetime(2026, 1, 1)}, "validUntil"),  # noqa: DTZ001 - what is refused
        ({"valid_from": NOW, "valid_until": NOW}, "validUntil"),
        ({"language": "English"}, "language"),
        ({"language": "en_US"}, "language"),
        ({"second_language": "de"}, "secondLanguage"),
        ({"language": "en-us", "second_language": "en-US"}, "secondLanguage"),
        ({"personal_message": "x" * 513}, "personalMessage"),
        ({"max_concurrent": 0}, "maxConcurrent"),
        ({"charging_priority": 10}, "chargingPriority"),
        ({"cache_life_s": -1}, "cacheLifeS"),
        ({"evse_kinds": frozenset()}, "evseKinds"),
        ({"evse_kinds": frozenset({"hpc"})}, "evseKinds"),
        ({"places": {"CS1": ()}}, "places.CS1"),
        ({"places": {"CS1": (0,)}}, "places.CS1"),
    ],
    ids=repr,
)
def test_what_cannot_be_kept_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(replace(CARD, **changes))
    assert set(refused.value.fields) == {field}


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        checked(replace(CARD, token=Token(""), max_concurrent=0, second_language="de"))
    assert set(refused.value.fields) == {"value", "maxConcurrent", "secondLanguage"}


@pytest.mark.parametrize(("given", "kept"), [("iso14443", "ISO14443"), ("EMAID", "eMAID"), ("", "")])
def test_a_kind_is_kept_as_the_specification_writes_it(given: str, kept: str) -> None:
    assert checked(TokenData(token=Token("ABCD", given), medium=Medium.OTHER)).token.kind == kept


@pytest.mark.parametrize("value", ["", "x" * 21, "A\0B"])
def test_a_group_that_not_every_version_can_name_is_refused(value: str) -> None:
    with pytest.raises(Invalid):
        check_group(value)
