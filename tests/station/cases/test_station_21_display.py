"""Certification cases of 2.1 for stations about the languages of messages on the display (block O)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21
from tests.station.rig import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig(V21, evses=2)


def words(language: str, content: str) -> v2.MessageContent:
    return v2.MessageContent(format="UTF8", language=language, content=content)


def put(rig: Rig, first: v2.MessageContent, *extra: v2.MessageContent, number: int = 7, **rest: Any) -> str:
    told = v2.MessageInfo(id=number, priority="NormalCycle", message=first, message_extra=extra or UNSET, **rest)
    answer: v2.SetDisplayMessageResponse = rig.ask(v2.SetDisplayMessage(message=told))
    return answer.status


def speaks(rig: Rig, *languages: str) -> None:
    """Who is authorized from now on prefers these languages."""
    unsaid: Any = UNSET
    first, second = ([*languages, unsaid, unsaid])[:2]
    info = v2.IdTokenInfo(status="Accepted", language1=first, language2=second)
    rig.answers[v2.Authorize] = lambda request: v2.AuthorizeResponse(id_token_info=info)
    rig.answers[v2.TransactionEvent] = lambda request: v2.TransactionEventResponse(id_token_info=info)


def test_TC_O_100_CS_a_message_in_a_language_that_is_not_supported(rig: Rig) -> None:
    assert put(rig, words("de", "contentSupported"), words("tlh", "contentUnsupported")) == "LanguageNotSupported"
    assert rig.ask(v2.GetDisplayMessages(request_id=1)).status == "Unknown"


def test_TC_O_101_CS_a_message_in_the_drivers_language(rig: Rig) -> None:
    speaks(rig, "fr")
    rig.hardware.swipe("TAG001")
    rig.time.advance(3)
    (asked,) = rig.of(v2.Authorize)
    assert (asked.id_token.id_token, asked.id_token.type) == ("TAG001", "ISO14443")
    assert put(rig, words("en", "contentSupported"), words("fr", "Bonjour")) == "Accepted"
    assert rig.hardware.displayed == ("Bonjour",)
    # He never comes with a vehicle: the display is everybody's again.
    rig.time.advance(300)
    assert rig.hardware.displayed == ("contentSupported",)


SPOKEN = (words("de", "Hallo"), words("en", "Hello"), words("nl", "Hoi"), words("pt-BR", "Oi"))


@pytest.mark.parametrize(
    ("prefers", "reads"),
    [
        ((), "Hallo"),
        (("nl", "de"), "Hoi"),
        (("sv", "nl"), "Hoi"),
        (("nl-BE",), "Hoi"),
        (("pt",), "Oi"),
        (("sv", "fr"), "Hello"),
    ],
)
def test_C01_FR_08_09_13_the_first_language_that_there_is_and_else_english(
    rig: Rig, prefers: tuple[str, ...], reads: str
) -> None:
    rig.set("DisplayMessageCtrlr.Language", "de")
    speaks(rig, *prefers)
    rig.hardware.swipe("TAG001")
    rig.time.advance(3)
    assert put(rig, *SPOKEN) == "Accepted"
    assert rig.hardware.displayed == (reads,)


def test_a_message_for_a_transaction_is_in_the_language_of_its_driver(rig: Rig) -> None:
    for evse_id, language in ((1, "nl"), (2, "de")):
        speaks(rig, language)
        rig.hardware.plug(evse_id=evse_id)
        rig.time.advance(2)
        rig.hardware.swipe(f"TAG00{evse_id}", evse_id=evse_id)
        rig.time.advance(10)
    first = rig.of(v2.TransactionEvent)[0].transaction_info.transaction_id
    assert put(rig, *SPOKEN, transaction_id=first) == "Accepted"
    assert put(rig, *SPOKEN, number=8) == "Accepted"
    assert rig.hardware.displayed == ("Hoi", "Hallo")


def test_C01_FR_08_a_driver_known_from_the_cache_reads_his_language_too(rig: Rig) -> None:
    rig.set("AuthCtrlr.LocalPreAuthorize", "true")
    speaks(rig, "nl")
    rig.session(seconds=20)
    rig.hardware.swipe("TAG001")
    rig.hardware.unplug()
    rig.time.advance(10)
    rig.fresh()
    assert put(rig, *SPOKEN) == "Accepted"
    assert rig.hardware.displayed == ("Hello",)
    rig.hardware.swipe("TAG001")
    rig.time.advance(3)
    assert rig.of(v2.Authorize) == []
    assert rig.hardware.displayed == ("Hoi",)
