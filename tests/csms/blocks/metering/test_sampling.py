"""What is read fast is read exactly as the rule says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.measurands import CONVERSIONS, MEASURANDS
from forecourt.charging.readings import Context, Location, Phase, Problem, Reading, Sample, SignedValue, read
from forecourt.csms.blocks.metering.model import NewestReadings, instant
from forecourt.csms.blocks.metering.sampling import Gathering, Metered, meant, readings_of, series

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
NUMBERS = st.one_of(
    st.decimals(min_value=-(10**12), max_value=10**16, places=3, allow_nan=False),
    st.decimals(allow_nan=False, allow_infinity=False).filter(lambda value: abs(value.adjusted()) < 40),
    st.sampled_from(
        [Decimal(text) for text in ("0", "-0", "0E+7", "1E-25", "1E+14", "999999999999999", "100", "100.01", "7.2")]
    ),
)
WORDS = st.fixed_dictionaries(
    {
        "measurand": st.none() | st.sampled_from([*MEASURANDS, "Voltage.Imagined"]),
        "unit": st.none() | st.sampled_from([*CONVERSIONS, "furlong"]),
        "multiplier": st.integers(-20, 20),
        "phase": st.none() | st.sampled_from([*(phase.value for phase in Phase), "L9"]),
        "location": st.none() | st.sampled_from([*(location.value for location in Location), "Roof"]),
        "context": st.none() | st.sampled_from([*(context.value for context in Context), "Whim"]),
    }
)


def gathered(value: Decimal, **words: object) -> Metered:
    gathering = Gathering(AT)
    names = ("measurand", "unit", "multiplier", "phase", "location", "context")
    gathering.add(value, *(words.get(name) for name in names))  # type: ignore[arg-type]
    return gathering.metered()


@given(NUMBERS, WORDS)
def test_a_value_is_the_reading_the_rule_makes_of_it(value: Decimal, words: dict[str, object]) -> None:
    expected = read(Sample(value=value, **words), AT)  # type: ignore[arg-type]
    found = gathered(value, **words)
    kept = json.loads(found.sampled)
    if isinstance(expected, Problem):
        assert (found.taken, found.energy) == ((), False)
        assert kept[0]["problem"] == expected.name
        assert readings_of(AT, found.sampled) == []
    else:
        assert found.readings() == [expected]
        assert readings_of(AT, found.sampled) == [expected]
        assert kept[0]["measurand"] == expected.measurand


@given(WORDS)
def test_words_mean_the_same_object_as_long_as_they_are_remembered(words: dict[str, object]) -> None:
    once, again = gathered(Decimal(1), **words), gathered(Decimal(2), **words)
    if once.taken and again.taken:
        (first, _), (second, _) = once.taken[0], again.taken[0]
        known = meant(first.measurand, first.phase, first.location, first.context)
        assert (first.measurand, first.phase, first.location, first.context) == (
            second.measurand,
            second.phase,
            second.location,
            second.context,
        )
        assert readings_of(AT, once.sampled)[0].measurand == known.measurand


def test_a_plain_number_is_not_taken_to_the_rule() -> None:
    kilowatts = series("Power.Active.Import", "kW", None, None, None, None)
    assert kilowatts is not None
    assert kilowatts.factor == 1000
    assert series("Temperature", "K", None, None, None, None) is None, "more than the point moves"
    assert gathered(Decimal("7.2"), measurand="Power.Active.Import", unit="kW").sampled == (
        '[{"measurand":"Power.Active.Import","value":7200.0}]'
    )


@pytest.mark.parametrize(
    ("measurand", "context", "energy", "passing"),
    [
        ("Energy.Active.Import.Register", None, True, True),
        ("Energy.Active.Import.Register", "Transaction.Begin", True, False),
        ("Energy.Active.Import.Interval", None, True, False),
        ("Power.Active.Import", None, False, False),
    ],
)
def test_what_counts_for_energy_and_what_a_later_reading_stands_for(
    measurand: str, context: str | None, energy: bool, passing: bool
) -> None:
    found = series(measurand, None, None, None, None, context)
    assert found is not None
    assert (found.energy, found.passing) == (energy, passing)


def test_J02_FR_21_a_signed_value_is_kept_as_the_bytes_it_came_in() -> None:
    gathering = Gathering(AT)
    data = 'OCMF|{"FV":"1.0"}|{"SD":"30\u00e9"}\x00'.encode()
    gathering.add_signed(
        SignedValue(data, "OCMF", "ECDSA", b"key"), Sample(value=Decimal(5), context="Transaction.End")
    )
    gathering.add_signed(SignedValue(data), Sample(value=None))
    found = gathering.metered()
    assert [signed.value.data for signed in found.signed] == [data, data]
    assert [signed.context for signed in found.signed] == ["Transaction.End", "Sample.Periodic"]
    assert len(found.taken) == 1


def test_what_is_no_number_is_shown_as_it_came_and_not_without_end() -> None:
    gathering = Gathering(AT)
    gathering.add_unreadable("x" * 9000, Problem.NO_NUMBER, Sample(value=None, phase="L9", unit="V"))
    (kept,) = json.loads(gathering.metered().sampled)
    assert kept == {
        "measurand": "Energy.Active.Import.Register",
        "unit": "V",
        "phase": "L9",
        "problem": "NO_NUMBER",
        "raw": "x" * 500,
    }
    assert readings_of(AT, gathering.metered().sampled) == []


def test_good_values_beside_a_bad_one_are_read() -> None:
    gathering = Gathering(AT)
    gathering.add_unreadable("?", Problem.NO_NUMBER, Sample(value=None, phase="L9"))
    gathering.add(Decimal(5), "Voltage", "V", None, "L1", None, None)
    assert readings_of(AT, gathering.metered().sampled) == [
        Reading(at=AT, measurand="Voltage", value=Decimal(5), phase=Phase.L1)
    ]


def test_the_newest_reading_of_each_kind_is_at_hand() -> None:
    newest = NewestReadings()
    evse = next(iter([1]))
    for minute, value in ((1, 10), (3, 30), (2, 20)):
        gathering = Gathering(AT.replace(minute=minute))
        gathering.add(Decimal(value), "Voltage", None, None, "L1", None, "Sample.Clock" if minute == 2 else None)
        newest.take(evse, gathering.metered())  # type: ignore[arg-type]
    (shown,) = newest.of(evse)  # type: ignore[arg-type]
    assert (shown.value, shown.at.minute) == (Decimal(30), 3)
    assert newest.version == 3
    assert list(newest) == [1]


def test_memory_of_newest_readings_is_bounded() -> None:
    newest = NewestReadings()
    for measurand in MEASURANDS:
        for phase in ("L1", "L2", "L3", None):
            gathering = Gathering(AT)
            gathering.add(Decimal(1), measurand, None, None, phase, None, None)
            newest.take(1, gathering.metered())  # type: ignore[arg-type]
    assert len(newest.of(1)) <= 96  # type: ignore[arg-type]


@pytest.mark.parametrize(("year", "kept"), [(1, 2), (1970, 1970), (9999, 9998)])
def test_an_instant_no_zone_could_hold_is_moved(year: int, kept: int) -> None:
    assert instant(datetime(year, 6, 1, tzinfo=UTC)).year == kept
