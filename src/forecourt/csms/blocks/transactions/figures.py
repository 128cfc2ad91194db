"""The energy and the cost of a transaction, with how they came about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from forecourt.charging.energy import EnergyAccount, recount
from forecourt.charging.limits import Limits
from forecourt.charging.quantities import Money, rounded
from forecourt.charging.registers import Bounds, Point, Rule, Trail
from forecourt.charging.tokens import Verdict
from forecourt.csms.blocks.transactions.model import What
from forecourt.csms.blocks.transactions.record import Summary
from forecourt.csms.blocks.transactions.timeline import Reported, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known beyond the events. `readings` None leaves the energy as `before` had it.

    `superseded` says that another transaction has begun on the same EVSE; `preceding` is the import register at the end of
    the transaction before; `asked` are the kinds of limits for which we have asked the station to stop.
    """

    bounds: Bounds
    readings: Sequence[Reported] | None
    before: Summary | None = None
    superseded: bool = False
    price_per_kwh: Money | None = None
    wanted: Limits | None = None
    wanted_at: datetime | None = None
    asked: Collection[str] = ()
    preceding: Point | None = None

    def after(self, preceding: Point) -> Known:
        """The same, with the end of the transaction before."""
        return replace(self, preceding=preceding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """Figures as they go on record."""

    begin_wh: Decimal | None
    end_wh: Decimal | None
    imported_wh: Decimal | None
    exported_wh: Decimal | None
    trail: dict[str, list[dict[str, Any]]]

    @classmethod
    def of(cls, timeline: Timeline, known: Known, over: bool) -> Energy:
        if known.readings is None:
            before = known.before
            if before is None:
                return cls(begin_wh=None, end_wh=None, imported_wh=None, exported_wh=None, trail={})
            return cls(
                begin_wh=before.register_begin_wh,
                end_wh=before.register_end_wh,
                imported_wh=before.energy_imported_wh,
                exported_wh=before.energy_exported_wh,
                trail={name: steps for name, steps in before.trail.items() if name != "record"},
            )
        account = counted(timeline, known.readings, known.bounds)
        figures = account.figures(known.bounds, over=over, preceding=known.preceding)
        imported, exported = figures.imported, figures.exported
        trail = {"imported": _steps(imported.trail)}
        if exported.energy_wh is not None:
            trail["exported"] = _steps(exported.trail)
        return cls(
            begin_wh=None if imported.begin is None else imported.begin.wh,
            end_wh=None if imported.end is None else imported.end.wh,
            imported_wh=imported.energy_wh,
            exported_wh=exported.energy_wh,
            trail=trail,
        )


def counted(timeline: Timeline, readings: Sequence[Reported], bounds: Bounds) -> EnergyAccount:
    """What all readings together, in order of time, and the registers told at begin and end amount to."""
    begin, end = _point(timeline, What.STARTED), _point(timeline, What.ENDED)
    return recount(bounds, timeline.in_our_time(readings), begin=begin, end=end)


def _point(timeline: Timeline, what: What) -> Point | None:
    """meterStart and meterStop, where a version has them beside the readings."""
    for fact, at in zip(timeline.facts, timeline.moments, strict=True):
        if fact.what is what and fact.details.register_wh is not None:
            return Point(at, fact.details.register_wh)
    return None


def needs_preceding(summary: Summary) -> bool:
    """Whether only the end of the register is known, so that the transaction before might tell the begin (J02.FR.17)."""
    return any(step["rule"] == Rule.BEGIN_MISSING.name for step in summary.trail.get("imported", ()))


def _steps(trail: Trail) -> list[dict[str, Any]]:
    steps = []
    for entry in trail:
        step: dict[str, Any] = {"rule": entry.rule.name, "wh": str(entry.wh)}
        if entry.at is not None:
            step["at"] = entry.at.isoformat()
        if entry.count > 1:
            step["count"] = entry.count
        if entry.until is not None:
            step["until"] = entry.until.isoformat()
        if entry.detail:
            step["detail"] = entry.detail
        steps.append(step)
    return steps


def cost_of(imported_wh: Decimal | None, verdict: str, price: Money | None) -> Decimal | None:
    """Gross, by the price per kWh. A refused token, and a transaction without any, is never billed."""
    if price is None or imported_wh is None or verdict != Verdict.ACCEPTED:
        return None
    return rounded(price.times(imported_wh / 1000)).amount
