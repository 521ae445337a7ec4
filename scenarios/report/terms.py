"""The words an answer uses, explained at the foot of its page: those of this command, and no others."""

from __future__ import annotations

Term = tuple[str, str]

VALUE = ("Value", "Contribution (margin × revenue − contact cost − discounts) of the horizon and, discounted, of the "
         "weeks after it (the tail), in addition to what the same customers bring without any contact. After the "
         "horizon each plan goes on, in both worlds: what counts there is what the horizon has left "
         "behind.")  # fmt: skip
CONTRIBUTION = ("Contribution", "Margin × revenue − contact cost − discounts, in addition to what the same customers "
                "bring in the other world.")  # fmt: skip
INTERVAL = ("95% interval", "How far the number could move if the same model were run with other random draws and "
            "other equally likely customers. It says nothing about whether the assumptions are right.")  # fmt: skip
PAIRED = ("Paired", "All alternatives meet the same customers with the same luck, and differences are taken "
          "customer by customer: a difference is known far better than the two numbers it is the difference "
          "of.")  # fmt: skip
LIST = ("List lost", "Unsubscribes as a share of all subscriptions at the start; a subscription is one customer who "
        "can be reached on one channel.")  # fmt: skip
POWER = ("Power", "The chance that the experiment finds the effect if it is as large as the simulation expects.")
DETECTABLE = ("Detectable", "The smallest effect that an experiment of this size finds with the power asked for.")
BUYERS = ("Buyers", "Held-out customers who order at least once in the time.")
REPORTED = ("95% interval of an experiment", "The range it reports for the effect: of many experiments of this design "
            "95% should report a range that holds the true effect.")  # fmt: skip
ON_TIME = ("On time", "A message is on time if it leaves within the channel's hours (on_time_hours) after it was due, "
           "which is when the send window of its day opens.")  # fmt: skip
CARRIED = ("Capacity a week", "What the platform can send in its open hours, failed attempts taken off. A plan that "
           "asks for more than that is late for good.")  # fmt: skip
SEATS = ("Seats", "People who answer calls at the same time. Calls follow the messages that left; callers who wait too "
         "long give up, if the scenario says how patient they are.")  # fmt: skip
SHARE = ("Fair share", "What a part adds, averaged over all orders in which the plan could be put together (Shapley "
         "1953): the shares add up to the whole.")  # fmt: skip

DUE = ("Due", "The plan asks for the contact on this day, and nothing has been asked yet whether it may go out.")
EXPECTED = ("Expected contribution", "What the contact would add on average, for a customer as tired as this one: "
            "margin of the orders it brings, discounts and its unit cost taken off. What it does later, to fatigue and "
            "to the list, is not in it.")  # fmt: skip

TERMS: dict[str, tuple[Term, ...]] = {
    "compare": (VALUE, LIST, INTERVAL, PAIRED),
    "sweep": (VALUE, LIST, INTERVAL, PAIRED),
    "rules": (VALUE, INTERVAL, PAIRED),
    "ledger": (CONTRIBUTION, INTERVAL, PAIRED),
    "require": (VALUE, LIST, INTERVAL, PAIRED),
    "experiment": (POWER, DETECTABLE, BUYERS, REPORTED),
    "deliver": (ON_TIME, CARRIED, SEATS),
    "sensitivity": (VALUE, PAIRED),
    "credit": (VALUE, SHARE, INTERVAL, PAIRED),
    "cohorts": (CONTRIBUTION, INTERVAL, PAIRED),
    "before-after": (CONTRIBUTION, INTERVAL, PAIRED),
    "overview": (),
    "dryrun": (DUE, EXPECTED),
}
"""By command, in the order they are needed."""
