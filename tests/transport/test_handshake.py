from __future__ import annotations

import base64
from http import HTTPStatus

import pytest

from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.transport import Accept, Credentials, Handshake, NoCommonSubprotocol, Refuse, with_passwords
from forecourt.transport.admission import Admission, anyone
from forecourt.transport.handshake import Address, basic, choose_subprotocol, identity_from_path, parse_basic
from forecourt.transport.headers import Headers
from tests.transport.raw import Recorder


def handshake(
    path: str = "/ocpp/CS1", subprotocols: tuple[str, ...] = ("ocpp1.6",), credentials: Credentials | None = None
) -> Handshake:
    return Handshake(
        path=path,
        query="",
        headers=Headers(),
        subprotocols=subprotocols,
        credentials=credentials,
        certificate=None,
        peer=Address("192.0.2.1", 4711),
        secure=False,
    )


def refusal(decision: object) -> HTTPStatus:
    assert isinstance(decision, Refuse)
    return decision.status


def test_a_password_may_hold_colons_and_any_bytes() -> None:
    header = "Basic " + base64.b64encode(b"CS1:a:b\x00\xff").decode()
    assert parse_basic(header) == Credentials("CS1", b"a:b\x00\xff")
    assert basic(Credentials("CS1", b"a:b\x00\xff")) == header


def test_the_scheme_of_credentials_is_read_in_any_capitals() -> None:
    assert parse_basic("bAsIc " + base64.b64encode(b"CS1:x").decode()) == Credentials("CS1", b"x")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Bearer abc",
        "Basic ???",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:x").decode(),
    ],
)
def test_what_is_no_basic_credentials_is_none(header: str | None) -> None:
    assert parse_basic(header) is None


def test_a_user_name_with_a_colon_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="colon"):
        basic(Credentials("a:b", b"x"))


def test_neither_passwords_nor_headers_show_in_a_repr() -> None:
    assert "secret" not in repr(Credentials("CS1", b"secret"))
    assert "secret" not in repr(Headers([("Authorization", "secret")]))


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/ocpp/CS001", "CS001"),
        ("/ocpp/RDAM%7C123", "RDAM|123"),
        ("/ocpp/a%2Fb", "a/b"),
        ("/ocpp/%C3%A9t%C3%A9", "été"),
        ("/ocpp/CS%201", "CS 1"),
        ("/ocpp/" + "x" * 48, "x" * 48),
        ("/ocpp/" + "x" * 49, None),
        ("/ocpp/a%3Ab", None),
        ("/ocpp/a:b", None),
        ("/ocpp/", None),
        ("/ocpp", None),
        ("/ocpp/a/b", None),
        ("/other/CS001", None),
        ("/ocpp/%FF", None),
        ("/ocpp/%00", None),
        ("/ocpp/a%0Ab", None),
    ],
)
def test_the_identity_is_the_last_part_of_the_path_decoded(path: str, identity: str | None) -> None:
    assert identity_from_path(path, "/ocpp") == identity
    assert identity_from_path(path, "/ocpp/") == identity


def test_the_best_common_subprotocol_is_ours_to_choose_and_compared_as_given() -> None:
    preferred = ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"]
    assert choose_subprotocol(preferred, ["ocpp1.6", "ocpp2.0.1"]) == "ocpp2.0.1"
    assert choose_subprotocol(preferred, ["OCPP1.6"]) is None
    assert choose_subprotocol(preferred, ["ocpp1.5"]) is None


def admission(
    versions: tuple[Version, ...] = (V16, V201, V21), passwords: dict[str, str | bytes] | None = None
) -> tuple[Admission, list[tuple[str, Version]]]:
    admitted: list[tuple[str, Version]] = []

    def admit(identity: str, version: Version, _: Handshake) -> Recorder:
        admitted.append((identity, version))
        return Recorder()

    authenticate = anyone if passwords is None else with_passwords(passwords)
    unspoken = {"OLD": V16}.get
    return Admission("/ocpp", versions, authenticate, admit, unspoken=unspoken), admitted


async def test_the_newest_version_that_both_speak_is_admitted() -> None:
    decide, admitted = admission()
    decision = decide(handshake(subprotocols=("ocpp1.6", "ocpp2.1")))
    assert isinstance(decision, Accept)
    assert decision.subprotocol == "ocpp2.1"
    assert admitted == [("CS1", V21)]


async def test_a_version_that_is_not_served_is_not_chosen() -> None:
    decide, admitted = admission(versions=(V16,))
    assert decide(handshake(subprotocols=("ocpp2.1",))) == NoCommonSubprotocol()
    assert admitted == []


async def test_a_station_that_offers_nothing_is_refused_unless_its_version_is_known() -> None:
    decide, admitted = admission()
    assert refusal(decide(handshake(subprotocols=()))) == HTTPStatus.BAD_REQUEST
    decision = decide(handshake("/ocpp/OLD", subprotocols=()))
    assert isinstance(decision, Accept)
    assert decision.subprotocol is None
    assert admitted == [("OLD", V16)]


def test_an_unknown_path_is_not_found() -> None:
    decide, _ = admission()
    assert refusal(decide(handshake("/elsewhere"))) == HTTPStatus.NOT_FOUND


async def test_passwords_admit_whoever_knows_theirs_and_nobody_else() -> None:
    decide, admitted = admission(passwords={"CS1": "sésame", "CS2": b"\x00\x01"})
    assert isinstance(decide(handshake(credentials=Credentials.of("CS1", "sésame"))), Accept)
    assert isinstance(decide(handshake("/ocpp/CS2", credentials=Credentials("CS2", b"\x00\x01"))), Accept)
    assert refusal(decide(handshake())) == HTTPStatus.UNAUTHORIZED
    assert refusal(decide(handshake(credentials=Credentials.of("CS1", "wrong")))) == HTTPStatus.UNAUTHORIZED
    assert refusal(decide(handshake("/ocpp/CS3"))) == HTTPStatus.NOT_FOUND
    assert [identity for identity, _ in admitted] == ["CS1", "CS2"]


def test_A00_FR_204_the_user_name_must_be_the_identity() -> None:
    decide, _ = admission(passwords={"CS1": "a", "CS2": "a"})
    decision = decide(handshake("/ocpp/CS1", credentials=Credentials.of("CS2", "a")))
    assert refusal(decision) == HTTPStatus.UNAUTHORIZED
    assert isinstance(decision, Refuse)
    assert decision.headers["WWW-Authenticate"].startswith("Basic ")


def test_headers_are_found_in_any_capitals_and_lists_over_several_fields() -> None:
    headers = Headers([("Sec-WebSocket-Protocol", "a, b"), ("X", "1"), ("sec-websocket-PROTOCOL", " ,c")])
    assert headers.get("x") == "1"
    assert headers.tokens("SEC-websocket-protocol") == ("a", "b", "c")
    assert headers.all("X") == ("1",)
    assert "X" in headers
    assert 7 not in headers
    assert len(headers) == 3
    assert dict(headers)["x"] == "1"
    assert headers.get("y") is None
