"""How far a report has come that a station sends in numbered parts (B07, B08): in any order, with repetitions and gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Progress:
    """The parts that have arrived, and the number of the last one once a part has said that none follows."""

    parts: frozenset[int] = frozenset()
    last: int | None = None

    def having(self, number: int, *, more: bool) -> Progress:
        """After part `number`; `more` says that another one follows."""
        last = self.last
        if not more:
            last = number if last is None else max(last, number)
        return replace(self, parts=self.parts | {number}, last=last)

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers known to be missing. B07.FR.10, B08.FR.14: the first is 0; stations that begin with 1 are understood."""
        highest = max(self.parts, default=-1) if self.last is None else max(self.last, *self.parts)
        first = 1 if self.last is not None and 0 not in self.parts and 1 in self.parts else 0
        # A wrong number must not make a list of millions.
        missing = []
        for number in range(first, highest):
            if number not in self.parts:
                missing.append(number)
                if len(missing) >= _MOST_NAMED:
                    break
        return tuple(missing)

    @property
    def is_complete(self) -> bool:
        """Whether all parts have arrived."""
        return self.last is not None and not self.missing


_MOST_NAMED = 100
