"""Every mistake and outage: one clear sentence, a remedy, its exit code, and nothing written."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from app.messages import explain, tell
from core.errors import AuthError
from tests.app.office import ROOT, Office, Result

NOTHING = {"salesforce": 0, "hubspot": 0}


def assert_told(result: Result, code: int, *words: str) -> None:
    """One sentence and a remedy on standard error, nothing on standard output."""
    assert result.code == code, result.err
    assert result.out == ""
    lines = [line for line in result.err.splitlines() if not line.startswith("note: ")]
    assert [line.partition(":")[0] for line in lines] == ["error", "remedy"], result.err
    for word in words:
        assert word in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("secret", "side"), [("hubspot-token", "hubspot"), ("salesforce-client_secret", "salesforce")]
)
@pytest.mark.parametrize("command", ["plan", "run", "verify"])
def test_wrong_credentials(office: Office, secret: str, side: str, command: str) -> None:
    file = office.folder / "tieline-secrets" / secret
    file.write_text("pat-eu1-00000000-wrong\n", encoding="utf-8")
    done = office.tieline(command)
    assert_told(done, 7, f"{side}: ", "credentials")
    assert "00000000-wrong" not in done.err
    assert office.writes() == NOTHING


def test_a_credential_that_is_not_there_is_named_and_never_shown(office: Office) -> None:
    office.replace("{file: tieline-secrets/hubspot-token}", "{env: NO_SUCH_TOKEN}")
    line = 1 + office.config.read_text(encoding="utf-8").splitlines().index(
        "      token: {env: NO_SUCH_TOKEN}"
    )
    done = office.tieline("run")
    assert_told(done, 2, f"{office.config}:{line}: sides.hubspot.credentials.token: ")
    assert office.writes() == NOTHING


def own_mapping(office: Office, text: str) -> Path:
    """Give HubSpot a mapping file of its own."""
    path = office.folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    office.replace("    type: hubspot\n", "    type: hubspot\n    mapping: own.yaml\n")
    return path


OWN = """\
extends: hubspot
objects:
  companies:
    fields:
      {line}
"""


@pytest.mark.parametrize("command", ["plan", "run", "verify"])
def test_a_field_that_the_side_does_not_have(office: Office, command: str) -> None:
    own_mapping(office, OWN.format(line="phone: phonne"))
    done = office.tieline(command)
    assert_told(done, 2, "own.yaml:5: objects.companies.fields.phone: ", "phonne", "phone?")
    assert "hubspot" in done.err
    assert office.writes() == NOTHING


def test_a_mapped_field_that_cannot_be_written(office: Office) -> None:
    own_mapping(office, OWN.format(line="employees: hs_num_child_companies"))
    done = office.tieline("run")
    assert_told(done, 2, "own.yaml:5: ", "cannot", "write: false")
    assert office.writes() == NOTHING


def test_a_field_hidden_from_the_user_is_found_once_it_matters(office: Office) -> None:
    """The live schema decides: what fitted yesterday is looked at again before it stops a run."""
    hidden = {"user_permissions": {"Account": {"hidden": ["Phone"]}}}
    office.running["salesforce"].admin.post("/config", json=hidden)
    assert_told(office.tieline("run"), 2, "salesforce.yaml:", "Account.Phone")
    assert office.writes() == NOTHING
    office.running["salesforce"].admin.post("/config", json={"user_permissions": {}})
    assert office.tieline("run").code in (0, 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("extends: hubspot\nobjcts: {}\n", ("own.yaml:2: ", "objects")),
        ("extends: hupspot\n", ("own.yaml:1: extends: ", "hubspot")),
        ("extends: hubspot\nobjects: [\n", ("own.yaml:", "YAML")),
        ("- a list\n", ("own.yaml:1", "key: value")),
        ("extends: own.yaml\n", ("own.yaml:1: extends: ", "without an end")),
        (OWN.format(line="colour: color"), ("own.yaml:5: ", "colour")),
    ],
)
def test_a_malformed_mapping_file(office: Office, text: str, words: tuple[str, ...]) -> None:
    own_mapping(office, text)
    assert_told(office.tieline("plan"), 2, *words)
    assert office.writes() == NOTHING


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("version: 1", "version: 1\nrulez: {}", ("tieline.yaml:2: rulez: ", "rules")),
        ("prefer salesforce", "prefer sales", ("first_link: ", "sales")),
        ("version: 1", "version: [1", ("not valid YAML",)),
        ("first_link: latest", "fields: {colour: off}", ("colour",)),
    ],
)
@pytest.mark.parametrize("command", ["plan", "status", "doctor"])
def test_a_malformed_configuration(
    empty: Office, old: str, new: str, words: tuple[str, ...], command: str
) -> None:
    empty.replace(old, new)
    assert_told(empty.tieline(command), 2, str(empty.config), *words)


def test_a_configuration_that_is_not_there(call: object, empty: Office) -> None:
    done = empty.call("--config", "nowhere.yaml", "plan")
    assert_told(done, 2, "nowhere.yaml", "tieline init")


@pytest.mark.parametrize("text", ["{}", "not json", '{"format": 1}'])
def test_a_damaged_plan(office: Office, text: str) -> None:
    path = office.folder / "plan.json"
    path.write_text(text, encoding="utf-8")
    assert_told(office.tieline("apply", str(path)), 2, "plan.json", "tieline plan -o")
    assert office.writes() == NOTHING


@pytest.mark.parametrize("command", ["plan", "run", "verify"])
def test_a_state_that_another_run_holds(office: Office, command: str) -> None:
    folder = office.folder / ".tieline"
    folder.mkdir()
    with FileLock(folder / "lock"):
        assert_told(office.tieline(command), 6, ".tieline", "Wait")
    assert office.writes() == NOTHING


@pytest.mark.parametrize("side", ["salesforce", "hubspot"])
def test_an_unreachable_host(office: Office, monkeypatch: pytest.MonkeyPatch, side: str) -> None:
    office.replace(office.running[side].url, "https://127.0.0.1:9")
    monkeypatch.setattr("core.clock.SystemClock.sleep", lambda _self, _seconds: None)
    assert_told(office.tieline("run"), 9, f"{side}: ", "127.0.0.1", "network")
    assert office.writes() == NOTHING


def test_a_login_page_in_between(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.clock.SystemClock.sleep", lambda _self, _seconds: None)
    rule = {"match": "GET .*/properties/", "action": "html", "times": 100}
    office.running["hubspot"].admin.post("/faults", json=rule)
    assert_told(office.tieline("run"), 12, "hubspot: ", "proxy")
    assert office.writes() == NOTHING


def test_a_state_that_is_no_folder(office: Office) -> None:
    (office.folder / ".tieline").write_text("in the way", encoding="utf-8")
    assert_told(office.tieline("run"), 13, ".tieline")
    assert office.writes() == NOTHING


def test_a_damaged_state(office: Office) -> None:
    (office.folder / ".tieline").mkdir()
    (office.folder / ".tieline" / "state.db").write_bytes(b"this is no database" * 500)
    for command in ("run", "plan", "status", "conflicts"):
        assert_told(office.tieline(command), 13, "state store")
    assert office.writes() == NOTHING


def test_a_full_disk_under_the_state(office: Office) -> None:
    """A limit on the size of files is what a full disk looks like to a process."""
    limit = 200_000
    done = office.process(
        "run", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    )
    told = Result(done.returncode, done.stdout, done.stderr)
    assert_told(told, 13, "state", "free space")
    assert office.writes() == NOTHING


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_under_the_output(office: Office) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = office.process("plan", "--json", stdout=full, stderr=subprocess.PIPE)
    assert_told(Result(done.returncode, "", done.stderr), 13, "space")
    assert office.writes() == NOTHING


def test_a_plan_that_cannot_be_saved(office: Office) -> None:
    done = office.tieline("plan", "-o", str(office.folder / "no" / "such" / "plan.json"))
    assert_told(done, 2, "plan.json", "folder")


@pytest.mark.parametrize(
    "arguments",
    [("--fulll",), ("plan", "--fulll"), ("run", "--allow", "whatever"), ("apply",), ("walk",)],
)
def test_a_mistake_on_the_command_line(empty: Office, arguments: tuple[str, ...]) -> None:
    assert_told(empty.call(*arguments), 2, "--help")


def test_an_unexpected_error_is_short_without_debug(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("app.state.status", broken)
    assert_told(office.tieline("status"), 1, "ZeroDivisionError", "--debug")
    told = office.tieline("status", "--debug")
    assert told.code == 1
    assert "Traceback" in told.err


def test_an_interrupt_ends_with_130(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.syncing.make_plan", interrupted)
    assert_told(office.tieline("plan"), 130, "interrupted")


def test_a_watching_run_ends_on_sigterm(office: Office) -> None:
    watching = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "--config", str(office.config), "run", "--watch"],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert watching.stdout is not None
    for line in watching.stdout:
        if line.startswith("Written:"):
            break
    watching.send_signal(signal.SIGTERM)
    _, told = watching.communicate(timeout=30)
    assert watching.returncode == 130
    assert "interrupted" in told


def test_secrets_stay_out_of_messages(capsys: pytest.CaptureFixture[str]) -> None:
    code = tell(AuthError("refused: Bearer pat-eu1-12345678-abcd client_secret=hunter2"))
    told = capsys.readouterr().err
    assert code == 7
    assert "12345678" not in told
    assert "hunter2" not in told


def test_no_space_is_a_matter_of_the_state() -> None:
    message, remedy, code = explain(OSError(28, "No space left on device", "state.db-wal"))
    assert code == 13
    assert "state.db-wal" in message
    assert "free space" in remedy
