"""The program itself: quick help, lazy imports, documented commands and exit codes, schema."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer.main

from app.cli import app, forward, main
from app.schema import MAPPING_SCHEMA, mapping_schema
from app.state import REMEDIES, WRITES
from app.sync_commands import Guard
from app.syncing import GUARDS
from config.load import load_yaml, shipped_mapping
from core.errors import TielineError
from sync import duplicates
from sync.model import Tally
from sync.waiting import REPLIES
from tests.app.office import ROOT, Office

DOCS = ROOT / "docs" / "commands"
HEAVY = ("simple_salesforce", "hubspot", "pydantic", "sqlite_utils", "starlette", "uvicorn",
         "trustme", "cryptography", "babel", "phonenumbers", "requests", "httpx")  # fmt: skip


def commands() -> Iterator[tuple[str, Any]]:
    """Every command as it is typed."""
    root = typer.main.get_command(app)
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            yield from ((f"{name} {inner}", found) for inner, found in command.commands.items())
        else:
            yield name, command


@pytest.mark.parametrize(
    ("arguments", "anyway"),
    [
        (["--help"], []),
        (["plan", "--help"], ["pydantic"]),  # Typer itself reads options with it
        (["sandbox", "up", "--help"], ["pydantic"]),
    ],
)
def test_help_loads_nothing_heavy(arguments: list[str], anyway: list[str]) -> None:
    code = (
        "import sys\nfrom app.cli import main\n"
        f"code = main({arguments!r})\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], code, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == f"{anyway} 0"
    assert "Usage" in done.stdout


def test_every_command_is_documented_with_its_options() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in sorted(DOCS.glob("*.md")))
    found = dict(commands())
    assert len(found) >= 19
    for name, command in found.items():
        section = re.split(r"^## ", text, flags=re.MULTILINE)
        (own,) = [part for part in section if part.startswith(f"`tieline {name}`\n")]
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option != "--help":
                    assert f"`{option}" in own, f"{name} {option}"
        assert "Exit codes:" in own, name
        if any("--json" in parameter.opts for parameter in command.params):
            assert "JSON:" in own, name


def test_a_flag_shows_no_type_and_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["duplicates", "--help"], ["map", "partner", "--help"]):
        assert main(arguments) == 0
        shown = capsys.readouterr().out
        assert "<bool>" not in shown
        assert "<str>" in shown or "<path>" in shown
    assert main(["--version"]) == 0
    assert re.fullmatch(r"tieline \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_every_exit_code_is_documented() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    classes = [TielineError]
    for found in classes:
        classes.extend(found.__subclasses__())
    codes = {found.exit_code for found in classes if found.__module__ == "core.errors"}
    table = text.partition("## Exit codes")[2]
    listed = {int(n) for n in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    for low, high in re.findall(r"^\| (\d+) to (\d+) \|", table, re.MULTILINE):
        listed |= set(range(int(low), int(high) + 1))
    assert codes | {0, 1, 2, 3, 4, 5, 130} <= listed


def test_guards_are_named_once() -> None:
    assert tuple(str(guard) for guard in Guard) == GUARDS
    source = (ROOT / "sync" / "guard.py").read_text(encoding="utf-8")
    named = set(re.findall(r'(?:_violation|_share)\(\s*"(\w+)"', source))
    assert named == set(GUARDS)


def test_every_cause_of_a_question_has_a_remedy_and_is_documented() -> None:
    text = (DOCS / "questions.md").read_text(encoding="utf-8")
    sources = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "sync").glob("*.py"))
    asked = set(re.findall(r'Question\(\s*"(\w+)"', sources))
    asked |= set(re.findall(r'_ask\(\s*\w+,\s*"(\w+)"', sources))
    asked.add(duplicates.CAUSE)
    assert asked | {"held", "waits", "refused"} == set(REMEDIES) == set(REPLIES)
    for cause in REMEDIES:
        assert f"| `{cause}` |" in text


def test_writes_are_counted_as_the_engine_counts_them() -> None:
    tally = Tally(**dict.fromkeys(WRITES, 1))
    assert tally.writes == len(WRITES)
    assert Tally(read=1, linked=1, refused=1, stale=1, unknown=1).writes == 0


def test_global_options_are_moved_to_the_front() -> None:
    assert forward(["plan", "--debug", "-o", "f", "-c", "x"]) == [
        "--debug", "-c", "x", "plan", "-o", "f",
    ]  # fmt: skip
    assert forward(["apply", "--", "--debug"]) == ["apply", "--", "--debug"]
    assert forward(["--config=x", "run"]) == ["--config=x", "run"]


def test_the_mapping_schema_is_the_one_the_models_make() -> None:
    assert MAPPING_SCHEMA.read_text(encoding="utf-8") == mapping_schema(), "run: make docs"


@pytest.mark.parametrize("name", ["salesforce", "hubspot"])
def test_shipped_mappings_keep_to_the_schema_and_name_it(name: str) -> None:
    path = shipped_mapping(name)
    schema = json.loads(mapping_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(load_yaml(path).data, schema)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.endswith(f"$schema=../{MAPPING_SCHEMA.name}")


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ({"extends": "hubspot", "objects": {"deals": {"fields": {"stage": None}}}}, True),
        ({"extends": "hubspot", "objcts": {}}, False),
        ({"objects": {}}, False),
        ({"extends": "x", "values": {"v": {"a": {"raed": ["A"]}}}}, False),
    ],
)
def test_the_mapping_schema_finds_mistakes(given: dict[str, Any], fits: bool) -> None:
    assert jsonschema.Draft202012Validator(json.loads(mapping_schema())).is_valid(given) is fits


def test_plain_text_where_nobody_looks(office: Office) -> None:
    shown = office.tieline("plan").out
    assert "\x1b" not in shown
    assert "…" in shown or len(max(shown.splitlines(), key=len)) < 400


def test_a_mapping_of_ones_own_is_laid_over_the_shipped_one(office: Office) -> None:
    own = Path(office.folder / "own.yaml")
    own.write_text(
        "extends: hubspot\nobjects:\n  companies:\n    fields:\n      description: null\n",
        encoding="utf-8",
    )
    office.replace("    type: hubspot\n", "    type: hubspot\n    mapping: own.yaml\n")
    made = office.tieline("plan", "--json").json
    written = {f["name"] for a in made["actions"] for f in a["fields"]
               if a["side"] == "hubspot" and a["kind"] == "account"}  # fmt: skip
    assert "description" not in written
    assert "name" in written


def test_custom_fields_travel_like_any_other(office: Office) -> None:
    """Declared in the configuration, mapped on both sides, and planned."""
    for side, object_type, field in (
        ("salesforce", "Account", "Fax"), ("hubspot", "companies", "linkedin_company_page"),
    ):  # fmt: skip
        own = (
            f"extends: {side}\nobjects:\n  {object_type}:\n    fields:\n      custom.fax: {field}\n"
        )
        (office.folder / f"{side}-own.yaml").write_text(own, encoding="utf-8")
        office.replace(f"    type: {side}\n", f"    type: {side}\n    mapping: {side}-own.yaml\n")
    office.replace("rules:\n", "custom:\n  account:\n    fax: {type: text}\nrules:\n")
    account = next(iter(office.dump("salesforce", "Account")))
    edit = {"object_type": "Account", "id": account, "verb": "update", "fields": {"Fax": "+49 1"}}
    assert office.running["salesforce"].admin.post("/edit", json=edit).status_code == 200
    made = office.tieline("plan", "--json")
    assert made.code == 0, made.err
    written = [
        (action["side"], field["new"])
        for action in made.json["actions"]
        for field in action["fields"]
        if field["name"] == "custom.fax"
    ]
    assert written == [("hubspot", "+49 1")]
