"""Rules of contact as the numbers the kernel reads: what each rule remembers, and whom it binds for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.engine.tables import ENTRIES_PER_WORD, ENTRY_BITS, NEVER
from sim.world import World


@dataclass(frozen=True)
class _Rule:
    """At most ``most`` contacts of the lanes in ``lanes`` within ``days``, in the segments of ``segments``."""

    lanes: int
    segments: npt.NDArray[np.bool_]
    days: int
    most: int

    @property
    def words(self) -> int:
        return -(-max(1, self.most) // ENTRIES_PER_WORD)


def lower_rules(world: World) -> dict[str, Any]:
    """The rule fields of ``Tables``."""
    rules = _rules(world)
    word = np.concatenate([[0], np.cumsum([rule.words for rule in rules])])[: len(rules)]
    by_lane = [[n for n, rule in enumerate(rules) if rule.lanes >> lane & 1] for lane in range(len(world.channels))]
    listed = [n for binding in by_lane for n in binding]
    first = np.cumsum([0] + [len(binding) for binding in by_lane])
    deciding = [max(1, rules[n].most) - 1 for n in listed]
    window = [np.where(rules[n].segments, rules[n].days if rules[n].most > 0 else NEVER, 0) for n in listed]
    counting = [[n for n in binding if rules[n].most > 0] for binding in by_lane]
    counted = [n for binding in counting for n in binding]
    return {
        "bind_from": _unsigned(first),
        "bind_word": _unsigned(
            [word[n] + place // ENTRIES_PER_WORD for n, place in zip(listed, deciding, strict=True)]
        ),
        "bind_shift": _unsigned([place % ENTRIES_PER_WORD * ENTRY_BITS for place in deciding]),
        "bind_window": np.array(window, dtype=np.int64).reshape(len(listed), len(world.rfm.segments)),
        "count_from": _unsigned(np.cumsum([0] + [len(binding) for binding in counting])),
        "count_word": _unsigned([word[n] for n in counted]),
        "count_words": _unsigned([rules[n].words for n in counted]),
        "memory_lanes": np.array([rule.lanes for rule in rules], dtype=np.int64),
        "memory_days": np.array([rule.days if rule.most > 0 else 0 for rule in rules], dtype=np.int64),
        "memory_word": _unsigned(word),
        "memory_words": _unsigned([rule.words for rule in rules]),
    }


def _rules(world: World) -> list[_Rule]:
    """Caps, then the minimum gap: one more cap per channel."""
    policy, lanes = world.policy, len(world.channels)
    everywhere = np.ones(len(world.rfm.segments), dtype=bool)
    rules = [
        _Rule(
            _mask(world.channel_names, cap.channels),
            np.isin(world.rfm.segments, cap.segments) if cap.segments else everywhere,
            cap.rolling_days,
            cap.max_contacts,
        )
        for cap in policy.caps
    ]
    if policy.min_gap_days > 1:
        rules += [_Rule(1 << lane, everywhere, policy.min_gap_days, 1) for lane in range(lanes)]
    return rules


def _mask(names: Sequence[str], chosen: Sequence[str]) -> int:
    return sum(1 << names.index(name) for name in chosen) if chosen else (1 << len(names)) - 1


def _unsigned(numbers: Sequence[int] | npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    return np.asarray(numbers, dtype=np.uint64)
