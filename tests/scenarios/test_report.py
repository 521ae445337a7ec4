"""The report page: says the headline numbers, needs nothing from outside, survives hostile names and holes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from scenarios.report import format as fmt
from scenarios.report import render_report, write_report
from scenarios.report.page import chart_library
from tests.scenarios.fake_result import envelope, est, fit_result, optimize_result, simulate_result

RESULTS = {"optimize": optimize_result, "simulate": simulate_result, "fit": fit_result}


class Page(HTMLParser):
    """Tags, attributes and the text outside scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.data = ""
        self._inside: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside = dict(attrs).get("id") or tag

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside is None:
            self.text.append(data)
        elif self._inside == "chart-data":
            self.data += data

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))

    @property
    def charts(self) -> dict[str, Any]:
        return dict(json.loads(self.data)["specs"])

    def places(self) -> list[str | None]:
        return [attrs["data-chart"] for _, attrs in self.tags if "data-chart" in attrs]


def read(result: dict[str, Any]) -> Page:
    return Page(render_report(result))


@pytest.mark.parametrize("command", RESULTS)
def test_each_place_has_its_chart_and_each_chart_compiles(command: str) -> None:
    import vl_convert

    page = read(RESULTS[command]())
    assert sorted(page.charts) == sorted(str(place) for place in page.places())
    assert len(page.charts) >= 2
    for key, spec in page.charts.items():
        svg = vl_convert.vegalite_to_svg({**spec, "width": 400, "autosize": "pad"}, vl_version="6.4")
        assert "NaN" not in svg, key
        assert svg.count("<path") > 2, key


@pytest.mark.parametrize("command", RESULTS)
def test_page_is_one_file_that_loads_nothing(command: str) -> None:
    html = render_report(RESULTS[command]())
    assert len(html.encode()) < 3_000_000
    page = Page(html)
    for tag, attrs in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "img", "base"), tag
        assert "src" not in attrs
        assert (attrs.get("href") or "#").startswith("#")
    own = html.replace(chart_library(), "")
    assert not re.search(r"(?i)https?://|@import|url\(|\bimport\(", own)
    policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy
    assert policy.startswith("default-src 'none'")
    assert "script-src 'sha256-" in policy


@pytest.mark.parametrize("command", RESULTS)
def test_same_result_same_page(command: str) -> None:
    assert render_report(RESULTS[command]()) == render_report(RESULTS[command]())


def test_optimize_says_the_headline() -> None:
    text = read(optimize_result()).words
    assert (
        "This plan brings USD 12,300 more value than the current policy over 26 weeks (95% interval USD 12,200 to "
        "12,500), counting USD 3,130 of value after the horizon." in text
    )
    assert "It keeps all 3 limits; held back by: budget, SMS capacity." in text
    for figure in ("12,340", "9,210", "42,250", "4,652", "Best same-for-all plan", "breaks a limit", "99.9%"):
        assert figure in text
    assert "The search promised USD 43,100 over no contact" in text
    assert "The difference is USD 900 (95% interval USD 200 to 1,600), more than the simulation's own error." in text
    assert "No single change of one segment and channel" in text
    assert "extrapolation" in text


def test_plan_table_marks_what_changes() -> None:
    text = read(optimize_result()).words
    assert "16 of 32 entries differ from the current policy" in text
    assert "▲ from 2" in text
    assert "▼ from 0.25" in text
    assert "0.125" in text
    assert "no customers now" in text


def test_a_worse_plan_is_called_worse() -> None:
    result = simulate_result()
    result["value"]["versus_current"] = est(-4_100, 210)
    assert "This plan brings USD 4,100 less value than the current policy" in read(result).words


def test_a_difference_within_the_error_is_not_sold_as_a_gain() -> None:
    result = simulate_result()
    result["value"]["versus_current"] = est(80, 210)
    text = read(result).words
    assert "makes no difference" in text
    assert "more value" not in text


def test_parameter_interval_is_the_headline_where_it_is_known() -> None:
    result = simulate_result()
    result["value"]["versus_current"] |= {"parameter_low": 4_100, "parameter_high": 21_700}
    text = read(result).words
    assert "USD 4,000 to 22,000" in text
    assert "The headline uses this interval." in text


def test_current_policy_itself_is_compared_with_no_contact() -> None:
    result = simulate_result()
    result["plan_name"] = "current"
    for block in ("incremental", "tail_value", "value"):
        del result[block]["versus_current"]
    text = read(result).words
    assert "The current policy brings USD 42,200 more value than no contact over 26 weeks" in text
    assert "after taking off USD 5,060 that it costs after the horizon" in text
    assert "is an extrapolation" in text
    assert "beside the current policy" not in text


def test_broken_limit_is_said() -> None:
    result = optimize_result()
    result["limits"][0] |= {"used": 4_900.0, "share_used": 1.04}
    text = read(result).words
    assert "It breaks 1 of 3 limits (budget)" in text
    assert "exceeded" in text


def test_fit_page() -> None:
    text = read(fit_result()).words
    assert (
        "The MBG/NBD model forecasts 3,532 orders over 39 weeks it had not seen; 3,478 were placed: 1.55% too many"
        in text
    )
    for figure in ("under current contacts", "No control group", "0.5251", "0.0414", "BG/NBD", "−9,595.3", "2,357"):
        assert figure in text


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&\"'"


def test_hostile_names_stay_text() -> None:
    harmless = {"Champions": HOSTILE, "email": HOSTILE + "e", "budget": HOSTILE + "b"}

    def swap(value: Any) -> Any:
        if isinstance(value, dict):
            return {harmless.get(k, k): swap(v) for k, v in value.items()}
        if isinstance(value, list):
            return [swap(v) for v in value]
        return harmless.get(value, value) if isinstance(value, str) else value

    result = swap(optimize_result())
    result["scenario"]["name"] = result["scenario"]["currency"] = result["plan_name"] = HOSTILE
    result["baselines"]["current"]["label"] = HOSTILE
    result["certificate"]["statement"] = HOSTILE
    result["provenance"]["machine"] = {HOSTILE: HOSTILE}
    html = render_report(result).replace(chart_library(), "")
    calm = Page(render_report(optimize_result()))
    page = Page(html)
    assert "<img" not in html
    assert "<script>alert" not in html
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in calm.tags]
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert HOSTILE in "".join(page.text)


def test_names_reach_charts_as_data_only() -> None:
    result = optimize_result()
    for row in result["segments"]:
        row["segment"] = row["segment"].replace("Loyal", "datum.x'] + alert(1)")
    for key, spec in read(result).charts.items():
        rest = {name: part for name, part in spec.items() if name != "datasets"}
        assert "alert" not in json.dumps(rest), key


OPTIONAL = [
    "plan_name", "plan", "current_plan", "incremental", "tail_value", "value", "outcome", "baseline", "contacts",
    "unsubscribes", "complaints", "funnel", "cost", "weekly", "segments", "flows", "assumptions", "promised",
    "delivered", "promised_minus_delivered", "baselines", "limits", "certificate", "search",
]  # fmt: skip


def assert_no_holes(page: Page) -> None:
    assert not re.search(r"(?i)\b(none|nan|null|inf|undefined)\b", page.words.replace("none of", ""))
    assert "NaN" not in page.data


@pytest.mark.parametrize("key", OPTIONAL)
def test_a_missing_part_is_left_out(key: str) -> None:
    result = optimize_result()
    del result[key]
    assert_no_holes(read(result))


def test_what_is_null_counts_as_missing() -> None:
    result = optimize_result()
    for key in OPTIONAL:
        assert fmt.without_holes(result | {key: None}) == {k: v for k, v in result.items() if k != key}
    assert fmt.without_holes({"a": {"mean": float("nan"), "ci_low": 1.0}, "b": {"c": None}, "d": {}}) == {"d": {}}


def test_numbers_that_are_not_finite_are_left_out() -> None:
    result = optimize_result()
    result["baselines"]["current"]["value"] = {"mean": float("nan"), "ci_low": None, "ci_high": float("inf")}
    result["limits"][0]["used"] = float("nan")
    result["scenario"]["changes"][0]["old"] = None
    result["weekly"][3]["reachable"] = float("nan")
    assert_no_holes(read(result))


def test_the_smallest_results_have_a_page() -> None:
    scenario = {"name": "tiny", "weeks": 4, "currency": "EUR"}
    for command in ("simulate", "optimize"):
        assert_no_holes(read({"schema_version": 1, "command": command, "scenario": scenario, "provenance": {}}))
    assert_no_holes(read(envelope("fit")))
    assert_no_holes(read({"schema_version": 1, "command": "fit"}))


def test_other_commands_are_refused_by_name() -> None:
    with pytest.raises(
        ValueError,
        match=r"'predict'; allowed: before-after, cohorts, compare, .*, optimize, .*, simulate, sweep",
    ):
        render_report({"command": "predict"})


def test_write_is_atomic_and_makes_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "run" / "report.html"
    write_report(fit_result(), path)
    first = path.read_bytes()
    assert first.startswith(b"<!doctype html>")
    with pytest.raises(KeyError):
        write_report(simulate_result() | {"scenario": {"name": "no weeks"}}, path)
    assert path.read_bytes() == first
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


def test_the_result_is_not_touched() -> None:
    result = optimize_result()
    before = json.dumps(result)
    render_report(result)
    assert json.dumps(result) == before


def test_importing_the_report_is_light() -> None:
    heavy = "altair, vl_convert, jinja2, numba, polars, pulp, scipy"
    code = f"import sys, scenarios.report; print([m for m in {heavy.split(', ')!r} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (fmt.number(12_345.6), "12,346"),
        (fmt.number(99.96), "100"),
        (fmt.number(9.996), "10.0"),
        (fmt.number(0.0382), "0.0382"),
        (fmt.number(-1_234), "−1,234"),
        (fmt.number(0), "0"),
        (fmt.money(-12.3, "USD"), "−USD 12.3"),
        (fmt.percent(0.00123), "0.12%"),
        (fmt.percent(0.9994), "99.9%"),
        (fmt.frequency(0.125), "0.125"),
        (fmt.frequency(2.0), "2"),
        (fmt.frequency(10), "10"),
        (fmt.large(41.3e9), "41.3 billion"),
        (fmt.headline(est(12_340, 164)), (12_300, 12_200, 12_500)),
        (fmt.headline(est(0.5231, 0.012)), (0.52, 0.51, 0.54)),
        (fmt.headline({"mean": 12_345}), (12_300, 12_300, 12_300)),
        (fmt.estimate_text(est(130_975, 1_400)), ("131,000", "129,600 to 132,400")),
        (fmt.estimate_text(est(0.391, 0.004)), ("0.391", "0.387 to 0.395")),
        (fmt.estimate_text({"mean": 7}), ("7.00", "")),
        (fmt.signed_text(-0.001, 1), "0.0"),
    ],
)
def test_numbers_as_the_reader_sees_them(shown: object, expected: object) -> None:
    assert shown == (
        pytest.approx(expected) if isinstance(expected, tuple) and isinstance(expected[0], (int, float)) else expected
    )


def test_the_period_starts_the_day_after_the_data() -> None:
    assert "26 weeks from 1998-07-01" in render_report(optimize_result())
