# %% The orders: any pandas or polars frame. Here a tenth of the customers of the bundled music shop.
import polars as pl

from scenarios import load_scenario, optimize, simulate
from scenarios.files import LIBRARY

orders = pl.read_csv(LIBRARY / "data" / "cdnow_orders.csv.gz").filter(pl.col("in_sample") == 1)

# %% The question: the shipped assumptions, and what differs here.
scenario = load_scenario(
    "library:base",
    {
        "horizon": {"weeks": 8, "tail_weeks": 8},
        "channels": {"push": {"enabled": False}, "messenger": {"enabled": False}},
        "optimize.limits": [{"name": "budget", "max_cost": 60}],
    },
    orders=orders,
)

# %% What do today's contacts bring, and what would once a week bring?
now = simulate(scenario, customers=2_000)
weekly = simulate(scenario, {"default": {"email": 1}}, customers=2_000)
print(now, weekly, sep="\n")

# %% The best plan within the budget, on customers that the search never saw.
found = optimize(scenario, customers=2_000)
print(found.summary())
print(found.frame("weekly").head())
