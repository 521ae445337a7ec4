"""Starsim: a module with a state array for each column; draws are by agent (common random numbers), its default."""

from __future__ import annotations

import os

os.environ.setdefault("STARSIM_INSTALL_FONTS", "0")

import numpy as np
import starsim as ss

from benchmarks.peers import model as m

_CHANCE = np.array(m.PER_WEEK).T.copy() / 7


class _Contacts(ss.Module):  # type: ignore[misc]
    def __init__(self, people: m.People) -> None:
        super().__init__(name="contacts")
        self.start, self.counts = people, np.zeros(len(m.COUNTS))
        self.define_states(
            ss.FloatArr("recency"), ss.FloatArr("counter"), ss.FloatArr("fatigue"), ss.FloatArr("remembered"),
            *(ss.BoolArr(f"in{c}") for c in range(3)),
            *(ss.FloatArr(f"day{k}") for k in range(m.WINDOW)),
        )  # fmt: skip
        for c in range(3):
            for what in ("due", "opened", "ordered", "left"):
                setattr(self, f"{what}{c}", ss.random())
        self.organic, self.noise = ss.random(), ss.normal(-0.5 * m.SPREAD**2, m.SPREAD)
        self.more_noise = ss.normal(-0.5 * m.SPREAD**2, m.SPREAD)

    def init_post(self) -> None:
        """Everybody on the first morning."""
        super().init_post()
        people = self.start
        self.recency[:], self.counter[:], self.fatigue[:], self.remembered[:] = people.recency, people.counter, 0, 0
        for c in range(3):
            getattr(self, f"in{c}")[:] = people.subscribed[:, c]
        for k in range(m.WINDOW):
            getattr(self, f"day{k}")[:] = 0

    def step(self) -> None:
        """One day of everybody."""
        self.recency += 1
        self.fatigue *= m.FATIGUE_LEFT
        self.counter *= m.COUNTER_LEFT
        today = getattr(self, f"day{self.ti % m.WINDOW}")
        self.remembered -= today
        today[:] = 0
        segment = self._segment()
        everybody = self.sim.people.auids
        orders = (self.organic.rvs(everybody) < self.start.rate).astype(np.int64)
        for c in range(3):
            self._contact(c, today, segment, everybody, orders)
        for noise, least in ((self.noise, 1), (self.more_noise, 2)):  # one or two orders; more are next to impossible
            buyers = everybody[orders >= least] if least == 1 else everybody[orders == 2]
            self.counts[m.REVENUE] += float(self.start.spend[buyers] @ np.exp(noise.rvs(buyers)))
        for buyer in np.flatnonzero(orders > 2):
            rest = np.random.default_rng([self.ti, buyer]).normal(-0.5 * m.SPREAD**2, m.SPREAD, orders[buyer] - 1)
            self.counts[m.REVENUE] += float(self.start.spend[buyer] * np.exp(rest).sum())
        self.counts[m.ORDERS] += orders.sum()
        self.counter[:] = self.counter.values + orders
        self.recency[everybody[orders > 0]] = 0

    def _segment(self) -> np.ndarray:
        recency, counter = self.recency.values, self.counter.values
        segment = np.searchsorted((45, 90, 180), recency) + 2
        near = segment == 2
        segment[near & (counter >= 1)] = 1
        segment[near & (recency <= 14) & (counter >= 3)] = 0
        return segment

    def _contact(self, c: int, today: ss.FloatArr, segment: np.ndarray, everybody: ss.uids, orders: np.ndarray) -> None:
        subscribed = getattr(self, f"in{c}")
        wanted = getattr(self, f"due{c}").rvs(everybody) < _CHANCE[c][segment]
        who = everybody[subscribed.values & wanted & (self.remembered.values < m.MOST)]
        tired = self.fatigue[who]
        opened = who[getattr(self, f"opened{c}").rvs(who) < m.OPEN[c] * np.exp(-m.DAMPING * tired)]
        left = who[getattr(self, f"left{c}").rvs(who) < m.UNSUBSCRIBE * np.exp(m.IRRITATION * tired)]
        orders[opened[getattr(self, f"ordered{c}").rvs(opened) < m.ORDER_IF_OPENED]] += 1
        subscribed[left] = False
        self.fatigue[who] = tired + m.WEIGHT[c]
        today[who] = today[who] + 1
        self.remembered[who] = self.remembered[who] + 1
        self.counts[[m.SENT + c, m.OPENED + c, m.LEFT + c]] += len(who), len(opened), len(left)


def run(people: m.People, days: int, seed: int) -> np.ndarray:
    """The counts of one run."""
    contacts = _Contacts(people)
    simulation = ss.Sim(
        n_agents=people.size, modules=contacts, dt="day", start="2025-01-01", dur=days - 1, rand_seed=seed + 1,
        verbose=0, copy_inputs=False,
    )  # fmt: skip
    simulation.run()
    return contacts.counts
