"""How one version is narrower than the loose types of its dialect. The values are generated (`v2.deltas`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from forecourt.ocpp.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits of one attribute, None where the loose type says it all.

    For an attribute that holds an array, `min_items` and `max_items` limit the array and the others limit each item.
    `integral` means that a number must have no fraction, because the version has an integer where a later one has a number.
    """

    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    integral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What a version forbids although the loose types allow it. Attributes are named as in Python, not as on the wire.

    `actions`   names of actions it does not have
    `absent`    attributes it does not know, by type
    `required`  attributes it demands although they are optional in the loose type
    `values`    the only texts it allows, for an attribute or each item of it, where the loose type allows more
    `bounds`    limits narrower than those of the loose type
    """

    actions: frozenset[str] = frozenset()
    absent: Mapping[type[Message], frozenset[str]] = field(default_factory=dict)
    required: Mapping[type[Message], frozenset[str]] = field(default_factory=dict)
    values: Mapping[tuple[type[Message], str], frozenset[str]] = field(default_factory=dict)
    bounds: Mapping[tuple[type[Message], str], Bounds] = field(default_factory=dict)
