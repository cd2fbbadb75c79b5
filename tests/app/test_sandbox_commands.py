"""`tieline sandbox up` and `tieline demo`, each in a process of its own."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.load import load_config
from tests.app.office import ROOT


def background() -> None:
    """As a shell starts what a script puts into the background: Ctrl-C is not meant for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def up(*arguments: str) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """`tieline sandbox up --json …` while it runs, and what it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "sandbox", "up", "--json", *arguments],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=background,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield json.loads(line), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def test_both_sandboxes_answer_over_tls_and_end_cleanly(tmp_path: Path) -> None:
    config = tmp_path / "tieline.yaml"
    with up("--write-config", str(config), "--seed", "demo") as (said, process):
        for vendor in ("salesforce", "hubspot"):
            context = ssl.create_default_context(cafile=said[vendor]["ca_file"])
            with httpx.Client(verify=context, trust_env=False) as client:
                counts = client.get(f"{said[vendor]['url']}/_sandbox/dump").json()
            assert json.dumps(counts).count(":") > 3
        loaded = load_config(config)
        assert {s.url for s in loaded.config.sides.values()} == {s["url"] for s in said.values()}
        for secret in (tmp_path / "tieline-secrets").iterdir():
            assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert said["hubspot"]["credentials"]["token"] not in config.read_text(encoding="utf-8")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 0


def test_one_sandbox_over_plain_http_on_a_named_port_with_a_seed(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    body = {"hubspot": {"records": {"contacts": [{"email": "a@example.com"}]}}}
    seed.write_text(json.dumps(body), encoding="utf-8")
    port = _free_port()
    with up("hubspot", "--http", "--port", str(port), "--seed", str(seed)) as (said, process):
        assert said["hubspot"]["url"] == f"http://127.0.0.1:{port}"
        assert said["hubspot"]["ca_file"] is None
        token = said["hubspot"]["credentials"]["token"]
        with httpx.Client(trust_env=False) as client:
            found = client.get(
                f"{said['hubspot']['url']}/crm/v3/objects/contacts",
                headers={"Authorization": f"Bearer {token}"},
            ).json()
        assert [r["properties"]["email"] for r in found["results"]] == ["a@example.com"]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert process.returncode == 0


def test_hostile_sandboxes_say_so_and_follow_the_chance_given() -> None:
    with up("hubspot", "--http", "--profile", "hostile", "--chance", "5") as (said, process):
        with httpx.Client(trust_env=False) as client:
            shown = client.get(f"{said['hubspot']['url']}/_sandbox/quirks").json()
        assert (shown["profile"], shown["seed"]) == ("hostile", 5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("seed", ["nowhere.json", "bad.json", "strange.json"])
def test_a_seed_that_cannot_be_used(tmp_path: Path, seed: str) -> None:
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    (tmp_path / "strange.json").write_text('{"pipedrive": {}}', encoding="utf-8")
    done = run("sandbox", "up", "hubspot", "--seed", str(tmp_path / seed))
    assert done.returncode == 2
    assert seed in done.stderr
    assert "remedy:" in done.stderr


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("sandbox", "up", "hubspot", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "cannot listen" in done.stderr


def test_a_configuration_needs_both(tmp_path: Path) -> None:
    done = run("sandbox", "up", "hubspot", "--write-config", str(tmp_path / "t.yaml"))
    assert done.returncode == 2
    assert "two sides" in done.stderr


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT, text=True, capture_output=True, check=False, timeout=280,
    )  # fmt: skip


def test_a_small_demo_tells_its_story_and_keeps_its_folder(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    small = ("--accounts", "60", "--people", "240", "--opportunities", "80")
    done = run("demo", "--keep", str(keep), *small)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    for command in ("setup", "plan", "run", "conflicts", "verify"):
        assert f"tieline {command}: " in done.stdout
    assert "The repeated run wrote 0; 0 differences are unexplained" in done.stdout
    assert "\x1b" not in done.stdout
    assert (keep / "tieline.yaml").is_file()
    status = run("--config", str(keep / "tieline.yaml"), "status", "--json")
    assert len(json.loads(status.stdout)["runs"]) == 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7, 8, 9])
def test_the_whole_demo_ends_in_step(seed: int) -> None:
    done = run("demo", "--seed", str(seed))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
