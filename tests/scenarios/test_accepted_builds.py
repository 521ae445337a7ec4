"""Whatever a scenario file is allowed to say builds a world; whatever it is not is refused, never a fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.api import _overrides
from scenarios.load import load_scenario
from scenarios.world import load_base, make_world
from sim.dry_run import dry_run
from sim.errors import InputError
from sim.lines import lines_of, precedence
from sim.start import start_world

NAMES = ("email", "push", "sms")
CHANNELS = st.lists(st.sampled_from([*NAMES, "messenger"]), unique=True, max_size=2)
CLASSES = st.lists(st.sampled_from(["promo", "info", "transactional"]), unique=True, max_size=2)
SEGMENTS = st.lists(st.sampled_from(["Champions", "Lost", "At Risk"]), unique=True, max_size=2)
DAYS = st.integers(1, 63) | st.sampled_from([1, 2, 7])
CHOICE = st.fixed_dictionaries({}, optional={"channels": CHANNELS, "classes": CLASSES})
WINDOW = st.fixed_dictionaries({"rolling_days": DAYS})


def rule(**keys: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(keys, optional={"segments": SEGMENTS, "enforced": st.booleans()})


def without_enforced(rules: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return rules.map(lambda table: {key: value for key, value in table.items() if key != "enforced"})


POINTS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 5), max_size=2)
CAP = rule(
    max_contacts=st.integers(0, 6),
    window=WINDOW | st.sampled_from([{"calendar": "week"}, {"calendar": "month"}]),
    channels=CHANNELS,
    classes=CLASSES,
    points=POINTS,
    household=st.booleans(),
)
SHARES = st.sampled_from([{"1": 1.0}, {"1": 0.25, "4": 0.75}, {"2": 0.5, "3": 0.4}])
KINDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "caps": CAP,
    "cooldowns": rule(days=DAYS, after=CHOICE, forbids=CHOICE),
    "exclusions": rule(days=DAYS, between=st.lists(CHOICE, min_size=2, max_size=2)),
    "prerequisites": rule(days=DAYS, needs=CHOICE, allows=CHOICE),
    "personal_caps": rule(window=WINDOW, shares=SHARES, channels=CHANNELS),
    "floors": without_enforced(rule(channel=st.sampled_from(NAMES), min_contacts=st.integers(1, 8), window=WINDOW)),
    "switch_offs": st.fixed_dictionaries({"after_contacts": st.integers(1, 30), "channels": CHANNELS}),
}
TRIGGERS = st.sampled_from(
    [{"kind": "registered"}, {"kind": "birthday"}, {"kind": "days_since_order", "days": 9},
     {"kind": "entered_segment", "segment": "Lost"}]
)  # fmt: skip
STEP = st.fixed_dictionaries(
    {"channel": st.sampled_from([*NAMES, "messenger"])},
    optional={"delay_days": st.integers(0, 200), "only_if": st.sampled_from(["not_seen", "always", "seen"])},
)
CASCADE = st.fixed_dictionaries(
    {"trigger": TRIGGERS, "steps": st.lists(STEP, min_size=1, max_size=3)}, optional={"segments": SEGMENTS}
)


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Any]:
    said: dict[str, Any] = {
        "base.assumed_birthdays": draw(st.booleans()),
        "policy.min_gap_days": draw(st.integers(1, 4)),
    }
    for kind, one in KINDS.items():
        rules = draw(st.lists(one, max_size=2))
        if rules:
            said[f"policy.{kind}"] = [{"name": f"{kind} {n}", **table} for n, table in enumerate(rules)]
    if draw(st.booleans()):
        said["base.new_customers_per_week"] = draw(st.sampled_from([0, 10]))
    if draw(st.booleans()):
        said["base.assumed_household_size"] = 2
    if draw(st.booleans()):
        said["cascades.chain"] = draw(CASCADE)
        said["policy.current.campaigns"] = ["chain"]
    if draw(st.booleans()):
        said["capacities"] = [{"name": "seats", "channels": ["sms"], "per_day": 3, "exceptions": {"2": 1}}]
    said["policy.arbitration"] = draw(st.sampled_from(["priority", "arrival", "value"]))
    return said


def outcome(said: dict[str, Any], check: Callable[[Any], None]) -> bool:
    """Whether it is accepted; then ``check`` gets the world."""
    try:
        loaded = load_scenario("library:rules/common", _overrides(said))
    except InputError:
        return False
    base = load_base(loaded)
    check(make_world(base, base.population(40, 1)))
    return True


def builds(world: Any) -> None:
    assert sorted(precedence(world).tolist()) == list(range(len(lines_of(world))))
    found = dry_run(start_world(world, seed=1), world.current)
    assert found.outcome.shape == (world.population.size, len(found.lines))


@given(changes())
@settings(max_examples=60)
def test_whatever_is_accepted_builds_a_world_and_the_rest_is_refused(said: dict[str, Any]) -> None:
    outcome(said, builds)


def test_the_sample_holds_both() -> None:
    """The test above would say nothing if everything were refused, or nothing."""
    seen = {outcome(said, lambda world: None) for said in SAMPLE}
    assert seen == {True, False}


SAMPLE: list[dict[str, Any]] = [
    {
        "policy.prerequisites": [
            {"name": "a", "days": 3, "needs": {"channels": ["email"]}, "allows": {"channels": ["sms"]}}
        ]
    },
    {
        "policy.prerequisites": [
            {"name": "a", "days": 3, "needs": {"channels": ["sms"]}, "allows": {"channels": ["sms"]}}
        ]
    },
]
