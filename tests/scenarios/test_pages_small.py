"""Pages on a phone and words on a page: cells carry the head of their column, terms are those the command uses."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

from scenarios.report import render_report
from scenarios.report.answers import ANSWERS
from scenarios.report.charts import bars
from scenarios.report.format import stated
from scenarios.report.page import digest
from scenarios.report.scripts import MARK_WIDE
from scenarios.report.sections import share_cell
from scenarios.report.swept import _merged
from scenarios.report.terms import TERMS
from tests.scenarios.fake_result import optimize_result

DELIVER: dict[str, Any] = {
    "schema_version": 1,
    "command": "deliver",
    "scenario": {"name": "s", "currency": "USD", "weeks": 8, "tail_weeks": 0, "base_customers": 10},
    "verdict": "Every channel delivers 95% or more on time.",
    "target_share": 0.95,
    "delivery_weeks": 4,
    "not_limited": [],
    "channels": [
        {
            "channel": name, "contacts": 100.0, "on_time_share": share, "on_time_low": low, "on_time_high": high,
            "on_time_hours": 6.0, "delay_hours_p95": 2.0, "lost": 0.0, "waiting": 0.0, "per_hour": 10.0,
            "per_hour_needed": 9.0, "capacity_per_week": 500.0, "share_used": 0.2,
        }
        for name, share, low, high in (("email", 0.9, 0.85, 0.95), ("sms", 1.0, 1.0, 1.0))
    ],
}  # fmt: skip


class Tables(HTMLParser):
    """Heads and labels of every table that becomes cards on a phone."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.heads: list[list[str]] = []
        self.labels: list[list[list[str]]] = []
        self.titles: list[str] = []
        self.inside = self.head = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "table":
            self.inside = given.get("class") == "stack"
            if self.inside:
                self.heads.append([])
                self.labels.append([])
        elif self.inside and tag == "tr" and self.heads[-1]:
            self.labels[-1].append([])
        elif self.inside and tag == "th" and not self.labels[-1]:
            self.heads[-1].append("")
            self.head = True
        elif self.inside and tag == "th" and given.get("data-l"):
            self.titles.append(given["data-l"] or "")
        elif self.inside and tag == "small" and self.head:
            self.heads[-1][-1] += " ("
        elif self.inside and tag == "td":
            self.labels[-1][-1].append(given.get("data-l") or "")

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.head and tag in ("small", "th"):
            self.heads[-1][-1] += ")" * (tag == "small")
            self.head = tag == "small"
        self.inside = self.inside and tag != "table"

    def handle_data(self, data: str) -> None:
        if self.inside and self.head:
            self.heads[-1][-1] += unescape(data)


def test_every_cell_of_a_wide_table_says_its_column() -> None:
    for page, least in ((render_report(optimize_result()), 4), (render_report(DELIVER), 1)):
        tables = Tables(page)
        assert len(tables.heads) >= least
        for head, rows in zip(tables.heads, tables.labels, strict=True):
            assert rows
            for row in rows:
                assert row == head[1:], head


def test_a_card_says_what_its_title_is() -> None:
    assert Tables(render_report(DELIVER)).titles == ["channel", "channel"]


def test_a_page_explains_its_own_words_only() -> None:
    assert set(TERMS) == set(ANSWERS)
    page = render_report(DELIVER)
    explained = re.findall(r"<dt>([^<]+)</dt><dd>", page.split('id="basis"')[1].split("Where these numbers")[0])
    assert explained == ["On time", "Capacity a week", "Seats"]


def test_the_share_on_time_has_an_interval_where_it_swings() -> None:
    page = render_report(DELIVER)
    assert "90.0%<small>85.0% to 95.0%</small>" in page
    assert "100%<small>" not in page
    assert page.count('"span":"') == 1


def test_points_that_fall_on_each_other_share_a_label() -> None:
    points = [
        {"label": name, "x": x, "y": 5.0, "efficient": good}
        for name, x, good in (("100", 1.0, True), ("200", 2.0, True), ("400", 2.0, False))
    ]
    assert [(row["label"], row["efficient"]) for row in _merged(points)] == [("100", True), ("200, 400", True)]
    assert points[1]["label"] == "200"


def test_titles_of_axes_wrap_before_a_phone_clips_them() -> None:
    rows = [{"label": "a", "tone": "plan", "mean": 1.0, "text": "1"}]
    short, long = "Value, USD", "Contribution that held-out customers do not bring at all, USD"

    def title(text: str) -> Any:
        return bars(rows, text, "d")["layer"][0]["encoding"]["x"]["title"]

    assert title(short) == short
    assert " ".join(title(long)) == long
    assert max(map(len, title(long))) <= 44


def test_shares_are_written_as_they_were_set_and_intervals_do_not_collapse() -> None:
    assert [stated(share) for share in (0.8, 0.05, 0.025, 1 / 3)] == ["80%", "5%", "2.5%", "33.3333%"]
    narrow = share_cell({"mean": 0.00402, "ci_low": 0.0038, "ci_high": 0.0043})
    assert (narrow.text, narrow.interval) == ("0.40%", "0.38 to 0.43%")
    wide = share_cell({"mean": 0.04, "ci_low": 0.03, "ci_high": 0.05})
    assert (wide.text, wide.interval) == ("4.0%", "3.0 to 5.0%")


def test_every_page_can_say_that_a_table_is_wider_than_the_screen() -> None:
    """Also one without charts; the script runs under the page's own policy."""
    for page in (render_report(DELIVER), render_report({**DELIVER, "channels": []})):
        assert MARK_WIDE in page
        assert f"'sha256-{digest(MARK_WIDE)}'" in unescape(page)
    assert ".scroll.wide::before" in page
