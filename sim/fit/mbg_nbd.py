"""MBG/NBD: as BG/NBD, but a customer may drop out at the first order too.

Batislam, Denizel and Filiztekin (2007), International Journal of Research in Marketing 24(3), 201-209; Hoppe
and Wagner (2007), Marketing JRM 3(2). With lambda, p, x, t_x and T as in `sim.fit.bg_nbd`:

    L = G(r+x) alpha^r / G(r) [ B(a,b+x+1)/B(a,b) (alpha+T)^-(r+x) + B(a+1,b+x)/B(a,b) (alpha+t_x)^-(r+x) ]
    P(alive | x, t_x, T) = 1 / (1 + a/(b+x) ((alpha+T)/(alpha+t_x))^(r+x))
    E[X(t)] = b/(a+b) E_BG[X(t); r, alpha, a, b+1]: alive after the first order with probability b/(a+b), and
              then p ~ Beta(a, b+1); E_BG is the formula of BG/NBD, so
            = b/(a-1) [1 - (alpha/(alpha+t))^r 2F1(r, b+1; a+b; t/(alpha+t))]
    P(X(t)=y) = B(a,b+y+1)/B(a,b) NB(y) + B(a+1,b+y)/B(a,b) P(NB >= y)
    E[Y(t) | x, t_x, T] = P(alive) (a+b+x)/(a-1)
                [1 - ((alpha+T)/(alpha+T+t))^(r+x) 2F1(r+x, b+x+1; a+b+x; t/(alpha+T+t))]

A customer with one order long ago may be gone: on most shops' data the truer account of one-time buyers.
"""

from __future__ import annotations

from typing import ClassVar

from sim.fit._dropout import Array
from sim.fit._dropout_model import DropoutModel, fit_model
from sim.fit._maximize import FitResult


class MbgNbd(DropoutModel):
    """Parameters of MBG/NBD, time in weeks; formulas above, methods in the base class."""

    name: ClassVar[str] = "mbg-nbd"
    s: ClassVar[int] = 1


def fit(x: Array, t_x: Array, age: Array) -> FitResult[MbgNbd]:
    """Maximum likelihood; (n,) repeat orders, weeks to the last of them, weeks observed.

    Raises
    ------
    InputError
        The histories are impossible, or cannot determine the parameters (no repeat order, all the same).
    """
    return fit_model(MbgNbd, x, t_x, age)
