"""The frontier's loose places: what a printed ± half-width, a p-value, a spread or a fall can be computed from.

Amin (2026), Sec. 7.2 and App. A.6; companion, Sec. 3 to 5. Claims companion.slope_ci, companion.intercept_ci,
frontier.p, frontier.loo_mae, companion.top5_swe_spread, companion.top5_gpqa_spread, companion.opt_drop.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from capelib.coupling import local_coupling
from capelib.frontier.labs import leave_one_lab_out, of_labs
from capelib.frontier.lines import X, Y, both, fit_line, resampled
from capelib.frontier.ranges import top_spread

Panels = Mapping[str, pd.DataFrame]
PARTS = ("slope", "intercept")


def half_widths(panels: Panels, n_boot: int = 10_000, seed: int = 42) -> dict[str, dict[str, float]]:
    """Half-widths of 95 % intervals of slope (points per point) and intercept (points): reading -> {"slope", ...}.

    The first entry is the companion's definition, the interval of least squares. `panels` maps a name to a panel; the
    first one has every reading, the others that of least squares only.
    """
    found: dict[str, dict[str, float]] = {}
    for place, (name, panel) in enumerate(panels.items()):
        line = fit_line(panel)
        found[f"least squares, t interval, {name}"] = {
            part: (getattr(line, part).high - getattr(line, part).low) / 2 for part in PARTS
        }
        if place:
            continue
        for what, errors in standard_errors(panel).items():
            found[f"1.96 × {what}, {name}"] = {part: 1.96 * value for part, value in errors.items()}
        for scheme, unit in (("pooled", "models"), ("clustered", "whole labs")):
            drawn = resampled(panel, scheme=scheme, n_boot=n_boot, seed=seed)
            found[f"bootstrap of {unit}, {name}"] = {part: (drawn[part].high - drawn[part].low) / 2 for part in PARTS}
    return found


def standard_errors(panel: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Standard errors of slope and intercept: of least squares, with residuals divided by n, and White's (HC1)."""
    line, rows = fit_line(panel), both(panel, X, Y)
    n, design = line.n, np.column_stack([rows[X], np.ones(line.n)])
    bread = np.linalg.inv(design.T @ design)
    meat = (design * ((rows[Y] - line.predict(rows[X])) ** 2).to_numpy()[:, None]).T @ design
    plain = line.sd * np.sqrt(np.diag(bread))
    kinds = {
        "standard error": plain,
        "standard error with residuals divided by n": plain * np.sqrt((n - 2) / n),
        "robust standard error (HC1)": np.sqrt(np.diag(bread @ meat @ bread) * n / (n - 2)),
    }
    return {name: dict(zip(PARTS, map(float, values), strict=True)) for name, values in kinds.items()}


def p_values(panels: Panels) -> dict[str, float]:
    """p of the correlation: two-sided t (the first entry is the usual one), one-sided, and by Fisher's z."""
    found = {}
    for name, panel in panels.items():
        line = fit_line(panel)
        found[f"t test, two-sided, {name}"] = line.p
        found[f"t test, one-sided, {name}"] = line.p / 2
        z = np.arctanh(line.r.value) * np.sqrt(line.n - 3)
        found[f"Fisher's z, two-sided, {name}"] = float(2 * stats.norm.sf(abs(z)))
    return found


def holdout(panels: Panels) -> dict[str, object]:
    """Leave-one-lab-out error, mean over labs of three models or more, under every reading of its interval."""
    found: dict[str, object] = {}
    for place, (name, panel) in enumerate(panels.items()):
        errors = leave_one_lab_out(panel, least=3)
        readings = of_labs(errors["mae"])
        for reading, estimate in readings.items():
            if place == 0 or reading.startswith("mean ± SD"):
                found[f"{reading}, {name}"] = estimate
        if place == 0:
            found[f"mean over models, {name}"] = float(np.average(errors["mae"], weights=errors["n"]))
            found[f"mean over all labs, {name}"] = float(leave_one_lab_out(panel)["mae"].mean())
    return found


def spreads(panels: Panels, score: str) -> dict[str, float]:
    """Largest less smallest `score` among five models: the best coders (the companion's words), or the best at it."""
    found = {f"five best on SWE-bench, {name}": top_spread(panel, score, X) for name, panel in panels.items()}
    if score != X:
        found |= {
            f"five best on the score itself, {name}": top_spread(panel, score, score) for name, panel in panels.items()
        }
    return found


def opt_fall(internals: pd.DataFrame, panels: Panels) -> dict[str, float]:
    """Fall of OPT's coupling from 13B to 30B in percent of the former; a rise is negative.

    The companion speaks of the net coupling inside the models (first entry: the two numbers it prints, as the released
    dashboard holds them). `internals` is the table internals_reported; `panels` give the local coupling γ₁₂ of the
    steps that end at 13B and at 30B, and its size without the sign.
    """
    net = internals[internals["quantity"] == "net_coupling"].set_index(["model", "measure_id"])["value"]
    typed = net["OPT-13B", "dashboard_constant"], net["OPT-30B", "dashboard_constant"]
    run = net["OPT-13B", "attention_pattern_tl"], net["OPT-30B", "head_level_nc2"]
    found = {
        "net coupling inside, as printed": _fall(*typed),
        "net coupling inside, released runs (two different measures)": _fall(*run),
        "net coupling inside, 13B as printed, 30B from its released run": _fall(typed[0], run[1]),
    }
    for name, panel in panels.items():
        steps = local_coupling(panel[panel["family"] == "OPT"]).frame.set_index("model_large")["gamma"]
        first, second = (
            next(g for model, g in steps.items() if model.lower().endswith(size)) for size in ("13b", "30b")
        )
        found[f"local coupling γ₁₂, {name}"] = _fall(first, second)
        found[f"size of γ₁₂, {name}"] = _fall(abs(first), abs(second))
    return found


def _fall(first: float, second: float) -> float:
    return float(100 * (first - second) / abs(first))
