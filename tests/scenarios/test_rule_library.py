"""The shipped examples of rules and campaigns: each loads, says something of its own, builds a world and runs small."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from scenarios.api import simulate
from scenarios.load import LIBRARY, load_scenario
from scenarios.world import load_base, make_world
from sim.lines import lines_of
from sim.world import World

FILES = sorted((LIBRARY / "rules").glob("*.toml"))
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
    "seasons": lambda world: world.timing.max() == 1.15 and world.first_weekday == 0,
}


def world_of(name: str) -> World:
    base = load_base(load_scenario(f"library:rules/{name}"))
    return make_world(base, base.population(2_000, 1))


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


@pytest.mark.slow
@pytest.mark.parametrize("name", SAYS)
def test_an_example_runs(name: str) -> None:
    result = simulate(load_scenario(f"library:rules/{name}"), customers=400, threads=1).result
    assert sum(result["contacts"].values()) > 0
