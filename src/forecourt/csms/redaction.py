"""Which parts of which messages are secret, as data, and their removal before a message is stored or shown.

A value is secret by the variable or configuration key it belongs to, by the field it stands in, or as the credentials of a
URL. Everything that stores payloads or what stations write in their own words (message log, commands, deviations, audit,
security events) goes through here.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

MASK: Final = "***"

SECRET_NAMES: Final = frozenset(
    {
        "authorizationkey",
        "basicauthpassword",
        "password",
        "apnpassword",
        "apnusername",
        "simpin",
        "vpnpassword",
        "vpnkey",
        "vpnuser",
        "sharedsecret",
        "masterpassgroupid",
        "privatekey",
    }
)
"""Names of variables (2.x), configuration keys (1.6) and fields whose values are secret, in lower case."""

_NAMED_VALUES: Final = frozenset({"value", "attributeValue", "attribute_value", "actualValue"})

SECRET_ACTIONS: Final = frozenset(
    {
        "ChangeConfiguration",
        "GetConfiguration",
        "SetVariables",
        "GetVariables",
        "NotifyReport",
        "NotifyEvent",
        "SetNetworkProfile",
        "DataTransfer",
        "UpdateFirmware",
        "SignedUpdateFirmware",
        "GetLog",
        "GetDiagnostics",
        "PublishFirmware",
        "PublishFirmwareStatusNotification",
        "SecurityEventNotification",
    }
)
"""Actions whose payloads are always searched. Others carry no secret, but in what does not belong there."""

_VPN_SECRETS: Final = frozenset({"key", "password", "user"})

_SHORTEST_SEARCHED: Final = 6
"""A shorter secret is not looked for in the rest of a payload: it would take ordinary words apart."""

_URL_CREDENTIALS: Final = re.compile(r"(?<=://)[^/\s]+(?=@)")
_NAME: Final = "|".join(sorted(SECRET_NAMES, key=len, reverse=True))
_IN_WORDS: Final = re.compile(
    rf"""((?:{_NAME})["']?(?:\s*=\s*["']?|\s*:\s*["']|:))([^\s&;,"'*][^\s&;,"']*)""", re.IGNORECASE
)
"""`password=...`, `"password": "..."` in what is no JSON as a whole; but not `wrong_password: at the door`."""
_SUSPECT: Final = re.compile(rf"{_NAME}|://[^/\s]+@", re.IGNORECASE)


def redacted(action: str, request: bytes, answer: bytes) -> tuple[bytes, bytes]:
    """Both payloads of a call of one of SECRET_ACTIONS without their secrets.

    An answer may repeat values without names (GetVariables does not, vendors do), so a secret that was found in the
    request is removed from the answer as text too, and the reverse.
    """
    found: set[str] = set()
    documents = [_read(request), _read(answer)]
    masked = [_masked(document, found) for document in documents]
    return _written(masked[0], request, found), _written(masked[1], answer, found)


def redacted_odd(request: bytes, answer: bytes) -> tuple[bytes, bytes]:
    """Both payloads of a call with something in it that its action does not have; as they came if that is no secret."""
    if not any(_SUSPECT.search(payload.decode("utf-8", "backslashreplace")) for payload in (request, answer)):
        return request, answer
    return redacted("", request, answer)


def redacted_value(value: Any) -> Any:
    """A plain value (arguments of a command, details of an event) without its secrets."""
    found: set[str] = set()
    return _masked(value, found)


def redacted_reply(asked: Any, reply: Any) -> Any:
    """A plain value that answers another one: also without the secrets of that, which it may repeat in its own words."""
    found: set[str] = set()
    _masked(asked, found)
    return _scrubbed(_masked(reply, found), _longest_first(found))


def redacted_text(text: str) -> str:
    """What somebody wrote, without the secrets that can be told: `password=...`, JSON with secret names, URLs."""
    return _masked_text(text, set())


def redacted_excerpt(path: str, excerpt: str) -> str:
    """The beginning of what stood at `path`; nothing of it if there is a secret, which may have been cut in the middle."""
    return MASK if _SUSPECT.search(path) or _SUSPECT.search(excerpt) else excerpt


def _read(payload: bytes) -> Any:
    try:
        return msgspec.json.decode(payload) if payload else None
    except (msgspec.DecodeError, RecursionError):
        return None


def _written(document: Any, payload: bytes, found: set[str]) -> bytes:
    if document is not None:
        # Value by value and not in the text as a whole, where a secret of digits would break numbers apart.
        return msgspec.json.encode(_scrubbed(document, _longest_first(found)))
    for secret in _longest_first(found):
        # As it stands inside JSON text.
        payload = payload.replace(msgspec.json.encode(secret)[1:-1], MASK.encode())
    # In what cannot be read nobody can tell how far a secret goes.
    return MASK.encode() if _SUSPECT.search(payload.decode("utf-8", "backslashreplace")) else payload


def _longest_first(found: set[str]) -> list[str]:
    """Of two secrets one of which begins with the other, nothing may be left."""
    return sorted(found, key=len, reverse=True)


def _scrubbed(value: Any, secrets: list[str]) -> Any:
    if not secrets:
        return value
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, MASK)
        return value
    if isinstance(value, list):
        return [_scrubbed(item, secrets) for item in value]
    if isinstance(value, dict):
        return {_scrubbed(key, secrets): _scrubbed(inner, secrets) for key, inner in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool) and str(value) in secrets:
        return MASK
    return value


def _masked(value: Any, found: set[str]) -> Any:
    if isinstance(value, str):
        return _masked_text(value, found)
    if isinstance(value, list | tuple):
        return [_masked(item, found) for item in value]
    if not isinstance(value, dict):
        return value
    named = _is_secret_name(value.get("key")) or _is_secret_name(_name_of(value.get("variable")))
    result: dict[str, Any] = {}
    for key, inner in value.items():
        if _is_secret_name(key) or (named and key in _NAMED_VALUES):
            result[key] = _taken(inner, found)
        elif key == "vpn" and isinstance(inner, dict):
            # Here `key` is a secret, elsewhere it is the name of a configuration key.
            result[key] = {
                name: _taken(one, found) if name in _VPN_SECRETS else _masked(one, found) for name, one in inner.items()
            }
        elif named and key == "variableAttribute":
            result[key] = [_attribute(item, found) for item in inner] if isinstance(inner, list | tuple) else inner
        else:
            result[key] = _masked(inner, found)
    return result


def _masked_text(text: str, found: set[str]) -> str:
    """A text, which may be JSON inside as the data of a DataTransfer mostly is in 1.6; as it came if it holds no secret."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            document = msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
            masked = _masked(document, found)
            return text if masked == document else msgspec.json.encode(masked).decode()
        except msgspec.DecodeError:
            pass
        except RecursionError:
            # Nobody nests like that in earnest, and what cannot be searched is not kept.
            return MASK
    if "@" in text:
        text = _URL_CREDENTIALS.sub(lambda match: _credentials(match[0], found), text)
    return _IN_WORDS.sub(lambda match: match[1] + _taken(match[2], found), text)


def _credentials(said: str, found: set[str]) -> str:
    """The `user:secret` of a URL. Its user alone is looked for nowhere else: it may be an ordinary word."""
    _taken(said, found)
    _taken(said.partition(":")[2], found)
    return MASK


def _attribute(item: Any, found: set[str]) -> Any:
    if isinstance(item, dict) and "value" in item:
        return {**item, "value": _taken(item["value"], found)}
    return item


def _taken(secret: Any, found: set[str]) -> str:
    if isinstance(secret, str) and len(secret) >= _SHORTEST_SEARCHED:
        found.add(secret)
    return MASK


def _name_of(variable: Any) -> Any:
    return variable.get("name") if isinstance(variable, dict) else None


def _is_secret_name(name: Any) -> bool:
    return isinstance(name, str) and name.lower() in SECRET_NAMES
