"""What a run stands on (rules, scopes, mappings), and what changing it would change."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from config.model import Condition, Config
from sync.model import Action, Plan, Row, State, Verb
from sync.planner import Planner
from sync.rows import dumps
from sync.sides import Side
from sync.store import Store

Effective = Mapping[str, Mapping[str, str]]
"""Part (`rules`, `scopes`, `mappings`) -> path of a setting -> its value as JSON text."""

_SCOPES = {"scope", "create", "create_as", "owners", "fallback_owner", "convert"}
_LINES = 20
_SAMPLES = 3


def effective(config: Config, sides: Sequence[Side]) -> Effective:
    """Everything that decides, by part and path. Addresses and credentials are not in it."""
    rules = config.model_dump(mode="json", include={"rules", "custom"}, exclude_defaults=True)
    scopes = {n: s.model_dump(mode="json", include=_SCOPES) for n, s in config.sides.items()}
    mappings: dict[str, Any] = {}
    for side in sides:
        mappings[f"{side.name}.all"] = side.mapping.digest()
        for name, traits in side.mapping.traits().items():
            mappings[f"{side.name}.{name}"] = hashlib.sha256(dumps(traits).encode()).hexdigest()
    return {"rules": _flat(rules), "scopes": _flat(scopes), "mappings": _flat(mappings)}


def _flat(data: Any, path: str = "") -> dict[str, str]:
    if isinstance(data, dict):
        inner = (_flat(v, f"{path}.{k}" if path else str(k)) for k, v in data.items())
        return {name: value for part in inner for name, value in part.items()}
    return {path: dumps(data)}


def digests(standing: Effective) -> dict[str, str]:
    """A hash per part."""
    return {p: hashlib.sha256(dumps(dict(v)).encode()).hexdigest() for p, v in standing.items()}


def changed(store: Store, standing: Effective) -> tuple[str, ...]:
    """The parts that are not as they were in the last run; none before the first."""
    known = {part: store.meta(f"digest/{part}") for part in standing}
    return tuple(p for p, d in digests(standing).items() if known[p] not in (None, d))


def keep(store: Store, standing: Effective) -> None:
    """Remember what a run stood on, so that the next one can say what has changed."""
    for part, digest in digests(standing).items():
        store.set_meta(f"digest/{part}", digest)
        store.set_meta(f"effective/{part}", dumps(dict(standing[part])))


def known(store: Store) -> dict[str, dict[str, str]]:
    """What the last run stood on, by part and path."""
    found = {part: store.meta(f"effective/{part}") for part in ("rules", "scopes", "mappings")}
    return {part: orjson.loads(text) for part, text in found.items() if text}


# -- what a change of the rules would change ------------------------------------------------


def preview(planner: Planner, plan: Plan, standing: Effective) -> tuple[str, ...]:
    """What the change of rules, scopes or mappings does, line by line: the settings that differ,
    then what would be written to records that nobody has touched, by cause with samples."""
    before = known(planner.store)
    lines = list(_settings(before, standing))
    untouched = [a for a in plan.actions if _is_untouched(planner.store, a)]
    lines += _effects(untouched)
    lines += _sleeping(planner, before)
    if not untouched:
        lines.append("it writes nothing to records that nobody has touched")
    return tuple(lines)


def _settings(before: Effective, now: Effective) -> Iterator[str]:
    found: list[str] = []
    for part, settings in now.items():
        old = before.get(part, {})
        for path in sorted({*old, *settings}):
            if old.get(path) != settings.get(path) and not path.endswith(".all"):
                found.append(_difference(part, path, old.get(path), settings.get(path)))
    yield from found[:_LINES]
    if len(found) > _LINES:
        yield f"and {len(found) - _LINES} more settings"


def _difference(part: str, path: str, old: str | None, new: str | None) -> str:
    if part == "mappings":
        word = "is mapped now" if old is None else "is no longer mapped" if new is None else "is"
        return f"mapping: {path} {word}" + (" mapped differently" if word == "is" else "")
    label = path if path.startswith(part) else f"{part}.{path}"
    return f"{label}: {_said(old)} -> {_said(new)}"


def _said(setting: str | None) -> str:
    """A setting as a file would say it: conditions without what they do not test."""
    value = orjson.loads(setting) if setting else None
    if isinstance(value, list):
        value = [_stated(item) if isinstance(item, dict) else item for item in value]
    elif isinstance(value, dict):
        value = _stated(value)
    return "(not set)" if value is None else orjson.dumps(value).decode()


def _stated(condition: Mapping[str, Any]) -> dict[str, Any]:
    return {name.rstrip("_"): value for name, value in condition.items() if value is not None}


def _is_untouched(store: Store, action: Action) -> bool:
    """Whether every record of the entity shows what was settled: only the rules have changed."""
    rows = store.by_entities([action.entity]).get(action.entity, [])
    live = [row for row in rows if row.state is State.LIVE]
    return bool(live) and all(_is_settled(row) for row in live)


def _is_settled(row: Row) -> bool:
    return bool(row.base) and all(row.seen.get(n) == v for n, v in row.base.items())


def _effects(actions: Sequence[Action]) -> list[str]:
    """Counts by cause, with the first few of each."""
    counted: Counter[tuple[str, str]] = Counter()
    samples: dict[tuple[str, str], list[str]] = {}
    for action in actions:
        for what, why, sample in _causes(action):
            counted[what, why] += 1
            samples.setdefault((what, why), []).append(sample)
    return [
        f"{number} x {what} would be written because {why}"
        f" (such as {', '.join(samples[what, why][:_SAMPLES])})"
        for (what, why), number in counted.most_common(_LINES)
    ]


def _causes(action: Action) -> Iterator[tuple[str, str, str]]:
    record = f"{action.side} {action.object_type} {action.record_id or '(new)'}"
    if action.verb is not Verb.UPDATE:
        yield f"{action.verb} of a {action.kind} on {action.side}", action.why, action.entity
        return
    for written in action.fields:
        what = f"{action.kind}.{written.name} on {action.side}"
        yield what, f"{written.rule}: {written.why}", record


def _sleeping(planner: Planner, before: Effective) -> list[str]:
    """Links that fall asleep or wake because a scope filter has changed."""
    old = before.get("scopes", {})
    lines: list[str] = []
    for side in planner.sides:
        for kind in side.mapping.kinds():
            path = f"{side.name}.scope.{kind}"
            was = [Condition.model_validate(c) for c in orjson.loads(old.get(path, "[]"))]
            now = side.settings.scope.get(kind, [])  # type: ignore[call-overload]
            if list(was) != list(now):
                lines += _turned(planner, side, kind, was)
    return lines


def _turned(planner: Planner, side: Side, kind: str, was: Sequence[Condition]) -> list[str]:
    asleep = awake = 0
    where = "side = ? AND kind = ? AND state = 'live' AND entity IS NOT NULL"
    for row in planner.store.rows(where, (side.name, kind)):
        values = planner.matcher.resolved(row)
        look = lambda path, v=values: planner.matcher.value_of(v, kind, path)  # noqa: E731
        before = planner.matcher.meets(was, look)
        after = planner.matcher.in_scope(row)
        asleep += before and not after
        awake += after and not before
    said = [(asleep, "outside the scope now: links sleep"), (awake, "in the scope again")]
    return [f"linked {kind}s of {side.name} {text} ({n})" for n, text in said if n]
