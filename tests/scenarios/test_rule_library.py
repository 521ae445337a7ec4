"""The shipped examples of rules and campaigns: each loads, says something of its own, builds a world and runs small."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

import numpy as np
import pytest

from scenarios.load import LIBRARY, load_scenario
from scenarios.world import Base, load_base, make_world
from sim.engine.tables import BLOCKED, OFFER_COST, SENT, VIOLATIONS
from sim.lines import lines_of
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.world import World
from tests.families import FAMILIES
from tests.test_readme import ROOT

FILES = sorted((LIBRARY / "rules").glob("*.toml"))
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
SAYS: dict[str, Any] = {
    "common": lambda world: [channel.name for channel in world.channels] == ["email", "push", "sms"],
    "calendar_caps": lambda world: {cap.calendar for cap in world.policy.caps} == {None, "week", "month"},
    "pressure_points": lambda world: world.policy.caps[-1].points == (("sms", 4), ("email", 2), ("push", 1)),
    "cooldowns": lambda world: len(world.policy.cooldowns) == 3 and world.policy.prerequisites,
    "tolerance": lambda world: world.policy.personal_caps and world.policy.floors and world.policy.switch_offs,
    "household": lambda world: world.policy.caps[-1].household and len(set(world.population.household)) == 1000,
    "welcome": lambda world: (world.population.joined >= 0).sum() == 480 and len(world.program.cascades[0].steps) == 4,
    "win_back": lambda world: [s.channel for s in world.program.cascades[0].steps] == ["email", "push", "sms"],
    "vip": lambda world: {c.trigger.kind for c in world.program.cascades} == {"birthday", "entered_segment"},
    "discount_trap": lambda world: len(world.current.offers) == 2 and world.program.offers[0].discount_share == 0.15,
    "capacity": lambda world: world.capacities[0].weeks == {5: 100} and world.capacities[1].use_per_click == 4,
    "reputation": lambda world: world.behaviour.reputation.channels == ("email",),
    "arbitration": lambda world: world.policy.arbitration == "value" and world.current.campaigns == ("news",),
    "quiet": lambda world: (world.policy.min_gap_days, world.policy.quiet_days_after_order) == (4, 7),
    "everything": lambda world: (
        len(world.policy.rules) == 18 and len(world.capacities) == 2 and len(world.program.cascades) == 4
    ),
    "feelings": lambda world: world.behaviour.fatigue.dropout_growth > 0 and world.behaviour.response.loyalty_gain > 0,
    "files": lambda world: (
        world.suppressed.any()
        and 20 < (world.population.birthday >= 0).sum() <= 40  # those of the file who are in the sample
        and len(np.unique(world.population.household)) < world.population.size
    ),
    "regular": lambda world: world.population.order_ticks == 4 and set(world.population.ticks) == {1, 2, 3, 4},
    "seasons": lambda world: world.timing.max() == 1.15 and world.first_weekday == 0,
}


@cache
def base_of(name: str) -> Base:
    return load_base(load_scenario(f"library:rules/{name}"))


def world_of(name: str) -> World:
    return make_world(base_of(name), base_of(name).population(2_000, 1))


def test_no_example_is_forgotten() -> None:
    assert {file.stem for file in FILES} == set(SAYS)


@pytest.mark.parametrize("name", SAYS)
def test_an_example_builds_what_it_is_about(name: str) -> None:
    world = world_of(name)
    assert SAYS[name](world)
    assert len(lines_of(world)) >= 3
    assert set(world.current.campaigns) == {c.name for c in (*world.program.campaigns, *world.program.cascades)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_tells_what_it_shows(file: Any) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith("#:schema ../scenario.schema.json\n# ")
    assert tomllib.loads(text)["name"]
    assert len(text.splitlines()) < 80


FAMILY_SHOWN: dict[str, str] = {
    "classes": "calendar_caps", "calendar": "calendar_caps", "points": "pressure_points", "cooldowns": "cooldowns",
    "prerequisites": "cooldowns", "personal": "tolerance", "household": "household", "reported": "calendar_caps",
    "floors": "tolerance", "switch_offs": "tolerance", "suppressed": "files", "campaigns": "vip",
    "cascades": "win_back", "offers": "discount_trap", "timing": "seasons", "newcomers": "welcome",
    "birthdays": "vip", "weekdays": "seasons", "pull_forward": "discount_trap", "waking": "win_back",
    "irritation": "feelings", "loyalty": "feelings", "regular": "regular",
    "reputation": "reputation", "capacity": "capacity", "arbitration": "arbitration",
}  # fmt: skip
"""Family of the policy language (tests/families.py) -> an example of it."""


def test_every_family_has_an_example_and_the_page_names_every_example() -> None:
    assert set(FAMILY_SHOWN) == set(FAMILIES)
    assert set(FAMILY_SHOWN.values()) <= set(SAYS)
    missing = [file.stem for file in FILES if f"`{file.stem}`" not in PAGE]
    assert missing == []


@cache
def lived(name: str) -> SimulationResult:
    """The example's customers under its own current policy."""
    world = world_of(name)
    return simulate(world, [world.current], seed=1, threads=1)


@pytest.mark.parametrize("name", SAYS)
def test_an_example_runs_and_its_rules_hold_something_back(name: str, kernels: None) -> None:
    found, own = lived(name), tomllib.loads((LIBRARY / "rules" / f"{name}.toml").read_text(encoding="utf-8"))
    mine = {rule["name"] for kind in ("caps", "cooldowns", "exclusions", "prerequisites", "personal_caps")
            for rule in own.get("policy", {}).get(kind, [])}  # fmt: skip
    rules = found.world.policy.rules
    assert mine <= {rule.name for rule in rules}
    for number, rule in enumerate(rules):
        if rule.name in mine:
            held = found.totals.rule[0, :, number, BLOCKED if rule.enforced else VIOLATIONS].sum()
            assert held > 0, rule.name
    sent = found.totals.line[0, :, :, SENT].sum(axis=0)
    assert sent[: len(found.world.channels)].sum() > 1_000
    for number, line in enumerate(lines_of(found.world)):
        if line.campaign is not None:
            assert sent[number] > 0, line.name
    for capacity in found.world.capacities:
        named = [c.name in capacity.channels for c in found.world.channels]
        assert found.totals.displaced[0].sum(axis=0)[: len(named)][named].sum() > 0, capacity.name
    if found.world.program.offers:
        assert found.per_customer(0, 0, OFFER_COST).sum() > 0


OFF = {
    "tolerance": ["policy.floors=[]", "policy.switch_offs=[]"],
    "quiet": ["policy.min_gap_days=1", "policy.quiet_days_after_order=2"],
    "reputation": ["reputation.channels=[]"],
    "seasons": ["seasonality.by_weekday=[]", "timing.Champions.email=1", 'timing."At Risk".sms=1'],
    "arbitration": ["policy.arbitration=priority"],
    "win_back": ["response.waking_share=0"],
    "feelings": ["fatigue.dropout_growth=0", "response.loyalty_gain=0"],
    "discount_trap": ["offers.fifteen_off.pull_forward_share=0"],
}
"""What an example has beside rules that are counted and campaigns that are sent; one by one it makes a difference."""


@pytest.mark.parametrize(("name", "change"), [(name, change) for name, said in OFF.items() for change in said])
def test_each_part_makes_a_difference(name: str, change: str, kernels: None) -> None:
    base = load_base(load_scenario(f"library:rules/{name}", [change]))
    world = make_world(base, base.population(2_000, 1))
    without = simulate(world, [world.current], seed=1, threads=1)
    assert not np.array_equal(without.totals.customer, lived(name).totals.customer)
