"""Who may do what: the one table of permissions. A test walks it route by route, role by role, scope by scope."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """What a person or a key is there for. `DRIVER` is for people who charge: they see what is theirs, in an API of their own."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    TECHNICIAN = "technician"
    VIEWER = "viewer"
    DRIVER = "driver"


_A, _O, _T, _V = Role.ADMINISTRATOR, Role.OPERATOR, Role.TECHNICIAN, Role.VIEWER
_EVERYBODY: Final = frozenset({_A, _O, _T, _V})
_WORKERS: Final = frozenset({_A, _O, _T})
_OPERATORS: Final = frozenset({_A, _O})
_ADMINISTRATORS: Final = frozenset({_A})

PERMISSIONS: Final[Mapping[str, frozenset[Role]]] = MappingProxyType(
    {
        "organisations.read": _EVERYBODY,
        "organisations.write": _ADMINISTRATORS,
        "sites.read": _EVERYBODY,
        "sites.write": _OPERATORS,
        "stations.read": _EVERYBODY,
        "stations.write": _WORKERS,
        "commands.read": _EVERYBODY,
        "commands.send": _WORKERS,
        "commands.send_raw": _ADMINISTRATORS | {_T},
        "configuration.read": _EVERYBODY,
        "configuration.write": _WORKERS,
        "certificates.read": _EVERYBODY,
        "certificates.write": _WORKERS,
        "log.read": _WORKERS,
        "transactions.read": _EVERYBODY,
        "transactions.control": _OPERATORS,
        "tokens.read": _EVERYBODY,
        "tokens.write": _OPERATORS,
        "events.read": _EVERYBODY,
        "webhooks.read": _OPERATORS,
        "webhooks.write": _ADMINISTRATORS,
        "users.read": _ADMINISTRATORS,
        "users.write": _ADMINISTRATORS,
        "keys.read": _ADMINISTRATORS,
        "keys.write": _ADMINISTRATORS,
        "audit.read": _ADMINISTRATORS,
        "settings.read": _ADMINISTRATORS,
    }
)
"""The permission a route names, and the roles that have it."""

PLATFORM_ONLY: Final = frozenset({"organisations.write", "settings.read"})
"""Permissions that only a grant for the whole platform gives: they reach beyond any organisation."""

NOT_ON_A_SITE: Final = frozenset(
    {
        "organisations.write",
        "tokens.read",
        "tokens.write",
        "webhooks.read",
        "webhooks.write",
        "users.read",
        "users.write",
        "keys.read",
        "keys.write",
        "audit.read",
        "settings.read",
    }
)
"""Permissions that a grant for a site does not give, because what they reach belongs to an organisation as a whole."""
