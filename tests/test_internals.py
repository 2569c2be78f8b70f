"""Couplings of vectors: against their definitions, against brute force, and on sets whose answer is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cosine

from capelib.errors import InputError
from capelib.internals import gram
from capelib.internals.anisotropy import anisotropy
from capelib.internals.competing import by_split, competition, half_strength, opposed
from capelib.internals.coupling import CENTRED, RAW, STANDARDISED, controlled, coupling
from capelib.internals.dimension import by_number, dimension
from capelib.internals.projection import BEFORE, gelu, projection, widened
from capelib.internals.prompts import PromptSets
from capelib.internals.references import by_draw, by_reference


def clouds(seed: int, *sizes: int, units: tuple[int, ...] = (3,), d: int = 12, shift: float = 3.0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    common = shift * rng.standard_normal((*units, 1, d))
    return [common + rng.standard_normal((*units, n, d)) for n in sizes]


@given(st.integers(0, 1000), st.integers(4, 9), st.integers(4, 9))
def test_coupling_is_the_cosine_of_the_means(seed: int, n: int, m: int) -> None:
    a, b = clouds(seed, n, m)
    expected = [1 - cosine(a[layer].mean(axis=0), b[layer].mean(axis=0)) for layer in range(3)]
    np.testing.assert_allclose(coupling(a, b), expected, atol=1e-12)
    by_products = gram.cosine_of_means(gram.gram(np.concatenate([a, b], axis=-2)), *gram.sets(n, m))[:, 0]
    np.testing.assert_allclose(by_products, expected, atol=1e-10)


def test_every_resample_is_that_of_the_vectors_themselves() -> None:
    (a, b, other), rng = clouds(1, 6, 5, 14, units=(2,)), np.random.default_rng(7)
    x = np.concatenate([a, b], axis=-2)
    for weights in (gram.bootstrapped(6, 5, 40, rng), gram.shuffled(6, 5, 40, rng)):
        fast = gram.cosine_of_means(gram.gram(x), *weights)
        for layer in range(2):
            slow = [1 - cosine(first @ x[layer], second @ x[layer]) for first, second in zip(*weights, strict=True)]
            np.testing.assert_allclose(fast[layer], slow, atol=1e-10)
    first, second = gram.halves(14, 5, 30, rng)
    assert other.shape[-2] == first.shape[1]
    assert ((first > 0) & (second > 0)).sum() == 0
    np.testing.assert_allclose([first.sum(axis=1), second.sum(axis=1)], 1)


def test_resampling_draws_within_a_set_and_shuffling_across() -> None:
    rng = np.random.default_rng(0)
    a, b = gram.bootstrapped(6, 5, 100, rng)
    assert (a[:, 6:] == 0).all()
    assert (b[:, :6] == 0).all()
    a, b = gram.shuffled(6, 5, 100, rng)
    np.testing.assert_allclose(6 * a + 5 * b, 1)
    assert (a[:, 6:] > 0).any()


def test_a_metric_gives_the_products_of_the_images() -> None:
    rng, (a, b) = np.random.default_rng(2), clouds(2, 5, 6)
    maps = rng.standard_normal((3, 12, 30))
    metric = maps @ maps.transpose(0, 2, 1)
    np.testing.assert_allclose(gram.gram(a, metric), gram.gram(a @ maps), rtol=1e-9)
    found = controlled(a, b, *clouds(3, 9, 9), metric=metric, n_draws=100)
    assert set(found.table["measure"]) == {RAW, CENTRED}
    np.testing.assert_allclose(found.measure(RAW)["value"], coupling(a @ maps, b @ maps), atol=1e-10)


def test_centred_and_standardised_use_the_reference_only() -> None:
    a, b, neutral, reference = clouds(4, 8, 8, 12, 20)
    found = controlled(a, b, neutral, reference, n_draws=100)
    mean, sd = reference.mean(axis=1, keepdims=True), reference.std(axis=1, ddof=1, keepdims=True)
    np.testing.assert_allclose(found.measure(CENTRED)["value"], coupling(a - mean, b - mean), atol=1e-10)
    expected = coupling((a - mean) / sd, (b - mean) / sd)
    np.testing.assert_allclose(found.measure(STANDARDISED)["value"], expected, atol=1e-10)
    both = np.concatenate([a, b], axis=1)  # what centring on the sets themselves would do
    own = controlled(a, b, neutral, both, n_draws=100)
    np.testing.assert_allclose(own.measure(CENTRED)["value"], -1, atol=1e-9)


def test_without_a_contrast_the_coupling_is_as_in_its_nulls() -> None:
    p = [
        controlled(*clouds(seed, 10, 10, 30, 10, units=(1,)), n_draws=200, seed=seed).measure(RAW)["p"].item()
        for seed in range(60)
    ]
    assert 0.3 < np.mean(p) < 0.7
    assert np.mean(np.array(p) < 0.1) < 0.25


def test_a_contrast_is_seen_in_the_shuffles_and_not_in_the_size_of_the_coupling() -> None:
    a, b, neutral, reference = clouds(5, 16, 16, 40, 20, units=(1,), shift=10.0)
    apart = np.zeros(12)
    apart[0] = 3.0
    found = controlled(a + apart, b - apart, neutral, reference, n_draws=500).table.set_index("measure")
    assert found.loc[RAW, "value"] > 0.9  # a large common mean hides it
    assert found.loc[RAW, "p"] < 0.01
    assert found.loc[CENTRED, "value"] < -0.5


def test_order_of_prompts_and_scale_change_nothing() -> None:
    a, b, neutral, reference = clouds(6, 7, 8, 16, 9)
    rng = np.random.default_rng(0)
    plain = controlled(a, b, neutral, reference, n_draws=50).table["value"]
    mixed = controlled(
        5 * a[:, rng.permutation(7)], 5 * b[:, rng.permutation(8)], 5 * neutral, 5 * reference, n_draws=50
    ).table["value"]
    np.testing.assert_allclose(plain, mixed, atol=1e-10)


def test_the_interval_holds_the_value_and_shrinks_with_the_prompts() -> None:
    wide = controlled(*clouds(1, 8, 8, 40, 20), n_draws=400).measure(RAW)
    narrow = controlled(*clouds(1, 80, 80, 400, 20), n_draws=400).measure(RAW)
    for table in (wide, narrow):
        assert ((table["low"] < table["value"]) & (table["value"] < table["high"])).all()
    assert ((narrow["high"] - narrow["low"]) < (wide["high"] - wide["low"])).all()


@pytest.mark.parametrize("paired", [False, True])
def test_every_column_of_every_measure_by_brute_force(paired: bool) -> None:
    (a, b, neutral, reference), n_draws = clouds(11, 6, 6, 14, 9, units=(2,)), 60
    found = controlled(a, b, neutral, reference, n_draws=n_draws, seed=4, paired=paired)
    mean, sd = reference.mean(axis=1, keepdims=True), reference.std(axis=1, ddof=1, keepdims=True)
    for name, change in {
        RAW: lambda x: x,
        CENTRED: lambda x: x - mean,
        STANDARDISED: lambda x: (x - mean) / sd,
    }.items():
        rng, both, other = np.random.default_rng(4), np.concatenate([change(a), change(b)], axis=1), change(neutral)
        weights = (
            gram.bootstrapped(6, 6, n_draws, rng, paired),
            gram.shuffled(6, 6, n_draws, rng, paired),
            gram.halves(14, 6, n_draws, rng),
        )
        by_layer = []
        for layer in range(2):
            row = found.measure(name).iloc[layer]
            drawn, mixed, split = (
                np.array([1 - cosine(x @ rows, y @ rows) for x, y in zip(*each, strict=True)])
                for each, rows in zip(weights, (both[layer], both[layer], other[layer]), strict=True)
            )
            by_layer.append((drawn, mixed, split))
            value = 1 - cosine(both[layer][:6].mean(axis=0), both[layer][6:].mean(axis=0))
            expected = columns(value, drawn, mixed, split)
            assert row[list(expected)].to_dict() == pytest.approx(expected, abs=1e-9)
        together = found.overall.set_index("measure").loc[name]
        drawn, mixed, split = (np.mean([layer[i] for layer in by_layer], axis=0) for i in range(3))
        expected = columns(found.measure(name)["value"].mean(), drawn, mixed, split)
        assert together[list(expected)].to_dict() == pytest.approx(expected, abs=1e-9)


def columns(value: float, drawn: np.ndarray, mixed: np.ndarray, split: np.ndarray) -> dict[str, float]:
    """What a row holds, from the value and its draws: bootstrapped, with labels exchanged, between halves."""
    low, mid, high = np.arctanh(np.percentile(drawn, [2.5, 50, 97.5]))
    ends = {"low": np.tanh(np.arctanh(value) + low - mid), "high": np.tanh(np.arctanh(value) + high - mid)}
    nulls = {
        f"{name}_{end}": np.percentile(draws, at)
        for name, draws in (("shuffled", mixed), ("neutral", split))
        for end, at in (("low", 2.5), ("mid", 50), ("high", 97.5))
    }
    return {"value": value, **ends, **nulls, "p": (1 + np.sum(mixed <= value + 1e-12)) / (1 + len(mixed))}


def test_pairs_are_drawn_together_and_their_labels_exchanged_within() -> None:
    rng = np.random.default_rng(0)
    a, b = gram.bootstrapped(5, 5, 50, rng, paired=True)
    np.testing.assert_array_equal(a[:, :5], b[:, 5:])
    a, b = gram.shuffled(5, 5, 200, rng, paired=True)
    np.testing.assert_allclose(a[:, :5] + a[:, 5:], 1 / 5)  # one member of every pair on either side
    np.testing.assert_allclose(a + b, 1 / 5)
    assert 0.4 < (a[:, :5] > 0).mean() < 0.6
    with pytest.raises(InputError, match="two sets of one size; got 5 and 6"):
        controlled(*clouds(0, 5, 6, 8, 8), paired=True)


def test_where_pairs_share_much_only_exchange_within_them_sees_the_contrast() -> None:
    rng = np.random.default_rng(3)
    frames = 4 * rng.standard_normal((1, 16, 12))
    apart = np.zeros(12)
    apart[0] = 0.6
    first, second = (frames + s * apart + 0.3 * rng.standard_normal((1, 16, 12)) for s in (1, -1))
    neutral, reference = clouds(4, 40, 20, units=(1,))
    p = {
        paired: controlled(first, second, neutral, reference, n_draws=500, paired=paired).measure(RAW)["p"].item()
        for paired in (False, True)
    }
    assert p[True] < 0.01 <= p[False]


def test_p_is_never_zero_and_the_neutral_samples_have_the_sets_sizes() -> None:
    a, b, neutral, reference = clouds(5, 12, 12, 40, 20, units=(1,), shift=1.0)
    apart = controlled(a + 9, b - 9, neutral, reference, n_draws=99).measure(RAW)
    assert apart["p"].item() == pytest.approx(1 / 100)
    found = controlled(a, b, neutral, reference, n_draws=300).measure(RAW)
    small = controlled(a[:, :4], b[:, :4], neutral, reference, n_draws=300).measure(RAW)
    width = [float((each["neutral_high"] - each["neutral_low"]).item()) for each in (small, found)]
    assert width[0] > 1.2 * width[1]  # samples of 4 vary more than samples of 12


def test_the_spread_covers_the_coupling_that_so_many_prompts_have_on_average() -> None:
    rng, covered, units = np.random.default_rng(1), 0, 200
    shape = rng.standard_normal(12)
    expected = np.mean([
        coupling(3 * shape + rng.standard_normal((400, 16, 12)), 3 * shape + rng.standard_normal((400, 16, 12)))
    ])  # fmt: skip
    a, b = (3 * shape + rng.standard_normal((units, 16, 12)) for _ in range(2))
    table = controlled(a, b, *clouds(2, 32, 32, units=(units,)), n_draws=300).measure(RAW)
    covered = ((table["low"] <= expected) & (expected <= table["high"])).mean()
    assert 0.88 <= covered <= 0.99


def test_a_centred_ordering_that_a_reference_reverses_is_seen() -> None:
    rng = np.random.default_rng(0)
    one, other = np.eye(12)[0] * 3, np.eye(12)[1] * 3
    first, second = (one + 0.5 * rng.standard_normal((2, 10, 12)) for _ in range(2))
    neutral = other + 0.5 * rng.standard_normal((2, 24, 12))
    table = by_reference(
        first, second, neutral,
        {"like the sets": one + 0.5 * rng.standard_normal((2, 20, 12)),
         "like the neutral": other + 0.5 * rng.standard_normal((2, 20, 12))},
    ).set_index("reference")  # fmt: skip
    assert table.loc["like the neutral", "value"] > 0.9 > table.loc["like the neutral", "neutral_mid"]
    assert table.loc["like the sets", "neutral_mid"] > 0.9 > table.loc["like the sets", "value"]
    assert table["prompts"].tolist() == [20, 20]


def test_couplings_of_several_draws_are_those_of_each_alone() -> None:
    rng = np.random.default_rng(2)
    texts = [f"prompt {i}" for i in range(60)]
    x = 2 + rng.standard_normal((3, 60, 12))
    chosen = [
        PromptSets(tuple(texts[i : i + 8]), tuple(texts[i + 8 : i + 16]), tuple(texts[i + 16 : i + 32]), (), ())
        for i in (0, 20)
    ]
    table = by_draw(gram.gram(x), texts, chosen, n_draws=50)
    for start, row in zip((0, 20), table.itertuples(), strict=True):
        a, b, neutral = x[:, start : start + 8], x[:, start + 8 : start + 16], x[:, start + 16 : start + 32]
        alone = controlled(a, b, neutral, x[:, 55:], n_draws=50, seed=row.draw)
        own = alone.measure(RAW)
        assert row.value == pytest.approx(own["value"].mean())
        assert row.neutral_mid == pytest.approx(alone.overall.set_index("measure").loc[RAW, "neutral_mid"])
        assert row.below_neutral == int((own["value"] < own["neutral_low"]).sum())
        assert row.contrast == int((own["p"] < 0.05).sum())


def test_the_rule_on_random_halves_by_brute_force() -> None:
    x = np.random.default_rng(6).standard_normal((30, 8, 3))
    counts, rng = by_split(x, n_splits=20, seed=9), np.random.default_rng(9)
    for count in counts:
        order = rng.permutation(8)
        assert count == competition(x[:, order[:4]], x[:, order[4:]]).fires.sum()
    assert counts.max() > 0


def test_half_of_the_heads_fire_between_two_strengths() -> None:
    assert half_strength([1, 2, 4], [0.0, 0.5, 1.0]) == 2
    assert half_strength([1, 2], [0.6, 1.0]) == 1
    assert half_strength([1, 2], [0.0, 0.4]) == float("inf")


def test_too_few_prompts_are_told() -> None:
    with pytest.raises(InputError, match="four prompts or more"):
        controlled(*clouds(0, 3, 8, 8, 8))
    with pytest.raises(InputError, match="vectors of one shape"):
        controlled(*clouds(0, 8, 8, 8), clouds(0, 8, d=5)[0])


def test_the_rule_counts_pairs() -> None:
    rng = np.random.default_rng(8)
    a, b = rng.standard_normal((2, 5, 4)), rng.standard_normal((2, 6, 4))
    found = competition(a, b, limit=-0.2, share=0.3)
    for unit in range(2):
        values = [1 - cosine(x, y) for x in a[unit] for y in b[unit]]
        assert found.share[unit] == pytest.approx(np.mean(np.array(values) < -0.2))
        assert found.fires[unit] == (np.mean(np.array(values) < -0.2) > 0.3)
        assert found.cosines[unit] == pytest.approx(np.mean(values))
    assert competition(a, -a[:, :1] * 2).share[0] >= 1 / 5


def test_the_positive_control_fires_when_sets_are_far_apart_unless_the_common_mean_hides_it() -> None:
    free = clouds(9, 40, units=(50,), shift=0.0)[0]
    assert opposed(free, [0.0, 5.0]).tolist() == [0.0, 1.0]
    hidden = clouds(9, 40, units=(50,), shift=100.0)[0]
    assert opposed(hidden, [5.0]).tolist() == [0.0]
    centre = clouds(9, 40, 60, units=(50,), shift=100.0)[1].mean(axis=1, keepdims=True)  # of other prompts
    assert opposed(hidden, [5.0], centre=centre).tolist() == [1.0]


def test_the_positive_control_moves_the_vectors_themselves() -> None:
    x, strengths = clouds(3, 12, units=(6,), shift=1.0)[0], [0.5, 1.0, 2.0, 3.0]
    fired = []
    for strength in strengths:
        rng = np.random.default_rng(5)
        mixed = x[:, rng.permutation(12)]
        mean = mixed.mean(axis=1, keepdims=True)
        width = np.sqrt(((mixed - mean) ** 2).sum(axis=2).mean(axis=1))[:, None, None]
        u = rng.standard_normal((6, 1, 12))
        step = strength * width * u / np.linalg.norm(u, axis=2, keepdims=True)
        fired.append(competition(mixed[:, :6] + step, mixed[:, 6:] - step).fires.mean())
    np.testing.assert_allclose(opposed(x, strengths, seed=5), fired)
    assert 0 < fired[1] < 1 or 0 < fired[2] < 1


def test_anisotropy_of_known_clouds() -> None:
    rng = np.random.default_rng(0)
    around = rng.standard_normal((1, 4000, 20))
    table = anisotropy(np.concatenate([around, around + 2.0]), top=2)
    assert table["common"].iloc[0] == pytest.approx(0, abs=0.01)
    assert table["common"].iloc[1] == pytest.approx(4 / 5, abs=0.02)
    assert table["top_dimensions"].iloc[0] == pytest.approx(2 / 20, abs=0.01)
    np.testing.assert_allclose(table["spread"], 1, atol=0.02)


def test_dimension_of_known_clouds() -> None:
    rng = np.random.default_rng(0)
    flat = np.hstack([rng.standard_normal((3000, 5)), np.zeros((3000, 30))])
    ratio, count = dimension(flat)
    assert ratio == pytest.approx(5, abs=0.1)
    assert count == 5
    assert dimension(flat * 7 + 3)[0] == pytest.approx(ratio)
    with pytest.raises(InputError, match="three vectors"):
        dimension(flat[:2])


def test_dimension_is_the_participation_ratio_of_the_covariance() -> None:
    x = np.random.default_rng(1).standard_normal((30, 8)) * np.arange(1, 9)
    values = np.linalg.eigvalsh(np.cov(x.T))
    assert dimension(x)[0] == pytest.approx(values.sum() ** 2 / (values**2).sum())


def test_prompts_of_two_sets_share_their_frames_and_none_plays_two_parts() -> None:
    from capelib import tables
    from capelib.internals import choose

    table = tables.read("prompts")
    sets, frame = choose(table, 12, seed=3), table.set_index("text")["id"].str.rsplit("-", n=1).str[0]
    assert frame[list(sets.first)].tolist() == frame[list(sets.second)].tolist()
    assert len(set(sets.all)) == len(sets.all) == 12 + 12 + 24 + 48
    assert sets.paired
    assert sorted(sets.reference_sets) == sorted(["misconception", "neutral", "reasoning", "truthfulness"] * 12)
    assert not set(frame[list(sets.reference)]) & set(frame[list(sets.first)])
    assert choose(table, 12, seed=3) == sets != choose(table, 12, seed=4)
    plain = choose(table[["set", "text"]], 12, seed=3)
    assert len(plain.first) == len(plain.second) == 12
    assert not plain.paired


def test_dimension_grows_with_the_number_of_prompts() -> None:
    table = by_number(np.random.default_rng(0).standard_normal((120, 200)), [8, 16, 64])
    assert table["low"].notna().tolist() == [True, True, False]  # 64 of 120 is more than half
    assert table["d_rep"].is_monotonic_increasing
    assert (table["d_rep"] < table["n"]).all()


def test_the_null_of_a_dimension_keeps_variances_and_loses_what_they_share() -> None:
    rng = np.random.default_rng(0)
    alone = rng.standard_normal((128, 40))
    table = by_number(alone, [64])  # nothing in common: value and null agree
    assert table["independent"].item() == pytest.approx(table["d_rep"].item(), rel=0.03)
    together = rng.standard_normal((128, 1)) @ np.ones((1, 40)) + 0.3 * alone
    table = by_number(together, [64])
    assert table["d_rep"].item() < 2
    assert table["independent"].item() > 20


@given(st.integers(0, 100), st.sampled_from([1, 2, 5]))
def test_the_wider_map_is_its_nonlinearity_at_any_width(seed: int, factor: int) -> None:
    x = np.random.default_rng(seed).standard_normal((4, 6)) * 3
    np.testing.assert_allclose(widened(x, factor), gelu(x), atol=1e-12)


def test_gelu_is_that_of_torch() -> None:
    import torch

    x = np.linspace(-5, 5, 101)
    np.testing.assert_allclose(gelu(x), torch.nn.functional.gelu(torch.tensor(x)).numpy(), atol=1e-12)


def test_projection_through_the_output_map_is_that_of_the_logits() -> None:
    rng = np.random.default_rng(3)
    (a,), (b,), (neutral,) = (clouds(seed, 7, units=(1,))[0] for seed in (1, 2, 3))
    weight, bias = rng.standard_normal((50, 12)), rng.standard_normal(50)
    full = np.hstack([weight, bias[:, None]])
    centred = full - full.mean(axis=0)
    found = projection(a, b, neutral, {"logits": full.T @ full, "centred": centred.T @ centred}, 50, n_draws=60)
    table = found.table.set_index("map")
    first, second = a @ weight.T + bias, b @ weight.T + bias
    assert table.loc[BEFORE, "value"] == pytest.approx(coupling(a, b))
    assert table.loc["logits", "value"] == pytest.approx(coupling(first, second))
    plain = coupling(first - first.mean(axis=1, keepdims=True), second - second.mean(axis=1, keepdims=True))
    assert table.loc["centred", "value"] == pytest.approx(plain)
    assert table["width"].tolist() == [12, 50, 50, 24, 12, 12]


def test_random_linear_maps_keep_the_coupling_whatever_their_width() -> None:
    (a,), (b,), (neutral,) = (clouds(seed, 30, units=(1,), d=64)[0] for seed in (1, 1, 3))
    linear = projection(a, b + 1, neutral, {}, 1, n_maps=200, n_draws=20).linear
    np.testing.assert_allclose(linear["mean"], coupling(a, b + 1), atol=0.05)
    assert {"shuffled_mid", "neutral_low", "neutral_mid", "neutral_high"} <= set(linear)
    spread = linear["high"] - linear["low"]
    assert spread.iloc[-1] < spread.iloc[0] / 2
