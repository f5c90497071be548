"""The key pair of an LTI 1.3 tool, and what the platform's administrator enters. Nothing here opens a connection."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from autograder.core.errors import UsageError
from autograder.core.files import Unwritable, write_atomically

KEY_FILE = "private.pem"
JWKS_FILE = "jwks.json"
PUBLIC_FILE = "public.pem"
SETTINGS_FILE = "lti.toml"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
# Of the Assignment and Grade Services 2.0, sections 3.1, 3.3 and 3.4 (imsglobal.org/spec/lti-ags/v2p0).
SCOPES = (f"{AGS}lineitem", f"{AGS}score", f"{AGS}result.readonly")
# NIST SP 800-57 part 1 takes 3072 bits for use after 2030. The security framework of LTI asks for RS256.
_KEY_BITS = 3072
_SETTINGS = """# What the administrator of the platform answers; docs/lti.md says where each value stands.
client_id = ""
token_url = ""
# Which audience the platform asks for, if it is not token_url:
# audience = ""
# The course: the address of its line items.
line_items = ""
"""


@dataclass(frozen=True)
class LtiKeys:
    """What was written into `folder`, and the public key as a JWK."""

    folder: Path
    public: dict[str, Any]


def default_folder() -> Path:
    """Where the key and the settings are looked for."""
    return user_config_path("keras-autograder") / "lti"


def make_keys(folder: Path) -> LtiKeys:
    """Make a key pair: the private key for its owner only, the public key as JWKS and PEM, and a file of settings.

    Args:
        folder: where to; a file of settings that is there is kept.

    Raises:
        UsageError: there is a key already, or PyJWT and cryptography are not installed.
        Unwritable: the folder takes no file.
    """
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa
    except ModuleNotFoundError as missing:
        raise lti_missing(missing) from None
    path = folder / KEY_FILE
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = public_jwk(content)
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Never readable by others, not even before a chmod; and never over a key that a platform knows.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if not folder.is_dir():
            raise UsageError(f"{folder} is a file: name a folder for the keys.") from None
        raise UsageError(f"{path} is there already, and a platform may know it: name another folder.") from None
    except OSError as error:
        raise Unwritable(path, error) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    write_atomically(folder / JWKS_FILE, json.dumps({"keys": [public]}, indent=2) + "\n")
    write_atomically(folder / PUBLIC_FILE, pem)
    if not (folder / SETTINGS_FILE).exists():
        write_atomically(folder / SETTINGS_FILE, _SETTINGS)
    return LtiKeys(folder, public)


def public_jwk(private: bytes) -> dict[str, Any]:
    """The public half of a private key (PEM) as a JWK, with its thumbprint (RFC 7638) as `kid`.

    Raises:
        UsageError: it is no RSA key, or PyJWT is not installed.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from jwt.algorithms import RSAAlgorithm
    except ModuleNotFoundError as missing:
        raise lti_missing(missing) from None
    try:
        key = load_pem_private_key(private, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise UsageError(f"{KEY_FILE} holds no RSA key without a password: `autograder lti keys` makes one.")
    jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    parts = {"e": jwk["e"], "kty": "RSA", "n": jwk["n"]}
    thumbprint = hashlib.sha256(json.dumps(parts, separators=(",", ":"), sort_keys=True).encode()).digest()
    kid = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
    return {**parts, "alg": "RS256", "use": "sig", "kid": kid}


def for_the_administrator(keys: LtiKeys) -> list[str]:
    """What is entered where the tool is registered, in lines."""
    return [
        "LTI version: 1.3",
        "tool name: autograder",
        f"public key: the content of {keys.folder / JWKS_FILE} (JWKS; where only one key is taken, this JWK):",
        f"  {json.dumps(keys.public)}",
        f"  where the key is an RSA key (Moodle): the content of {keys.folder / PUBLIC_FILE}",
        "services (scopes), all of Assignment and Grade Services:",
        *(f"  {scope}" for scope in SCOPES),
        "placements: none; nobody launches the tool",
        "tool, login and redirect addresses: never opened; where the form needs one, the address of your course",
    ]


def lti_missing(missing: ModuleNotFoundError) -> UsageError:
    """The sentence for a package that is not installed."""
    return UsageError(f"LTI needs the package {missing.name}: pip install 'keras-autograder[lti]'.")
