"""The settings of `push lti`: `lti.toml`, and the private key beside it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import Field, ValidationError

from autograder.core.data import Data
from autograder.lms.lti_keys import KEY_FILE
from autograder.lms.online.site import PlatformError
from autograder.lms.online.tokens import Token, private_text


class LtiSettings(Data):
    """The content of `lti.toml`. `audience` is `token_url` unless the platform asks for another one."""

    client_id: str = Field(min_length=1)
    token_url: str = Field(min_length=1)
    line_items: str = Field(min_length=1)
    audience: str = ""


def read_lti_settings(path: Path) -> tuple[LtiSettings, Token]:
    """The settings in a file, and the private key next to it.

    Raises:
        PlatformError: something is missing, or others may read the key.
    """
    try:
        settings = LtiSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise PlatformError(f"{path} cannot be read ({error.strerror}): `autograder lti keys` writes it.") from None
    except ValidationError as error:
        wrong = ", ".join(dict.fromkeys(str(one["loc"][0]) for one in error.errors()))
        raise PlatformError(f"{path} is not complete, see {wrong} (docs/lti.md).") from None
    except ValueError:  # not TOML, or not UTF-8
        raise PlatformError(f"{path} is no TOML file: `autograder lti keys` writes one to be filled in.") from None
    key = private_text(path.parent / KEY_FILE)
    if key is None:
        raise PlatformError(f"{path.parent / KEY_FILE} is missing: `autograder lti keys` makes it.")
    return settings, Token(key)
