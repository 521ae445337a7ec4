"""Conventions that hold everywhere.

Time is counted in days; day 0 is the first simulated day, history has negative days.
Rates are per day, frequencies contacts per week, money is one currency.

Dimension letters in shapes: N customers, W worlds (plans simulated side by side), S segments,
L lanes (channels), D days, K weeks, R rules.

Money accumulates in integers of a millionth of the currency (``MICRO``), so that sums are the same in
any order; expected orders and opt-outs accumulate in millionths too.
"""

from __future__ import annotations

DAYS_PER_WEEK = 7
DAYS_PER_YEAR = 365
MICRO = 1_000_000
