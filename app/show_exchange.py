"""How private exchanges look on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from app import show

_SAMPLES = 20


def sent(out: Console, told: dict[str, Any], *, sealed: bool) -> None:
    """What was written for the partner, and what to do with it."""
    terms = told["terms"]
    show.line(out, f"run {told['run'][:8]} with {told['partner']}: {told['message']} written")
    if "received_fingerprint" in told:
        show.line(out, f"  received     {told['received_fingerprint']}")
    show.line(out, f"  file         {told['file']}  → send it to {told['partner']}")
    show.line(
        out,
        f"  list         {told['accounts']:,} accounts, {told['keys']:,} keys ({terms['key']});"
        f" {told['without_key']:,} accounts have none and do not take part",
    )
    padded = told["points"] - told["keys"]
    hidden = f", {padded:,} of them dummies" if padded else ""
    show.line(out, f"  sent         {told['points']:,} points{hidden}")
    learns = "how many are mutual" if terms["mode"] == "counts" else "which are mutual"
    show.line(out, f"  both learn   {learns}, if at least {terms['minimum']} are ({terms['mode']})")
    seal = "sealed by your secret" if sealed else "not sealed: compare by telephone"
    show.line(out, f"  fingerprint  {told['fingerprint']}  ({seal})")


def result(out: Console, told: dict[str, Any]) -> None:
    """What this side has learnt."""
    terms = told["terms"]
    show.line(out, f"run {told['run'][:8]} with {told['partner']}: finished; its key is destroyed")
    show.line(out, f"  received     {told['received_fingerprint']}")
    if not told["told"]:
        show.line(out, f"  result       fewer than {terms['minimum']}: told to neither side")
    else:
        show.line(out, f"  result       {told['mutual_keys']:,} mutual ({terms['key']})")
    _mutual(out, told.get("mutual", ()))
    if "table" in told:
        saved = told["table"] or "nothing: no account is named to either side, so --csv has no list"
        show.line(out, f"  saved        {saved}")
    if "file" in told:
        show.line(out, f"  file         {told['file']}  → send it to {told['partner']}")


def _mutual(out: Console, mutual: Sequence[dict[str, str]]) -> None:
    for row in mutual[:_SAMPLES]:
        show.line(out, f"    {row['key']}  {row['name']}  ({row['id']})")
    if len(mutual) > _SAMPLES:
        show.line(out, f"    and {len(mutual) - _SAMPLES:,} more (--csv FILE has all)")


def log(out: Console, entries: Sequence[dict[str, Any]], partner: str | None = None) -> None:
    """One line for each step of each run."""
    if not entries:
        whom = "" if partner is None else f" with {partner}"
        show.line(out, f"no private exchange{whom} was ever begun")
    for e in entries:
        mutual = "" if e["result"] is None else f", {e['result']:,} mutual"
        untold = e["result"] is None and e["did"] in ("finished", "concluded")
        shown = f"{mutual}{', not told' if untold else ''}"
        show.line(
            out,
            f"{e['at'][:16]}  {e['run'][:8]}  {e['partner']}  {e['did']} by {e['by']}"
            f" ({e['mode']}, {e['key']}): sent {e['sent']:,}, received {e['received']:,}{shown}",
        )
