"""Whether a certificate goes back to a root that is trusted (RFC 5280, section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509 import verification

from forecourt.pki.certificates import InvalidCertificate, check_strength

MOST_LINKS: Final = 5
"""Intermediate certificates between a leaf and its root."""


def verify(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
) -> tuple[x509.Certificate, ...]:
    """The chain from `leaf` to one of the `roots`. Raises InvalidCertificate when there is none that holds at that moment.

    Leaves need no extensions, as the certificates in chargers often have none; who signs another must be an authority.
    """
    if not roots:
        raise InvalidCertificate("no root is trusted")
    # Also a root signed by itself must not pass as a leaf: an authority does no other work.
    if leaf in roots:
        raise InvalidCertificate("a root")
    builder = (
        verification.PolicyBuilder()
        .store(verification.Store(list(roots)))
        .time(at.replace(tzinfo=None))
        .max_chain_depth(MOST_LINKS)
        .extension_policies(ca_policy=_AUTHORITY, ee_policy=verification.ExtensionPolicy.permit_all())
    )
    try:
        chain = tuple(builder.build_client_verifier().verify(leaf, list(intermediates)).chain)
    except (verification.VerificationError, ValueError) as error:
        raise InvalidCertificate(f"no chain to a trusted root: {error}") from None
    for one in chain:
        check_strength(one)
    return chain


def _may_sign_certificates(
    policy: verification.Policy, certificate: x509.Certificate, usage: x509.KeyUsage | None
) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("its key may not sign certificates")


_AUTHORITY: Final = (
    verification.ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, verification.Criticality.AGNOSTIC, None)
    .may_be_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, _may_sign_certificates)
)
