"""Certification cases of 1.6 and 2.0.1 about TLS: certificates of both ends, and security profiles that are raised."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
import websockets
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from forecourt.csms.blocks.provisioning.commands import (
    NetworkProfile,
    Reset,
    ResetKind,
    SetNetworkProfile,
    SetVariables,
)
from forecourt.csms.blocks.provisioning.model import Component, Given, Variable
from forecourt.csms.config import Tls
from forecourt.csms.organisations.actions import DEFAULT_NAME
from forecourt.csms.stations.model import SecurityProfile, Station
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.transport.tls import KeyPair
from tests.journeys.cases.conftest import serving
from tests.journeys.cases.tool import ACCEPTED, Proof, Tool, connected, fresh_name
from tests.journeys.cases.tool2 import in_both_versions, station2
from tests.journeys.cases.tool16 import station16
from tests.journeys.driver import Driver
from tests.journeys.site import PASSWORD, Site
from tests.transport.authority import Authority

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGREED = {"status": "Accepted"}

# What both parts of A00.FR.318 want, in the words of OpenSSL.
SUITES = [
    pytest.param("ECDHE-ECDSA-AES128-GCM-SHA256", id="TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    pytest.param("ECDHE-ECDSA-AES256-GCM-SHA384", id="TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    pytest.param("AES128-GCM-SHA256", id="TLS_RSA_WITH_AES_128_GCM_SHA256"),
    pytest.param("AES256-GCM-SHA384", id="TLS_RSA_WITH_AES_256_GCM_SHA384"),
]
with_every_suite = pytest.mark.parametrize("suite", SUITES)


@dataclass
class Trust:
    """Who signs certificates: one authority that everybody here trusts, and one that nobody does."""

    ours: Authority
    strangers: Authority

    def context(self, key_pair: KeyPair | None = None, suite: str = "") -> ssl.SSLContext:
        """What a station makes its connection with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.ours.roots)
        if key_pair is not None:
            context.load_cert_chain(key_pair.chain, key_pair.key)
        if suite:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(suite)
        return context

    def certificate(self, name: str) -> KeyPair:
        """A station's certificate: its O names the operator."""
        return self.ours.issue(name, name, organization=DEFAULT_NAME)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    ours, strangers = (tmp_path_factory.mktemp(name) for name in ("ours", "strangers"))
    return Trust(Authority.make(ours), Authority.make(strangers, "Somebody else's CA"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, trust: Trust) -> AsyncIterator[Site]:
    """A management system with a certificate of each kind, which asks stations for theirs."""
    folder = tmp_path_factory.mktemp("csms")
    (folder / "roots.pem").write_text(trust.ours.roots)
    pairs = [trust.ours.issue("ec", "localhost"), trust.ours.issue("rsa", "localhost", use_rsa=True)]
    tls = Tls(
        certificates=tuple((folder.joinpath(pair.chain), folder.joinpath(pair.key)) for pair in pairs),
        client_ca=folder / "roots.pem",
        rsa_key_exchange=True,
    )
    async with serving(server, folder, tls) as running:
        yield running


async def by_password(site: Site) -> Station:
    """A station of security profile 2."""
    return await site.announce(fresh_name(), profile=SecurityProfile.TLS_BASIC)


async def by_certificate(site: Site) -> Station:
    """A station of security profile 3."""
    return await site.announce(fresh_name(), profile=SecurityProfile.TLS_CERTIFICATE)


def check(driver: Driver, suite: str) -> None:
    """What the tool looks at in the handshake, and in the certificate of the server."""
    wire = driver.connection.transport.get_extra_info("ssl_object")
    assert wire.version() == "TLSv1.2"
    assert wire.cipher()[0] == suite
    certificate = x509.load_der_x509_certificate(wire.getpeercert(binary_form=True))
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        assert key.key_size >= 2048
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.key_size >= 224
    assert certificate.serial_number > 0
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "localhost"


@in_both_versions
@with_every_suite
async def test_TC_A_04_CSMS_the_server_shows_its_certificate(
    site: Site, trust: Trust, version: Version, suite: str
) -> None:
    proof = Proof(tls=trust.context(suite=suite))
    async with station2(site, version, known=await by_password(site), proof=proof) as cs:
        check(cs.tool.driver, suite)
        await cs.booted()


@with_every_suite
async def test_TC_086_CSMS_the_server_shows_its_certificate(site: Site, trust: Trust, suite: str) -> None:
    proof = Proof(tls=trust.context(suite=suite))
    async with station16(site, known=await by_password(site), proof=proof) as cp:
        check(cp.tool.driver, suite)
        await cp.booted()


def outdated(trust: Trust) -> ssl.SSLContext:
    """A station that speaks TLS 1.1 and nothing newer."""
    context = trust.context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    # What OpenSSL itself would not offer any more.
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@in_both_versions
async def test_TC_A_06_CSMS_TLS_that_is_too_old_is_refused(site: Site, trust: Trust, version: Version) -> None:
    known = await by_password(site)
    with pytest.raises((ssl.SSLError, ConnectionError)) as turned:
        async with station2(site, version, known=known, proof=Proof(tls=outdated(trust))):
            raise AssertionError("it was let in")
    # It was the server that ended it, not this side for want of anything to offer.
    assert not isinstance(turned.value, ssl.SSLError) or "ALERT_PROTOCOL_VERSION" in str(turned.value)
    async with station2(site, version, known=known, proof=Proof(tls=trust.context())) as cs:
        await cs.booted()


def shows(trust: Trust, key_pair: KeyPair, suite: str = "") -> Proof:
    """A certificate and no password."""
    return Proof(password=None, tls=trust.context(key_pair, suite))


@in_both_versions
@with_every_suite
async def test_TC_A_07_CSMS_a_station_shows_its_certificate(
    site: Site, trust: Trust, version: Version, suite: str
) -> None:
    known = await by_certificate(site)
    proof = shows(trust, trust.certificate(known.wire_id), suite)
    async with station2(site, version, known=known, proof=proof) as cs:
        check(cs.tool.driver, suite)
        await cs.booted()


@with_every_suite
async def test_TC_087_CSMS_a_station_shows_its_certificate(site: Site, trust: Trust, suite: str) -> None:
    known = await by_certificate(site)
    proof = shows(trust, trust.certificate(known.wire_id), suite)
    async with station16(site, known=known, proof=proof) as cp:
        check(cp.tool.driver, suite)
        await cp.booted()


async def refused(site: Site, version: Version, known: Station, proof: Proof) -> None:
    """The connection does not come about: the handshake of TLS or that of WebSocket fails."""
    with pytest.raises((ssl.SSLError, ConnectionError, EOFError, websockets.InvalidHandshake)):
        async with connected(site, version, {}, known=known, proof=proof):
            raise AssertionError("it was let in")


@in_both_versions
@pytest.mark.parametrize("wrong", ["unknown", "expired", "another station's"])
async def test_TC_A_08_CSMS_a_wrong_certificate_is_refused_and_the_right_one_is_not(
    site: Site, trust: Trust, version: Version, wrong: str
) -> None:
    known = await by_certificate(site)
    name = known.wire_id
    pairs = {
        "unknown": lambda: trust.strangers.issue("unknown", name, organization=DEFAULT_NAME),
        "expired": lambda: trust.ours.issue("expired", name, organization=DEFAULT_NAME, years=1),
        "another station's": lambda: trust.certificate("SOMEBODY-ELSE"),
    }
    await refused(site, version, known, shows(trust, pairs[wrong]()))
    async with station2(site, version, known=known, proof=shows(trust, trust.certificate(name))) as cs:
        await cs.booted()


PROFILE = NetworkProfile(csms_url="wss://csms.example.org/ocpp", interface="Wired0", security_profile=3)
PRIORITY = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}


async def given_a_higher_profile(tool: Tool) -> None:
    """The operator stores a network profile, makes it the first, and resets the station."""
    asked = await tool.ordered(SetNetworkProfile(2, PROFILE), "SetNetworkProfile")
    data = {
        "message_timeout": 30,
        "ocpp_csms_url": "wss://csms.example.org/ocpp",
        "ocpp_interface": "Wired0",
        "ocpp_transport": "JSON",
        "ocpp_version": {V201: "OCPP20", V21: "OCPP21"}[tool.version],
        "security_profile": 3,
    }
    assert asked == ({"configuration_slot": 2, "connection_data": data}, ACCEPTED, "Accepted")
    given = Given(Component("OCPPCommCtrlr"), Variable("NetworkConfigurationPriority"), "2,1")
    asked = await tool.ordered(SetVariables((given,)), "SetVariables")
    assert asked == ({"set_variable_data": [{"attribute_value": "2,1", **PRIORITY}]}, ACCEPTED, "Accepted")
    assert await tool.ordered(Reset(ResetKind.ON_IDLE), "Reset") == ({"type": "OnIdle"}, ACCEPTED, "Accepted")


RAISING: dict[str, Any] = {
    "SetNetworkProfile": AGREED,
    "SetVariables": {"set_variable_result": [{"attribute_status": "Accepted", **PRIORITY}]},
    "Reset": AGREED,
}


@in_both_versions
async def test_TC_A_19_CSMS_a_security_profile_is_raised_and_the_lower_one_is_worth_nothing(
    site: Site, trust: Trust, version: Version
) -> None:
    known = await by_password(site)
    lower, upper = Proof(PASSWORD, trust.context()), shows(trust, trust.certificate(known.wire_id))
    await refused(site, version, known, upper)
    async with connected(site, version, RAISING, known=known, proof=lower) as tool:
        await given_a_higher_profile(tool)
    async with station2(site, version, known=known, proof=upper) as cs:
        await cs.booted()
    await refused(site, version, known, lower)
    async with station2(site, version, known=known, proof=upper):
        pass
    kept = "SELECT security_profile, offered_security_profile FROM station WHERE id = :key"
    await site.until(kept, [(3, None)], key=known.key)
    assert await site.kinds(known, "SecurityProfile%") == ["SecurityProfileRaised"]


@in_both_versions
async def test_a_profile_that_the_station_rejects_lets_nobody_in(site: Site, trust: Trust, version: Version) -> None:
    known = await by_password(site)
    lower, upper = Proof(PASSWORD, trust.context()), shows(trust, trust.certificate(known.wire_id))
    rejects = {"SetNetworkProfile": {"status": "Rejected"}}
    async with connected(site, version, rejects, known=known, proof=lower) as tool:
        await tool.ordered(SetNetworkProfile(2, PROFILE), "SetNetworkProfile")
    await refused(site, version, known, upper)
    async with station2(site, version, known=known, proof=lower) as cs:
        await cs.booted()


async def test_A05_a_station_of_1_6_is_given_a_higher_profile_by_its_configuration(site: Site, trust: Trust) -> None:
    known = await by_password(site)
    lower, upper = Proof(PASSWORD, trust.context()), shows(trust, trust.certificate(known.wire_id))
    given = SetVariables((Given(Component("SecurityCtrlr"), Variable("SecurityProfile"), "3"),))
    async with connected(site, V16, {"ChangeConfiguration": AGREED}, known=known, proof=lower) as tool:
        asked = await tool.ordered(given, "ChangeConfiguration")
        assert asked == ({"key": "SecurityProfile", "value": "3"}, ACCEPTED, "Accepted")
    # It has not come with it yet, so it may still come with the lower one.
    async with connected(site, V16, {}, known=known, proof=lower):
        pass
    async with station16(site, known=known, proof=upper) as cp:
        await cp.booted()
    await refused(site, V16, known, lower)
