"""The line through γ₁₂ against log₁₀ N: which steps enter it, and which size a step is given.

The draft (Amin, 2026, paper3A.tex, Sec. 3.2) prints slope, intercept and R² of γ₁₂ = slope · log₁₀ N + intercept,
N in parameters, and does not list the points. Claims coupling.slope, coupling.intercept, coupling.running_r2.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from capelib.coupling.local import local_coupling
from capelib.definitions.points import LABELLED, PYTHIA, X, Y, pythia_rows, scored, without
from capelib.definitions.pythia import score_tables
from capelib.errors import unknown
from capelib.frames import need_columns

SIZES = {"mid-size": "n_mid", "smaller size": "n_small", "larger size": "n_large"}
FIGURE_1B = ("Pythia", "OPT", "BLOOM", "Cerebras-GPT", "GPT-Neo", "Qwen2.5")  # families drawn in Fig. 1b
FIGURE_2C = ("Pythia", "Llama-1", "Llama-2")  # families drawn in Fig. 2c
SCRIPT_GAP = 0.5  # ΔHellaSwag in points below which the released bootstrap script drops a step
SIZES_OF_PYTHIA = 8  # tables with fewer rows skip sizes, so their steps are other steps
PARTS = ("slope", "intercept", "r2")


def running_lines(panel: pd.DataFrame, variants: pd.DataFrame, bootstrap: pd.DataFrame) -> pd.DataFrame:
    """One row per definition: name, slope (γ₁₂ per decade), intercept (γ₁₂ at N = 1), r2, n steps, nc (zero).

    `panel`, `variants`, `bootstrap` are the released panel, panel_pythia_variants and panel_bootstrap_nc. Raises
    InputError for a missing column.
    """
    rows = []
    for name, steps in _point_sets(panel, variants, bootstrap).items():
        rows += [(f"{name}; {size}", *_line(steps[column], steps["gamma"])) for size, column in SIZES.items()]
    stored = panel.dropna(subset=["gamma12_stored"])
    rows.append(("released γ₁₂ as stored; own size", *_line(stored["n_params"], stored["gamma12_stored"])))
    table = pd.DataFrame(rows, columns=["name", *PARTS, "n"])
    return table.assign(nc=10 ** (-table["intercept"] / table["slope"]))


def line_part(lines: pd.DataFrame, part: str) -> dict[str, float]:
    """One column of `running_lines` ("slope", "intercept" or "r2") by name. Raises InputError for another part."""
    if part not in PARTS:
        raise unknown("part of the line", part, PARTS)
    return dict(zip(lines["name"], lines[part].map(float), strict=True))


def line_search(panel: pd.DataFrame, variants: pd.DataFrame) -> pd.DataFrame:
    """Every line through the steps of Pythia and any set of the other families.

    Columns pythia (table), size, families (semicolon-separated), slope, intercept, r2, n. All subsets of the released
    families with a step, for every Pythia table and each of three sizes for a step: tens of thousands of lines, so some
    will print one of the paper's three numbers by chance. It answers "did you try…?", not "what was done?".
    """
    need_columns(panel, ["model", "family", "n_params", "flags", X, Y])
    steps = local_coupling(panel).frame.dropna(subset=["gamma"])
    families = [family for family in steps["family"].unique() if family != PYTHIA]
    picks = (np.arange(2 ** len(families))[:, None] >> np.arange(len(families))) & 1
    parts = []
    for size, column in SIZES.items():
        sums = np.array([_sums(steps[steps["family"] == family], column) for family in families])
        for name, own in _pythia_steps(panel, variants).items():
            n, x, y, xx, xy, yy = (picks @ sums + _sums(own, column)).T
            cxx, cxy, cyy = xx - x * x / n, xy - x * y / n, yy - y * y / n
            slope = cxy / cxx
            lines = {"slope": slope, "intercept": (y - slope * x) / n, "r2": cxy**2 / (cxx * cyy), "n": n.astype(int)}
            parts.append(pd.DataFrame({"pythia": name, "size": size, **lines}))
    chosen = [";".join(family for family, on in zip(families, pick, strict=True) if on) for pick in picks]
    return pd.concat([part.assign(families=chosen) for part in parts], ignore_index=True)


def _point_sets(panel: pd.DataFrame, variants: pd.DataFrame, bootstrap: pd.DataFrame) -> dict[str, pd.DataFrame]:
    need_columns(panel, ["model", "family", "n_params", "flags", "gamma12_stored", X, Y])
    clean = without(panel, LABELLED)
    every = local_coupling(panel).frame
    sets = _pythia_steps(panel, variants) | {
        "Pythia, Llama-1 and Llama-2 of the panel": local_coupling(_of(clean, FIGURE_2C)).frame,
        "the six families of Fig. 1b": local_coupling(_of(clean, FIGURE_1B)).frame,
        "all families of the panel": every,
        "all families, steps with |γ₁₂| up to 1": every[every["gamma"].abs() <= 1],
        "the released script's 14 points, within families": local_coupling(bootstrap).frame,
        "the released script's 14 points, in order of size across families, |ΔHellaSwag| > 0.5": _across(bootstrap),
    }
    return {name: steps.dropna(subset=["gamma"]) for name, steps in sets.items()}


def _pythia_steps(panel: pd.DataFrame, variants: pd.DataFrame) -> dict[str, pd.DataFrame]:
    tables = {
        f"Pythia, table {name}": rows.assign(family=PYTHIA)
        for name, rows in score_tables(variants).items()
        if len(rows) == SIZES_OF_PYTHIA
    }
    labelled = panel[panel["family"] == PYTHIA]
    if len(labelled) > len(pythia_rows(panel)):
        tables["Pythia, all rows of that label"] = labelled
    return {name: local_coupling(rows).frame.dropna(subset=["gamma"]) for name, rows in tables.items()}


def _of(panel: pd.DataFrame, families: Sequence[str]) -> pd.DataFrame:
    return panel[panel["family"].isin(families)]


def _across(points: pd.DataFrame) -> pd.DataFrame:
    kept = scored(points, X, Y)
    n, dx, dy = kept["n_params"].to_numpy(float), np.diff(kept[X]), np.diff(kept[Y])
    use = np.abs(dx) > SCRIPT_GAP
    gamma = np.divide(dy, dx, out=np.full(len(dx), np.nan), where=use)
    small, large = n[:-1], n[1:]
    return pd.DataFrame({"n_small": small, "n_large": large, "n_mid": np.sqrt(small * large), "gamma": gamma})


def _line(sizes: pd.Series, gamma: pd.Series) -> tuple[float, float, float, int]:
    fit = stats.linregress(np.log10(sizes.to_numpy(float)), gamma.to_numpy(float))
    return float(fit.slope), float(fit.intercept), float(fit.rvalue**2), len(gamma)


def _sums(steps: pd.DataFrame, column: str) -> NDArray[np.float64]:
    x, y = np.log10(steps[column].to_numpy(float)), steps["gamma"].to_numpy(float)
    return np.array([len(x), x.sum(), y.sum(), x @ x, x @ y, y @ y], float)
