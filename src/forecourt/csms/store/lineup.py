"""Who is written when: the order of entries, and who has to wait or to go alone. Touches no database.

Entries go in the order they came. One that is in somebody's way is put off for a moment, and later entries of the same
key with it, so that they keep their order. A key that was refused goes alone for a while, so that its next odd value
costs its neighbours nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Sequence

from forecourt.csms.store.entry import Entry

_SUSPICION_S = 60.0
_RETRY_S = 1.0

Part = list[Entry]


class Lineup:
    """The entries that are not written yet. Times are seconds of the monotonic clock."""

    def __init__(self) -> None:
        self._queue: deque[Entry] = deque()
        self._put_off: list[Entry] = []
        self._suspects: dict[Hashable, float] = {}
        self.retry_at = 0.0
        """When those put off are due again; means nothing while there are none."""

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def oldest_since(self) -> float:
        """Since when the first one in the queue has been waiting."""
        return self._queue[0].since

    @property
    def any_put_off(self) -> bool:
        return bool(self._put_off)

    def join(self, entry: Entry) -> None:
        """Stand at the end."""
        self._queue.append(entry)

    def take(self, most: int, now: float, *, all_due: bool = False) -> list[Part]:
        """Remove the next entries: parts to be written in turn, the last one first. `all_due` ends waiting."""
        batch = [self._queue.popleft() for _ in range(min(len(self._queue), most))]
        if not self._suspects and not self._put_off:
            return [batch]
        alone: Part = []
        if self.retry_at <= now or all_due:
            alone, self._put_off = self._put_off, []
        self._suspects = {key: until for key, until in self._suspects.items() if until > now}
        apart = {*self._suspects, *_keys(alone), *_keys(self._put_off)}
        together: Part = []
        for entry in batch:
            (alone if entry.key in apart else together).append(entry)
        return [*([entry] for entry in reversed(alone)), together]

    def without_waiting(self, part: Part) -> Part:
        """Those of `part` that may be written; those behind an entry of their own key that was put off join it."""
        if not self._put_off:
            return part
        waiting = _keys(self._put_off)
        self._put_off += [entry for entry in part if entry.key in waiting]
        return [entry for entry in part if entry.key not in waiting]

    def put_off(self, entry: Entry, now: float) -> None:
        """Let `entry` be tried again a moment later."""
        self._put_off.append(entry)
        self.retry_at = now + _RETRY_S

    def suspect(self, key: Hashable, now: float) -> None:
        """Let this key's entries go alone for a while."""
        if key is not None:
            self._suspects[key] = now + _SUSPICION_S

    def return_to_front(self, entries: Sequence[Entry]) -> None:
        """Let entries that were taken go first, in their order; those whose callers were turned away are left out."""
        self._queue.extendleft(entry for entry in reversed(entries) if not entry.expired)

    def expire(self, now: float, *, everything: bool = False) -> list[Entry]:
        """Remove and return the entries whose deadline has passed."""
        late = [entry for entry in (*self._queue, *self._put_off) if everything or entry.deadline <= now]
        for entry in late:
            entry.expired = True
        if late:
            self._queue = deque(entry for entry in self._queue if not entry.expired)
            self._put_off = [entry for entry in self._put_off if not entry.expired]
        return late


def halved(parts: list[Part]) -> None:
    """Replace the part whose turn it is by its two halves."""
    part = parts.pop()
    middle = len(part) // 2
    parts += [part[middle:], part[:middle]]


def _keys(entries: Iterable[Entry]) -> set[Hashable]:
    return {entry.key for entry in entries if entry.key is not None}
