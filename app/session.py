"""What every command is given: the options of the whole program, and where it prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from core.clock import Clock, SystemClock

if TYPE_CHECKING:
    from config.load import LoadedConfig


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the whole program as given on the command line; None: not given."""

    config: Path | None = None
    state: Path | None = None
    debug: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """One call of the program. Results go to `out`, everything else to `err`."""

    config: Path
    state: Path | None
    out: Console
    err: Console
    debug: bool = False
    quiet: bool = False
    json: bool = False
    clock: Clock = field(default_factory=SystemClock)

    def load(self) -> LoadedConfig:
        """The configuration, held against the canonical model too. Raises SettingsError."""
        from config.load import load_config
        from config.matching import free_mail_of
        from mapping.canonical import FIELDS
        from mapping.matching import own_free_mail

        types = {k: {n: d.type for n, d in fields.items()} for k, fields in FIELDS.items()}
        orders = {n: d.values for fields in FIELDS.values() for n, d in fields.items() if d.ordered}
        loaded = load_config(self.config, state=self.state, fields=types, orders=orders)
        own_free_mail.know(free_mail_of(loaded.config.matching, loaded.path.parent).values())
        return loaded

    def print_json(self, value: Mapping[str, Any]) -> None:
        """The whole answer of a command as one JSON document on standard output."""
        import orjson

        text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()
        self.out.file.write(text + "\n")
        self.out.file.flush()

    def say(self, text: str) -> None:
        """A remark beside the result; silent under --quiet."""
        if not self.quiet:
            self.err.print(text, highlight=False, markup=False, soft_wrap=True)


def open_session(options: Options, *, json: bool = False) -> Session:
    """The session of one command: options win over the environment. Raises SettingsError."""
    from config.settings import program_settings
    from core import log

    settings = program_settings()
    debug = options.debug or settings.debug
    log.configure(debug=debug, json=settings.log_json)
    return Session(
        config=options.config or settings.config,
        state=options.state or settings.state,
        out=console(no_color=settings.no_color),
        err=console(stderr=True, no_color=settings.no_color),
        debug=debug,
        quiet=options.quiet,
        json=json,
    )


def console(*, stderr: bool = False, no_color: bool = False) -> Console:
    """A console that is plain and as wide as it needs to be where no person looks at it."""
    made = Console(stderr=stderr, no_color=no_color or None, highlight=False, emoji=False)
    if not made.is_terminal:
        made = Console(
            stderr=stderr, no_color=True, highlight=False, emoji=False, width=200, soft_wrap=True
        )
    return made
