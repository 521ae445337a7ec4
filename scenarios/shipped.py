"""What is assumed where a fit must assume something: the shipped channels and behaviour."""

from __future__ import annotations

from functools import cache

from scenarios.load import LoadedScenario, load_scenario

ASSUMPTIONS = "library:small"
SWITCHED_ON = ("push", "messenger")
"""Its channels that are off."""


@cache
def shipped_assumptions() -> LoadedScenario:
    """Every shipped channel, switched on, and the shipped behaviour."""
    return load_scenario(ASSUMPTIONS, [f"channels.{name}.enabled=true" for name in SWITCHED_ON])
