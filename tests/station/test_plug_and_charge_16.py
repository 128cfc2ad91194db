"""Plug & Charge in 1.6, by the application note: messages in DataTransfer that stand for those of 2.0.1."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16
from forecourt.station.hardware.interface import Contract, ContractRequest
from forecourt.station.hardware.vehicle import Vehicle
from tests.pki.authority import Holder, root
from tests.station.rig import Rig
from tests.station.signing import OPERATOR, certified, wire
from tests.station.vehicles import (
    CONTRACT,
    CONTRACT_NAMES,
    EMAID,
    MO_ROOT,
    RESPONDER,
    V2G_ROOT,
    arrives,
    chain_for,
    named,
    said_of,
    v2g_names,
)

VENDOR = "org.openchargealliance.iso15118pnc"
Content = dict[str, Any]


def told(rig: Rig, message_id: str) -> list[Content]:
    """What the central system was told in messages of this name."""
    found = [one for one in rig.of(v16.DataTransfer) if one.message_id == message_id]
    assert {one.vendor_id for one in found} <= {VENDOR}
    return [json.loads(str(one.data)) for one in found]


def answers(rig: Rig, **contents: Content | Callable[[Content], Content]) -> None:
    """What the central system says to messages, by name; it knows no others."""

    def answer(request: v16.DataTransfer) -> v16.DataTransferResponse:
        content = contents.get(str(request.message_id))
        if request.vendor_id != VENDOR or content is None:
            return v16.DataTransferResponse(status="UnknownMessageId")
        plain = content(json.loads(str(request.data))) if callable(content) else content
        return v16.DataTransferResponse(status="Accepted", data=json.dumps(plain))

    rig.answers[v16.DataTransfer] = answer


def ask(rig: Rig, message_id: str, content: Content | None = None) -> Content:
    data = json.dumps(content or {})
    answer = rig.ask(v16.DataTransfer(vendor_id=VENDOR, message_id=message_id, data=data))
    assert answer.status == "Accepted"
    found: Content = json.loads(answer.data)
    return found


def install(rig: Rig, use: str, holder: Holder) -> Any:
    return ask(rig, "InstallCertificate", {"certificateType": use, "certificate": holder.pem})["status"]


def plain(data: v2.CertificateHashData) -> Content:
    return {
        "hashAlgorithm": data.hash_algorithm,
        "issuerNameHash": data.issuer_name_hash,
        "issuerKeyHash": data.issuer_key_hash,
        "serialNumber": data.serial_number,
    }


def accepting(verdict: str = "Accepted", certificate: str | None = "Accepted") -> Content:
    found: Content = {"idTokenInfo": {"status": verdict}}
    return found if certificate is None else {**found, "certificateStatus": certificate}


def trusting() -> Rig:
    rig = Rig(V16)
    assert install(rig, "MORootCertificate", MO_ROOT) == "Accepted"
    answers(rig, Authorize=accepting())
    rig.fresh()
    return rig


def begun(rig: Rig) -> list[str]:
    return [one.id_tag for one in rig.of(v16.StartTransaction)]


def test_C07_a_contract_is_asked_about_in_a_vendor_message_and_its_eMAID_is_the_idTag() -> None:
    rig = trusting()
    assert arrives(rig).paid is True
    (asked,) = told(rig, "Authorize")
    assert asked["idToken"] == {"idToken": EMAID}
    assert "certificate" not in asked
    names = [{**plain(wire(name)), "responderURL": RESPONDER} for name in named(*CONTRACT_NAMES)]
    assert asked["iso15118CertificateHashData"] == names
    assert rig.of(v16.Authorize) == []
    assert begun(rig) == [EMAID]


@pytest.mark.parametrize(
    "answer",
    [
        accepting("Blocked"),
        accepting("Accepted", "CertificateRevoked"),
        accepting("Accepted", None),
        accepting("What"),
        {},
    ],
)
def test_C07_what_is_not_accepted_as_a_whole_is_refused(answer: Content) -> None:
    rig = trusting()
    answers(rig, Authorize=answer)
    assert arrives(rig).paid is False
    assert begun(rig) == []
    rig.hardware.swipe("TAG001")
    rig.time.advance(10)
    assert begun(rig) == ["TAG001"]


def test_C07_FR_06_what_the_station_cannot_check_goes_along_where_that_is_allowed() -> None:
    rig = Rig(V16)
    answers(rig, Authorize=accepting())
    assert arrives(rig).paid is False
    assert told(rig, "Authorize") == []
    rig.hardware.unplug()
    rig.set("CentralContractValidationAllowed", "true")
    assert arrives(rig).paid is True
    assert told(rig, "Authorize")[0]["certificate"] == CONTRACT.chain


def test_a_central_system_that_does_not_know_the_messages_refuses() -> None:
    rig = trusting()
    del rig.answers[v16.DataTransfer]
    assert arrives(rig).paid is False
    assert rig.of(v16.Authorize) == []


def test_an_eMAID_that_is_no_idTag_is_refused() -> None:
    rig = trusting()
    long = "DE-8AA-1A2B3C4D5-6-7-8-9"
    assert arrives(rig, Contract(long, CONTRACT.chain)).paid is False
    assert told(rig, "Authorize") == []


@pytest.mark.parametrize("validates", [True, False])
def test_C07_FR_07_to_11_offline_the_list_counts_where_the_station_may_check(validates: bool) -> None:
    rig = trusting()
    rig.set("ContractValidationOffline", str(validates).lower())
    rig.set("LocalAuthListEnabled", "true")
    entry = v16.AuthorizationData(id_tag=EMAID, id_tag_info=v16.IdTagInfo(status="Accepted"))
    sent = v16.SendLocalList(list_version=1, update_type="Full", local_authorization_list=(entry,))
    assert rig.ask(sent).status == "Accepted"
    rig.link.up = False
    rig.link.cut()
    assert arrives(rig).paid is validates


def test_without_ISO15118PnCEnabled_nothing_of_it_is_said_or_done() -> None:
    rig = trusting()
    rig.set("ISO15118PnCEnabled", "false")
    vehicle = arrives(rig)
    assert vehicle.paid is False
    assert rig.of(v16.DataTransfer) == []
    assert install(rig, "V2GRootCertificate", V2G_ROOT) == "Rejected"
    assert ask(rig, "TriggerMessage") == {"status": "Rejected"}


def renewed(rig: Rig) -> str:
    assert install(rig, "V2GRootCertificate", V2G_ROOT) == "Accepted"
    assert ask(rig, "TriggerMessage") == {"status": "Accepted"}
    (asked,) = told(rig, "SignCertificate")
    assert asked["certificateType"] == "V2GCertificate"
    chain = chain_for(asked["csr"])
    assert ask(rig, "CertificateSigned", {"certificateChain": chain}) == {"status": "Accepted"}
    return chain


def test_A02_M06_the_certificate_for_vehicles_is_renewed_and_asked_about() -> None:
    rig = Rig(V16)

    def good(content: Content) -> Content:
        data = content["ocspRequestData"]
        asked = v2.OCSPRequestData(
            hash_algorithm=data["hashAlgorithm"],
            issuer_name_hash=data["issuerNameHash"],
            issuer_key_hash=data["issuerKeyHash"],
            serial_number=data["serialNumber"],
            responder_url=data["responderURL"],
        )
        return {"status": "Accepted", "ocspResult": said_of(asked)}

    answers(rig, SignCertificate={"status": "Accepted"}, GetCertificateStatus=good)
    chain = renewed(rig)
    secc = rig.hardware.secc
    assert secc is not None
    assert secc.chain == chain
    assert len(secc.staples) == 3
    assert all(secc.staples)
    leaf, *above = [plain(wire(name)) for name in v2g_names(chain)]
    (of_root,) = [plain(wire(name)) for name in named(V2G_ROOT, V2G_ROOT)]
    root_told = {"certificateType": "V2GRootCertificate", "certificateHashData": of_root}
    chain_told = {
        "certificateType": "V2GCertificateChain",
        "certificateHashData": leaf,
        "childCertificateHashData": above,
    }
    everything = {"status": "Accepted", "certificateHashDataChain": [root_told, chain_told]}
    assert ask(rig, "GetInstalledCertificateIds") == everything
    only = {"status": "Accepted", "certificateHashDataChain": [chain_told]}
    assert ask(rig, "GetInstalledCertificateIds", {"certificateType": ["V2GCertificateChain"]}) == only
    nothing = {"status": "NotFound"}
    assert ask(rig, "GetInstalledCertificateIds", {"certificateType": ["MORootCertificate"]}) == nothing
    assert ask(rig, "DeleteCertificate", {"certificateHashData": leaf}) == {"status": "Failed"}
    assert ask(rig, "DeleteCertificate", {"certificateHashData": of_root}) == {"status": "Accepted"}
    assert ask(rig, "DeleteCertificate", {"certificateHashData": of_root}) == {"status": "NotFound"}


def test_A02_a_certificate_of_somebody_else_is_rejected_and_told_of() -> None:
    rig = certified(V16)
    answers(rig, SignCertificate={"status": "Accepted"})
    assert install(rig, "V2GRootCertificate", V2G_ROOT) == "Accepted"
    assert ask(rig, "TriggerMessage") == {"status": "Accepted"}
    (asked,) = told(rig, "SignCertificate")
    strange = OPERATOR.sign_request(asked["csr"])
    assert ask(rig, "CertificateSigned", {"certificateChain": strange}) == {"status": "Rejected"}
    assert rig.last(v16.SecurityEventNotification).type == "InvalidChargePointCertificate"
    assert rig.hardware.secc is None


@pytest.mark.parametrize("knows", [True, False])
def test_the_request_is_repeated_only_if_the_central_system_has_accepted_it(knows: bool) -> None:
    rig = Rig(V16)
    if knows:
        answers(rig, SignCertificate={"status": "Accepted"})
    assert ask(rig, "TriggerMessage") == {"status": "Accepted"}
    rig.time.advance(7200)
    assert len(told(rig, "SignCertificate")) == (5 if knows else 1)


def test_roots_of_the_central_system_do_not_go_this_way() -> None:
    rig = certified(V16)
    assert install(rig, "CSMSRootCertificate", root("Another")) == "Rejected"
    (of_root,) = [plain(wire(name)) for name in named(OPERATOR, OPERATOR)]
    assert ask(rig, "DeleteCertificate", {"certificateHashData": of_root}) == {"status": "NotFound"}
    assert ask(rig, "GetInstalledCertificateIds", {"certificateType": ["CSMSRootCertificate"]}) == {
        "status": "NotFound"
    }


@pytest.mark.parametrize(("status", "received"), [("Accepted", "gJgCAAAB"), ("Failed", None)])
def test_M01_M02_a_contract_certificate_is_passed_on(status: str, received: str | None) -> None:
    for renews in (False, True):
        rig = trusting()
        answers(rig, Authorize=accepting(), Get15118EVCertificate={"status": status, "exiResponse": received or ""})
        vehicle = Vehicle()
        vehicle.contract, vehicle.asks = CONTRACT, ContractRequest(exi="gJgCAAAA", renews=renews)
        rig.hardware.plug(vehicle)
        rig.time.advance(10)
        (asked,) = told(rig, "Get15118EVCertificate")
        assert asked == {
            "iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef",
            "action": "Update" if renews else "Install",
            "exiRequest": "gJgCAAAA",
        }
        assert vehicle.received == [received]
        assert len(told(rig, "Authorize")) == (1 if received else 0)


@pytest.mark.parametrize("data", ["", "[]", '{"certificateHashData": {"hashAlgorithm": "MD5"}}', "no JSON"])
def test_data_that_is_no_such_message_is_rejected(data: str) -> None:
    rig = Rig(V16)
    for message_id in ("InstallCertificate", "DeleteCertificate", "CertificateSigned", "GetInstalledCertificateIds"):
        answer = rig.ask(v16.DataTransfer(vendor_id=VENDOR, message_id=message_id, data=data))
        # The one that may be empty takes what it does not know.
        allowed = {"Rejected"} if message_id != "GetInstalledCertificateIds" or data[:1] != "{" else {"Accepted"}
        assert {answer.status} == allowed


def test_other_messages_of_the_vendor_are_unknown() -> None:
    rig = Rig(V16)
    for message_id in ("Authorize", "Hum"):
        answer = rig.ask(v16.DataTransfer(vendor_id=VENDOR, message_id=message_id, data="{}"))
        assert answer.status == "UnknownMessageId"
