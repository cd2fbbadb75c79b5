"""The command line: global options, the commands, and the one place where errors end."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.main
from typer.exceptions import Abort, TyperException

from app import (
    duplicates_commands,
    map_commands,
    partner_commands,
    questions_commands,
    sandbox_commands,
    setup_commands,
    sync_commands,
    trace_commands,
)
from app.messages import INTERRUPTED, tell, usage
from app.session import Options

app = typer.Typer(
    name="tieline",
    help="Keeps CRMs in step: a plan before any write, and a why for every value.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(setup_commands.commands)
app.add_typer(sync_commands.commands)
app.add_typer(trace_commands.commands)
app.add_typer(questions_commands.commands)
app.add_typer(duplicates_commands.commands)
app.add_typer(map_commands.maps, name="map")
app.add_typer(sandbox_commands.commands)
app.add_typer(sandbox_commands.sandbox, name="sandbox")
app.add_typer(partner_commands.partner, name="partner")

BROKEN_PIPE = 141
"""What a shell reports of a program that was ended by SIGPIPE."""

GLOBAL: dict[str, bool] = {
    "--config": True, "-c": True, "--state": True, "--debug": False, "--quiet": False, "-q": False,
}  # fmt: skip
"""Options of the whole program, and whether a value follows; they may stand anywhere."""


def _version(wanted: bool) -> None:
    """Print the version and end: of the installed program, else of the folder that it runs from."""
    if not wanted:
        return
    from importlib import metadata

    try:
        found = metadata.version("tieline")
    except metadata.PackageNotFoundError:
        import tomllib

        project = Path(__file__).parent.parent / "pyproject.toml"
        found = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
    typer.echo(f"tieline {found}")
    raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Configuration file [TIELINE_CONFIG, tieline.yaml]."),
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="Folder of the state; wins over the file's.")
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Log every step, and show tracebacks.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Results and errors only.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    ctx.obj = Options(config, state, debug, quiet)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is that of its result or of its error."""
    given = forward(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    try:
        code: Any = command()(args=given, prog_name="tieline", standalone_mode=False)
    except TyperException as error:
        if not str(error.format_message()).strip():
            return 2  # the help was shown instead of a message
        return tell(usage(error.format_message()), debug=debug)
    except Abort:
        return tell(KeyboardInterrupt(), debug=debug)
    except BrokenPipeError:
        return _without_reader()
    except KeyboardInterrupt as error:
        return tell(error, debug=debug)
    except Exception as error:  # the last resort of the whole program
        return tell(error, debug=debug)
    if code == INTERRUPTED:  # the library has caught the interrupt, and says nothing
        return tell(KeyboardInterrupt(), debug=debug)
    return code if isinstance(code, int) else 0


def command() -> Any:
    """The whole program as Typer runs it; a flag shows no type in the help, for it takes none."""
    made = typer.main.get_command(app)
    waiting: list[Any] = [made]
    while waiting:
        one = waiting.pop()
        waiting += getattr(one, "commands", {}).values()
        for parameter in [*one.params, one.get_help_option(typer.Context(one))]:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""
    return made


def forward(arguments: Sequence[str]) -> list[str]:
    """The arguments with the global options moved to the front, where they are understood."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        name, equals, _ = word.partition("=")
        if word == "--":
            return [*front, *rest, word, *waiting]
        if name not in GLOBAL:
            rest.append(word)
            continue
        front.append(word)
        if GLOBAL[name] and not equals and waiting:
            front.append(waiting.pop(0))
    return [*front, *rest]


def _without_reader() -> int:
    """Somebody closed the pipe (`tieline plan | head`): end without a complaint."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


if __name__ == "__main__":
    sys.exit(main())
