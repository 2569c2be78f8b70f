"""Selections: what goes in is what the name says."""

import pytest

from capelib import selection, tables
from capelib.errors import InputError


def test_base_models_are_neither_tuned_nor_trained_for_code():
    panel = tables.panel("measured")
    kept = selection.base_models(panel)
    assert set(panel["model"]) - set(kept["model"]) == set(
        panel.loc[~panel["is_base"] | panel["is_code_model"], "model"]
    )
    assert len(kept) < len(panel)


def test_a_model_listed_twice_stays_once():
    released = tables.panel("released")
    once = selection.one_row_per_model(released)
    listed = once["hf_repo"][once["hf_repo"].ne("")]
    assert listed.is_unique
    assert len(once) < len(released)


def test_families_keep_the_sizes_asked_for():
    panel = tables.panel("measured")
    kept = selection.families_with(panel, 3, ["hellaswag", "truthfulqa"])
    assert kept.groupby("family")["n_params"].nunique().min() == 3
    with pytest.raises(InputError, match="no family"):
        selection.families_with(panel, 99, ["hellaswag"])


def test_an_unknown_family_names_the_nearest():
    with pytest.raises(InputError, match="closest: 'OPT'"):
        selection.one_family(tables.panel("measured"), "OPTT")
