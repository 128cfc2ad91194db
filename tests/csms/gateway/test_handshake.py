"""The decision table of handshakes: who comes in, what everybody else is answered, and which reason is listed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest

from forecourt.csms.config import Gateway
from forecourt.csms.gateway.handshake import Admitted, Doorkeeper, Turned
from forecourt.csms.gateway.newcomers import Shown
from forecourt.csms.stations.credentials import digest
from forecourt.csms.stations.model import (
    Credentials,
    OrganisationKey,
    Registration,
    SecurityProfile,
    Station,
    StationKey,
)
from forecourt.csms.stations.registry import Stations
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.transport.handshake import Address, Certificate, Handshake, NoCommonSubprotocol, Refuse
from forecourt.transport.handshake import Credentials as Basic
from forecourt.transport.headers import Headers

REVOKED = b"a certificate that was taken back"
PEPPER = b"p" * 32
PASSWORD = "correct horse battery"
NEXT_PASSWORD = "the one that follows it"

NONE, BASIC = SecurityProfile.NONE, SecurityProfile.BASIC
TLS_BASIC, TLS_CERTIFICATE = SecurityProfile.TLS_BASIC, SecurityProfile.TLS_CERTIFICATE


def station(profile: SecurityProfile = BASIC, **changes: Any) -> Station:
    """A station that exists, with a password and its successor."""
    hmacs = (digest(PASSWORD, PEPPER), digest(NEXT_PASSWORD, PEPPER))
    credentials = Credentials(profile, hmacs, changes.pop("certificate_name", ""))
    values: dict[str, Any] = {"registration": Registration.ACCEPTED, "credentials": credentials} | changes
    return Station(StationKey(1), "CS1", OrganisationKey(1), **values)


def certificate(name: str | None = "CS1", owner: str | None = "Operator") -> Certificate:
    """What `ssl` says of a certificate that was verified."""
    subject = [(("commonName", name),)] if name else []
    if owner:
        subject.append((("organizationName", owner),))
    return Certificate(b"der", {"subject": tuple(subject)})


def knock(path: str = "/ocpp/CS1", password: str | None = PASSWORD, **changes: Any) -> Handshake:
    """A handshake as a well-behaved 1.6 station of profile 1 makes it."""
    basic = None if password is None else Basic.of(changes.pop("username", path.rpartition("/")[2]), password)
    values: dict[str, Any] = {
        "path": path,
        "query": "",
        "headers": Headers(),
        "subprotocols": ("ocpp1.6",),
        "credentials": basic,
        "certificate": None,
        "peer": Address("192.0.2.1", 40000),
        "secure": False,
    }
    return Handshake(**(values | changes))


def decide(
    handshake: Handshake, known: Station | None = None, policy: Gateway | None = None, *, available: bool = True
) -> Admitted | Turned:
    stations = Stations()
    if known is not None:
        stations.add(known)
    keeper = Doorkeeper(
        stations,
        policy or Gateway(),
        pepper=PEPPER,
        owners=lambda one: frozenset({"Operator", "Partner"}),
        available=lambda: available,
        revoked=lambda certificate: certificate.der == REVOKED,
    )
    return keeper.decide(handshake)


def admitted(decision: Admitted | Turned) -> Admitted:
    assert isinstance(decision, Admitted), decision
    return decision


def turned(decision: Admitted | Turned, status: HTTPStatus, reason: str) -> Turned:
    """The refusal, after a look at what the station is answered and what is listed."""
    assert isinstance(decision, Turned), decision
    assert isinstance(decision.answer, Refuse)
    assert (decision.answer.status, decision.reason) == (status, reason)
    return decision


def test_a_station_with_its_password_comes_in() -> None:
    known = station()
    assert decide(knock(), known) == Admitted("CS1", known, V16, profile=BASIC)


def test_A05_while_a_higher_profile_is_offered_every_one_up_to_it_opens() -> None:
    known = station()
    known.credentials.offered_profile = TLS_CERTIFICATE
    assert admitted(decide(knock(), known)).profile is BASIC
    assert admitted(decide(knock(secure=True), known)).profile is TLS_BASIC
    shown = knock(password=None, secure=True, certificate=certificate())
    assert admitted(decide(shown, known)).profile is TLS_CERTIFICATE
    # Neither is a profile that was not offered let in, nor wrong credentials of one that was.
    known.credentials.offered_profile = TLS_BASIC
    turned(decide(shown, known), HTTPStatus.FORBIDDEN, "security_profile_mismatch")
    wrong = knock(password="somebody else's", secure=True)
    turned(decide(wrong, known), HTTPStatus.FORBIDDEN, "security_profile_mismatch")


def test_while_a_rotation_runs_the_next_password_opens_too() -> None:
    assert admitted(decide(knock(password=NEXT_PASSWORD), station())).wire_id == "CS1"


def test_an_identity_is_found_behind_its_percent_encoding() -> None:
    known = station()
    known.wire_id = "CS 1/é"
    assert admitted(decide(knock("/ocpp/CS%201%2F%C3%A9", username="CS 1/é"), known)).station is known


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/ocpp",
        "/ocpp/",
        "/OCPP/CS1",
        "/ocpp/CS1/",
        "/ocpp/a/CS1",
        "/ocppCS1",
        "/ocpp/CS%3A1",
        "/ocpp/%00",
        "/ocpp/%ff",
        "/ocpp/" + "x" * 49,
    ],
)
def test_a_path_that_names_no_station_is_not_found(path: str) -> None:
    decision = turned(decide(knock(path), station()), HTTPStatus.NOT_FOUND, "wrong_path")
    assert decision.wire_id == ""
    assert decision.detail.startswith(path)


def test_the_path_is_the_one_that_is_configured() -> None:
    policy = Gateway(path="/chargers/ocpp/")
    admitted(decide(knock("/chargers/ocpp/CS1"), station(), policy))
    turned(decide(knock("/ocpp/CS1"), station(), policy), HTTPStatus.NOT_FOUND, "wrong_path")


def test_a_long_path_is_listed_shortened() -> None:
    assert len(turned(decide(knock("/x" * 5_000)), HTTPStatus.NOT_FOUND, "wrong_path").detail) < 300


@pytest.mark.parametrize("known", [True, False])
def test_while_the_database_is_away_everybody_is_asked_to_come_later(known: bool) -> None:
    policy = Gateway(registration="open")
    decision = decide(knock(), station() if known else None, policy, available=False)
    answer = turned(decision, HTTPStatus.SERVICE_UNAVAILABLE, "database_away").answer
    assert isinstance(answer, Refuse)
    assert int(answer.headers["Retry-After"]) > 0


def test_an_unknown_station_is_not_found_while_registration_is_closed() -> None:
    assert turned(decide(knock()), HTTPStatus.NOT_FOUND, "unknown_station").wire_id == "CS1"


@pytest.mark.parametrize("registration", ["pending", "open"])
@pytest.mark.parametrize("secure", [False, True])
def test_what_a_newcomer_shows_is_remembered_as_what_it_must_show(registration: Any, secure: bool) -> None:
    decision = decide(knock(secure=secure), None, Gateway(registration=registration))
    profile = TLS_BASIC if secure else BASIC
    assert decision == Admitted("CS1", None, V16, Shown(profile, digest(PASSWORD, PEPPER)))


def test_a_newcomer_with_a_certificate_is_remembered_by_its_name() -> None:
    handshake = knock(password=None, certificate=certificate("SN-77"), secure=True)
    decision = admitted(decide(handshake, None, Gateway(registration="open")))
    assert decision.shown == Shown(TLS_CERTIFICATE, None, "SN-77")


@pytest.mark.parametrize("registration", ["pending", "open"])
def test_a_newcomer_under_another_name_than_its_own_is_refused(registration: Any) -> None:
    policy = Gateway(registration=registration)
    turned(decide(knock(username="CS2"), None, policy), HTTPStatus.UNAUTHORIZED, "wrong_username")


@pytest.mark.parametrize("registration", ["pending", "open"])
def test_a_newcomer_that_shows_nothing_comes_in_only_where_profile_0_is_allowed(registration: Any) -> None:
    nothing = knock(password=None)
    turned(decide(nothing, None, Gateway(registration=registration)), HTTPStatus.UNAUTHORIZED, "no_password")
    decision = decide(nothing, None, Gateway(registration=registration, allow_profile_0=True))
    assert admitted(decision).shown == Shown(NONE)


def test_a_certificate_that_was_not_verified_is_as_good_as_none_for_a_newcomer() -> None:
    handshake = knock(password=None, certificate=Certificate(b"der", {}), secure=True)
    turned(decide(handshake, None, Gateway(registration="open")), HTTPStatus.UNAUTHORIZED, "no_password")


def test_open_registration_checks_a_known_station_all_the_same() -> None:
    wrong = knock(password="something else entirely")
    turned(decide(wrong, station(), Gateway(registration="open")), HTTPStatus.UNAUTHORIZED, "wrong_password")


def test_a_disabled_station_is_refused_although_its_password_is_right() -> None:
    turned(decide(knock(), station(enabled=False)), HTTPStatus.FORBIDDEN, "station_disabled")


@pytest.mark.parametrize(
    ("handshake", "reason"),
    [
        (knock(password=None), "no_password"),
        (knock(password="something else entirely"), "wrong_password"),
        (knock(password=""), "wrong_password"),
        (knock(username="CS2"), "wrong_username"),
        (knock(username="cs1"), "wrong_username"),
        (knock(username=""), "wrong_username"),
    ],
)
def test_without_the_right_name_and_password_a_station_is_asked_for_them(handshake: Handshake, reason: str) -> None:
    answer = turned(decide(handshake, station()), HTTPStatus.UNAUTHORIZED, reason).answer
    assert isinstance(answer, Refuse)
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_station_that_was_given_no_password_cannot_come_in_with_one() -> None:
    known = station()
    known.credentials.password_hmacs = ()
    turned(decide(knock(), known), HTTPStatus.UNAUTHORIZED, "wrong_password")


@pytest.mark.parametrize(
    ("profile", "handshake"),
    [
        (BASIC, knock(secure=True)),
        (TLS_BASIC, knock(secure=False)),
        (TLS_CERTIFICATE, knock(secure=False)),
    ],
)
def test_a_station_comes_over_the_profile_it_was_given_and_no_other(
    profile: SecurityProfile, handshake: Handshake
) -> None:
    turned(decide(handshake, station(profile)), HTTPStatus.FORBIDDEN, "security_profile_mismatch")


def test_a_password_does_not_stand_in_for_a_certificate() -> None:
    turned(decide(knock(secure=True), station(TLS_CERTIFICATE)), HTTPStatus.FORBIDDEN, "no_certificate")


def test_a_certificate_does_not_stand_in_for_a_password() -> None:
    handshake = knock(password=None, certificate=certificate(), secure=True)
    turned(decide(handshake, station(TLS_BASIC)), HTTPStatus.UNAUTHORIZED, "no_password")


def test_profile_0_needs_no_password_but_the_consent_of_the_deployment() -> None:
    handshake = knock(password=None)
    turned(decide(handshake, station(NONE)), HTTPStatus.FORBIDDEN, "security_profile_0_not_allowed")
    admitted(decide(handshake, station(NONE), Gateway(allow_profile_0=True)))


def test_a_consent_to_profile_0_does_not_excuse_other_stations_from_their_password() -> None:
    policy = Gateway(allow_profile_0=True)
    turned(decide(knock(password=None), station(), policy), HTTPStatus.UNAUTHORIZED, "no_password")


def test_a_certificate_in_the_stations_name_and_of_a_trusted_owner_opens() -> None:
    handshake = knock(password=None, certificate=certificate(owner="Partner"), secure=True)
    assert admitted(decide(handshake, station(TLS_CERTIFICATE))).shown is None


def test_the_name_in_the_certificate_is_the_one_on_record_rather_than_the_identity() -> None:
    known = station(TLS_CERTIFICATE, certificate_name="SN-77")
    admitted(decide(knock(certificate=certificate("SN-77"), secure=True), known))
    handshake = knock(certificate=certificate("CS1"), secure=True)
    turned(decide(handshake, known), HTTPStatus.FORBIDDEN, "wrong_certificate_name")


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        (None, "no_certificate"),
        (Certificate(b"der", {}), "no_certificate"),
        (Certificate(REVOKED, certificate().parsed), "certificate_revoked"),
        (certificate("CS2"), "wrong_certificate_name"),
        (certificate(None), "wrong_certificate_name"),
        (certificate(owner="Somebody"), "wrong_certificate_owner"),
        (certificate(owner=None), "wrong_certificate_owner"),
    ],
)
def test_a_certificate_of_somebody_else_is_forbidden(shown: Certificate | None, reason: str) -> None:
    handshake = knock(password=None, certificate=shown, secure=True)
    turned(decide(handshake, station(TLS_CERTIFICATE)), HTTPStatus.FORBIDDEN, reason)


@pytest.mark.parametrize(
    ("offered", "version"),
    [
        (("ocpp1.6",), V16),
        (("ocpp2.0.1",), V201),
        (("ocpp1.6", "ocpp2.0.1"), V201),
        (("ocpp2.0.1", "ocpp2.1", "ocpp1.6"), V21),
        (("ocpp9.9", "ocpp1.6"), V16),
    ],
)
def test_the_newest_version_that_both_sides_speak_is_chosen(offered: tuple[str, ...], version: Version) -> None:
    assert admitted(decide(knock(subprotocols=offered), station())).version is version


@pytest.mark.parametrize("offered", [("ocpp1.5",), ("ocpp2.0", "soap"), ("OCPP1.6",)])
def test_without_a_common_version_the_upgrade_names_none(offered: tuple[str, ...]) -> None:
    decision = decide(knock(subprotocols=offered), station())
    assert isinstance(decision, Turned)
    assert decision.answer == NoCommonSubprotocol()
    assert decision.reason == "no_common_subprotocol"
    assert offered[0] in decision.detail


def test_who_names_no_version_is_told_which_there_are() -> None:
    detail = turned(decide(knock(subprotocols=()), station()), HTTPStatus.BAD_REQUEST, "no_subprotocol").detail
    assert "ocpp1.6" in detail
    assert "ocpp2.1" in detail


def test_a_version_on_record_is_assumed_of_a_station_that_names_none() -> None:
    known = station(version_name="1.6")
    assert admitted(decide(knock(subprotocols=()), known)).version is V16
    assert admitted(decide(knock(subprotocols=("ocpp2.1",)), known)).version is V21


def test_a_version_on_record_that_nobody_speaks_is_not_assumed() -> None:
    known = station(version_name="1.5")
    turned(decide(knock(subprotocols=()), known), HTTPStatus.BAD_REQUEST, "no_subprotocol")


def test_nothing_is_assumed_of_a_newcomer() -> None:
    policy = Gateway(registration="open")
    turned(decide(knock(subprotocols=()), None, policy), HTTPStatus.BAD_REQUEST, "no_subprotocol")


def test_who_may_not_come_in_learns_nothing_of_versions() -> None:
    wrong = knock(password="something else entirely", subprotocols=("ocpp1.5",))
    turned(decide(wrong, station()), HTTPStatus.UNAUTHORIZED, "wrong_password")


@pytest.mark.parametrize("policy", [Gateway(), Gateway(registration="open")])
def test_no_refusal_shows_the_password_that_was_tried(policy: Gateway) -> None:
    for handshake in (knock(password="my-secret-password", username="CS9"), knock("/x", password="my-secret-password")):
        assert "my-secret-password" not in repr(decide(handshake, station(), policy))


def test_a_newcomer_with_a_revoked_certificate_is_refused() -> None:
    shown = knock(password=None, secure=True, certificate=Certificate(REVOKED, certificate().parsed))
    decision = decide(shown, None, Gateway(registration="open"))
    turned(decision, HTTPStatus.FORBIDDEN, "certificate_revoked")
