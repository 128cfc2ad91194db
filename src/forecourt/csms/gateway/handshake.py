"""Whether a station may come in: a decision in memory, between two reads of its socket.

    wrong path, unreadable identity                    404
    unknown station, registration closed               404
    unknown station, registration pending or open      admitted as the policy says, without credentials to check yet
    disabled station                                   403
    wrong or missing password                          401
    wrong or missing certificate, other profile        403
    database away                                      503 with Retry-After
    subprotocols offered, none of them spoken here     101 without the header, then CLOSE (Part 4, 3.3)
    no subprotocol offered                             400, unless the station's record says which version it speaks

Every refusal is listed with its reason, so that an installer's call can be answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from forecourt.csms.config import Gateway
from forecourt.csms.gateway.newcomers import Shown
from forecourt.csms.stations import profiles
from forecourt.csms.stations.credentials import Verdict, digest, judge
from forecourt.csms.stations.model import SecurityProfile, Station
from forecourt.csms.stations.registry import Stations
from forecourt.ocpp.versions import VERSIONS, Version
from forecourt.transport.admission import Caller
from forecourt.transport.handshake import (
    Certificate,
    Handshake,
    NoCommonSubprotocol,
    Refuse,
    choose_subprotocol,
    forbidden,
    identity_from_path,
    not_found,
    unauthorized,
    unavailable,
)

_PASSWORD_VERDICTS: Final = frozenset({Verdict.NO_PASSWORD, Verdict.WRONG_USERNAME, Verdict.WRONG_PASSWORD})
_RETRY_AFTER_S: Final = 30


@dataclass(frozen=True, slots=True)
class Admitted:
    """A station may come in and speak `version`. `station` is None for one that policy lets in although nobody knows it."""

    wire_id: str
    station: Station | None
    version: Version
    shown: Shown | None = None
    """The credentials of a station that is not known yet."""
    profile: SecurityProfile | None = None
    """The profile by which a station that is known has proved itself."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A station may not come in: what it is answered, and what is listed. `reason` is a word for programs."""

    answer: Refuse | NoCommonSubprotocol
    wire_id: str
    reason: str
    detail: str


class Doorkeeper:
    """Decides handshakes."""

    def __init__(
        self,
        stations: Stations,
        policy: Gateway,
        *,
        pepper: bytes,
        owners: Callable[[Station], frozenset[str]],
        available: Callable[[], bool],
        revoked: Callable[[Certificate], bool],
    ) -> None:
        """`owners` gives the organisation names a station's certificate may carry, `available` whether the database is there,
        `revoked` which certificates their authorities have taken back."""
        self._stations = stations
        self._policy = policy
        self._pepper = pepper
        self._owners = owners
        self._available = available
        self._revoked = revoked

    def decide(self, handshake: Handshake) -> Admitted | Turned:
        """The decision, with its reason."""
        wire_id = identity_from_path(handshake.path, self._policy.path)
        if wire_id is None:
            detail = f"stations connect to {self._policy.path}/ followed by their identity"
            return Turned(not_found(detail), "", "wrong_path", f"{handshake.path[:200]}: {detail}")
        if not self._available():
            return Turned(
                unavailable("the database is away", _RETRY_AFTER_S), wire_id, "database_away", "try again later"
            )
        station = self._stations.named(wire_id)
        if station is None:
            return self._check_newcomer(wire_id, handshake) or self._agree(None, wire_id, handshake)
        checked = self.check(station, handshake)
        return checked if isinstance(checked, Turned) else self._agree(station, wire_id, handshake, checked)

    def _check_newcomer(self, wire_id: str, handshake: Handshake) -> Turned | None:
        if self._policy.registration == "closed":
            detail = "no such station, and registration is closed"
            return Turned(not_found(detail), wire_id, "unknown_station", detail)
        certificate, given = handshake.certificate, handshake.credentials
        if certificate is not None and self._revoked(certificate):
            return turned_for(Verdict.CERTIFICATE_REVOKED, wire_id)
        if given is not None and given.username != wire_id:
            return turned_for(Verdict.WRONG_USERNAME, wire_id)
        # One that comes with nothing could never be told from another that does.
        if self._shown(handshake).profile is SecurityProfile.NONE and not self._policy.allow_profile_0:
            return turned_for(Verdict.NO_PASSWORD, wire_id)
        return None

    def _shown(self, handshake: Handshake) -> Shown:
        certificate, given = handshake.certificate, handshake.credentials
        if certificate is not None and certificate.parsed:
            return Shown(SecurityProfile.TLS_CERTIFICATE, certificate_name=certificate.subject("commonName") or "")
        if given is None:
            return Shown(SecurityProfile.NONE)
        profile = SecurityProfile.TLS_BASIC if handshake.secure else SecurityProfile.BASIC
        return Shown(profile, password_hmac=digest(given.password, self._pepper))

    def check(self, station: Station, caller: Caller, *, trusted: bool = False) -> Turned | SecurityProfile:
        """The profile by which it has proved itself: its own, or a higher one that it was offered (A05).

        A station that is `trusted`, because of where it comes from, may use profile 0.
        """
        if not station.enabled:
            detail = "the station is disabled"
            return Turned(forbidden("this station is disabled"), station.wire_id, "station_disabled", detail)
        verdict = Verdict.PROFILE_MISMATCH
        for profile in profiles.open_to(station):
            verdict = self._judge(station, caller, profile, trusted)
            if verdict is Verdict.ACCEPTED:
                return profile
        # The last is its own.
        return turned_for(verdict, station.wire_id)

    def _judge(self, station: Station, caller: Caller, profile: SecurityProfile, trusted: bool) -> Verdict:
        return judge(
            station,
            shown=caller.credentials,
            certificate=caller.certificate,
            secure=caller.secure,
            owners=self._owners(station),
            pepper=self._pepper,
            allow_profile_0=self._policy.allow_profile_0 or trusted,
            profile=profile,
            revoked=self._revoked,
        )

    def _agree(
        self, station: Station | None, wire_id: str, handshake: Handshake, profile: SecurityProfile | None = None
    ) -> Admitted | Turned:
        """Settle the version. The newest one that both sides speak is chosen (DESIGN section 4)."""
        if not handshake.subprotocols:
            assumed = VERSIONS.get(f"ocpp{station.version_name}") if station is not None else None
            if assumed is not None:
                return Admitted(wire_id, station, assumed, profile=profile)
            detail = "the handshake names no subprotocol; offer " + ", ".join(VERSIONS)
            return Turned(Refuse(HTTPStatus.BAD_REQUEST, detail), wire_id, "no_subprotocol", detail)
        chosen = choose_subprotocol(tuple(VERSIONS), handshake.subprotocols)
        if chosen is None:
            offered = ", ".join(handshake.subprotocols)[:200]
            detail = f"offered {offered}; spoken here are {', '.join(VERSIONS)}"
            return Turned(NoCommonSubprotocol(), wire_id, "no_common_subprotocol", detail)
        shown = self._shown(handshake) if station is None else None
        return Admitted(wire_id, station, VERSIONS[chosen], shown, profile)


def turned_for(verdict: Verdict, wire_id: str) -> Turned:
    """How a station is turned away that has not proved itself."""
    detail = _DETAILS[verdict]
    answer = unauthorized(detail) if verdict in _PASSWORD_VERDICTS else forbidden(detail)
    return Turned(answer, wire_id, verdict.value, detail)


_DETAILS: Final = {
    Verdict.NO_PASSWORD: "no password was shown (HTTP Basic)",
    Verdict.WRONG_USERNAME: "the user name is not the station's identity",
    Verdict.WRONG_PASSWORD: "the password is wrong",
    Verdict.NO_CERTIFICATE: "no valid client certificate was shown",
    Verdict.WRONG_CERTIFICATE_NAME: "the certificate's CN is not the serial number registered for this station",
    Verdict.WRONG_CERTIFICATE_OWNER: "the certificate's O names no trusted organisation",
    Verdict.CERTIFICATE_REVOKED: "the certificate has been revoked by its authority",
    Verdict.PROFILE_MISMATCH: "the station came over another security profile than the one it was given",
    Verdict.PROFILE_0_NOT_ALLOWED: "security profile 0 is not allowed here",
}
