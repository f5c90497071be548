"""The address of a platform and the token for it: from the environment, a keyring, or a file of one's own."""

from __future__ import annotations

import importlib
import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_config_path

from autograder.lms.online.site import PlatformError
from autograder.lms.online.web import host_of, require_safe
from autograder.records.pulled import OnlinePlatform

KEYRING_SERVICE = "autograder"


class Token:
    """A token, which no text of an object, log or traceback shows."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Token(…)"

    def reveal(self) -> str:
        """The token itself, for the one header or field that it goes into."""
        return self._text


def site_address(platform: OnlinePlatform, given: str | None, noted: str = "") -> str:
    """The platform's address: the one given, that of the environment, or the one noted at the pull.

    Raises:
        PlatformError: there is none, it is not safe, or it is another one than at the pull.
    """
    named = (given or os.environ.get(_url_variable(platform), "")).strip().rstrip("/")
    address = named or noted
    if not address:
        raise PlatformError(
            f"Where {platform.capitalize()} is, is not known: set {_url_variable(platform)}, or name its address with "
            "--url (https://…)."
        )
    require_safe(address)
    if noted and host_of(address) != host_of(noted):
        raise PlatformError(f"The submissions were pulled from {host_of(noted)}, not from {host_of(address)}.")
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def token_for(platform: OnlinePlatform, address: str, given: str | None) -> Token:
    """The token for an address.

    A token in the environment belongs to the address that the caller names there or on the command line. An address
    that only a report folder names gets a token that was stored for its host, so that a folder made by somebody else
    sends no token anywhere.

    Raises:
        PlatformError: there is none, or others may read the file that holds it.
    """
    host = host_of(address)
    variable = f"AUTOGRADER_{platform.upper()}_TOKEN"
    text = os.environ.get(variable, "").strip()
    named = given or os.environ.get(_url_variable(platform), "")
    if text and named and host_of(named) == host:
        return _checked(text, variable)
    if kept := _in_keyring(host):
        return _checked(kept, "the keyring")
    file = token_file(platform, host)
    if (kept := private_text(file)) is not None:
        return _checked(kept, str(file))
    if text:
        raise PlatformError(f"Set {_url_variable(platform)} next to {variable}: it says which host gets the token.")
    raise PlatformError(
        f"There is no token for {host}: put it into {variable}, into the keyring (`keyring set {KEYRING_SERVICE} "
        f"{host}`), or into the file {file} that only you can read (chmod 600)."
    )


def token_file(platform: OnlinePlatform, host: str) -> Path:
    """The file that may hold the token for a host."""
    return user_config_path("keras-autograder") / f"{platform}-{host.replace(':', '-')}.token"


def _url_variable(platform: OnlinePlatform) -> str:
    return f"AUTOGRADER_{platform.upper()}_URL"


def _in_keyring(host: str) -> str | None:
    """The token in the system's keyring, if the library is installed and a keyring is there."""
    try:
        found = importlib.import_module("keyring").get_password(KEYRING_SERVICE, host)
    except Exception:  # the library's backends raise errors of their own where there is no keyring
        return None
    return found if isinstance(found, str) else None


def private_text(file: Path) -> str | None:
    """The text of a file that nobody else may read; None if there is none."""
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PlatformError(f"{file} cannot be read ({error.strerror}).") from None
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise PlatformError(f"{file} is no file: remove it, and put the token into a file of that name.")
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as opened:
        if os.name == "posix" and (facts.st_mode & 0o077 or facts.st_uid != os.getuid()):
            raise PlatformError(
                f"{file} may be read by others (mode {stat.S_IMODE(facts.st_mode):o}), so it is not used: "
                f"chmod 600 {file}"
            )
        return opened.read(4096)


def _checked(text: str, where: str) -> Token:
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise PlatformError(f"What {where} holds is no token: it is one line of letters, digits and signs.")
    return Token(token)
