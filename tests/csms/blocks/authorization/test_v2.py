"""Authorization in the words of 2.0.1 and 2.1, bytes in and bytes out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.local_authorization import LocalList
from forecourt.charging.tokens import Token
from forecourt.charging.topology import Connector, Evse, Topology
from forecourt.csms.blocks.authorization import tokens
from forecourt.csms.blocks.authorization.model import (
    ClearCache,
    GetLocalListVersion,
    KnownToken,
    ListUpdate,
    Medium,
    OpenTransactions,
    SendLocalList,
    TokenData,
)
from forecourt.csms.stations.commands import CommandStatus, Outcome
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Store
from forecourt.ocpp.versions import V201, Version
from tests.csms.blocks.authorization.test_actions import tx
from tests.csms.blocks.authorization.world import (
    BOTH_2,
    US,
    Json,
    ask_nobody,
    happened,
    hear,
    link_of,
    open_now,
    rows,
    station_of,
)

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.parametrize("version", BOTH_2, ids=repr)
GROUP = {"idToken": "fleet", "type": "Central"}
HASHES = [
    {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": "aa",
        "issuerKeyHash": "bb",
        "serialNumber": "01",
        "responderURL": "http://ocsp.example",
    }
]


async def add(store: Store, value: str = "04A1B2C3", kind: str = "ISO14443", **fields: Any) -> KnownToken:
    async with store.work() as work:
        return await tokens.add(work, US, TokenData(token=Token(value, kind), **fields))


async def authorize(
    store: Store,
    version: Version,
    value: str = "04A1B2C3",
    kind: str = "ISO14443",
    *,
    station: Station | None = None,
    open_transactions: OpenTransactions = ask_nobody,
    **more: Any,
) -> Json:
    link, _ = link_of(version, store, station=station, open_transactions=open_transactions)
    return await hear(store, link, "Authorize", {"idToken": {"idToken": value, "type": kind}, **more})


async def info_of(store: Store, version: Version, value: str = "04A1B2C3", kind: str = "ISO14443", **more: Any) -> Json:
    answer = await authorize(store, version, value, kind, **more)
    assert list(answer) == ["idTokenInfo"]
    info: Json = answer["idTokenInfo"]
    return info


async def test_C01_FR_07_19_a_valid_token_is_accepted_everywhere(peopled: Store, version: Version) -> None:
    await add(peopled)
    assert await info_of(peopled, version, "04a1b2c3") == {"status": "Accepted"}


async def test_TC_C_02_CSMS_an_unknown_token_is_unknown(peopled: Store, version: Version) -> None:
    await add(peopled)
    assert await info_of(peopled, version, "FFFFFFFF") == {"status": "Unknown"}
    assert await info_of(peopled, version, "04A1B2C3", "ISO15693") == {"status": "Unknown"}
    # C06.FR.04
    assert await info_of(peopled, version, "TICKET1", "Local") == {"status": "Unknown"}


async def test_C04_FR_01_02_a_code_is_valid_or_invalid(peopled: Store, version: Version) -> None:
    await add(peopled, "471147", "KeyCode", medium=Medium.CODE)
    assert await info_of(peopled, version, "471147", "KeyCode") == {"status": "Accepted"}
    assert await info_of(peopled, version, "471148", "KeyCode") == {"status": "Invalid"}


async def test_TC_C_06_CSMS_a_blocked_token_is_blocked(peopled: Store, version: Version) -> None:
    known = await add(peopled, group="fleet", language="nl", personal_message="Welkom", charging_priority=5)
    async with peopled.work() as work:
        await tokens.block(work, known.key, "lost")
    assert await info_of(peopled, version) == {
        "status": "Blocked",
        "groupIdToken": GROUP,
        "language1": "nl",
        "chargingPriority": 5,
    }


async def test_TC_C_07_CSMS_an_expired_token_is_expired(peopled: Store, version: Version) -> None:
    await add(peopled, valid_until=peopled.clock.now() - HOUR)
    assert await info_of(peopled, version) == {"status": "Expired"}


async def test_TC_C_39_CSMS_C09_FR_09_tokens_of_a_group_are_accepted_with_it(peopled: Store, version: Version) -> None:
    for value in ("ONE", "TWO"):
        await add(peopled, value, group="fleet")
        assert await info_of(peopled, version, value) == {"status": "Accepted", "groupIdToken": GROUP}


async def test_TC_C_47_TC_C_49_CSMS_a_master_pass_is_accepted_with_its_group(peopled: Store, version: Version) -> None:
    await add(peopled, group="fleet")
    async with peopled.work() as work:
        await tokens.set_master_pass(work, US, "fleet", True)
    assert await info_of(peopled, version) == {"status": "Accepted", "groupIdToken": GROUP}


async def test_C01_FR_08_17_a_token_tells_its_drivers_language_and_message(peopled: Store, version: Version) -> None:
    until = (peopled.clock.now() + HOUR).replace(microsecond=0)
    await add(
        peopled,
        language="nl-BE",
        second_language="fr",
        personal_message="Goede reis",
        charging_priority=-2,
        valid_until=until,
    )
    assert await info_of(peopled, version) == {
        "status": "Accepted",
        "language1": "nl-BE",
        "language2": "fr",
        "personalMessage": {"format": "UTF8", "language": "nl-BE", "content": "Goede reis"},
        "chargingPriority": -2,
        "cacheExpiryDateTime": until.isoformat().replace("+00:00", "Z"),
    }


async def test_C01_FR_18_20_22_the_EVSEs_a_token_may_use_are_named(peopled: Store, version: Version) -> None:
    station = station_of()
    kinds = ((1, "sType2"), (2, "cCCS2"))
    station.topology = Topology(tuple(Evse(EvseId(one), (Connector(ConnectorId(1), kind),)) for one, kind in kinds))
    await add(peopled, "FAST", evse_kinds=frozenset({"dc"}))
    await add(peopled, "ELSEWHERE", places={"CS9": None})
    await add(peopled, "BOTH", places={"CS1": (1, 2)})
    assert await info_of(peopled, version, "FAST", station=station) == {"status": "Accepted", "evseId": [2]}
    assert await info_of(peopled, version, "ELSEWHERE", station=station) == {"status": "NotAtThisLocation"}
    assert await info_of(peopled, version, "BOTH", station=station) == {"status": "Accepted"}
    station.topology = Topology((Evse(EvseId(1), (Connector(ConnectorId(1), "sType2"),)),))
    assert await info_of(peopled, version, "FAST", station=station) == {"status": "NotAllowedTypeEVSE"}


async def test_a_token_in_use_elsewhere_is_refused_as_that(peopled: Store, version: Version) -> None:
    await add(peopled)
    info = await info_of(peopled, version, open_transactions=open_now(tx("t1")))
    assert info == {"status": "ConcurrentTx"}


@pytest.mark.parametrize(
    "shown",
    [{"certificate": "-----BEGIN CERTIFICATE-----"}, {"iso15118CertificateHashData": HASHES}],
    ids=["pem", "hash"],
)
async def test_C07_FR_17_a_contract_that_cannot_be_verified_is_never_accepted(
    peopled: Store, version: Version, shown: Json
) -> None:
    await add(peopled, "NLABC000123456", "eMAID", medium=Medium.CONTRACT)
    answer = await authorize(peopled, version, "NLABC000123456", "eMAID", **shown)
    assert answer == {"idTokenInfo": {"status": "Invalid"}, "certificateStatus": "CertChainError"}
    assert [one["reason"] for one in await happened(peopled, "TokenJudged")] == ["contract_not_verified"]
    assert await info_of(peopled, version, "NLABC000123456", "eMAID") == {"status": "Accepted"}


async def test_C02_a_start_button_is_accepted(peopled: Store, version: Version) -> None:
    assert await info_of(peopled, version, "", "NoAuthorization") == {"status": "Accepted"}


async def say(link: Link, command: ClearCache | SendLocalList | GetLocalListVersion) -> Outcome:
    return await link.dialect.says[type(command)].say(link, command)


async def test_TC_C_37_TC_C_38_CSMS_a_cache_is_cleared_or_not(peopled: Store, version: Version) -> None:
    link, wire = link_of(version, peopled)
    assert await say(link, ClearCache()) == Outcome.accepted("Accepted")
    assert wire.told == [("ClearCache", {})]
    wire.answers["ClearCache"] = {"status": "Rejected", "statusInfo": {"reasonCode": "NotEnabled"}}
    assert await say(link, ClearCache()) == Outcome.refused("Rejected", reasonCode="NotEnabled")
    more = {"reasonCode": "NotEnabled", "additionalInfo": "the cache is off"}
    wire.answers["ClearCache"] = {"status": "Rejected", "statusInfo": more}
    assert await say(link, ClearCache()) == Outcome.refused("Rejected", **more)


@pytest.mark.parametrize("number", [0, 7])
async def test_TC_D_08_TC_D_09_CSMS_the_version_of_a_list_is_asked_for(
    peopled: Store, version: Version, number: int
) -> None:
    link, wire = link_of(version, peopled)
    wire.answers["GetLocalListVersion"] = {"versionNumber": number}
    assert await say(link, GetLocalListVersion()) == Outcome.accepted(version=number)
    assert wire.told == [("GetLocalListVersion", {})]
    assert await rows(peopled, "SELECT reported_version FROM local_list") == [(number,)]


async def test_TC_D_01_CSMS_a_full_list_is_sent(peopled: Store, version: Version) -> None:
    until = (peopled.clock.now() + HOUR).replace(microsecond=0)
    await add(peopled, "ONE", group="fleet", valid_until=until, language="de", places={"CS1": (2,)})
    link, wire = link_of(version, peopled)
    outcome = await say(link, SendLocalList(ListUpdate.FULL))
    assert outcome.status is CommandStatus.ACCEPTED
    info = {
        "status": "Accepted",
        "groupIdToken": GROUP,
        "language1": "de",
        "evseId": [2],
        "cacheExpiryDateTime": until.isoformat().replace("+00:00", "Z"),
    }
    entry = {"idToken": {"idToken": "ONE", "type": "ISO14443"}, "idTokenInfo": info}
    assert wire.told == [
        ("SendLocalList", {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [entry]})
    ]


async def test_TC_D_02_CSMS_a_differential_list_is_sent(peopled: Store, version: Version) -> None:
    await add(peopled, "ONE")
    link, wire = link_of(version, peopled)
    wire.kept = LocalList(version=1)
    outcome = await say(link, SendLocalList(ListUpdate.DIFFERENTIAL))
    assert outcome.status is CommandStatus.ACCEPTED
    assert [action for action, _ in wire.told] == ["GetLocalListVersion", "SendLocalList"]
    request = wire.told[1][1]
    assert (request["updateType"], request["versionNumber"]) == ("Differential", 2)
    assert [data["idToken"]["idToken"] for data in request["localAuthorizationList"]] == ["ONE"]


async def test_TC_D_03_CSMS_D01_FR_17_what_is_removed_is_named_without_info(peopled: Store, version: Version) -> None:
    known = await add(peopled, "ONE")
    await add(peopled, "TWO")
    link, wire = link_of(version, peopled)
    await say(link, SendLocalList())
    before = wire.kept.version
    async with peopled.work() as work:
        await tokens.remove(work, known.key)
    await say(link, SendLocalList(ListUpdate.DIFFERENTIAL))
    request = wire.told[-1][1]
    assert request["updateType"] == "Differential"
    assert request["versionNumber"] > before
    assert request["localAuthorizationList"] == [{"idToken": {"idToken": "ONE", "type": "ISO14443"}}]


async def test_TC_D_04_CSMS_a_full_list_without_entries_is_sent(peopled: Store, version: Version) -> None:
    link, wire = link_of(version, peopled)
    outcome = await say(link, SendLocalList(ListUpdate.FULL))
    assert outcome.status is CommandStatus.ACCEPTED
    assert wire.told == [("SendLocalList", {"versionNumber": 1, "updateType": "Full"})]


async def test_C18_FR_09_10_a_VAT_number_nobody_checked_is_rejected(peopled: Store, version: Version) -> None:
    if version is V201:
        assert "VatNumberValidation" not in version.actions
        return
    link, _ = link_of(version, peopled)
    for more in ({}, {"evseId": 1}):
        answer = await hear(peopled, link, "VatNumberValidation", {"vatNumber": "NL0001", **more})
        assert answer.pop("statusInfo")["reasonCode"] == "UnsupportedRequest"
        assert answer == {"vatNumber": "NL0001", "status": "Rejected", **more}


async def test_C21_a_settlement_is_kept_in_the_log_and_no_receipt_promised(peopled: Store, version: Version) -> None:
    if version is V201:
        assert "NotifySettlement" not in version.actions
        return
    link, _ = link_of(version, peopled)
    settled = {"pspRef": "p1", "status": "Settled", "settlementAmount": 12.3, "settlementTime": "2026-11-20T12:00:00Z"}
    assert await hear(peopled, link, "NotifySettlement", settled) == {}
    (logged,) = await rows(peopled, "SELECT request FROM message_log WHERE action = 'NotifySettlement'")
    assert '"p1"' in logged[0]
