"""The paper's protocol: strengths by phase, and what counts as changed with and without a push."""

import numpy as np
import pandas as pd
import pytest
import torch
from test_steer import direction
from tiny import PROMPTS, language_model

from capelib.steering import protocol
from capelib.steering.protocol import FRESH, GREEDY, SAME, change_rates, cosines, strength_by_phase


def test_strengths_are_those_of_the_paper_also_at_the_limits() -> None:
    cosine = [-1, -0.1001, -0.1, 0.0999, 0.1, 0.2999, 0.3, 1]
    assert strength_by_phase(cosine).tolist() == [3, 3, 1.5, 1.5, 0.5, 0.5, 0, 0]


def test_a_cosine_is_that_of_the_hidden_state_with_the_direction() -> None:
    model = language_model("llama")
    v = direction(model)
    for prompt, got in zip(PROMPTS, cosines(model, PROMPTS, v), strict=True):
        ids = torch.tensor([model.tokenizer(prompt)["input_ids"]])
        with torch.inference_mode():
            state = model.model(ids, output_hidden_states=True).hidden_states[2][0, -1].numpy()
        assert got == pytest.approx(state @ v.vectors[0] / np.linalg.norm(state), abs=1e-5)


def test_every_push_is_the_one_its_row_names(monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = language_model("gpt2"), []
    v = direction(model)

    def noted(_model: object, prompts: list, rows: list, along: object, *_: object, **options: object) -> pd.DataFrame:
        asked.append((along, rows, options))
        return pd.DataFrame({"text": [f"{prompts[place]} {s} {k} {along.method}" for place, s, k in rows]})

    monkeypatch.setattr(protocol, "write_rows", noted)
    _, texts = change_rates(model, PROMPTS, v, new_tokens=6, seed=3)
    by_phase = dict(zip(PROMPTS, strength_by_phase(cosines(model, PROMPTS, v)), strict=True))
    for row in texts.itertuples():
        kind = "Gaussian" if row.push == "Gaussian" else "mean"
        strength, seed = 0.0 if row.push == "none" else by_phase[row.prompt], 4 if row.draws == FRESH else 3
        assert row.base == f"{row.prompt} 0.0 3 mean"
        assert row.text == f"{row.prompt} {strength} {seed} {kind}"
    assert all((options["unit"], options["start"]) == ("raw", "last") for _, _, options in asked)
    assert [options.get("temperature", 0) for _, _, options in asked] == [0.7, 0, 0]
    noise = asked[-1][0]
    assert abs(noise.vectors[0] @ v.vectors[0]) < 0.9


def test_rates_count_changed_texts_and_the_same_draws_without_a_push_change_nothing() -> None:
    model = language_model("gpt2")
    v = direction(model)
    rates, texts = change_rates(model, PROMPTS, v, new_tokens=6, seed=3)
    by = rates.set_index(["push", "draws"])
    for (push, draws), row in by.iterrows():
        part = texts[(texts["push"] == push) & (texts["draws"] == draws)]
        assert row["changed"] == (part["base"] != part["text"]).sum()
        assert row["n"] == len(part) == len(PROMPTS)
        assert row["low"] <= row["rate"] <= row["high"]
    assert by.loc[("none", FRESH), "rate"] == 100  # a model of noise draws other words each time
    assert {draws for _, draws in by.index} == {FRESH, SAME, GREEDY}
    unpushed = texts[texts["strength"] == 0]
    same = unpushed[unpushed["draws"].isin([SAME, GREEDY])]
    assert (same["base"] == same["text"]).all()
    again, _ = change_rates(model, PROMPTS, v, new_tokens=6, seed=3)
    assert again.equals(rates)
