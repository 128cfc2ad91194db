"""The words of network connection profiles."""

from __future__ import annotations

from typing import Final

import msgspec

from forecourt.station.storage import Shelf

SLOTS: Final = (1, 2, 3)
"""The configuration slots there are (B09.FR.06)."""

PLAIN, TLS_BASIC, TLS_CERTIFICATE = 1, 2, 3
"""The security profiles of A00; 0 is none."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """NetworkConnectionProfileType, without modems and tunnels. Without `url`: where the station was made to connect; with an
    empty one, nobody has said yet. `interface` and `version` are remembered only: there is one way out, and the version is
    agreed on when connecting."""

    security_profile: int
    url: str | None = None
    interface: str = "Any"
    version: str = "OCPP21"
    message_timeout_s: int | None = None
    identity: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Profile({self.security_profile})"


PROFILES: Shelf[Profile] = Shelf("network_profiles", Profile)
TRIAL: Shelf[int] = Shelf("security_profile_trial", int)
"""A security profile that a 1.6 station was told to go over to, until it has connected with it."""


def fits(profile: Profile) -> bool:
    """Whether URL and security profile go together: TLS where the profile wants it, and only there."""
    return profile.url is None or profile.url.startswith("wss://") == (profile.security_profile >= TLS_BASIC)
