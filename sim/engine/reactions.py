"""Switch-off: a channel's regular contacts stop for those who do not react, until they order."""

from __future__ import annotations

import numpy as np

from sim.engine.pacing import asked_for
from sim.engine.tables import (
    ANCHOR,
    C_OUTCOME,
    CHOSEN,
    CLICKED_BIT,
    CONTACTABLE,
    CREDIT,
    NEVER,
    SEEN_BIT,
    SEGMENT,
    STOPPED,
    SUBSCRIBED,
)
from sim.jit import optional_kernel


@optional_kernel
def count_reactions(t, state, scratch, w, lane, sent):  # type: ignore[no-untyped-def]
    """Count regular contacts since the latest reaction to any contact of the channel; at the limit the line stops."""
    channel = np.int64(t.lanes[lane].channel)
    limit = t.stops[channel].after
    reaction = CLICKED_BIT if t.stops[channel].unless_clicked else SEEN_BIT
    if limit > 0:
        for k in range(sent):
            i = scratch.u[CHOSEN, k]
            if scratch.bytes[C_OUTCOME, k] & reaction:
                state.unanswered[w, i, channel] = 0
            elif lane == channel:
                state.unanswered[w, i, channel] += 1
                if state.unanswered[w, i, channel] >= limit:
                    state.n[w, STOPPED, i] |= 1 << channel
                    state.due[w, i, lane] = NEVER


@optional_kernel
def order_is_a_reaction(t, people, state, w, i, day):  # type: ignore[no-untyped-def]
    """Counting starts anew, and what had stopped goes on tomorrow."""
    for channel in range(state.unanswered.shape[2]):
        state.unanswered[w, i, channel] = 0
        if (state.n[w, STOPPED, i] >> channel) & 1:
            state.pace[w, i, channel, ANCHOR] = day
            if (state.n[w, SUBSCRIBED, i] >> channel) & people.n[CONTACTABLE, i]:
                credit, segment = np.int64(state.pace[w, i, channel, CREDIT]), np.uint64(state.person[w, i, SEGMENT])
                due = asked_for(t, state, w, channel, i, credit, day, t.days[day].plan, segment)
                state.due[w, i, channel] = due
    state.n[w, STOPPED, i] = 0
