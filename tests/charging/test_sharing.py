"""Dividing what a station may draw among its EVSEs."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.sharing import Demand, shares

AMPERES = st.fractions(min_value=0, max_value=100, max_denominator=10)
DEMANDS = st.lists(st.builds(Demand, most=AMPERES, least=st.sampled_from([Fraction(0), Fraction(6)])), max_size=6)


@pytest.mark.parametrize(
    ("total", "most", "given"),
    [
        (32, [16, 16], [16, 16]),
        (20, [16, 16], [10, 10]),
        (30, [8, 32, 32], [8, 11, 11]),
        (11, [16, 16], [11, 0]),
        (5, [16, 16], [0, 0]),
        (40, [4, 32], [0, 32]),
        (0, [16], [0]),
    ],
    ids=["enough", "evenly", "what one leaves", "first come", "too little", "one that can take too little", "nothing"],
)
def test_K04_what_there_is_goes_evenly_to_those_who_can_use_it(total: int, most: list[int], given: list[int]) -> None:
    demands = [Demand(Fraction(one), Fraction(6)) for one in most]
    assert shares(Fraction(total), demands) == [Fraction(one) for one in given]


@given(AMPERES, DEMANDS)
def test_K04_FR_05_together_never_more_than_there_is_nor_any_more_than_it_may(
    total: Fraction, demands: list[Demand]
) -> None:
    given = shares(total, demands)
    assert sum(given) <= total
    for share, demand in zip(given, demands, strict=True):
        assert 0 <= share <= demand.most
        assert share == 0 or share >= demand.least


@given(AMPERES, DEMANDS)
def test_nothing_is_left_over_that_somebody_who_is_served_could_have(total: Fraction, demands: list[Demand]) -> None:
    given = shares(total, demands)
    served = [index for index, share in enumerate(given) if share > 0]
    if any(given[index] < demands[index].most for index in served):
        assert sum(given) == total


@given(AMPERES, DEMANDS)
def test_of_two_that_may_have_more_neither_gets_more_than_the_other_needs(
    total: Fraction, demands: list[Demand]
) -> None:
    given = shares(total, demands)
    short = [index for index, share in enumerate(given) if 0 < share < demands[index].most]
    for index in short:
        assert all(given[index] >= given[other] or given[other] == demands[other].least for other in short)
