"""Certification cases of 2.0.1 for stations: the certificate that vehicles are shown, and what responders say of it."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from forecourt.ocpp import v2
from forecourt.ocpp.versions import Version
from forecourt.station.hardware.interface import Secc
from tests.station.cases.test_station_201 import version
from tests.station.rig import Rig
from tests.station.signing import wire
from tests.station.vehicles import (
    SECC_ID,
    asked_of,
    chains_listed,
    equipped,
    good,
    question,
    renewed,
    v2g_names,
)

__all__ = ["version"]


@pytest.fixture
def rig(version: Version) -> Rig:
    return equipped(version)


def secc(rig: Rig) -> Secc:
    assert rig.hardware.secc is not None
    return rig.hardware.secc


def test_TC_A_12_CS_the_certificate_for_vehicles_is_renewed(rig: Rig) -> None:
    chain = renewed(rig)
    csr = x509.load_pem_x509_csr(rig.last(v2.SignCertificate).csr.encode())
    key = csr.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.key_size >= 256
    assert csr.is_signature_valid
    parts = {part.oid: part.value for part in csr.subject}
    assert parts[NameOID.COMMON_NAME] == SECC_ID
    assert (parts[NameOID.COUNTRY_NAME], parts[NameOID.DOMAIN_COMPONENT]) == ("NL", "CPO")
    assert secc(rig).chain == chain


def test_TC_M_15_CS_the_chain_for_vehicles_is_listed(rig: Rig) -> None:
    leaf, *above = v2g_names(renewed(rig))
    (listed,) = chains_listed(rig, "V2GCertificateChain")
    assert listed.certificate_type == "V2GCertificateChain"
    assert listed.certificate_hash_data == wire(leaf)
    assert listed.child_certificate_hash_data == tuple(map(wire, above))


def test_TC_M_24_CS_the_status_of_each_certificate_is_asked_for(rig: Rig) -> None:
    rig.answers[v2.GetCertificateStatus] = good()
    names = v2g_names(renewed(rig))
    assert asked_of(rig) == [question(name) for name in names]
    assert len(secc(rig).staples) == len(names) == 3
    assert all(secc(rig).staples)


def test_TC_M_25_CS_the_status_of_a_certificate_is_not_to_be_had(rig: Rig) -> None:
    rig.answers[v2.GetCertificateStatus] = lambda request: v2.GetCertificateStatusResponse(status="Failed")
    chain = renewed(rig)
    assert len(asked_of(rig)) == len(v2g_names(chain))
    assert (secc(rig).chain, secc(rig).staples) == (chain, (b"", b"", b""))
    # M06.FR.10: it is asked for again.
    rig.fresh()
    rig.answers[v2.GetCertificateStatus] = good()
    rig.time.advance(86_400)
    assert all(secc(rig).staples)
