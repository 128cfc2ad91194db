"""The summary is a function of what was said: of the set, not of the order or the number of times."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.limits import Limits
from forecourt.charging.quantities import Money
from forecourt.charging.readings import Reading
from forecourt.csms.blocks.transactions.figures import Known
from forecourt.csms.blocks.transactions.model import (
    USUAL_BOUNDS,
    Details,
    Fact,
    JudgedToken,
    LimitsData,
    What,
    moment,
    plausible,
)
from forecourt.csms.blocks.transactions.numbering import SeqNos
from forecourt.csms.blocks.transactions.summary import stops, summarize
from forecourt.csms.blocks.transactions.timeline import Reported
from tests.csms.blocks.transactions.world import NOW

REGISTER = "Energy.Active.Import.Register"


def when(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def fact(seq_no: int, seconds: float, what: What = What.UPDATED, **more: Any) -> Fact:
    return Fact(seq_no=seq_no, take=0, what=what, at=when(seconds), received_at=when(seconds + 1), **more)


def reading(seconds: float, wh: float) -> Reported:
    return Reported(when(seconds + 1), [Reading(at=when(seconds), measurand=REGISTER, value=Decimal(str(wh)))])


def token(value: str = "CARD", verdict: str = "Accepted", **more: Any) -> Details:
    return Details(token=JudgedToken(value=value, kind="", verdict=verdict, reason="blocked", **more))


def known(**more: Any) -> Known:
    return Known(**{"bounds": USUAL_BOUNDS, "readings": (), **more})


STORY = [
    fact(0, 0, What.STARTED, charging_state="EVConnected", details=Details(evse_id=1, connector_id=1)),
    fact(1, 10, trigger="Authorized", details=token()),
    fact(2, 20, charging_state="Charging"),
    fact(3, 60, details=Details(limits=LimitsData(energy_wh=Decimal(9000)))),
    fact(4, 80, charging_state="SuspendedEV"),
    fact(5, 90, charging_state="Charging"),
    fact(6, 120, What.ENDED, trigger="StopAuthorized", details=token("FRIEND", group="F")),
]
READINGS = [reading(0, 1000), reading(20, 1000), reading(60, 1300), reading(80, 1500), reading(120, 1900)]


@given(st.permutations(STORY), st.permutations(READINGS), st.lists(st.sampled_from(READINGS), max_size=4))
def test_neither_order_nor_repetition_changes_the_summary(
    facts: list[Fact], readings: list[Reported], again: list[Reported]
) -> None:
    expected = summarize(STORY, known(readings=READINGS))
    found = summarize(facts, known(readings=[*readings, *again]))
    quiet = {"trail"} if again else set()
    for name in expected.__struct_fields__:
        if name not in quiet:
            assert getattr(found, name) == getattr(expected, name), name


@given(
    st.lists(
        st.tuples(
            st.integers(0, 12),
            st.sampled_from([*What]),
            st.integers(-(10**6), 10**9),
            st.sampled_from(["", "Charging", "Idle"]),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda one: one[0],
    ),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_whatever_is_said_makes_a_summary_and_the_same_one_in_any_order(
    said: list[tuple[int, What, int, str]], superseded: bool, chance: Any
) -> None:
    facts = [
        Fact(
            seq_no=seq,
            take=0,
            what=what,
            at=when(0) + timedelta(seconds=off),
            received_at=when(seq),
            charging_state=state,
        )
        for seq, what, off, state in said
    ]
    expected = summarize(facts, known(superseded=superseded))
    chance.shuffle(facts)
    assert summarize(facts, known(superseded=superseded)) == expected
    assert (expected.charging_s or 0) >= 0
    assert (expected.ended_at is None) == (not superseded and all(one[1] is not What.ENDED for one in said))


@given(st.lists(st.integers(-3, 30)))
def test_numbers_seen_are_a_set_with_its_gaps(numbers: list[int]) -> None:
    seen, plain = SeqNos(), set[int]()
    for number in numbers:
        assert seen.add(number) is (number not in plain)
        plain.add(number)
    assert all((number in seen) == (number in plain) for number in range(-5, 33))
    whole = range(min(plain), max(plain) + 1) if plain else range(0)
    missing = [number for first, last in seen.missing for number in range(first, last + 1)]
    assert missing == [number for number in whole if number not in plain]
    assert (seen.lowest, seen.highest) == ((min(plain), max(plain)) if plain else (None, None))
    again = SeqNos([(first, last) for first, last in zip([*_firsts(seen)], [*_lasts(seen)], strict=True)])
    assert again.missing == seen.missing


def _firsts(seen: SeqNos) -> list[int]:
    lowest = seen.lowest
    return [] if lowest is None else [lowest, *(last + 1 for _, last in seen.missing)]


def _lasts(seen: SeqNos) -> list[int]:
    highest = seen.highest
    return [] if highest is None else [*(first - 1 for first, _ in seen.missing), highest]


@pytest.mark.parametrize(
    ("verdicts", "charged_on"),
    [
        ([("A", "Accepted"), ("B", "Accepted")], "A"),
        ([("A", "Invalid"), ("B", "Accepted")], "B"),
        ([("A", "Invalid"), ("B", "Blocked")], "A"),
    ],
)
def test_it_is_charged_on_the_first_token_that_was_accepted(verdicts: list[tuple[str, str]], charged_on: str) -> None:
    facts = [fact(number, number, details=token(value, verdict)) for number, (value, verdict) in enumerate(verdicts)]
    assert summarize(facts, known()).token_value == charged_on


@pytest.mark.parametrize(
    ("trigger", "what", "charged_on", "stopped_by"),
    [
        ("StopAuthorized", What.UPDATED, "", "CARD"),
        ("StopAuthorized", What.ENDED, "", "CARD"),
        ("EVCommunicationLost", What.ENDED, "CARD", "CARD"),
        ("Authorized", What.UPDATED, "CARD", ""),
    ],
)
def test_a_token_that_stops_starts_nothing_unless_no_other_was_told(
    trigger: str, what: What, charged_on: str, stopped_by: str
) -> None:
    found = summarize([fact(0, 0, What.STARTED), fact(1, 9, what, trigger=trigger, details=token())], known())
    assert (found.token_value, found.stop_token) == (charged_on, stopped_by)
    assert stops(trigger, what) is (stopped_by == "CARD")


def test_C16_FR_01_a_master_pass_may_stop_what_others_began() -> None:
    facts = [
        fact(0, 0, What.STARTED, trigger="Authorized", details=token("CARD", group="F")),
        fact(1, 9, What.ENDED, trigger="StopAuthorized", details=token("GUARD", group="M", master_pass=True)),
    ]
    assert summarize(facts, known()).stop_right == "master_pass"


@pytest.mark.parametrize(
    ("verdict", "price", "cost"),
    [("Accepted", "0.4999", "0.45"), ("Accepted", None, None), ("Blocked", "0.5", None), ("", "0.5", None)],
)
def test_only_an_accepted_token_is_billed(verdict: str, price: str | None, cost: str | None) -> None:
    facts = [fact(0, 0, What.STARTED, details=token("A", verdict) if verdict else Details()), fact(1, 120, What.ENDED)]
    money = None if price is None else Money(Decimal(price), "EUR")
    found = summarize(facts, known(readings=READINGS, price_per_kwh=money))
    assert (found.energy_imported_wh, None if found.cost is None else str(found.cost)) == (Decimal(900), cost)


def test_without_readings_the_energy_stays_as_it_was() -> None:
    before = summarize(STORY, known(readings=READINGS))
    after = summarize(STORY, known(readings=None, before=before))
    assert msgspec.structs.asdict(after) == msgspec.structs.asdict(before)


@pytest.mark.parametrize(
    ("at_s", "received_s", "expected_s"),
    [(0, 1, 0), (0, 10**7, 0), (200, 0, 200), (400, 0, 0), (0, 40 * 10**6, 40 * 10**6), (10**6, 0, 0)],
)
def test_nothing_happened_after_we_heard_of_it(at_s: int, received_s: int, expected_s: int) -> None:
    assert moment(when(at_s), when(received_s)) == when(expected_s)


def test_a_clock_that_is_astray_is_not_plausible() -> None:
    assert plausible(when(0), when(0))
    assert not plausible(datetime.fromisoformat("1970-01-01T00:00:00Z"), when(0))
    assert not plausible(when(2 * 86400), when(0))


def test_a_clock_put_back_in_the_middle_costs_no_energy() -> None:
    facts = [
        fact(0, 0, What.STARTED, charging_state="Charging"),
        fact(1, 3600),
        Fact(seq_no=2, take=0, what=What.ENDED, at=when(-5000), received_at=when(7200)),
    ]
    back = Reported(when(7200), [Reading(at=when(-5000), measurand=REGISTER, value=Decimal(3000))])
    found = summarize(facts, known(readings=[reading(0, 1000), reading(3600, 2000), back]))
    assert (found.energy_imported_wh, found.charging_s) == (Decimal(2000), 7200)
    assert found.trail["record"][0]["remark"] == "CLOCK_ASTRAY"


def test_a_clock_an_hour_ahead_that_is_put_right_costs_no_energy() -> None:
    ahead = Reported(when(0), [Reading(at=when(3600), measurand=REGISTER, value=Decimal(1000))])
    start = Fact(seq_no=0, take=0, what=What.STARTED, at=when(3600), received_at=when(0), charging_state="Charging")
    found = summarize([start, fact(1, 600, What.ENDED)], known(readings=[ahead, reading(600, 1500)]))
    assert (found.energy_imported_wh, found.charging_s, found.started_at) == (Decimal(500), 600, when(3600))


def test_E16_FR_18_what_was_said_before_or_offline_confirms_no_limit() -> None:
    limits = Details(limits=LimitsData(energy_wh=Decimal(5000)))
    wanted = Limits(energy_wh=Decimal(5000))

    def found(*facts: Fact) -> tuple[str, ...]:
        return summarize(facts, known(wanted=wanted, wanted_at=when(30))).limits_confirmed

    assert found(fact(0, 10, details=limits)) == ()
    assert found(fact(0, 40, details=limits, offline=True)) == ()
    assert found(fact(0, 40, details=limits)) == ("maxEnergy",)
    assert found(fact(0, 40, details=Details(limits=LimitsData(energy_wh=Decimal(5001))))) == ()


def test_a_limit_of_nothing_is_a_limit_too() -> None:
    found = summarize([fact(0, 0, details=Details(limits=LimitsData(energy_wh=Decimal(0))))], known())
    assert found.limits_told == LimitsData(energy_wh=Decimal(0))
