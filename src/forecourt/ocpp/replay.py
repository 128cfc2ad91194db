"""The last answers given to one peer, so that a call it repeats is answered again and not acted on again.

A call is recognised by its message id together with its content: a 64-bit hash of the whole frame as it came, hence of id,
action and payload. Hashes are Python's own (SipHash with a key per process), which is fine for a memory that lives and dies
with the process; longer than that, the keys of the database decide.

Only answers are kept, never errors: a call that was refused has not been acted on, and its repetition is a wish to try again.

One memory belongs to one peer and outlives its connections. It is a few flat arrays, because a server holds one for each of
many thousand stations.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from struct import Struct
from typing import Final, TypeAlias

ANSWERS_KEPT: Final = 64
SIZE_LIMIT_BYTES: Final = 65_536

_KEY: Final = Struct("=q")

Waiter: TypeAlias = Callable[[], None]


class ReplayMemory:
    """The answers to the last `capacity` calls of one peer, of at most `size_limit_bytes` in all; the last one stays, whatever its size.

    It also knows which calls are being handled right now, by whichever connection, and tells who waits when they are done.
    """

    __slots__ = ("_answers", "_capacity", "_contents", "_handled", "_ids", "_size_limit_bytes", "_sizes")

    def __init__(self, capacity: int = ANSWERS_KEPT, size_limit_bytes: int = SIZE_LIMIT_BYTES) -> None:
        self._capacity = capacity
        self._size_limit_bytes = size_limit_bytes
        self._ids = bytearray()
        self._contents = array("q")
        self._sizes = array("I")
        self._answers = bytearray()
        self._handled: dict[tuple[str, int], list[Waiter]] = {}

    def __len__(self) -> int:
        return len(self._sizes)

    def knows(self, message_id: str) -> bool:
        """Whether an answer to a call of this id is kept, whatever its content was."""
        return self._entry(message_id) >= 0

    def recall(self, message_id: str, content: int) -> bytes | None:
        """The payload that answered this call, None if it is not kept."""
        entry = self._entry(message_id)
        while entry >= 0:
            if self._contents[entry] == content:
                begin = sum(self._sizes[:entry])
                return bytes(self._answers[begin : begin + self._sizes[entry]])
            entry = self._entry(message_id, entry + 1)
        return None

    def begin(self, message_id: str, content: int) -> None:
        """Note that this call is being handled. `end` must follow, whatever becomes of it."""
        self._handled[message_id, content] = []

    def wait(self, message_id: str, content: int, waiter: Waiter) -> bool:
        """Have `waiter` called once when this call ends, which must do no more than take note. False if it is not being handled."""
        waiters = self._handled.get((message_id, content))
        if waiters is None:
            return False
        waiters.append(waiter)
        return True

    def stop_waiting(self, message_id: str, content: int, waiter: Waiter) -> None:
        """Forget `waiter`, if it waits for this call."""
        waiters = self._handled.get((message_id, content), [])
        if waiter in waiters:
            waiters.remove(waiter)

    def end(self, message_id: str, content: int, answer: bytes | None) -> None:
        """Note that this call has been handled, and keep `answer`, its payload; None when it was refused."""
        waiters = self._handled.pop((message_id, content), [])
        if not self._handled:
            # A dict that was once filled is four times as large as one that never was.
            self._handled = {}
        if answer is not None:
            self._keep(message_id, content, answer)
        for waiter in waiters:
            waiter()

    def _entry(self, message_id: str, start: int = 0) -> int:
        """The first entry of this id from `start` on, -1 if there is none."""
        wanted = _KEY.pack(hash(message_id))
        at = self._ids.find(wanted, start * _KEY.size)
        # Bytes of two neighbours can look like the id.
        while at > 0 and at % _KEY.size:
            at = self._ids.find(wanted, at + 1)
        return at // _KEY.size

    def _keep(self, message_id: str, content: int, answer: bytes) -> None:
        self._ids += _KEY.pack(hash(message_id))
        self._contents.append(content)
        self._sizes.append(len(answer))
        self._answers += answer
        while len(self) > self._capacity or (len(self._answers) > self._size_limit_bytes and len(self) > 1):
            del self._ids[: _KEY.size]
            del self._contents[0]
            del self._answers[: self._sizes.pop(0)]
