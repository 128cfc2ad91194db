"""How deep JSON nests, without reading it.

What reads as a message nests no deeper than its type and the bound on customData allow. So only what does not is looked at here:
a broken frame, the details of an error, a payload that is about to be walked tolerantly.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final

DEPTH_LIMIT: Final = 64

_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


def is_deeper(data: bytes, limit: int = DEPTH_LIMIT) -> bool:
    """Whether `data` nests deeper than `limit`. Right up to where it stops being JSON, which is as far as anyone will follow it."""
    # Counting brackets is cheap and nearly always enough.
    return data.count(b"[") + data.count(b"{") > limit and _depth(data) > limit


def _depth(data: bytes) -> int:
    outside_texts = b"".join(data.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])
    steps = outside_texts.translate(_STEPS, _NOT_BRACKETS)
    return max(accumulate(memoryview(steps).cast("b")), default=0)
