import pytest

from forecourt.errors import (
    AnsweredError,
    Conflict,
    DomainError,
    Flaw,
    Invalid,
    NoAnswer,
    NotAllowed,
    NotFound,
    Offline,
    Refused,
    StationError,
)


@pytest.mark.parametrize(
    ("kind", "http_status"), [(NotFound, 404), (NotAllowed, 403), (Conflict, 409), (Invalid, 422), (DomainError, 400)]
)
def test_a_domain_error_carries_code_fields_and_http_status(kind: type[DomainError], http_status: int) -> None:
    error = kind("limit_negative", "less than nothing", {"limits.energyWh": "must not be negative"})
    assert (error.code, error.message, error.http_status) == ("limit_negative", "less than nothing", http_status)
    assert error.fields == {"limits.energyWh": "must not be negative"}
    assert str(error) == "limit_negative: less than nothing"
    assert isinstance(error, DomainError)


def test_the_fields_of_an_error_cannot_be_changed_by_who_gave_them() -> None:
    fields = {"a": "wrong"}
    error = Invalid("x", "y", fields)
    fields["b"] = "also"
    assert error.fields == {"a": "wrong"}
    assert Invalid("x", "y").fields == {}


def test_a_flaw_is_its_words_and_carries_a_code() -> None:
    error = Invalid("x", "y", {"limits.timeS": Flaw("at least 60", "too_small", 60)})
    flaw = error.fields["limits.timeS"]
    assert flaw == "at least 60"
    assert isinstance(flaw, Flaw)
    assert (flaw.code, flaw.bound) == ("too_small", 60)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Offline("CS-1"), "CS-1: not connected"),
        (NoAnswer("CS-1", 30), "CS-1: no answer within 30 s"),
        (Refused("CS-1", "Rejected"), "CS-1: refused: Rejected"),
        (AnsweredError("CS-1", "InternalError"), "CS-1: answered InternalError"),
        (AnsweredError("CS-1", "InternalError", "out of paper"), "CS-1: answered InternalError: out of paper"),
    ],
)
def test_a_station_error_names_the_station_and_what_it_did(error: StationError, text: str) -> None:
    assert str(error) == text
    assert error.wire_id == "CS-1"


def test_a_station_error_keeps_what_it_is_about() -> None:
    assert NoAnswer("CS-1", 2.5).waited_s == 2.5
    assert Refused("CS-1", "NotSupported").reason == "NotSupported"
    answered = AnsweredError("CS-1", "FormatViolation", "no")
    assert (answered.code, answered.description) == ("FormatViolation", "no")
