"""`tieline partner`: two companies, two folders, files that go between them by e-mail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from core.errors import ExchangeError, StateError
from mapping.accounts.spreadsheet import read_records
from tests.app.office import Office, Result

BOTH = [f"both{n}.com" for n in range(8)]
REFUSED = ExchangeError.exit_code


@dataclass
class Company:
    """One party: its folder, its list, its state."""

    folder: Path
    call: Callable[..., Result]
    partner: str

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def exchange(self) -> Path:
        return self.state / "exchange"

    def list(self, domains: Sequence[str]) -> None:
        lines = ["Id,Company name,Website,Country"]
        lines += [f"{n},Company {n},{domain},DE" for n, domain in enumerate(domains)]
        (self.folder / "list.csv").write_text("\n".join(lines), encoding="utf-8")

    def partner_command(self, step: str, *arguments: str) -> Result:
        return self.call(
            "--config", str(self.folder / "none.yaml"), "--state", str(self.state),
            "partner", step, self.partner, *arguments,
        )  # fmt: skip

    def offer(self, out: Path, *more: str) -> Result:
        given = ("--accounts", str(self.folder / "list.csv"), "--out", str(out))
        return self.partner_command("offer", *given, *more)

    def answer(self, offer: Path, out: Path, *more: str) -> Result:
        given = ("--accounts", str(self.folder / "list.csv"), "--out", str(out))
        return self.partner_command("answer", str(offer), *given, *more)

    def finish(self, message: Path, *more: str) -> Result:
        return self.partner_command("finish", str(message), *more)


@pytest.fixture
def two(tmp_path: Path, call: Callable[..., Result]) -> tuple[Company, Company]:
    made = []
    for name, partner in (("ours", "beta"), ("theirs", "alpha")):
        (tmp_path / name).mkdir()
        made.append(Company(tmp_path / name, call, partner))
    ours, theirs = made
    ours.list([*(f"https://www.{d.upper()}/about" for d in BOTH), "ours.com", "gmail.com"])
    theirs.list([*BOTH, "theirs.com"])
    return ours, theirs


@pytest.fixture
def mail(tmp_path: Path) -> tuple[Path, Path, Path]:
    return tmp_path / "1.json", tmp_path / "2.json", tmp_path / "3.json"


Two = tuple[Company, Company]
Mail = tuple[Path, Path, Path]
REVEAL = ("--mode", "reveal")


def test_both_learn_which_accounts_are_mutual(two: Two, mail: Mail, tmp_path: Path) -> None:
    ours, theirs = two
    offered = ours.offer(mail[0], *REVEAL, "--json")
    assert offered.code == 0, offered.err
    assert offered.json["without_key"] == 1  # free mail stands for nobody
    answered = theirs.answer(mail[0], mail[1], *REVEAL, "--json")
    assert answered.json["received_fingerprint"] == offered.json["fingerprint"]
    table = tmp_path / "mutual.csv"
    finished = ours.finish(mail[1], "--out", str(mail[2]), "--csv", str(table), "--json")
    assert [row["key"] for row in finished.json["mutual"]] == BOTH
    concluded = theirs.finish(mail[2], "--json")
    assert [row["key"] for row in concluded.json["mutual"]] == BOTH
    assert [row["name"] for row in concluded.json["mutual"]] == [f"Company {n}" for n in range(8)]
    assert [a.values["domain"] for a in read_records(table, "account").accounts] == BOTH
    assert table.stat().st_mode & 0o077 == 0


def test_counts_only_names_no_account(two: Two, mail: Mail) -> None:
    ours, theirs = two
    assert "how many are mutual" in ours.offer(mail[0]).out
    theirs.answer(mail[0], mail[1], "--pad-to", "50")
    finished = ours.finish(mail[1], "--out", str(mail[2]))
    concluded = theirs.finish(mail[2])
    for shown in (finished.out, concluded.out):
        assert "8 mutual" in shown
        assert "both0" not in shown


def test_a_list_that_cannot_be_is_not_left_out_in_silence(
    two: Two, mail: Mail, tmp_path: Path
) -> None:
    """Counts name nobody: --csv has nothing to write, and says so. Who answered has nothing to
    send at the end."""
    ours, theirs = two
    ours.offer(mail[0])
    theirs.answer(mail[0], mail[1])
    table = tmp_path / "mutual.csv"
    finished = ours.finish(mail[1], "--out", str(mail[2]), "--csv", str(table))
    assert "nothing: no account is named" in finished.out
    assert not table.exists()
    more = theirs.finish(mail[2], "--out", str(tmp_path / "4.json"))
    assert more.code == 2
    assert "nothing more to send" in more.err
    assert theirs.finish(mail[2], "--csv", str(table), "--json").json["table"] is None


def test_a_message_is_not_written_over_the_list_or_another_message(two: Two, mail: Mail) -> None:
    ours, theirs = two
    before = (ours.folder / "list.csv").read_bytes()
    assert ours.offer(ours.folder / "list.csv").code == 2
    assert (ours.folder / "list.csv").read_bytes() == before
    ours.offer(mail[0])
    assert "--out names a source" in theirs.answer(mail[0], mail[0]).err
    assert theirs.answer(mail[0], mail[1]).code == 0
    both = ours.finish(mail[1], "--out", str(mail[2]), "--csv", str(mail[2]))
    assert both.code == 2
    assert "--out and --csv name one file" in both.err
    mutual = ours.folder / "mutual.csv"  # the partner's list, made anew by every exchange
    mutual.write_text("Domain\nold.com\n", encoding="utf-8")
    (ours.folder / "none.yaml").write_text(
        "partners: {beta: {lists: [{source: mutual.csv}]}}\n", encoding="utf-8"
    )
    assert ours.finish(mail[1], "--out", str(mail[2]), "--csv", str(mutual)).code == 0


def test_a_small_result_is_told_to_neither(two: Two, mail: Mail) -> None:
    ours, theirs = two
    ours.offer(mail[0], "--minimum", "9")
    theirs.answer(mail[0], mail[1])
    for shown in (ours.finish(mail[1], "--out", str(mail[2])), theirs.finish(mail[2])):
        assert shown.code == 0
        assert "fewer than 9: told to neither side" in shown.out


def test_the_key_is_for_the_owner_only_and_gone_at_the_end(two: Two, mail: Mail) -> None:
    ours, theirs = two
    run = ours.offer(mail[0], "--json").json["run"]
    kept = ours.exchange / f"{run}.json"
    assert kept.stat().st_mode & 0o077 == 0
    assert mail[0].stat().st_mode & 0o077 == 0
    secret = json.loads(kept.read_text(encoding="utf-8"))["secret"]
    theirs.answer(mail[0], mail[1])
    ours.finish(mail[1], "--out", str(mail[2]))
    assert not kept.exists()
    left = [p.read_text(encoding="utf-8") for p in ours.exchange.iterdir()] + [
        p.read_text(encoding="utf-8") for p in mail
    ]
    assert re.fullmatch(r"[0-9a-f]{64}", secret)
    assert not any(secret in text for text in left)


def test_nothing_is_used_twice(two: Two, mail: Mail) -> None:
    ours, theirs = two
    ours.offer(mail[0])
    theirs.answer(mail[0], mail[1])
    again = theirs.answer(mail[0], mail[1])
    assert again.code == REFUSED
    assert "answered on" in again.err
    ours.finish(mail[1], "--out", str(mail[2]))
    theirs.finish(mail[2])
    for replayed in (ours.finish(mail[1], "--out", str(mail[2])), theirs.finish(mail[2])):
        assert replayed.code == REFUSED
        assert "no run" in replayed.err
        assert "remedy: " in replayed.err


def test_the_answer_to_another_offer_is_refused(two: Two, mail: Mail, tmp_path: Path) -> None:
    ours, theirs = two
    ours.offer(mail[0])
    theirs.answer(mail[0], mail[1])
    answer = json.loads(mail[1].read_text(encoding="utf-8"))
    ours.offer(tmp_path / "other.json")
    theirs.answer(tmp_path / "other.json", tmp_path / "answer.json")
    other = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    mail[1].write_text(json.dumps({**answer, "points": other["points"]}), encoding="utf-8")
    refused = ours.finish(mail[1], "--out", str(mail[2]))
    assert refused.code == REFUSED
    assert "changed after it was written" in refused.err
    assert not mail[2].exists()


def test_a_refused_message_leaves_the_run_open(two: Two, mail: Mail) -> None:
    ours, theirs = two
    ours.offer(mail[0])
    theirs.answer(mail[0], mail[1])
    sound = mail[1].read_text(encoding="utf-8")
    for broken in ("", sound[:-40], sound.replace('"n": 9', '"n": 8'), "\x00\x01"):
        mail[1].write_text(broken, encoding="utf-8")
        assert ours.finish(mail[1], "--out", str(mail[2])).code == REFUSED
    mail[1].write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in ours.finish(mail[1], "--out", str(mail[2])).err
    mail[1].write_text(sound, encoding="utf-8")
    assert ours.finish(mail[1], "--out", str(mail[2])).code == 0


def test_a_larger_file_than_any_message_is_not_read(two: Two, mail: Mail) -> None:
    """By what was agreed, not by what the file says: a limit of its own makes it no larger."""
    ours, theirs = two
    ours.offer(mail[0])
    mail[0].write_text(f'{{"limit": 2000000, "more": [{"[]," * 40_000}[]]}}', encoding="utf-8")
    refused = theirs.answer(mail[0], mail[1], "--limit", "100")
    assert refused.code == REFUSED
    assert "larger than any message of 100 points" in refused.err
    ours.offer(mail[0], "--limit", "100")
    theirs.answer(mail[0], mail[1], "--limit", "100")
    mail[1].write_bytes(b" " * 11_000_000)
    refused = ours.finish(mail[1], "--out", str(mail[2]))
    assert refused.code == REFUSED
    assert "larger than any message of 100,000 points" in refused.err


def test_a_large_run_is_finished_without_its_limit_being_named_again(two: Two, mail: Mail) -> None:
    ours, theirs = two
    limit = ("--limit", "300000")
    ours.offer(mail[0], *limit)
    theirs.answer(mail[0], mail[1], *limit)
    mail[1].write_bytes(mail[1].read_bytes() + b" " * 20_000_000)
    assert ours.finish(mail[1], "--out", str(mail[2])).code == 0


def test_a_message_that_cannot_be_written_uses_up_no_run(
    two: Two, mail: Mail, tmp_path: Path
) -> None:
    """An offer is answered once; a mistyped folder must not be that time."""
    ours, theirs = two
    nowhere = tmp_path / "nowhere" / "x.json"
    for _ in range(5):  # more often than runs may be begun in a week
        assert ours.offer(nowhere).code == 2
    assert ours.offer(mail[0]).code == 0
    assert theirs.answer(mail[0], nowhere).code == 2
    assert theirs.answer(mail[0], mail[1]).code == 0
    assert ours.finish(mail[1], "--out", str(nowhere)).code == 2
    assert ours.finish(mail[1], "--out", str(mail[2])).code == 0
    did = [r["did"] for r in ours.partner_command("log", "--json").json["runs"]]
    assert did == ["offered", "finished"]


def test_who_answers_the_own_offer_is_told_so(two: Two, mail: Mail) -> None:
    ours, _ = two
    ours.offer(mail[0])
    refused = ours.answer(mail[0], mail[1])
    assert refused.code == REFUSED
    assert "it is the partner who answers it" in refused.err
    assert "--state" in refused.err
    assert not mail[1].exists()


def test_the_duplicate_of_a_private_account_goes_into_no_exchange(two: Two, mail: Mail) -> None:
    ours, _ = two
    rows = ["Id,Company name,Website,Country,Type", "1,Secret GmbH,secret.de,DE,confidential",
            "2,Secret,www.secret.de,DE,customer", "3,Secret AG,,DE,customer",
            "4,Open Ltd,open.com,GB,customer"]  # fmt: skip
    (ours.folder / "list.csv").write_text("\n".join(rows), encoding="utf-8")
    (ours.folder / "none.yaml").write_text(
        "sharing: {private: [{field: account_type, equals: confidential}]}\n", encoding="utf-8"
    )
    for kind in ("domain", "name-country"):
        offered = ours.offer(mail[0], "--key", kind, "--json")
        assert (offered.json["accounts"], offered.json["keys"]) == (1, 1), kind


@pytest.mark.parametrize(
    ("offered", "agreed", "said"),
    [
        (REVEAL, (), "its mode is reveal, not counts"),
        (("--minimum", "1"), (), "its minimum result is 1, below 5"),
        (("--key", "name-country"), (), "it compares by name-country, not domain"),
        (("--limit", "200000"), (), "its limit is 200,000 accounts, above 100,000"),
    ],
)
def test_an_offer_beyond_the_agreement_is_not_answered(
    two: Two, mail: Mail, offered: tuple[str, ...], agreed: tuple[str, ...], said: str
) -> None:
    ours, theirs = two
    ours.offer(mail[0], *offered)
    refused = theirs.answer(mail[0], mail[1], *agreed)
    assert refused.code == REFUSED
    assert said in refused.err
    assert not mail[1].exists()


def test_names_with_countries_are_compared_by_their_normal_form(two: Two, mail: Mail) -> None:
    ours, theirs = two
    names = ["Müller GmbH", "The Foo Company, Inc.", "Bar & Söhne AG", "Baz Ltd", "Qux S.A."]
    plain = ["Mueller", "Foo", "Bar and Söhne", "BAZ LIMITED", "Qux SA"]
    for company, list_ in ((ours, names), (theirs, plain)):
        lines = ["Name,Country", *(f'"{name}",Germany' for name in list_)]
        (company.folder / "list.csv").write_text("\n".join(lines), encoding="utf-8")
    terms = ("--key", "name-country", *REVEAL, "--minimum", "1")
    ours.offer(mail[0], *terms)
    theirs.answer(mail[0], mail[1], *terms)
    found = ours.finish(mail[1], "--out", str(mail[2]), "--json").json
    assert found["mutual_keys"] >= 4


def test_runs_with_a_partner_are_rationed(two: Two, mail: Mail) -> None:
    ours, _ = two
    assert [ours.offer(mail[0]).code for _ in range(5)] == [0, 0, 0, 0, REFUSED]
    assert ours.offer(mail[0], "--runs-a-week", "9").code == 0


def test_a_secret_keeps_others_out(two: Two, mail: Mail, tmp_path: Path) -> None:
    ours, theirs = two
    secret = tmp_path / "secret"
    secret.write_text("told by telephone\n", encoding="utf-8")
    other = tmp_path / "other"
    other.write_text("guessed\n", encoding="utf-8")
    assert "sealed by your secret" in ours.offer(mail[0], "--secret-file", str(secret)).out
    assert (
        "not that of the agreed secret"
        in theirs.answer(mail[0], mail[1], "--secret-file", str(other)).err
    )
    assert theirs.answer(mail[0], mail[1]).code == REFUSED
    assert theirs.answer(mail[0], mail[1], "--secret-file", str(secret)).code == 0


def test_another_partner_cannot_finish_a_run(two: Two, mail: Mail) -> None:
    ours, theirs = two
    ours.offer(mail[0])
    theirs.answer(mail[0], mail[1])
    ours.partner = "gamma"
    assert "another partner" in ours.finish(mail[1], "--out", str(mail[2])).err


def test_the_log_tells_every_step_and_no_account(two: Two, mail: Mail) -> None:
    ours, theirs = two
    ours.offer(mail[0])
    theirs.answer(mail[0], mail[1])
    ours.finish(mail[1], "--out", str(mail[2]))
    runs = ours.partner_command("log", "--json").json["runs"]
    assert [(r["did"], r["sent"], r["received"], r["result"]) for r in runs] == [
        ("offered", 9, 0, None), ("finished", 0, 9, 8),
    ]  # fmt: skip
    assert runs[0]["commitment"] == runs[1]["commitment"]
    assert "both0" not in (ours.exchange / "log.jsonl").read_text(encoding="utf-8")
    assert "finished by" in ours.partner_command("log").out


def test_the_log_says_with_whom_there_was_nothing(two: Two, mail: Mail) -> None:
    ours, _ = two
    ours.offer(mail[0])
    stranger = replace(ours, partner="gamma")
    assert "no private exchange with gamma was ever begun" in stranger.partner_command("log").out


def test_a_line_of_the_log_that_a_crash_cut_off_was_never_acted_on(two: Two, mail: Mail) -> None:
    ours, theirs = two
    log = ours.exchange / "log.jsonl"
    ours.offer(mail[0])
    with log.open("a", encoding="utf-8") as file:
        file.write('{"at": "2026')
    theirs.answer(mail[0], mail[1])
    assert ours.finish(mail[1], "--out", str(mail[2])).code == 0
    did = [r["did"] for r in ours.partner_command("log", "--json").json["runs"]]
    assert did == ["offered", "finished"]
    log.write_text(f"garbage\n{log.read_text(encoding='utf-8')}", encoding="utf-8")
    broken = ours.partner_command("log")
    assert broken.code == StateError.exit_code
    assert "log.jsonl:1: the log of private exchanges was changed" in broken.err


def test_the_offerer_must_name_a_file_for_the_last_message(two: Two, mail: Mail) -> None:
    ours, theirs = two
    ours.offer(mail[0])
    theirs.answer(mail[0], mail[1])
    assert "--out" in ours.finish(mail[1]).err
    assert ours.finish(mail[1], "--out", str(mail[2])).code == 0


@pytest.mark.parametrize(
    "wrong", [("--mode", "all"), ("--key", "email"), ("--side", "hubspot")], ids=str
)
def test_a_mistake_on_the_command_line_is_told(
    two: Two, mail: Mail, wrong: tuple[str, str]
) -> None:
    refused = two[0].offer(mail[0], *wrong)
    assert refused.code == 2
    assert not mail[0].exists()


def test_the_configuration_holds_the_terms_and_what_is_private(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options win over it; private accounts never go into an exchange."""
    accounts = [r for r in office.dump("salesforce", "Account").values() if r.get("Website")]
    private = str(accounts[0]["Name"])
    text = office.config.read_text(encoding="utf-8")
    office.config.write_text(
        f"{text}\npartners:\n  beta:\n    private: [{{field: name, equals: {private!r}}}]\n"
        "    exchange: {mode: reveal, minimum: 2, limit: 5000, pad_to: 200,"
        " secret: {env: SHARED}}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("SHARED", "between us")
    out = str(tmp_path / "1.json")
    whole = office.tieline(
        "partner", "offer", "gamma", "--side", "salesforce", "--out", out, "--json"
    )
    less = office.tieline(
        "partner", "offer", "beta", "--side", "salesforce", "--out", out, "--json"
    )
    assert less.json["accounts"] == whole.json["accounts"] - 1
    assert less.json["terms"] == {
        **whole.json["terms"], "mode": "reveal", "minimum": 2, "limit": 5000,
    }  # fmt: skip
    assert less.json["points"] == 200
    message = json.loads(Path(out).read_text(encoding="utf-8"))
    assert "seal" in message
    given = office.tieline(
        "partner", "offer", "beta", "--side", "salesforce", "--out", out, "--json", "--mode",
        "counts", "--minimum", "9", "--pad-to", "0",
    )  # fmt: skip
    assert (given.json["terms"]["mode"], given.json["terms"]["minimum"]) == ("counts", 9)
    assert given.json["points"] == given.json["keys"]
