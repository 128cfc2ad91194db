"""A station with certificates: roots it trusts, a certificate of its own, and whoever signs for it."""

from __future__ import annotations

from typing import Any

from cryptography import x509

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, Version
from forecourt.pki.certificates import HashData, hash_data
from forecourt.pki.keys import new_key, signing_request
from forecourt.station.blocks.certificates.actions import own
from forecourt.station.blocks.certificates.model import Identity, Use
from forecourt.station.blocks.certificates.store import endow, trust
from tests.pki.authority import Holder, root
from tests.station.rig import Rig

OPERATOR, STRANGER, MAKER = root("Operator root"), root("Somebody else"), root("Maker root")


def certified(version: Version, *, days: float = 3650, built: int = 3, **more: Any) -> Rig:
    """A station of a security profile, with the operator's root, and a certificate that holds for so many days of 2029 on."""
    rig = Rig(version, start=False, security_profile=built, **more)
    storage = rig.powered.storage
    trust(storage, Use.CSMS, OPERATOR.pem)
    key = new_key()
    csr = signing_request(key, common_name="CS001", organization="Forecourt")
    endow(storage, Identity(key=key, chain=OPERATOR.sign_request(csr, days=days)))
    storage.commit()
    rig.powered.power_on()
    rig.time.advance(5)
    rig.fresh()
    return rig


def requests(rig: Rig) -> list[str]:
    """The certificate signing requests that were sent."""
    kind: Any = v16.SignCertificate if rig.version is V16 else v2.SignCertificate
    return [told.csr for told in rig.of(kind)]


def chain_of(rig: Rig) -> str:
    """The station's own certificate."""
    found = own(rig.station)
    assert found is not None
    return found.chain


def named(holder: Holder, algorithm: str = "SHA256") -> HashData:
    return hash_data(holder.certificate, holder.certificate, algorithm)


def wire(data: HashData) -> Any:
    return v2.CertificateHashData(
        hash_algorithm=data.algorithm,  # type: ignore[arg-type]
        issuer_name_hash=data.issuer_name,
        issuer_key_hash=data.issuer_key,
        serial_number=data.serial_number,
    )


def subject(csr: str) -> str:
    return x509.load_pem_x509_csr(csr.encode()).subject.rfc4514_string()
