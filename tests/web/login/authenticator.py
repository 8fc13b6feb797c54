"""A passkey in software, written after WebAuthn Level 3 and CTAP 2, with every fault that a test may ask for."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
ES256, EDDSA, RS256 = -7, -8, -257


def b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def unb64(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


@dataclass
class Credential:
    """One resident key."""

    id: bytes
    rp_id: str
    user: bytes
    algorithm: int
    key: Any
    count: int = 0

    def public(self) -> dict[int, Any]:
        """As a COSE key (RFC 9053)."""
        numbers = self.key.public_key()
        if self.algorithm == ES256:
            point = numbers.public_numbers()
            return {1: 2, 3: ES256, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        if self.algorithm == EDDSA:
            return {1: 1, 3: EDDSA, -1: 6, -2: numbers.public_bytes_raw()}
        modulus = numbers.public_numbers()
        return {1: 3, 3: RS256, -1: modulus.n.to_bytes(256, "big"), -2: modulus.e.to_bytes(3, "big")}

    def sign(self, data: bytes) -> bytes:
        if self.algorithm == ES256:
            return bytes(self.key.sign(data, ec.ECDSA(SHA256())))
        if self.algorithm == EDDSA:
            return bytes(self.key.sign(data))
        return bytes(self.key.sign(data, padding.PKCS1v15(), SHA256()))


@dataclass
class Authenticator:
    """A device that holds passkeys; ``counts``: whether it counts signatures; ``synced``: whether its keys may be copied."""

    algorithm: int = ES256
    counts: bool = True
    synced: bool = False
    attestation: str = "none"
    credentials: list[Credential] = field(default_factory=list)

    def create(self, options: str, origin: str, **faults: Any) -> str:
        """What ``navigator.credentials.create()`` gives, as JSON."""
        asked = json.loads(options)
        rp_id = faults.get("rp_id", asked["rp"]["id"])
        made = Credential(
            faults.get("id", os.urandom(32)), rp_id, unb64(asked["user"]["id"]), self.algorithm, self._key()
        )
        self.credentials.append(made)
        client = self._client("webauthn.create", asked["challenge"], origin, faults)
        attested = bytes(16) + len(made.id).to_bytes(2, "big") + made.id + cbor.encode(made.public())
        data = self._data(made, faults, AT) + attested
        statement: dict[str, Any] = {}
        if self.attestation == "packed":
            signature = made.sign(data + hashlib.sha256(client).digest())
            statement = {"alg": made.algorithm, "sig": signature}
        attestation = cbor.encode({"fmt": self.attestation, "attStmt": statement, "authData": data})
        response = {
            "clientDataJSON": b64(client),
            "attestationObject": b64(attestation),
            "transports": ["internal", "hybrid", "nonsense"],
        }
        return self._told(made, response, faults)

    def get(self, options: str, origin: str, **faults: Any) -> str:
        """What ``navigator.credentials.get()`` gives, as JSON."""
        asked = json.loads(options)
        used = faults.get("credential") or self._chosen(asked)
        client = self._client("webauthn.get", asked["challenge"], origin, faults)
        data = self._data(used, faults, 0)
        signature = used.sign(faults.get("signed", data) + hashlib.sha256(client).digest())
        response = {
            "clientDataJSON": b64(client),
            "authenticatorData": b64(data),
            "signature": b64(signature),
            "userHandle": b64(used.user),
        }
        if "user_handle" in faults:
            response["userHandle"] = faults["user_handle"]
        return self._told(used, response, faults)

    def _chosen(self, asked: Any) -> Credential:
        allowed = {one["id"] for one in asked.get("allowCredentials", [])}
        found = [one for one in self.credentials if not allowed or b64(one.id) in allowed]
        return found[-1]

    def _key(self) -> Any:
        if self.algorithm == ES256:
            return ec.generate_private_key(ec.SECP256R1())
        if self.algorithm == EDDSA:
            return ed25519.Ed25519PrivateKey.generate()
        return rsa.generate_private_key(65537, 2048)

    def _client(self, kind: str, challenge: str, origin: str, faults: dict[str, Any]) -> bytes:
        client = {
            "type": faults.get("type", kind),
            "challenge": faults.get("challenge", challenge),
            "origin": faults.get("other_origin", origin),
            "crossOrigin": faults.get("cross_origin", False),
        }
        if "top_origin" in faults:
            client["topOrigin"] = faults["top_origin"]
        return bytes(faults.get("client", json.dumps(client).encode()))

    def _data(self, used: Credential, faults: dict[str, Any], more: int) -> bytes:
        used.count += 1 if self.counts else 0
        flags = UP | UV | more | (BE | BS if self.synced else 0)
        flags = faults.get("flags", flags & ~faults.get("without", 0) | faults.get("with_", 0))
        count = faults.get("count", used.count)
        rp_id = faults.get("rp_id", used.rp_id)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + int(count).to_bytes(4, "big")

    def _told(self, used: Credential, response: dict[str, Any], faults: dict[str, Any]) -> str:
        told = {
            "id": faults.get("told_id", b64(used.id)),
            "rawId": faults.get("told_id", b64(used.id)),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }
        return json.dumps(told)
