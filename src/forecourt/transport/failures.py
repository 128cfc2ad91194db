"""Why a call to the peer gave no answer.

    CallFailed
    ├── NoAnswer         time is up
    ├── Disconnected     the connection ended first
    ├── AnsweredError    the peer answered with an error
    └── UnusableAnswer   the peer answered with what is no answer to this call
        └── NotServed    nor is it SOAP: an HTTP status of somebody who does not serve at the moment

What cannot be said at all is a `LocalProtocolError` instead, raised before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class CallFailed(Exception):
    """Base of the failures of a call."""


class NoAnswer(CallFailed):
    """Time is up. `sent` tells whether the call had left: if so, the peer may have acted on it."""

    def __init__(self, action: str, *, sent: bool) -> None:
        super().__init__(f"no answer to {action} in time" if sent else f"{action} waited too long for its turn")
        self.sent = sent


class Disconnected(CallFailed):
    """The connection ended before the answer. `sent` tells whether the call had left: if so, the peer may have acted on it."""

    def __init__(self, action: str, *, sent: bool) -> None:
        super().__init__(f"the connection ended before {action} was " + ("answered" if sent else "sent"))
        self.sent = sent


class AnsweredError(CallFailed):
    """The peer answered with an error. `code` is as it came, so it may be one that the specification does not know."""

    def __init__(self, code: str, description: str, details: Mapping[str, Any]) -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code
        self.description = description
        self.details = details


class UnusableAnswer(CallFailed):
    """The peer answered with something that this version does not allow. `path` is where in the payload."""

    def __init__(self, code: str, reason: str, path: str) -> None:
        super().__init__(f"{code}: {reason}" + (f" at {path}" if path else ""))
        self.code = code
        self.reason = reason
        self.path = path


class NotServed(UnusableAnswer):
    """What came is an HTTP status without SOAP: whoever is there does not take the call."""

    def __init__(self, status: int) -> None:
        super().__init__("GenericError", f"HTTP status {status}", "")
        self.status = status
