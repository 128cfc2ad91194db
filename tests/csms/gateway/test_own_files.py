"""What a start says of files for TLS that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from forecourt.clock import SYSTEM
from forecourt.csms.config import Tls
from forecourt.csms.gateway.certificates import Certificates
from forecourt.errors import Invalid
from tests.transport.authority import Authority


@pytest.mark.parametrize(
    "wrong", ["no certificate", "no key", "another key", "no roots", "roots of nonsense", "no list", "nobody's list"]
)
async def test_a_start_names_the_file_that_cannot_be_used(tmp_path: Path, wrong: str) -> None:
    authority = Authority.make(tmp_path)
    own, other = authority.issue("one", "here"), authority.issue("two", "there")
    chain, key, nothing = Path(own.chain), Path(own.key), tmp_path / "nothing.pem"
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    roots = tmp_path / "roots.pem"
    roots.write_text(authority.roots)
    good = Tls(certificates=((chain, key),))
    assert await Certificates(good, SYSTEM).begin() is not None
    settings, named = {
        "no certificate": (Tls(certificates=((nothing, key),)), nothing),
        "no key": (Tls(certificates=((chain, nothing),)), nothing),
        "another key": (Tls(certificates=((chain, Path(other.key)),)), Path(other.key)),
        "no roots": (Tls(certificates=((chain, key),), client_ca=nothing), nothing),
        "roots of nonsense": (Tls(certificates=((chain, key),), client_ca=nonsense), nonsense),
        "no list": (Tls(certificates=((chain, key),), client_ca=roots, client_crl=(nothing,)), nothing),
        "nobody's list": (Tls(certificates=((chain, key),), client_crl=(nothing,)), nothing),
    }[wrong]
    with pytest.raises(Invalid) as refusal:
        await Certificates(settings, SYSTEM).begin()
    assert refusal.value.code == "tls_unusable"
    assert str(named) in refusal.value.message
