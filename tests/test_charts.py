"""Charts: readable on both backgrounds, one look, and every one says what it shows."""

import re

import altair as alt
import numpy as np
import pandas as pd
import pytest

from capelib import coupling, present
from capelib.charts import coupling as draw
from capelib.charts import families, ode, scaling, theme
from capelib.paths import data_dir

PAGES = {"light": "#ffffff", "dark": "#14181e"}


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", PAGES)
def test_marks_stand_out_on_both_pages(page):
    colours = {*theme.FAMILY_COLOUR.values(), *theme.PHASE_COLOUR.values(), theme.GREY}
    faint = {colour for colour in colours if contrast(colour, PAGES[page]) < 3}
    assert not faint


def test_a_logarithmic_axis_has_no_zero_and_labels_enough():
    points = pd.DataFrame(
        {"series": "a", "model": "m", "n_params": [1e8, 1e9], "loss": [3.0, 2.0], "grad_norm": [1, 2]}
    )
    for chart in (
        scaling.against_size(points, "loss", "Loss", "d", [], lines=points, log=True),
        scaling.against_loss(points, points, "d", [], "m"),
    ):
        scales = re.findall(r'"scale": (\{[^}]*\})', chart.to_json(indent=None))
        assert any('"log"' in scale for scale in scales)
        assert not any('"log"' in scale and '"zero"' in scale for scale in scales)
    errors = pd.DataFrame({"predictor": ["a", "b"], "given_first": [False, True], "relative": [4.8, 19.0]})
    labels = ode.predictors(errors, "error (logarithmic)", "d", []).to_dict()["encoding"]["x"]["axis"]["values"]
    assert sum(5 <= label <= 20 for label in labels) >= 4


def test_phases_differ_in_shape_as_well_as_colour():
    assert len(set(theme.PHASE_SHAPE.values())) == len(theme.PHASE_SHAPE) == len(set(theme.PHASE_COLOUR.values()))


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    sizes = [10**8, 10**9, 10**10, 10**11]
    rows = [
        (f"{family}-{n}", family, n, np.log10(n), 5.0 * i + rng.normal(), 60 - 4 * i + rng.normal(), 512.0 * (i + 1))
        for family in ("OPT", "BLOOM", "a family nobody named")
        for i, n in enumerate(sizes)
    ]
    names = ["model", "family", "n_params", "log10_params", "hellaswag", "truthfulqa", "d_model"]
    frame = pd.DataFrame(rows, columns=names)
    frame["hellaswag"] += 30
    return frame


def every_chart(panel):
    steps = coupling.local_coupling(panel)
    noise = coupling.coupling_noise(steps, {"hellaswag": 10042, "truthfulqa": 817}, n_draws=200)
    phase = coupling.model_phases(panel)["phase"]
    scales = coupling.critical_scales(panel).assign(low=1e9, high=1e10, source="measured")
    band = coupling.running_coupling(steps).band([8, 9, 10]).assign(n_params=[1e8, 1e9, 1e10])
    width = coupling.width_table(panel, n_shuffles=100).frame
    told = "What one sees."
    return {
        "phase": draw.phase_diagram(panel.assign(phase=phase), "hellaswag", "truthfulqa", told, "panel_leaderboard"),
        "running": draw.running_coupling(noise.frame, 0.1, told, "panel_leaderboard", band, scales.dropna()),
        "scales": draw.critical_scales(scales, told, "panel_leaderboard"),
        "null": draw.null_histogram(np.linspace(-1, 0, 50), -0.5, "r", told, ["benchmarks"]),
        "width": families.intervals(families.width_rows(width), "family", "series", "r", told, ["architectures"]),
        "olmo": draw.olmo(panel.head(2).assign(name="released OLMo"), told, ["panel_released"]),
    }


def test_every_chart_draws_describes_itself_and_names_tables_that_exist(panel):
    theme.enable()
    for name, chart in every_chart(panel).items():
        spec = chart.to_dict()
        assert spec["description"], name
        assert spec["width"] == "container", name
        assert all((data_dir() / f"{table}.csv").is_file() for table in spec["usermeta"]["cape"]["tables"]), name
        svg = present.static_svg(spec)
        assert re.search(r'aria-roledescription="(symbol|circle|rect|rule|line|bar|point)', svg), name


def test_values_beyond_the_axis_stay_in_the_picture_and_keep_their_number(panel):
    steep = panel.assign(hellaswag=np.where(panel["n_params"] == 10**9, 30.1, panel["hellaswag"]))
    noise = coupling.coupling_noise(
        coupling.local_coupling(steep), {"hellaswag": 10042, "truthfulqa": 817}, n_draws=200
    ).frame
    spec = draw.running_coupling(noise, 0.1, "told", "panel_leaderboard", limit=1.0).to_dict()
    rows = [row for data in spec["datasets"].values() for row in data if "gamma" in row]
    assert all(abs(row["at"]) <= 1 for row in rows)
    assert max(abs(row["gamma"]) for row in rows) > 1


def test_sizes_are_labelled_as_models_are_called():
    chart = alt.Chart(pd.DataFrame({"n_params": [7e7, 1e9, 1.3e10], "y": 1})).mark_point()
    svg = present.static_svg(theme.finish(chart.encode(theme.size_axis()), "told").to_dict())
    for label in ("70M", "1B", "13B"):
        assert f">{label}<" in svg
