"""The paper's dynamics: a sparse ODE for five scores, what it predicts, and the claims built on it (Sec. 4, App. A)."""

from capelib.ode.contest import Errors, errors, grid, held_out, search
from capelib.ode.fit import OdeFit, Settings, fit
from capelib.ode.guards import Stability, inclusion, leave_one_size_out, over_thresholds
from capelib.ode.path import DIVERGED, INSIDE, LEFT, Path, solve
from capelib.ode.trajectory import DIFFERENTIATIONS, UNITS, Trajectory, differentiate, trajectory, unit

__all__ = [
    "DIFFERENTIATIONS",
    "DIVERGED",
    "INSIDE",
    "LEFT",
    "UNITS",
    "Errors",
    "OdeFit",
    "Path",
    "Settings",
    "Stability",
    "Trajectory",
    "differentiate",
    "errors",
    "fit",
    "grid",
    "held_out",
    "inclusion",
    "leave_one_size_out",
    "over_thresholds",
    "search",
    "solve",
    "trajectory",
    "unit",
]
