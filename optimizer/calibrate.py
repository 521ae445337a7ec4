"""What everybody uses of a limit, told from few customers: a ratio estimate.

A sample of some thousand customers has, by chance, one or two percent more people with consent, or in a segment, than
the base; so it uses that much more of every limit, whatever the plan. How much more, one plan tells that is simulated
on the sample and on many more customers. Plans near it lean the same way, since they share its customers and draws:
what is left is the sampling error of the difference.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from optimizer.evaluate import Evaluator
from optimizer.space import Choice

_LEAST, _MOST = 0.5, 2.0
"""Of a part that hardly anything is counted in, a quotient says little."""


def calibrate(samples: Iterable[Evaluator], many: Evaluator, reference: Choice) -> None:
    """Let the samples measure their limits as ``reference`` does on many customers."""
    for sample in samples:
        sample.calibrate(None if sample.customers >= many.customers else factors(sample, many, reference))


def factors(sample: Evaluator, many: Evaluator, reference: Choice) -> npt.NDArray[np.float64]:
    """(parts,) what the many measure over what the sample does, under one plan; 1 where it does nothing."""
    with sample.budget.regardless():
        (here,), (there,) = sample.evaluate([reference]), many.evaluate([reference])
    both = here.parts * there.parts > 0
    quotient = np.divide(there.parts, here.parts, out=np.ones(len(here.parts)), where=both)
    return np.asarray(np.clip(quotient, _LEAST, _MOST))
