"""Couplings of vectors: against their definitions, against brute force, and on sets whose answer is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cosine

from capelib.errors import InputError
from capelib.internals import gram
from capelib.internals.anisotropy import anisotropy
from capelib.internals.competing import competition, opposed
from capelib.internals.coupling import CENTRED, RAW, STANDARDISED, controlled, coupling
from capelib.internals.dimension import by_number, dimension
from capelib.internals.projection import BEFORE, gelu, projection, widened


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
    assert opposed(hidden, [5.0], centred=True).tolist() == [1.0]


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
    assert choose(table, 12, seed=3) == sets != choose(table, 12, seed=4)
    plain = choose(table[["set", "text"]], 12, seed=3)
    assert len(plain.first) == len(plain.second) == 12


def test_dimension_grows_with_the_number_of_prompts() -> None:
    table = by_number(np.random.default_rng(0).standard_normal((120, 200)), [8, 16, 64])
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
    spread = linear["high"] - linear["low"]
    assert spread.iloc[-1] < spread.iloc[0] / 2
