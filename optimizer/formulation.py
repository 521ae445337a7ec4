"""The plan as a mixed-integer program over the effects table.

    x[s, c, k] in {0, 1}    segment s gets level k of channel c
    o[j] >= 0               how far row j of a soft limit is exceeded
    b[t] >= 0               bill of tariff t;  w[t, i] contacts in its tier i;  y[t, i] in {0, 1} tier i is entered

    max  sum_{s,c,k} v[s, c, k] x[s, c, k]  -  sum_j p[j] o[j]  -  sum_t (b[t] - unit_cost[t] V[t])
    s.t. sum_k x[s, c, k] = 1                                for every s, c      one level
         u0[j] + sum u[s, c, k, j] x[s, c, k]
              + sum_t g[t, j] (b[t] - unit_cost[t] V[t]) - o[j] <= m[j]  for every row j   limits
         V[t] = V0[t] + sum d[s, c, k, t] x[s, c, k] = sum_i w[t, i]     for every t       volumes
         size[t, i] y[t, i+1] <= w[t, i] <= size[t, i] y[t, i]           for every t, i    tiers fill in turn
         b[t] >= set-up y[t, 0] + sum_i price[t, i] w[t, i],  b[t] >= minimum y[t, 0]      bills
         sum_{s,c} (1 - x[s, c, incumbent]) <= tau                       trust region
         sum_{(s,c,k) in P} x[s, c, k] <= |P| - 1                        for every tried P cuts

Internally the negative value is minimized: signs of duals then agree between solvers and versions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pulp

from optimizer.space import Choice
from optimizer.tariffs import Tariff

Cell = tuple[int, int, int]


@dataclass(frozen=True)
class TariffData:
    """A tariff within a master problem."""

    tariff: Tariff
    unit_cost: float
    """What value and use have paid for a contact, currency."""
    volume: npt.NDArray[np.float64]
    """(S, L, B) change of the contacts of the horizon."""
    volume_now: float
    """Contacts of the incumbent."""
    on_rows: npt.NDArray[np.float64]
    """(rows,) how much of a surcharge counts in each row."""
    in_value: bool = True
    """Whether the objective pays the bill."""


@dataclass(frozen=True)
class MasterData:
    """Numbers of one master problem; shapes as in ``optimizer.effects``."""

    value: npt.NDArray[np.float64]
    """(S, L, B); -inf = no such level."""
    use: npt.NDArray[np.float64]
    """(S, L, B, rows)."""
    incumbent: Choice
    use_now: npt.NDArray[np.float64]
    """(rows,) use of the incumbent."""
    most: npt.NDArray[np.float64]
    """(rows,) what may be used."""
    trust: int
    """Most cells that may change."""
    tried: Sequence[Choice] = field(default=())
    """Choices that must not be proposed again."""
    prices: npt.NDArray[np.float64] | None = None
    """(rows,) currency per unit beyond a soft row; infinite = the row is hard. None = all are hard."""
    tariffs: Sequence[TariffData] = field(default=())


@dataclass(frozen=True)
class Master:
    """The problem and its variables."""

    problem: pulp.LpProblem
    x: dict[Cell, pulp.LpVariable]
    rows: dict[int, str] = field(default_factory=dict)
    """Name of the constraint of each row that has one."""


def build(data: MasterData, *, relaxed: bool = False) -> Master:
    """The whole master problem; ``relaxed``: levels may be mixed (as prices and bounds need it)."""
    problem = pulp.LpProblem("plan", pulp.LpMinimize)
    cells = [(int(s), int(c), int(k)) for s, c, k in np.argwhere(np.isfinite(data.value))]
    kind = {"lowBound": 0, "upBound": 1} if relaxed else {"cat": "Binary"}
    x = {(s, c, k): problem.add_variable(f"x_{s}_{c}_{k}", **kind) for s, c, k in cells}
    surcharge = [add_tariff(problem, x, n, tariff, relaxed=relaxed) for n, tariff in enumerate(data.tariffs)]
    beyond = add_overruns(problem, data)
    paid = [extra for extra, tariff in zip(surcharge, data.tariffs, strict=True) if tariff.in_value]
    prices = [] if data.prices is None else data.prices.tolist()
    problem.setObjective(
        pulp.lpSum(-float(data.value[cell]) * x[cell] for cell in cells)
        + pulp.lpSum(prices[j] * over for j, over in beyond.items())
        + pulp.lpSum(paid)
    )
    add_one_level(problem, x)
    rows = add_limits(problem, x, data, beyond, surcharge)
    add_trust_region(problem, x, data)
    add_cuts(problem, x, data.tried)
    return Master(problem, x, rows)


def add_overruns(problem: pulp.LpProblem, data: MasterData) -> dict[int, pulp.LpVariable]:
    """o[j] >= 0 for every row of a soft limit."""
    prices = np.zeros(0) if data.prices is None else data.prices
    return {j: problem.add_variable(f"o_{j}", lowBound=0) for j, price in enumerate(prices) if np.isfinite(price)}


def add_tariff(
    problem: pulp.LpProblem, x: dict[Cell, pulp.LpVariable], n: int, data: TariffData, *, relaxed: bool = False
) -> pulp.LpAffineExpression:
    """Volume, tiers and bill of a tariff; the surcharge: bill - unit cost x volume."""
    tariff, tiers = data.tariff, range(len(data.tariff.tiers))
    change = pulp.lpSum(float(data.volume[cell]) * x[cell] for cell in x if data.volume[cell] != 0.0)
    greatest = float(data.volume_now + np.where(np.isfinite(data.volume), data.volume, 0.0).max(axis=2).sum())
    starts = [start for start, _ in tariff.tiers]
    ends = [*starts[1:], max(greatest, starts[-1]) + 1.0]
    kind = {"lowBound": 0, "upBound": 1} if relaxed else {"cat": "Binary"}
    w = [problem.add_variable(f"w_{n}_{i}", lowBound=0) for i in tiers]
    y = [problem.add_variable(f"y_{n}_{i}", **kind) for i in tiers]
    bill = problem.add_variable(f"b_{n}", lowBound=0)
    problem.addConstraint(pulp.lpSum(w) - change == data.volume_now, f"volume_{n}")
    for i in tiers:
        size = float(ends[i] - starts[i])
        problem.addConstraint(w[i] - size * y[i] <= 0, f"tier_{n}_{i}")
        if i + 1 < len(y):
            problem.addConstraint(w[i] - size * y[i + 1] >= 0, f"filled_{n}_{i}")
    by_tier = pulp.lpSum(float(price) * w[i] for i, (_, price) in enumerate(tariff.tiers))
    problem.addConstraint(bill - by_tier - float(tariff.setup_cost) * y[0] >= 0, f"bill_{n}")
    if tariff.minimum_fee:
        problem.addConstraint(bill - float(tariff.minimum_fee) * y[0] >= 0, f"fee_{n}")
    return bill - data.unit_cost * pulp.lpSum(w)


def add_one_level(problem: pulp.LpProblem, x: dict[Cell, pulp.LpVariable]) -> None:
    """sum_k x[s, c, k] = 1 for every segment s and channel c."""
    for s, c in sorted({(s, c) for s, c, _ in x}):
        row = pulp.lpSum(x[cell] for cell in x if cell[:2] == (s, c)) == 1
        problem.addConstraint(row, f"one_level_{s}_{c}")


def add_limits(
    problem: pulp.LpProblem,
    x: dict[Cell, pulp.LpVariable],
    data: MasterData,
    beyond: Mapping[int, pulp.LpVariable] | None = None,
    surcharge: Sequence[pulp.LpAffineExpression] = (),
) -> dict[int, str]:
    """u0[j] + sum u[s, c, k, j] x[s, c, k] + surcharges - o[j] <= m[j] for every row j that any choice could exceed."""
    names: dict[int, str] = {}
    rows = len(data.most)
    finite = np.isfinite(data.value)
    worst = np.where(finite[..., None], data.use, -np.inf).max(axis=2).sum(axis=(0, 1)) if rows else np.zeros(0)
    for j in range(rows):
        room = float(data.most[j] - data.use_now[j])
        bills = [float(t.on_rows[j]) * extra for t, extra in zip(data.tariffs, surcharge, strict=True) if t.on_rows[j]]
        if np.isinf(room) or (worst[j] <= room and not bills):
            continue
        terms = [float(data.use[(*cell, j)]) * x[cell] for cell in x if data.use[(*cell, j)] != 0.0]
        over = [-1 * beyond[j]] if beyond and j in beyond else []
        names[j] = f"limit_{j}"
        problem.addConstraint(pulp.lpSum([*terms, *bills, *over]) <= room, names[j])
    return names


def add_trust_region(problem: pulp.LpProblem, x: dict[Cell, pulp.LpVariable], data: MasterData) -> None:
    """sum_{s,c} x[s, c, incumbent] >= number of cells - tau."""
    segments, channels = data.incumbent.shape
    stay = [x[(s, c, int(data.incumbent[s, c]))] for s in range(segments) for c in range(channels)]
    if data.trust < len(stay):
        problem.addConstraint(pulp.lpSum(stay) >= len(stay) - data.trust, "trust_region")


def add_cuts(
    problem: pulp.LpProblem, x: dict[Cell, pulp.LpVariable], tried: Sequence[Choice], *, first: int = 0
) -> None:
    """sum of a tried choice's variables <= number of cells - 1, for every tried choice; ``first``: its number."""
    for n, choice in enumerate(tried, first):
        chosen = [x[(int(s), int(c), int(choice[s, c]))] for s, c in np.ndindex(choice.shape)]
        problem.addConstraint(pulp.lpSum(chosen) <= len(chosen) - 1, f"cut_{n}")
