"""The program's own settings and the secrets: the only file that reads the environment."""

from __future__ import annotations

import getpass
import os
import subprocess
from pathlib import Path

from pydantic import AliasChoices, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.model import Credentials, SecretRef
from config.problems import suggest
from core.errors import SettingsError
from core.redact import redact

SECRET_TIMEOUT = 30.0
"""Seconds that a command may take to hand out a secret (a password manager may ask first)."""


class ProgramSettings(BaseSettings):
    """Settings of the program itself, from the environment; a command-line option wins over
    them, they win over the configuration file."""

    model_config = SettingsConfigDict(env_prefix="TIELINE_", frozen=True, extra="ignore")

    config: Path = Field(Path("tieline.yaml"), description="the configuration file")
    state: Path | None = Field(None, description="folder of the state; wins over the file's")
    debug: bool = Field(False, description="log every step to standard error")
    user: str = Field("", description="who answers questions; default: the name of the login")
    log_json: bool = Field(False, description="log lines as JSON")
    no_color: bool = Field(
        False,
        validation_alias=AliasChoices("NO_COLOR", "TIELINE_NO_COLOR"),
        description="plain output, if set to anything",
    )

    @field_validator("no_color", mode="before")
    @classmethod
    def _set_to_anything(cls, value: object) -> object:
        # no-color.org: any value but an empty one counts, "0" too
        return bool(value) if isinstance(value, str) else value


def program_settings() -> ProgramSettings:
    """The settings as the environment has them now. Raises SettingsError naming the variable."""
    try:
        return ProgramSettings()
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        name = "_".join(["TIELINE", *(str(part) for part in detail["loc"])]).upper()
        raise SettingsError(
            f"the environment variable {name} cannot be used: {detail['msg']}",
            remedy=f"Correct or unset {name}.",
        ) from None


def user_name(given: str | None = None) -> str:
    """Who answers: as given, else as set, else the name of the login."""
    named = (given or "").strip() or program_settings().user.strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a login name
        return "somebody"


def resolve_credentials(credentials: Credentials | None, folder: Path) -> dict[str, str]:
    """All secrets of a side by key, and its `flow`; empty without credentials. Raises
    SettingsError as `resolve_secret` does, naming the key as well."""
    if credentials is None:
        return {}
    secrets = {"flow": str(credentials.flow)}
    for key, ref in credentials:
        if isinstance(ref, SecretRef):
            try:
                secrets[key] = resolve_secret(ref, folder)
            except SettingsError as error:
                raise SettingsError(f"{key}: {error.message}", remedy=error.remedy) from None
    return secrets


def resolve_secret(ref: SecretRef, folder: Path | None = None) -> str:
    """The secret that a reference leads to, known to the redactor from then on.

    Relative files start from `folder` (that of the configuration file). Of what a file or
    command gives, the first line counts, unless it is a PEM key, which counts whole. Raises
    SettingsError, which names the reference and never what it holds.
    """
    if ref.env is not None:
        secret = _from_environment(ref.env)
    elif ref.file is not None:
        secret = _from_file((folder or Path()) / ref.file.expanduser())
    else:
        secret = _from_command(ref.command or [], folder)
    for part in (secret, *secret.splitlines()):
        if not part.startswith("-----"):
            redact.add(part)
    return secret


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        near = suggest(name, (known for known in os.environ if len(known) > 3))
        hint = near if near.startswith("Did you mean") else ""
        raise SettingsError(
            f"the environment variable {name} is not set",
            remedy=f"Set it before the program starts. {hint}".strip(),
        )
    return _used(value, f"the environment variable {name}")


def _from_file(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingsError(
            f"the secret file {path} cannot be read: {why}",
            remedy="Give the path of a text file that the program may read.",
        ) from None
    return _used(text, f"the secret file {path}")


def _from_command(command: list[str], folder: Path | None) -> str:
    """Run without a shell and without input; arguments and output stay out of every message."""
    program = command[0] if command else ""
    name, remedy = f"the secret command `{program}`", "Run it by hand to see what it says."
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=SECRET_TIMEOUT, check=True, text=True, encoding="utf-8",
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        message = f"{name} gave no answer within {SECRET_TIMEOUT:g} seconds"
    except subprocess.CalledProcessError as error:
        message = f"{name} ended with exit code {error.returncode}"
    except UnicodeDecodeError:
        message = f"{name} gave something that is not UTF-8 text"
    except (OSError, ValueError, IndexError) as error:
        message = f"{name} cannot be started: {getattr(error, 'strerror', None) or 'no program'}"
        remedy = "Give the program and its arguments as a list; no shell is used."
    else:
        return _used(done.stdout, name)
    raise SettingsError(message, remedy=remedy) from None


def _used(text: str, name: str) -> str:
    """The part of a text that is the secret: its first line, or all of a PEM key."""
    text = text.strip()
    secret = text if text.startswith("-----BEGIN") else text.partition("\n")[0].strip()
    if not secret:
        raise SettingsError(f"{name} is empty", remedy="Put the secret there.")
    return secret
