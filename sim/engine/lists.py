"""Lists of customers without unpredictable branches: whoever might belong is written, the count moves if so."""

from __future__ import annotations

from sim.jit import inlined


@inlined
def list_hits(hit, words, chosen):  # type: ignore[no-untyped-def]
    """Write the places of the ones in ``hit`` to ``chosen``, in order; returns how many.

    ``words``: the same memory eight bytes at a time, so that stretches of nobody cost one look.
    """
    n = 0
    for b in range(words.shape[0]):
        if words[b] != 0:
            for j in range(8):
                chosen[n] = b * 8 + j
                n += hit[b * 8 + j]
    return n
