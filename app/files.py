"""The files that one call reads and writes: none is written twice, none over what is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from app.messages import usage
from app.session import Session


def apart(
    session: Session,
    written: Mapping[str, Path | None],
    *given: Path | str | None,
    configured: bool = True,
) -> None:
    """Raises SettingsError where two options would write one file (a partner would get the table
    that is ours), or one would write over a list: one that is given, or one that the configuration
    names unless it is told that these are made anew (`configured`)."""
    taken: dict[Path, str] = {}
    for path in (*_existing(given), *(_configured(session) if configured else ())):
        taken[path.resolve()] = ""
    for option, wanted in written.items():
        if wanted is None:
            continue
        place = wanted.expanduser().resolve()
        before = taken.get(place)
        if before is not None:
            what = f"{before} and {option} name one file" if before else f"{option} names a source"
            raise usage(f"{what}, {wanted}: give each a file of its own")
        taken[place] = option


def _existing(given: tuple[Path | str | None, ...]) -> Iterator[Path]:
    for one in given:
        if one is not None and Path(one).expanduser().is_file():
            yield Path(one).expanduser()


def _configured(session: Session) -> Iterator[Path]:
    """The configuration and the lists that it names."""
    if not session.config.exists():
        return
    loaded = session.load()
    config = loaded.config
    named: list[Path | str | None] = [config.sharing.accounts]
    named += [config.account_maps.committee, config.account_maps.whitespace]
    for partner in config.partners.values():
        named += [partner.decisions, *(given.source for given in partner.lists)]
    yield session.config
    yield from _existing(tuple(loaded.relative(Path(one)) for one in named if one is not None))
