"""The composite schedule against a slow evaluator of single instants, and the algebra of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from forecourt.charging.composite import Composite, Feed, Options, composite, station_composite
from forecourt.charging.ids import STATION, EvseId, ProfileId, TransactionId
from forecourt.charging.rates import Cap, Supply
from forecourt.charging.schedule import (
    Installed,
    Kind,
    LimitAtSoc,
    Period,
    Profile,
    Purpose,
    RateUnit,
    Recurrency,
    Schedule,
)
from forecourt.charging.timing import Situation, Window
from tests.charging.naive import allowed_a

NOW = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
"""Two and a half hours before the clocks go back in Berlin."""
E1 = EvseId(1)
TX = TransactionId("tx")

OFFSETS_S = st.one_of(st.integers(-200_000, 20_000), st.integers(-600, 600))
MOMENTS = st.builds(
    lambda offset_s, milliseconds: NOW + timedelta(seconds=offset_s, milliseconds=milliseconds),
    OFFSETS_S,
    st.sampled_from([0, 0, 0, 250, 999]),
)
LIMITS = st.one_of(
    st.integers(0, 40).map(Decimal),
    st.decimals(min_value=0, max_value=32, places=1),
    st.integers(0, 30_000).map(Decimal),
)


@st.composite
def schedules(draw: st.DrawFn, kind: Kind) -> Schedule:
    starts = [0]
    if kind is not Kind.DYNAMIC:
        starts += sorted(draw(st.sets(st.one_of(st.integers(1, 3000), st.integers(1, 90_000)), max_size=4)))
    periods = tuple(
        Period(
            start_s=start_s,
            limit=draw(st.one_of(LIMITS, LIMITS, st.none())),
            number_phases=draw(st.sampled_from([None, 1, 2, 3])),
        )
        for start_s in starts
    )
    return Schedule(
        schedule_id=1,
        unit=draw(st.sampled_from(RateUnit)),
        periods=periods,
        start=draw(MOMENTS) if kind in (Kind.ABSOLUTE, Kind.RECURRING) else None,
        duration_s=draw(st.one_of(st.none(), st.integers(1, 5000), st.integers(1, 100_000))),
        use_local_time=draw(st.booleans()),
        limit_at_soc=draw(st.one_of(st.none(), st.builds(LimitAtSoc, soc_percent=st.integers(0, 100), limit=LIMITS))),
    )


@st.composite
def profiles(draw: st.DrawFn, number: int) -> Installed:
    purpose = draw(st.sampled_from(Purpose))
    kind = draw(st.sampled_from(Kind))
    on_station = purpose is Purpose.CHARGING_STATION_MAX or (purpose is not Purpose.TX and draw(st.booleans()))
    profile = Profile(
        profile_id=ProfileId(number),
        stack_level=number if draw(st.booleans()) else 0,
        purpose=purpose,
        kind=kind,
        schedules=tuple(draw(st.lists(schedules(kind), min_size=1, max_size=2))),
        recurrency=draw(st.sampled_from(Recurrency)) if kind is Kind.RECURRING else None,
        valid_from=draw(st.one_of(st.none(), MOMENTS)),
        valid_to=draw(st.one_of(st.none(), MOMENTS)),
        transaction_id=draw(st.sampled_from([None, TX, TransactionId("other")])) if purpose is Purpose.TX else None,
        max_offline_s=draw(st.one_of(st.none(), st.integers(0, 600))),
        updated_at=draw(st.one_of(st.none(), MOMENTS.filter(lambda at: at <= NOW))) if kind is Kind.DYNAMIC else None,
    )
    return Installed(profile=profile, evse_id=STATION if on_station else E1)


INSTALLED = st.integers(0, 6).flatmap(lambda count: st.tuples(*(profiles(number) for number in range(count)))).map(list)
SUPPLIES = st.one_of(
    st.builds(Supply, st.sampled_from([Decimal(230), Decimal("120.5")]), st.integers(1, 3)),
    st.just(Supply(Decimal(400), direct=True)),
)
CAPS = st.one_of(st.none(), st.builds(Cap, st.integers(0, 40_000).map(Decimal), st.sampled_from(RateUnit)))
FEEDS = st.builds(lambda supply, cap: Feed(evse_id=E1, supply=supply, cap=cap), SUPPLIES, CAPS)
SITUATIONS = st.builds(
    Situation,
    transaction_id=st.sampled_from([None, TX]),
    ready_at=st.one_of(st.none(), MOMENTS),
    priority=st.booleans(),
    soc_percent=st.one_of(st.none(), st.integers(0, 100).map(Decimal)),
    offline_since=st.one_of(st.none(), MOMENTS.filter(lambda at: at <= NOW)),
    zone=st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")]),
    schedule_index=st.integers(0, 1),
)
OPTIONS = st.builds(
    Options, unit=st.sampled_from(RateUnit), tx_profile_hides_default=st.booleans(), places=st.integers(0, 3)
)
DURATIONS_S = st.one_of(st.integers(1, 3000), st.integers(1, 200_000))


def told_at(result: Composite, second: int) -> Period:
    return [period for period in result.periods if period.start_s <= second][-1]


def as_amps(period: Period, result: Composite, feed: Feed) -> Fraction | None:
    """The current per phase that whoever follows a composite schedule will draw at most (K01.FR.50)."""
    if period.limit is None:
        return None
    if result.unit is RateUnit.A:
        return Fraction(period.limit)
    return Fraction(period.limit) / (Fraction(feed.supply.voltage_v) * (period.number_phases or 1))


@settings(max_examples=200, deadline=None)
@given(INSTALLED, FEEDS, SITUATIONS, OPTIONS, DURATIONS_S, st.data())
def test_at_no_instant_is_more_allowed_than_any_limit_that_applies(
    installed: list[Installed],
    feed: Feed,
    situation: Situation,
    options: Options,
    duration_s: int,
    data: st.DataObject,
) -> None:
    result = composite(installed, feed, Window(NOW, duration_s), situation, options)
    seconds = {0, duration_s - 1, *(period.start_s for period in result.periods)}
    seconds |= {period.start_s - 1 for period in result.periods if period.start_s}
    seconds |= set(data.draw(st.lists(st.integers(0, duration_s - 1), max_size=20)))
    for second in seconds:
        period = told_at(result, second)
        told = as_amps(period, result, feed)
        for part in (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), Fraction(999, 1000)):
            at = NOW + timedelta(seconds=second, microseconds=int(part * 1_000_000))
            may, phases = allowed_a(
                installed,
                feed,
                at,
                NOW,
                situation,
                tx_profile_hides_default=options.tx_profile_hides_default,
            )
            assert may is None or (told is not None and told <= may)
            assert (period.number_phases or 1) <= phases


@settings(max_examples=100, deadline=None)
@given(INSTALLED, FEEDS, SITUATIONS, OPTIONS, DURATIONS_S, st.data())
def test_and_no_less_is_allowed_than_the_rounding_takes(
    installed: list[Installed],
    feed: Feed,
    situation: Situation,
    options: Options,
    duration_s: int,
    data: st.DataObject,
) -> None:
    result = composite(installed, feed, Window(NOW, duration_s), situation, options)
    for second in data.draw(st.lists(st.integers(0, duration_s - 1), max_size=20)):
        around = [
            allowed_a(
                installed,
                feed,
                NOW + timedelta(seconds=second, milliseconds=milliseconds),
                NOW,
                situation,
                tx_profile_hides_default=options.tx_profile_hides_default,
            )
            for milliseconds in (0, 249, 250, 251, 500, 998, 999)
        ]
        if len(set(around)) > 1:
            continue  # a change within this second: the lowest counts, which the other test looks at
        (may, phases), period = around[0], told_at(result, second)
        assert (period.number_phases or 1) == phases
        if may is None:
            assert period.limit is None
        else:
            exact = may if options.unit is RateUnit.A else may * Fraction(feed.supply.voltage_v) * phases
            assert period.limit is not None
            assert exact - Fraction(1, 10**options.places) < Fraction(period.limit) <= exact


@settings(max_examples=50, deadline=None)
@given(INSTALLED, FEEDS, SITUATIONS, OPTIONS, DURATIONS_S, st.data())
def test_the_composite_is_the_same_whichever_order_the_profiles_came_in(
    installed: list[Installed],
    feed: Feed,
    situation: Situation,
    options: Options,
    duration_s: int,
    data: st.DataObject,
) -> None:
    window = Window(NOW, duration_s)
    shuffled = data.draw(st.permutations(installed))
    assert composite(installed, feed, window, situation, options) == composite(
        shuffled, feed, window, situation, options
    )


@settings(max_examples=50, deadline=None)
@given(INSTALLED, FEEDS, SITUATIONS, OPTIONS, DURATIONS_S)
def test_the_composite_of_a_composite_is_itself(
    installed: list[Installed], feed: Feed, situation: Situation, options: Options, duration_s: int
) -> None:
    window = Window(NOW, duration_s)
    first = composite(installed, feed, window, situation, options)
    schedule = Schedule(schedule_id=1, unit=first.unit, periods=first.periods, start=first.start)
    profile = Profile(
        profile_id=ProfileId(1),
        stack_level=0,
        purpose=Purpose.TX_DEFAULT,
        kind=Kind.ABSOLUTE,
        schedules=(schedule,),
    )
    again = composite([Installed(profile=profile, evse_id=E1)], feed, window, Situation(), options)
    assert again == first


@settings(max_examples=50, deadline=None)
@given(INSTALLED, FEEDS, SITUATIONS, OPTIONS, DURATIONS_S)
def test_the_periods_are_as_few_as_can_be_and_in_order(
    installed: list[Installed], feed: Feed, situation: Situation, options: Options, duration_s: int
) -> None:
    result = composite(installed, feed, Window(NOW, duration_s), situation, options)
    starts = [period.start_s for period in result.periods]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert starts[-1] < duration_s
    for one, following in zip(result.periods, result.periods[1:], strict=False):
        assert replace(one, start_s=0) != replace(following, start_s=0)


@settings(max_examples=50, deadline=None)
@given(INSTALLED, SUPPLIES, CAPS, SITUATIONS, st.sampled_from(RateUnit), st.integers(1, 3000))
def test_K04_FR_05_the_station_is_never_allowed_more_than_EVSE_0_nor_than_its_EVSEs_together(
    installed: list[Installed], supply: Supply, cap: Cap | None, situation: Situation, unit: RateUnit, duration_s: int
) -> None:
    window, options = Window(NOW, duration_s), Options(unit=unit, places=3)
    grid = Feed(evse_id=STATION, supply=Supply(Decimal(230)), cap=cap)
    feeds = [Feed(evse_id=EvseId(number), supply=supply) for number in (1, 2)]
    total = station_composite(installed, grid, [(feed, situation) for feed in feeds], window, options)
    own = [one for one in installed if one.evse_id == STATION and one.profile.purpose in STATION_WIDE]
    alone = composite(own, grid, window, Situation(), options)
    each = [composite(installed, feed, window, situation, options) for feed in feeds]
    for second in {period.start_s for period in total.periods}:
        told = told_at(total, second).limit
        ceiling = told_at(alone, second).limit
        parts = [told_at(one, second).limit for one in each]
        assert ceiling is None or (told is not None and told <= ceiling)
        if unit is RateUnit.W or not supply.direct:
            known = [part for part in parts if part is not None]
            assert len(known) < 2 or (told is not None and told <= sum(known) + Decimal("0.002"))


STATION_WIDE = {
    Purpose.CHARGING_STATION_MAX,
    Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS,
    Purpose.LOCAL_GENERATION,
}
