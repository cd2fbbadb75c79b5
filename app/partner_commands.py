"""The commands of private exchanges: partner offer, answer, finish, log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.session import Session, open_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.exchange import Agreement, Exchange
    from app.exchange_terms import Wishes
    from mapping.matching.model import Company

partner = typer.Typer(
    help="Find the accounts that a partner has too, without showing the others.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="PARTNER", help="The partner, by its name here.")]
Accounts = Annotated[Path | None, typer.Option("--accounts", help="Our list: a CSV or XLSX file.")]
OfSide = Annotated[str | None, typer.Option("--side", help="Our list: the accounts of a side.")]
KeyOption = Annotated[
    str | None, typer.Option("--key", help="Compare by domain (default) or name-country.")
]
ModeOption = Annotated[
    str | None, typer.Option("--mode", help="Both learn: counts (default) or reveal.")
]
MinimumOption = Annotated[
    int | None, typer.Option("--minimum", min=1, help="A smaller result is not told [5].")
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help="Keys that a list may have [100000].")
]
PadOption = Annotated[
    int | None, typer.Option("--pad-to", min=0, help="Hide our size: fill up to so many points.")
]
OftenOption = Annotated[
    int | None, typer.Option("--runs-a-week", min=1, help="Runs with this partner a week [4].")
]
SecretOption = Annotated[
    Path | None, typer.Option("--secret-file", help="File with the secret that both seal by.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="The answer as JSON on standard output.")]


@partner.command()
def offer(
    ctx: typer.Context,
    name: Name,
    out: Annotated[Path, typer.Option("--out", help="File for the partner.")],
    accounts: Accounts = None,
    side: OfSide = None,
    key: KeyOption = None,
    mode: ModeOption = None,
    minimum: MinimumOption = None,
    limit: LimitOption = None,
    pad_to: PadOption = None,
    runs_a_week: OftenOption = None,
    secret_file: SecretOption = None,
    json: JsonOption = False,
) -> None:
    """Begin an exchange: writes the first message, which the partner answers."""
    from app import files
    from app.exchange_terms import Wishes

    wishes = Wishes(key, mode, minimum, limit, pad_to, runs_a_week, secret_file)
    session = open_session(ctx.obj, json=json)
    files.apart(session, {"--out": out}, accounts)
    begun, companies = _begun(session, name, wishes, accounts, side)
    _sent(session, begun.offer(companies, out), begun.agreed)


@partner.command()
def answer(
    ctx: typer.Context,
    name: Name,
    message: Annotated[Path, typer.Argument(metavar="OFFER", help="The partner's offer.")],
    out: Annotated[Path, typer.Option("--out", help="File for the partner.")],
    accounts: Accounts = None,
    side: OfSide = None,
    key: KeyOption = None,
    mode: ModeOption = None,
    minimum: MinimumOption = None,
    limit: LimitOption = None,
    pad_to: PadOption = None,
    runs_a_week: OftenOption = None,
    secret_file: SecretOption = None,
    json: JsonOption = False,
) -> None:
    """Answer a partner's offer, once, if it keeps to the terms given here."""
    from app import files
    from app.exchange_terms import Wishes

    wishes = Wishes(key, mode, minimum, limit, pad_to, runs_a_week, secret_file)
    session = open_session(ctx.obj, json=json)
    files.apart(session, {"--out": out}, accounts, message)
    begun, companies = _begun(session, name, wishes, accounts, side)
    _sent(session, begun.answer(message, companies, out), begun.agreed)


@partner.command()
def finish(
    ctx: typer.Context,
    name: Name,
    message: Annotated[
        Path, typer.Argument(metavar="MESSAGE", help="The partner's answer, or its last message.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="File for the partner: the last message.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the mutual accounts to a file.")
    ] = None,
    secret_file: SecretOption = None,
    json: JsonOption = False,
) -> None:
    """The result of an exchange; who began it also writes the last message for the partner."""
    from app import exchange, exchange_terms, files, show_exchange

    session = open_session(ctx.obj, json=json)
    files.apart(session, {"--out": out, "--csv": csv}, message, configured=False)
    agreed = exchange_terms.agreement(session, name, exchange_terms.Wishes(secret=secret_file))
    found = exchange.Exchange(session, agreed).finish(message, out, csv)
    if json:
        session.print_json(found)
    else:
        show_exchange.result(session.out, found)


@partner.command(name="log")
def log_(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[PARTNER]", help="Of this partner only.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Every run: when, with whom, how large the lists were, what was told."""
    from app import exchange, show_exchange

    session = open_session(ctx.obj, json=json)
    found = exchange.log(session, name)
    if json:
        session.print_json({"runs": found})
    else:
        show_exchange.log(session.out, found, name)


def _begun(
    session: Session, name: str, wishes: Wishes, accounts: Path | None, side: str | None
) -> tuple[Exchange, Sequence[Company]]:
    """The exchange under the terms agreed, and our list for it."""
    from app import exchange, exchange_terms

    agreed = exchange_terms.agreement(session, name, wishes)
    companies = exchange_terms.companies(session, name, accounts, side)
    return exchange.Exchange(session, agreed), companies


def _sent(session: Session, told: dict[str, Any], agreed: Agreement) -> None:
    from app import show_exchange

    if session.json:
        session.print_json(told)
    else:
        show_exchange.sent(session.out, told, sealed=bool(agreed.secret))
