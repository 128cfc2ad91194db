"""A meter that signs, with a key of its own."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class SimulatedSigner:
    """Implements `Signer`; the key lives as long as the object."""

    __slots__ = ("_key", "public_key", "serial")

    def __init__(self, serial: str) -> None:
        self.serial = serial
        self._key: Final = ec.generate_private_key(ec.SECP256R1())
        self.public_key = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, ec.ECDSA(SHA256()))
