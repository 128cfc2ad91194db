"""Random choices of a station: spread over their range, and repeatable."""

from __future__ import annotations

import pytest

from forecourt.station.draws import Draws


def test_every_number_of_a_range_comes_up() -> None:
    draws = Draws("seed")
    found = [draws.randint(3, 7) for _ in range(1000)]
    assert set(found) == {3, 4, 5, 6, 7}
    assert all(150 < found.count(number) < 250 for number in set(found))
    assert Draws(None).randint(5, 5) == 5


@pytest.mark.parametrize("bits", [1, 8, 31, 128])
def test_bits_stay_within_their_number(bits: int) -> None:
    draws = Draws("seed")
    found = [draws.getrandbits(bits) for _ in range(200)]
    assert all(0 <= number < 2**bits for number in found)
    assert max(found) >= 2 ** (bits - 1)


def test_with_a_seed_the_same_choices_come_again() -> None:
    first, again, other = Draws("a"), Draws("a"), Draws("b")
    assert [first.randint(0, 10**9) for _ in range(5)] == [again.randint(0, 10**9) for _ in range(5)]
    assert first.getrandbits(128) != other.getrandbits(128)
    assert Draws(None).getrandbits(128) != Draws(None).getrandbits(128)
