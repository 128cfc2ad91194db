"""Which numbers of a sequence have been seen, kept as ranges: a whole transaction is one of them when nothing is missing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

Range = tuple[int, int]
"""From and to, both included."""


class SeqNos:
    """Sequence numbers of one transaction (2.x, E 1.3.2)."""

    __slots__ = ("_first", "_last")

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        """`ranges` do not overlap and do not touch."""
        ordered = sorted(ranges)
        self._first = [first for first, _ in ordered]
        self._last = [last for _, last in ordered]

    def __contains__(self, number: int) -> bool:
        if not self._last or number > self._last[-1]:
            return False
        index = bisect_right(self._first, number) - 1
        return index >= 0 and number <= self._last[index]

    def add(self, number: int) -> bool:
        """Note that a number was seen. False if it was already."""
        first, last = self._first, self._last
        if last and number == last[-1] + 1:
            last[-1] = number
            return True
        if number in self:
            return False
        index = bisect_right(first, number)
        joins_before = index > 0 and last[index - 1] == number - 1
        joins_after = index < len(first) and first[index] == number + 1
        if joins_before and joins_after:
            last[index - 1] = last.pop(index)
            first.pop(index)
        elif joins_before:
            last[index - 1] = number
        elif joins_after:
            first[index] = number
        else:
            first.insert(index, number)
            last.insert(index, number)
        return True

    @property
    def lowest(self) -> int | None:
        return self._first[0] if self._first else None

    @property
    def highest(self) -> int | None:
        return self._last[-1] if self._last else None

    @property
    def missing(self) -> list[Range]:
        """The gaps between the lowest and the highest number."""
        return [(last + 1, first - 1) for last, first in zip(self._last, self._first[1:], strict=False)]
