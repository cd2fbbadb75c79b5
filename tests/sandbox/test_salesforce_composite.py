"""Composite calls and graphs: limits, references, roll back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.salesforce_kit import DATA, Kit, running_kit


@pytest.fixture
def kit() -> Iterator[Kit]:
    with running_kit() as made:
        yield made


def node(name: str, object_type: str = "Account", **fields: Any) -> dict[str, Any]:
    return {"method": "POST", "url": f"{DATA}/sobjects/{object_type}", "referenceId": name,
            "body": fields}  # fmt: skip


def asking(name: str) -> dict[str, Any]:
    return {"method": "GET", "url": f"{DATA}/query?q=SELECT+Id+FROM+Account",
            "referenceId": name}  # fmt: skip


def count(kit: Kit) -> int:
    total: int = kit.query("SELECT COUNT() FROM Account")["totalSize"]
    return total


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ([node(f"n{number}", Name="x") for number in range(26)], "LIMIT_EXCEEDED"),
        ([asking(f"n{number}") for number in range(6)], "LIMIT_EXCEEDED"),
        ([node("same", Name="x"), node("same", Name="y")], "INVALID_INPUT"),
        ([], "JSON_PARSER_ERROR"),
    ],
)
def test_a_composite_call_has_limits(kit: Kit, wanted: list[Any], code: str) -> None:
    assert kit.error("POST", "composite", {"compositeRequest": wanted})[1] == code
    assert count(kit) == 0


def test_a_job_or_another_composite_is_no_subrequest(kit: Kit) -> None:
    inner = {"method": "POST", "url": f"{DATA}/composite", "referenceId": "a",
             "body": {"compositeRequest": [node("b", Name="x")]}}  # fmt: skip
    (answer,) = kit.call("POST", "composite", {"compositeRequest": [inner]}).json()[
        "compositeResponse"
    ]
    assert answer["httpStatusCode"] == 400


def graph(name: str, *nodes: dict[str, Any]) -> dict[str, Any]:
    return {"graphId": name, "compositeRequest": list(nodes)}


def test_each_graph_is_a_transaction_of_its_own(kit: Kit) -> None:
    good = graph(
        "1", node("firm", Name="Acme"),
        node("person", "Contact", LastName="Doe", AccountId="@{firm.id}"),
    )  # fmt: skip
    bad = graph("2", node("firm", Name="gone"), node("wrong", "Contact", FirstName="x"))
    first, second = kit.call("POST", "composite/graph", {"graphs": [good, bad]}).json()["graphs"]
    assert (first["graphId"], first["isSuccessful"]) == ("1", True)
    made = [one["httpStatusCode"] for one in first["graphResponse"]["compositeResponse"]]
    assert made == [201, 201]
    assert second["isSuccessful"] is False
    codes = [one["body"][0]["errorCode"] for one in second["graphResponse"]["compositeResponse"]]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]
    assert [row["Name"] for row in kit.rows("SELECT Name FROM Account")] == ["Acme"]
    contact = kit.rows("SELECT Account.Name FROM Contact")[0]
    assert contact["Account"]["Name"] == "Acme"


def test_after_fourteen_failed_graphs_the_rest_is_halted(kit: Kit) -> None:
    graphs = [graph(str(number), node("n")) for number in range(15)]
    graphs.append(graph("last", node("n", Name="never")))
    shown = kit.call("POST", "composite/graph", {"graphs": graphs}).json()["graphs"]
    codes = [one["graphResponse"]["compositeResponse"][0]["body"][0]["errorCode"] for one in shown]
    assert codes == ["REQUIRED_FIELD_MISSING"] * 14 + ["PROCESSING_HALTED"] * 2
    assert count(kit) == 0


def chain(length: int) -> list[dict[str, Any]]:
    nodes = [node("n0", Name="0")]
    for number in range(1, length):
        nodes.append(node(f"n{number}", Name=str(number), ParentId=f"@{{n{number - 1}.id}}"))
    return nodes


@pytest.mark.parametrize(
    "graphs",
    [
        [graph(str(number), node("n", Name="x")) for number in range(76)],
        [graph("1", *(node(f"n{number}", Name="x") for number in range(501)))],
        [graph("1", *chain(16))],
        [graph("1", *(node(f"n{number}", f"Kind{number}") for number in range(16)))],
    ],
    ids=["graphs", "nodes", "depth", "kinds"],
)
def test_graphs_have_limits(kit: Kit, graphs: list[Any]) -> None:
    assert kit.error("POST", "composite/graph", {"graphs": graphs})[1] == "LIMIT_EXCEEDED"
    assert count(kit) == 0


def test_a_graph_of_five_hundred_nodes_and_full_depth_works(kit: Kit) -> None:
    wide = [node(f"w{number}", Name="x") for number in range(485)]
    answer = kit.call("POST", "composite/graph", {"graphs": [graph("1", *chain(15), *wide)]})
    assert answer.json()["graphs"][0]["isSuccessful"] is True
    assert count(kit) == 500
