"""What the specification has no words for, both ways and in every version, bytes in and bytes out."""

from __future__ import annotations

from typing import Any

import pytest

from forecourt.csms.blocks.data_transfer import v2, v16
from forecourt.csms.blocks.data_transfer.model import (
    EVERY_MESSAGE,
    Answer,
    Handlers,
    Transfer,
    TransferData,
    TransferStatus,
)
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.link import Link
from forecourt.csms.store.announced import Event
from forecourt.csms.store.work import Store, Work
from forecourt.errors import Invalid
from forecourt.ocpp.versions import V16, Version
from tests.csms.blocks.availability.world import BOTH_2, VERSIONS, Wire, happened, hear, link_of, rows, say

every = pytest.mark.parametrize("version", VERSIONS, ids=str)
both = pytest.mark.parametrize("version", BOTH_2, ids=str)


class DoorOpened(Event, frozen=True, kw_only=True):
    """What the handler of these tests makes of a message."""

    organisation_id: int
    station_id: int
    door: int


async def door(link: Link, work: Work, transfer: Transfer) -> Answer:
    """A vendor's message that is understood."""
    content = transfer.content
    if not isinstance(content, dict):
        return Answer(TransferStatus.REJECTED)
    work.announce(
        DoorOpened(organisation_id=link.station.organisation, station_id=link.station.key, door=content["door"])
    )
    return Answer(TransferStatus.ACCEPTED, {"light": [True, 21.4]})


async def anything(link: Link, work: Work, transfer: Transfer) -> Answer:
    return Answer(TransferStatus.ACCEPTED, f"{transfer.message_id or 'nothing'}: {transfer.data}")


def at(version: Version, handlers: Handlers | None = None) -> tuple[Link, Wire]:
    known = handlers or Handlers({"org.example": {"Door": door}, "org.chatty": {EVERY_MESSAGE: anything}})
    if version is V16:
        return link_of(version, v16.hears(known), v16.SAYS)
    return link_of(version, v2.hears(known), v2.SAYS)


@every
@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"vendorId": "org.unknown"}, "UnknownVendorId"),
        ({"vendorId": "org.unknown", "messageId": "Door", "data": "x"}, "UnknownVendorId"),
        ({"vendorId": "org.example", "messageId": "Window"}, "UnknownMessageId"),
        ({"vendorId": "org.example"}, "UnknownMessageId"),
        ({"vendorId": "org.example", "messageId": "Door"}, "Rejected"),
    ],
)
async def test_TC_064_CSMS_TC_P_02_CSMS_P02_FR_06_P02_FR_07_what_nobody_understands_is_refused(
    peopled: Store, version: Version, request_: dict[str, Any], status: str
) -> None:
    link, _ = at(version)
    assert await hear(peopled, link, "DataTransfer", request_) == {"status": status}
    assert await rows(peopled, "SELECT action FROM message_log") == [("DataTransfer",)]


@every
async def test_without_any_handler_no_vendor_is_known(peopled: Store, version: Version) -> None:
    link, _ = at(version, Handlers())
    assert await hear(peopled, link, "DataTransfer", {"vendorId": "org.example"}) == {"status": "UnknownVendorId"}


async def test_4_3_a_message_that_is_understood_is_acted_on_and_answered_in_text(peopled: Store) -> None:
    link, _ = at(V16)
    request = {"vendorId": "ORG.example", "messageId": "door", "data": '{"door": 2}'}
    answer = await hear(peopled, link, "DataTransfer", request)
    assert answer == {"status": "Accepted", "data": '{"light":[true,21.4]}'}
    assert [event["door"] for event in await happened(peopled, "DoorOpened")] == [2]


@both
async def test_P02_FR_08_a_message_that_is_understood_is_acted_on_and_answered_in_json(
    peopled: Store, version: Version
) -> None:
    link, _ = at(version)
    request = {"vendorId": "org.example", "messageId": "Door", "data": {"door": 2}}
    answer = await hear(peopled, link, "DataTransfer", request)
    assert answer == {"status": "Accepted", "data": {"light": [True, 21.4]}}
    assert [event["door"] for event in await happened(peopled, "DoorOpened")] == [2]


@every
async def test_a_handler_may_take_whatever_a_vendor_says(peopled: Store, version: Version) -> None:
    link, _ = at(version)
    first = await hear(peopled, link, "DataTransfer", {"vendorId": "org.chatty", "data": "{no json"})
    second = await hear(peopled, link, "DataTransfer", {"vendorId": "org.chatty", "messageId": "Hi", "data": "x"})
    assert (first["data"], second["data"]) == ("nothing: {no json", "Hi: x")


def test_two_handlers_of_one_message_are_a_defect() -> None:
    with pytest.raises(ValueError, match="twice"):
        Handlers({"org.example": {"Door": door}, "ORG.EXAMPLE": {"door": door}})


@every
async def test_5_6_P01_a_station_is_sent_what_the_specification_has_no_words_for(
    peopled: Store, version: Version
) -> None:
    link, wire = at(version)
    wire.answers["DataTransfer"] = {"status": "Accepted", "data": "done"}
    outcome = await say(link, TransferData("org.example", "Light", {"on": [1, 2.5, None]}))
    assert outcome == Outcome.accepted("Accepted", data="done")
    await say(link, TransferData("org.example", data="plain"))
    await say(link, TransferData("org.example"))
    structured: Any = '{"on":[1,2.5,null]}' if version is V16 else {"on": [1, 2.5, None]}
    assert wire.told == [
        ("DataTransfer", {"vendorId": "org.example", "messageId": "Light", "data": structured}),
        ("DataTransfer", {"vendorId": "org.example", "data": "plain"}),
        ("DataTransfer", {"vendorId": "org.example"}),
    ]


@every
@pytest.mark.parametrize("word", ["Rejected", "UnknownVendorId", "UnknownMessageId"])
async def test_P01_FR_05_P01_FR_06_a_station_may_not_understand(peopled: Store, version: Version, word: str) -> None:
    link, wire = at(version)
    wire.answers["DataTransfer"] = {"status": word}
    assert await say(link, TransferData("org.example")) == Outcome.refused(word)


@both
async def test_an_answer_of_2_x_may_be_any_json_with_a_reason(peopled: Store, version: Version) -> None:
    link, wire = at(version)
    wire.answers["DataTransfer"] = {"status": "Rejected", "data": {"a": 1}, "statusInfo": {"reasonCode": "Busy"}}
    outcome = await say(link, TransferData("org.example"))
    assert outcome == Outcome.refused("Rejected", data={"a": 1}, reasonCode="Busy")


def test_names_are_checked_before_anything_is_sent() -> None:
    for wrong in (("", ""), ("v" * 256, ""), ("org.example", "m" * 51)):
        with pytest.raises(Invalid):
            TransferData(*wrong)
