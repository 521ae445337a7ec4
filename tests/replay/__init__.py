"""Every contact of a run, replayed against the rules by someone who never saw the kernel or the oracle.

``replay`` reads a started world, the plans and the event log of one world, nothing else, and says what is broken. What
a log cannot tell (whether a contact was seen or clicked, when a step was left out) is given the benefit of the
doubt: whatever is reported is wrong for certain.
"""

from tests.replay.check import Found, replay

__all__ = ["Found", "replay"]
