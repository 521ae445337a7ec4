"""What past contacts left in a customer: fatigue, stimulus, and the hazard of leaving that was met and survived.

The engine's day once more (`sim.behaviour`): stocks fade, a contact adds (1 - d) effect exp(-kappa F) to the stimulus
and then its weight to the fatigue, orders of the day relieve it. Where it is not known whether a contact arrived, it
counts by its chance to.
"""

from __future__ import annotations

from sim.behaviour.exponential import exponential
from sim.jit import inlined, kernel


@kernel
def live_through(messages, orders, channels, numbers, tired, faded, fatigue, stimulus, met):  # type: ignore[no-untyped-def]
    """From the evening ``numbers[0]`` to that of day -1, for N customers.

    messages : begin, end (N,), day, channel, share that arrived (M,). orders : begin, end (N,), day. channels :
    (weight, hazard (C,), stimulus of a delivered contact on its first day (N, C)). numbers : evening, kappa, growth,
    relief. tired, faded : what is left of the stocks, by days. fatigue, stimulus (N,) : in and out. met (N,) : out,
    the hazard for frailty 1.
    """
    begin, end, day, channel, share = messages
    order, last_order, order_day = orders
    weight, hazard, effect = channels
    evening, kappa, growth, relief = numbers
    for i in range(begin.shape[0]):
        f, a, h, at = fatigue[i], stimulus[i], 0.0, int(evening)
        k = order[i]
        while k < last_order[i] and order_day[k] <= at:
            k += 1
        for m in range(begin[i], end[i]):
            c = channel[m]
            if c < 0:
                continue
            while k < last_order[i] and order_day[k] < day[m]:
                f *= _left(tired, at, order_day[k]) * relief
                a *= _left(faded, at, order_day[k])
                at = int(order_day[k])
                k += 1
            f *= _left(tired, at, day[m])
            a *= _left(faded, at, day[m])
            at = int(day[m])
            a += share[m] * effect[i, c] * exponential(-kappa * f)
            h += share[m] * hazard[c] * exponential(growth * f)
            f += share[m] * weight[c]
        while k < last_order[i]:
            f *= _left(tired, at, order_day[k]) * relief
            a *= _left(faded, at, order_day[k])
            at = int(order_day[k])
            k += 1
        fatigue[i] = f * _left(tired, at, -1)
        stimulus[i] = a * _left(faded, at, -1)
        met[i] = h


@inlined
def _left(table, since, until):  # type: ignore[no-untyped-def]
    return table[until - since]
