"""A first scenario of one's own: a commented file on the bundled data, and the schema for the editor."""

from __future__ import annotations

import json
from pathlib import Path

from scenarios.load import scenario_json_schema
from sim.errors import InputError, Problem

SCENARIO_FILE = "scenario.toml"
SCHEMA_FILE = "scenario.schema.json"

STARTER = """\
#:schema scenario.schema.json
# A scenario says what differs from the files it extends. This one asks the bundled question about the music shop
# CDNOW; change the lines you know better, uncomment the ones you need. Units are part of the keys.
#
#   contactpolicy validate scenario.toml      what is wrong, on which line, and what is allowed
#   contactpolicy simulate scenario.toml      what the current policy earns
#   contactpolicy optimize scenario.toml      the best plan within your limits
#   contactpolicy simulate scenario.toml --set channels.sms.unit_cost=0.08     a what-if
extends = "library:cdnow.toml"
name = "my first scenario"

# Your own customers: a CSV or Parquet file of orders, relative to this file.
# Then give your currency too, and fix the borders of your segments below.
#[base]
#orders = "orders.csv"
#columns = { customer_id = "customer_id", order_date = "order_date", order_value = "order_value" }
#as_of = 2025-12-31                  # last day of the data

[horizon]
weeks = 26                           # how long the plan runs
tail_weeks = 52                      # how long its consequences are followed

# "quantiles" splits your customers into thirds; fixed borders follow your own purchase cycle.
#[segments]
#borders = "fixed"
#recency_borders_days = [60, 180]    # up to 60 days since the last order: best score
#frequency_borders = [2, 4]          # orders in the last 365 days
#monetary_borders = [20, 40]         # mean order value in the last 365 days

# What you know better about a channel. A plain number is your own word for it, without an interval;
# with low and high the reports can say how much the answer depends on it.
#[channels.sms]
#unit_cost = 0.08                    # per contact, in the currency
#orders_per_contact = { value = 0.010, low = 0.004, high = 0.02, origin = "user" }

# A channel you do not have:
#[channels.messenger]
#enabled = false

# Caps join the shipped ones; one of the same name changes it.
#[[policy.caps]]
#name = "all channels: 3 in 5 days"
#max_contacts = 2
#window = { rolling_days = 5 }

# More kinds of rules, campaigns, cascades and offers: docs/rules.md, and small scenarios in library:rules/.
#[[policy.cooldowns]]
#name = "rest after an SMS"
#days = 3
#after = { channels = ["sms"] }
#forbids = { channels = ["email", "push"] }

#[cascades.win_back]
#trigger = { kind = "days_since_order", days = 60 }
#[[cascades.win_back.steps]]
#channel = "email"
#[[cascades.win_back.steps]]
#channel = "sms"
#delay_days = 5
#only_if = "not_clicked"

# Contacts a week today: what every plan is compared with.
[policy.current]
default = { email = 2, push = 1, sms = 0.25 }

#[policy.current.by_segment]
#"At Risk" = { email = 1, sms = 0.5 }

#[economics]
#margin = 0.35                       # share of revenue left before contact costs

[[optimize.limits]]
name = "budget"
max_cost = 3_000                     # over the horizon
"""


def write_starter(folder: str | Path) -> list[Path]:
    """Write the starter scenario and the schema into a folder; nothing there is ever overwritten."""
    target = Path(folder)
    files = [target / SCENARIO_FILE, target / SCHEMA_FILE]
    there = [file for file in files if file.exists()]
    if there:
        what = "is already there, and init never overwrites"
        raise InputError([Problem(str(file), what, None, "another directory") for file in there])
    try:
        target.mkdir(parents=True, exist_ok=True)
        for file, text in zip(files, (STARTER, schema_text()), strict=True):
            with file.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
    except OSError as error:
        raise InputError.of(str(target), "cannot be written", error.strerror, "a writable directory") from None
    return files


def schema_text() -> str:
    """The JSON Schema of scenario files, as it is shipped."""
    return json.dumps(scenario_json_schema(), indent=1, sort_keys=False) + "\n"
