"""A bounded share of each turn of the event loop for work that may come in floods."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Turns:
    """Runs callbacks in the order they came, so many in each turn of the loop; those that come first at once.

    Ten thousand handshakes that arrive together are ten seconds of work. In one piece they would silence every station that
    is connected already.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = most
        self._waiting: deque[Callable[[], object]] = deque()
        self._booked = False

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, callback: Callable[[], object]) -> None:
        """Run `callback` now, or in a later turn if this one has had its share."""
        if self._left and not self._waiting:
            self._left -= 1
            self._book()
            callback()
        else:
            self._waiting.append(callback)

    def _book(self) -> None:
        if not self._booked:
            self._booked = True
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self._booked = False
        self._left = self._most
        while self._waiting and self._left:
            self._left -= 1
            self._book()
            self._waiting.popleft()()
