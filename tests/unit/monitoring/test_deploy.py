"""The dashboard and the alerts ask for what the server exports, and can be read by those they are for."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from holistic_rtc.monitoring.metrics import Metrics

ROOT = Path(__file__).parents[3]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())
RULES = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()

OF_PROMETHEUS = {"instance", "job"}
"""Labels of the scrape"""
COUNTED = ("_total", "_bucket", "_count", "_sum")

Labels = dict[str, set[str]]


@pytest.fixture(scope="module")
def exported() -> dict[str, Labels]:
    """The values of each label of each series."""
    series: dict[str, Labels] = {"up": {}}
    for family in Metrics().collect():
        for sample in family.samples:
            labels = series.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    return series


ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [
    *((rule["alert"], rule["expr"]) for rule in ALERTS),
    *((panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]),
]


def nodes(expression: Any) -> Iterator[Any]:
    yield expression
    for name in ("expr", "lhs", "rhs", "vector_selector"):
        if child := getattr(expression, name, None):
            yield from nodes(child)
    for child in getattr(expression, "args", None) or []:
        yield from nodes(child)


def parse(expression: str) -> list[Any]:
    return list(nodes(promql_parser.parse(expression.replace("$__rate_interval", "5m"))))


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_an_expression_asks_for_series_that_the_server_exports(
    where: str, expression: str, exported: dict[str, Labels]
) -> None:
    selectors = [node for node in parse(expression) if isinstance(node, promql_parser.VectorSelector)]
    assert selectors
    for selector in selectors:
        assert selector.name in exported, where
        for matcher in selector.matchers.matchers:
            if matcher.name not in OF_PROMETHEUS:
                assert set(matcher.value.split("|")) <= exported[selector.name][matcher.name], (where, matcher.value)


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_rates_are_of_counters_and_counters_are_not_shown_as_they_are(where: str, expression: str) -> None:
    for node in parse(expression):
        if isinstance(node, promql_parser.Call) and node.func.name in ("rate", "increase"):
            [argument] = node.args
            assert argument.vector_selector.name.endswith(COUNTED), where
        for child in direct(node):
            if isinstance(child, promql_parser.VectorSelector):
                assert not str(child.name).endswith(COUNTED), where


def direct(node: Any) -> list[Any]:
    """What an operator or an aggregation is applied to."""
    return [getattr(node, name, None) for name in ("expr", "lhs", "rhs")]


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_an_aggregation_is_by_labels_that_exist(where: str, expression: str, exported: dict[str, Labels]) -> None:
    known = OF_PROMETHEUS.union(*exported.values())
    for node in parse(expression):
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            assert set(node.modifier.labels) <= known, where


def test_every_alert_has_a_severity_a_summary_and_a_paragraph_that_says_what_to_do() -> None:
    headings = {heading.lower() for heading in re.findall("^### (.*)$", OPERATIONS, flags=re.MULTILINE)}
    for rule in ALERTS:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert "$labels.instance" in rule["annotations"]["summary"]
        file, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert (ROOT / file).exists()
        assert anchor == rule["alert"].lower()
        assert anchor in headings
        assert re.fullmatch("[0-9]+[mh]", rule.get("for", "0m"))
    names = [rule["alert"] for rule in ALERTS]
    assert len(names) == len(set(names))


def test_the_dashboard_shows_every_metric_of_the_server(exported: dict[str, Labels]) -> None:
    shown = {
        str(node.name)
        for panel in PANELS
        for target in panel["targets"]
        for node in parse(target["expr"])
        if isinstance(node, promql_parser.VectorSelector)
    }
    families = {re.sub("_(bucket|count|sum)$", "", name) for name in exported} - {"up"}
    left_out = families - {re.sub("_bucket$", "", name) for name in shown}
    assert left_out <= {"holistic_build_info", "holistic_http_connection_places"}


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    cells = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert x < 24
                assert (x, y) not in cells
                cells.add((x, y))
        assert panel["type"] == "row" or panel["datasource"]["uid"] == "${datasource}"
