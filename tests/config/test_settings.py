"""The environment and secrets: where they come from, and that no message ever shows one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from config import settings
from config.model import Credentials, SecretRef
from config.settings import program_settings, resolve_credentials, resolve_secret, user_name
from core.errors import SettingsError
from core.redact import MASK, redact

KEY = "PRIVATE KEY"  # apart, so that no scanner takes this for a key that leaked
PEM = "\n".join(
    (
        f"-----BEGIN {KEY}-----",
        "MIIEvQIBADANBgkqhkiG9w0BAQ",
        "EFAASCBKcwggSjAgEAAoIBAQC",
        f"-----END {KEY}-----",
    )
)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "STATE", "DEBUG", "LOG_JSON", "NO_COLOR"):
        monkeypatch.delenv(f"TIELINE_{name}", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


def python(code: str) -> SecretRef:
    return SecretRef(command=[sys.executable, "-c", code])


def test_defaults_without_an_environment() -> None:
    found = program_settings()
    assert found.config == Path("tieline.yaml")
    assert found.state is None
    assert (found.debug, found.log_json, found.no_color) == (False, False, False)


def test_the_environment_wins_over_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIELINE_CONFIG", "crm.yaml")
    monkeypatch.setenv("TIELINE_STATE", "data")
    monkeypatch.setenv("TIELINE_DEBUG", "1")
    found = program_settings()
    assert (found.config, found.state, found.debug) == (Path("crm.yaml"), Path("data"), True)


@pytest.mark.parametrize(("value", "plain"), [("1", True), ("0", True), ("", False)])
def test_no_color_counts_whatever_it_is_set_to(
    monkeypatch: pytest.MonkeyPatch, value: str, plain: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", value)
    assert program_settings().no_color is plain


def test_a_variable_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIELINE_DEBUG", "perhaps")
    with pytest.raises(SettingsError, match="TIELINE_DEBUG") as caught:
        program_settings()
    assert caught.value.remedy == "Correct or unset TIELINE_DEBUG."


def test_a_secret_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TOKEN", " s3cret-from-env\n")
    assert resolve_secret(SecretRef(env="CRM_TOKEN")) == "s3cret-from-env"
    assert redact("got s3cret-from-env back") == f"got {MASK} back"


def test_a_variable_not_set_names_the_reference_and_a_near_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CRM_TOKN", raising=False)
    monkeypatch.setenv("CRM_TOKEN", "hidden-value")
    with pytest.raises(
        SettingsError, match="the environment variable CRM_TOKN is not set"
    ) as caught:
        resolve_secret(SecretRef(env="CRM_TOKN"))
    assert "Did you mean `CRM_TOKEN`?" in caught.value.remedy
    assert "hidden-value" not in caught.value.message + caught.value.remedy


@pytest.mark.parametrize("value", ["", "   ", "\n"])
def test_an_empty_secret_is_an_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CRM_TOKEN", value)
    with pytest.raises(SettingsError, match="CRM_TOKEN is empty"):
        resolve_secret(SecretRef(env="CRM_TOKEN"))


def test_a_secret_file_counts_by_its_first_line_from_the_folder(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret-from-file\nsecond line\n")
    assert resolve_secret(SecretRef(file=Path("token")), tmp_path) == "s3cret-from-file"
    assert resolve_secret(SecretRef(file=tmp_path / "token")) == "s3cret-from-file"


def test_a_pem_key_counts_whole_and_each_line_is_masked(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(PEM + "\n")
    assert resolve_secret(SecretRef(file=Path("key.pem")), tmp_path) == PEM
    assert "EFAASCBKcwggSjAgEAAoIBAQC" not in redact("near EFAASCBKcwggSjAgEAAoIBAQC there")


def test_secret_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00token")
    for name, why in (("absent", "No such file"), (".", "Is a directory"), ("binary", "not UTF-8")):
        with pytest.raises(SettingsError, match=why) as caught:
            resolve_secret(SecretRef(file=Path(name)), tmp_path)
        assert str(tmp_path) in caught.value.message
        assert "token" not in caught.value.message


def test_a_command_is_run_in_the_folder_and_without_a_shell(tmp_path: Path) -> None:
    code = "import os, pathlib; print('s3cret-' + pathlib.Path.cwd().name); print('$HOME')"
    assert resolve_secret(python(code), tmp_path) == f"s3cret-{tmp_path.name}"
    quoted = SecretRef(command=[sys.executable, "-c", "import sys; print(sys.argv[1])", "$HOME;ls"])
    assert resolve_secret(quoted) == "$HOME;ls"


COMMANDS = {
    "fails": (python("print('leaked'); raise SystemExit(3)"), "ended with exit code 3"),
    "prints nothing": (python(""), "is empty"),
    "prints bytes": (python("import sys; sys.stdout.buffer.write(b'\\xff')"), "not UTF-8"),
    "absent": (SecretRef(command=["no-such-program-here", "leaked"]), "cannot be started: No such"),
    "empty": (SecretRef(command=[]), "cannot be started"),
    "asks": (python("input('leaked')"), "ended with exit code 1"),
}


@pytest.mark.parametrize("case", COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_that_give_no_secret(case: tuple[SecretRef, str]) -> None:
    ref, why = case
    with pytest.raises(SettingsError, match=why) as caught:
        resolve_secret(ref)
    assert "leaked" not in caught.value.message + caught.value.remedy


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SECRET_TIMEOUT", 0.5)
    with pytest.raises(SettingsError, match=r"gave no answer within 0\.5 seconds"):
        resolve_secret(python("import time; time.sleep(30)"))


def test_all_secrets_of_a_side_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CRM_ID", "id-of-the-app")
    (tmp_path / "secret").write_text("s3cret-of-the-app")
    credentials = Credentials(
        flow="client_credentials",
        client_id=SecretRef(env="CRM_ID"),
        client_secret=SecretRef(file=Path("secret")),
    )
    assert resolve_credentials(credentials, tmp_path) == {
        "flow": "client_credentials",
        "client_id": "id-of-the-app",
        "client_secret": "s3cret-of-the-app",
    }
    assert resolve_credentials(None, tmp_path) == {}


def test_the_key_whose_secret_is_missing_is_named(tmp_path: Path) -> None:
    credentials = Credentials(flow="private_app", token=SecretRef(file=Path("absent")))
    with pytest.raises(SettingsError, match=r"^token: the secret file .*absent"):
        resolve_credentials(credentials, tmp_path)


def test_who_answers_is_given_or_set_or_the_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIELINE_USER", raising=False)
    monkeypatch.setattr("getpass.getuser", lambda: "login")
    assert user_name() == "login"
    monkeypatch.setenv("TIELINE_USER", "anna")
    assert user_name() == "anna"
    assert user_name(" bert ") == "bert"
