"""The parsers that meet what a stranger sent. Each target feeds one of them and knows what that one may raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from tools.fuzz.protocol import Envelopes, Frames, Payloads, Sessions
from tools.fuzz.run import Target
from tools.fuzz.wire import Compressed, Fields, Requests, WebSockets

_KINDS: Final = (Payloads, Frames, Sessions, Envelopes, Requests, WebSockets, Compressed, Fields)

TARGETS: Final[Mapping[str, Callable[[], Target]]] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""By name, how it is made. Its seeds are built then, always the same."""
