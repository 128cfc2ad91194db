"""Each way in which a value does not fit has a place and a code, whatever msgspec calls it."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from forecourt.csms.web.flaws import placed
from forecourt.errors import Flaw


class Part(msgspec.Struct, forbid_unknown_fields=True):
    number: Annotated[int, Meta(ge=1, lt=10)] = 1
    share: Annotated[float, Meta(gt=0, le=0.5)] = 0.1


class Whole(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=2, max_length=5, pattern="^[a-z]*$")]
    parts: Annotated[list[Part], Meta(max_length=2)] = []
    kind: Literal["a", "b"] = "a"
    at: datetime | None = None


@pytest.mark.parametrize(
    ("given", "path", "code", "bound"),
    [
        ({}, "name", "required", None),
        ({"name": "ab", "colour": 1}, "colour", "field_unknown", None),
        ({"name": "a"}, "name", "too_short", 2),
        ({"name": "abcdef"}, "name", "too_long", 5),
        ({"name": "AB"}, "name", "wrong_form", None),
        ({"name": 7}, "name", "wrong_type", None),
        ({"name": "ab", "parts": [{}, {}, {}]}, "parts", "too_long", 2),
        ({"name": "ab", "parts": [{"number": 0}]}, "parts[0].number", "too_small", 1),
        ({"name": "ab", "parts": [{}, {"number": 10}]}, "parts[1].number", "too_large", 9),
        ({"name": "ab", "parts": [{"share": 0}]}, "parts[0].share", "not_above", 0),
        ({"name": "ab", "parts": [{"share": 0.6}]}, "parts[0].share", "too_large", 0.5),
        ({"name": "ab", "parts": [{"colour": 1}]}, "parts[0].colour", "field_unknown", None),
        ({"name": "ab", "kind": "c"}, "kind", "not_one_of", None),
        ({"name": "ab", "at": "yesterday"}, "at", "wrong_form", None),
        ([], "", "wrong_type", None),
    ],
)
def test_what_does_not_fit_has_a_place_and_a_code(given: Any, path: str, code: str, bound: float | None) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(given, Whole)
    where, flaw = placed(str(caught.value))
    assert (where, flaw.code, flaw.bound) == (path, code, bound)
    assert isinstance(flaw, Flaw)
    assert " - at " not in flaw
