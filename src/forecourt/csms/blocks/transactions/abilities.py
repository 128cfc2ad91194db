"""What the variables of a station say about limits: which it observes itself, and how often it sends what we watch by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from forecourt.charging.energy import ENERGY
from forecourt.charging.limits import Reporting
from forecourt.csms.blocks.transactions.model import Ability

_SAMPLED: Final = ("SampledDataCtrlr", "TxUpdatedInterval"), ("SampledDataCtrlr", "TxUpdatedMeasurands")
_ALIGNED: Final = ("AlignedDataCtrlr", "Interval"), ("AlignedDataCtrlr", "Measurands")
_LIMITS: Final = ("TxCtrlr", "SupportedLimits")

VARIABLES: Final = (*_SAMPLED, *_ALIGNED, _LIMITS)
"""Component and variable of each value that `ability_of` makes sense of, in the words of 2.1."""

_SOC: Final = frozenset({"SoC"})


def ability_of(values: Mapping[tuple[str, str], str]) -> Ability:
    """What these values amount to; those that are not known are left out.

    Where an interval is known and the measurands are not, they are taken to be the register that every station sends.
    """
    reporting = Reporting(energy_every_s=_every_s(values, ENERGY), soc_every_s=_every_s(values, _SOC))
    return Ability(reporting, frozenset(_members(values.get(_LIMITS, ""))))


def _every_s(values: Mapping[tuple[str, str], str], measurands: frozenset[str]) -> int | None:
    """How often one of these measurands comes while a transaction runs (J 2.1, 2.2); None for never."""
    rhythms = []
    for interval, list_of in (_SAMPLED, _ALIGNED):
        text = values.get(interval, "").strip()
        said = values.get(list_of)
        sent = measurands & ENERGY if said is None else measurands & frozenset(_members(said))
        if text.isdecimal() and int(text) > 0 and sent:
            rhythms.append(int(text))
    return min(rhythms, default=None)


def _members(text: str) -> list[str]:
    return [member.strip() for member in text.split(",") if member.strip()]
