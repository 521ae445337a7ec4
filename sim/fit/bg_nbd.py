"""BG/NBD: a customer may drop out at each repeat order (Fader, Hardie and Lee 2005, Marketing Science 24(2)).

While alive, orders come at rate lambda ~ Gamma(r, rate alpha) per week; after each repeat order the customer
drops out with probability p ~ Beta(a, b), for good; lambda and p are independent. Given x repeat orders, the last
t_x weeks after the first one, and T weeks observed (G, B: gamma and beta function):

    L = B(a,b+x)/B(a,b) G(r+x) alpha^r / (G(r) (alpha+T)^(r+x))
      + 1{x>0} B(a+1,b+x-1)/B(a,b) G(r+x) alpha^r / (G(r) (alpha+t_x)^(r+x))
    P(alive | x, t_x, T) = 1 / (1 + 1{x>0} a/(b+x-1) ((alpha+T)/(alpha+t_x))^(r+x))
    E[X(t)] = (a+b-1)/(a-1) [1 - (alpha/(alpha+t))^r 2F1(r, b; a+b-1; t/(alpha+t))]
    P(X(t)=y) = B(a,b+y)/B(a,b) NB(y) + 1{y>0} B(a+1,b+y-1)/B(a,b) P(NB >= y),
                NB negative binomial with shape r and success alpha/(alpha+t)
    E[Y(t) | x, t_x, T] = P(alive) (a+b+x-1)/(a-1)
                [1 - ((alpha+T)/(alpha+T+t))^(r+x) 2F1(r+x, b+x; a+b+x-1; t/(alpha+T+t))]

A customer without a repeat order is alive for certain. a and b are determined weakly, a/(a+b) well.
"""

from __future__ import annotations

from typing import ClassVar

from sim.fit._dropout import Array
from sim.fit._dropout_model import DropoutModel, fit_model
from sim.fit._maximize import FitResult


class BgNbd(DropoutModel):
    """Parameters of BG/NBD, time in weeks; formulas above, methods in the base class."""

    name: ClassVar[str] = "bg-nbd"
    s: ClassVar[int] = 0


def fit(x: Array, t_x: Array, age: Array) -> FitResult[BgNbd]:
    """Maximum likelihood; (n,) repeat orders, weeks to the last of them, weeks observed.

    Raises
    ------
    InputError
        The histories are impossible, or cannot determine the parameters (no repeat order, all the same).
    """
    return fit_model(BgNbd, x, t_x, age)
