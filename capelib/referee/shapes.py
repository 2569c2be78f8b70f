"""Shapes that a quantity may take against size: straight, bent, broken, stepped; each with its free numbers counted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capelib.coupling import coupling_noise, local_coupling
from capelib.errors import InputError
from capelib.frames import need_columns
from capelib.referee.least_squares import codes_of

STEP = 0.02  # decades between the places tried for a break
TRIM = 0.1  # share of the points that a break must leave on either side
WIDTHS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2, 2.0, 4.0)  # decades; 4 is a parabola to the eye
TEN_TO_NINETY = 2 * np.log(9)  # from 10 to 90 % of a logistic change, in units of its width

Floats = NDArray[np.float64]
Columns = Callable[[Floats, Floats, Floats], Floats]  # (n,), (g, 1), (g, 1) -> (g, n, k)


@dataclass(frozen=True)
class Shape:
    """One shape: `columns(t, c, w)` with a place c and a width w in decades where the shape has them.

    `free` counts the coefficients, the place and the width, not the level and not the noise. `jump` says that the place
    is a discontinuity, where the usual count of parameters is too kind to it.
    """

    name: str
    columns: Columns
    free: int
    has_place: bool = False
    has_width: bool = False
    jump: bool = False
    level: bool = True


def _stack(*parts: Floats) -> Floats:
    return np.stack(np.broadcast_arrays(*parts), axis=-1)


def _bend(t: Floats, c: Floats, w: Floats) -> Floats:
    return w * np.logaddexp(0, (t - c) / w)  # a straight line that turns into another over some 4 w decades


LEVEL = Shape("no change with size", lambda t, c, w: np.zeros((*np.broadcast_shapes(t.shape, c.shape), 0)), 0)
LINE = Shape("straight line", lambda t, c, w: _stack(t + 0 * c), 1)
QUADRATIC = Shape("parabola", lambda t, c, w: _stack(t + 0 * c, t**2 + 0 * c), 2)
STICK = Shape("broken line", lambda t, c, w: _stack(t + 0 * c, np.maximum(t - c, 0)), 3, has_place=True)
BEND = Shape("smooth bend", lambda t, c, w: _stack(t + 0 * c, _bend(t, c, w)), 4, has_place=True, has_width=True)
JUMP = Shape("step", lambda t, c, w: _stack((t > c).astype(float)), 2, has_place=True, jump=True)
LOGISTIC = Shape(
    "smooth step", lambda t, c, w: _stack(0.5 + 0.5 * np.tanh((t - c) / (2 * w))), 3, has_place=True, has_width=True
)
# one number less each, the place in its stead: for the profile of a place
VERTEX = Shape("parabola's turn", lambda t, c, w: _stack((t - c) ** 2), 2, has_place=True)
ZERO = Shape("line's zero", lambda t, c, w: _stack(t - c), 2, has_place=True, level=False)

SHAPES = {shape.name: shape for shape in (LEVEL, LINE, QUADRATIC, BEND, STICK, LOGISTIC, JUMP)}


@dataclass(frozen=True)
class Curves:
    """A quantity against size, family by family.

    time : log10 of parameters, shape (n,); value in percent (a score) or points per point (a coupling); family names;
    weight, proportional to one over the variance. With `own_levels` every family has a level of its own, otherwise one
    level is shared. Sorted by family and time.
    """

    time: Floats
    value: Floats
    family: NDArray
    weight: Floats
    own_levels: bool
    what: str

    @property
    def n(self) -> int:
        """How many points."""
        return len(self.value)

    @property
    def codes(self) -> NDArray[np.int64]:
        """Number of every point's family."""
        return codes_of(self.family)[1]

    @property
    def n_families(self) -> int:
        """How many families."""
        return len(np.unique(self.family))

    @property
    def n_levels(self) -> int:
        """How many levels a fit spends."""
        return self.n_families if self.own_levels else 1

    def of(self, family: str) -> "Curves":
        """One family alone."""
        own = self.family == family
        parts = (self.time[own], self.value[own], self.family[own], self.weight[own])
        return Curves(*parts, self.own_levels, self.what)

    def places(self) -> Floats:
        """Where a break is tried, log10 of parameters: two sizes and a tenth of the points lie beyond it on each side.

        Raises InputError for fewer than four different sizes.
        """
        sizes = np.unique(self.time)
        if len(sizes) < 4:
            raise InputError(f"a break needs four different sizes, got {len(sizes)}; take more families")
        low, high = np.quantile(self.time, [TRIM, 1 - TRIM])
        return np.arange(max(sizes[1], low) + STEP / 2, min(sizes[-2], high), STEP)

    def grid(self, shape: Shape) -> tuple[Floats, Floats]:
        """Places and widths to try for a shape, each of shape (g, 1); the shape's columns are linear given them."""
        if not shape.has_place:
            return np.zeros((1, 1)), np.ones((1, 1))
        # with a width to try as well, every fifth place will do: the bend is smooth
        places = self.places()[:: 5 if shape.has_width else 1]
        widths = np.array(WIDTHS) if shape.has_width else np.ones(1)
        c, w = np.meshgrid(places, widths, indexing="ij")
        return c.reshape(-1, 1), w.reshape(-1, 1)

    def design(self, shape: Shape, c: Floats, w: Floats) -> Floats:
        """Columns of the regression with the response last, shape (g, n, p); sizes about their mean."""
        middle = self.time.mean()
        columns = shape.columns((self.time - middle)[None, :], c - middle, w)
        ones = [] if self.own_levels or not shape.level else [np.ones((*columns.shape[:2], 1))]
        value = np.broadcast_to(self.value[None, :, None], (*columns.shape[:2], 1))
        return np.concatenate([*ones, columns, value], axis=-1)


def score_curves(frame: pd.DataFrame, score: str = "truthfulqa") -> Curves:
    """A score (percent) against log10 N, every family with a level of its own, all models alike."""
    need_columns(frame, ["family", "n_params", score])
    rows = frame[frame[score].notna()].sort_values(["family", "n_params"])
    rows = rows[rows.groupby("family")["n_params"].transform("nunique") > 1]
    time, value = np.log10(rows["n_params"].to_numpy(float)), rows[score].to_numpy(float)
    return Curves(time, value, rows["family"].to_numpy(str), np.ones(len(rows)), True, score)


def coupling_curves(
    frame: pd.DataFrame, n_items: dict[str, int], x: str = "hellaswag", y: str = "truthfulqa"
) -> Curves:
    """γ₁₂ of every step against log10 of its mid-size, one level for all, weighted by one over its item noise squared.

    Steps without a coupling are left out. Neighbouring steps share a model, so their noise is not independent.
    """
    steps = coupling_noise(local_coupling(frame, x, y), n_items, n_draws=100).frame
    steps = steps[np.isfinite(steps["gamma"]) & (steps["gamma_se"] > 0)]
    steps = steps.sort_values(["family", "n_mid"])
    parts = (np.log10(steps["n_mid"].to_numpy(float)), steps["gamma"].to_numpy(float), steps["family"].to_numpy(str))
    return Curves(*parts, 1 / steps["gamma_se"].to_numpy(float) ** 2, False, "γ₁₂")
