"""`python -m benchmarks.matching`: how good the engine is on labelled pairs, and how fast."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.matching import labelled, measure, scale, train, train_people
from mapping.matching import weights
from mapping.matching.backends import Engine


def main() -> int:
    """What the arguments ask for; the sets beside the project where they ask for nothing."""
    given = arguments()
    if given.train:
        train.main()
        train_people.main()
    elif given.pairs:
        pairs(given.pairs, given.wrong)
    elif given.left:
        lists(given.left, given.right, given.gold, given.wrong)
    elif given.people:
        print(scale.people(given.people, Engine(name=given.engine)))
    elif given.accounts:
        print(scale.accounts(given.accounts))
    else:
        shipped_sets()
    return 0


def arguments() -> argparse.Namespace:
    """Of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching", description=__doc__)
    parser.add_argument("--pairs", type=Path, help="CSV: left_name, right_name, label and more")
    parser.add_argument("--left", type=Path, help="CSV of companies: id, name and more")
    parser.add_argument("--right", type=Path, help="CSV of companies")
    parser.add_argument("--gold", type=Path, help="CSV of the pairs that are one: left, right")
    parser.add_argument(
        "--wrong", action="store_true", help="print what was linked or missed wrongly"
    )
    parser.add_argument("--people", type=int, help="how long so many people take")
    parser.add_argument("--engine", choices=("duckdb", "spark"), default="duckdb")
    parser.add_argument("--accounts", type=int, help="how long two lists of so many accounts take")
    parser.add_argument(
        "--train", action="store_true", help="learn the weights anew and write them"
    )
    given = parser.parse_args()
    if given.left and not (given.right and given.gold):
        parser.error("--left needs --right and --gold")
    return given


def pairs(path: Path, wrong: bool) -> None:
    """A stranger's pairs: as pairs, each compared on its own, then as lists."""
    data = labelled.labelled_pairs(path)
    print("as pairs, each compared on its own:")
    matches, gold = measure.pairs(data)
    print(measure.HEAD, measure.figures(path.name, matches, gold).line(), sep="\n")
    print(*measure.over_thresholds(matches, gold), sep="\n")
    if wrong:
        names = {c.id: c.name for left, right, _ in data for c in (left, right)}
        tell(matches, gold, names)
    print("\nas lists, so that each name is weighed among all of them:")
    matches, gold = measure.as_lists(data)
    print(measure.HEAD, measure.figures(path.name, matches, gold).line(), sep="\n")
    print(*measure.over_thresholds(matches, gold), sep="\n")


def lists(left: Path, right: Path, gold: Path, wrong: bool) -> None:
    """A stranger's two lists."""
    data = labelled.linked_files(left, right, gold)
    found, matches = measure.linked(data.name, data)
    print(measure.HEAD, found.line(), sep="\n")
    print(*measure.over_thresholds(matches, data.gold), sep="\n")
    if wrong:
        tell(matches, data.gold, {c.id: c.name for c in (*data.left, *data.right)})


def tell(matches: list, gold: set[measure.Pair], names: dict[str, str | None]) -> None:  # type: ignore[type-arg]
    """What was linked wrongly and what was missed, with the evidence."""
    said = {(m.left, m.right): m for m in matches}
    for pair, match in said.items():
        if match.verdict == "same" and pair not in gold:
            print("WRONG ", names[pair[0]], "|", names[pair[1]], match.score, match.evidence)
    for pair in sorted(gold):
        found = said.get(pair)
        if found is None or found.verdict != "same":
            why = (found.score, found.evidence) if found else "not a candidate"
            print("MISSED", names[pair[0]], "|", names[pair[1]], why)


def shipped_sets() -> None:
    """The sets beside the project. Companies: weights learned from one half, measured on the
    other, both ways; people: learned on Febrl 1 and 2, measured on 3."""
    print(measure.HEAD)
    whole = labelled.index_members()
    for wanted in (0, 1):
        with weights.using(train.learned(1 - wanted)):
            part = whole.part(wanted)
            print(measure.linked(part.name, part)[0].line(), flush=True)
            alone = part.without_partners()
            print(measure.linked(alone.name, alone)[0].line(), flush=True)
            print(measure.applicants(wanted).line(), flush=True)
    for number in (1, 2, 3):
        for found in measure.febrl(number):
            print(found.line(), flush=True)
    for found in measure.truth_set():
        print(found.line(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
