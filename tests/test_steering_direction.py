"""Directions and the layers they are read at: against scikit-learn, brute force, and signals that were planted."""

import doctest
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.optimize import minimize
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from tiny import ARCHITECTURES, LETTERS, language_model

from capelib import tables
from capelib.errors import InputError
from capelib.models import LanguageModel, blocks
from capelib.steering import layers as layer_names
from capelib.steering import readable
from capelib.steering.choice import choose_layer
from capelib.steering.direction import TruthDirection, groups, spread, states
from capelib.steering.estimators import METHODS, first_axis, logistic_weights, mean_difference
from capelib.steering.layers import resolve
from capelib.steering.readable import auc, best_layer, by_layer, paired_right

METHOD_NAMES = ("mean", "logistic", "pca")
WITHOUT_HIDDEN_STATES = ("mamba", "mamba2", "rwkv")  # whose hidden_states are not what their blocks return
FACTS = {"model": "none", "n_layers": 9}


pytestmark = pytest.mark.usefixtures("one_thread")


def pairs(n: int = 10) -> pd.DataFrame:
    """Pairs of two lengths, mirrored two by two, with the words of the tiny tokenizer."""
    rng, words = np.random.default_rng(5), list(LETTERS)
    text = [" ".join(rng.choice(words, 3 + place % 3)) for place in range(n)]
    return pd.DataFrame({
        "pair": [f"p{place:02}" for place in range(n)],
        "mirror": [f"p{place ^ 1:02}" for place in range(n)],
        "true_text": [f"{each} is blue ." for each in text],
        "false_text": [f"{each} is green grass ." for each in text],
    })  # fmt: skip


def noise(n_layers: int, n_pairs: int, d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """True and false states that differ by chance alone; the members of a pair have most in common."""
    rng = np.random.default_rng(seed)
    shared = 3 * rng.standard_normal((n_layers, n_pairs, d))
    return tuple(shared + rng.standard_normal((n_layers, n_pairs, d)) for _ in range(2))


def planted(n_layers: int, n_pairs: int, d: int, layer: int, size: float = 4.0, seed: int = 0):
    """The same, with true and false apart along one axis in one layer."""
    true, false = noise(n_layers, n_pairs, d, seed)
    axis = np.random.default_rng(99).standard_normal(d)
    true[layer] += size * axis / np.linalg.norm(axis)
    return true, false


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.asarray(a, float).ravel(), np.asarray(b, float).ravel()
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def one_line(caught: pytest.ExceptionInfo) -> str:
    message = str(caught.value)
    assert "\n" not in message
    return message


# the three ways


def test_mean_is_the_difference_of_the_means_entry_by_entry() -> None:
    true, false = (each[0] for each in noise(1, 7, 3))
    by_hand = [sum(t[i] for t in true) / 7 - sum(f[i] for f in false) / 7 for i in range(3)]
    np.testing.assert_allclose(mean_difference(true, false), by_hand)


def test_logistic_weights_minimise_the_penalised_loss() -> None:
    true, false = (each[0] for each in planted(1, 40, 5, 0, size=1.0))
    x = np.concatenate([true, false])
    x = x - x.mean(axis=0)
    x = x / np.sqrt(np.linalg.norm(x, axis=1) @ np.linalg.norm(x, axis=1) / len(x) / x.shape[1])
    sign = np.repeat([1, -1], 40)

    def loss(parameters: np.ndarray) -> float:
        return np.logaddexp(0, -sign * (x @ parameters[:5] + parameters[5])).sum() + parameters[:5] @ parameters[:5] / 2

    expected = minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-6}).x[:5]
    np.testing.assert_allclose(logistic_weights(true, false), expected, rtol=1e-2, atol=1e-3)


def test_logistic_weights_are_those_of_an_explicit_pipeline_in_any_unit() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    true, false = (each[0] for each in planted(1, 30, 6, 0, size=1.5))
    centred = StandardScaler(with_std=False)
    scaled = FunctionTransformer(lambda z: z / np.sqrt(np.trace(z.T @ z) / z.size))
    pipeline = make_pipeline(centred, scaled, LogisticRegression(C=1.0, max_iter=5000))
    pipeline.fit(np.concatenate([true, false]), [1] * 30 + [0] * 30)
    expected = pipeline[-1].coef_[0]
    np.testing.assert_allclose(logistic_weights(true, false), expected, rtol=1e-4)
    np.testing.assert_allclose(logistic_weights(1000 * true + 7, 1000 * false + 7), expected, rtol=1e-3)


def test_the_first_axis_is_the_principal_component_of_differences_in_random_order() -> None:
    true, false = (each[0] for each in planted(1, 4000, 6, 0, size=3.0))
    difference = true - false
    axis = first_axis(true, false)
    # both orders of every pair: the mean is zero to the bit, and the identity exact
    both = PCA(n_components=1).fit(np.concatenate([difference, -difference])).components_[0]
    assert abs(cosine(axis, both)) == pytest.approx(1, abs=1e-10)
    order = np.random.default_rng(1).choice([-1, 1], len(difference))[:, None]
    assert abs(cosine(axis, PCA(n_components=1).fit(order * difference).components_[0])) > 0.999
    assert (difference @ axis).mean() > 0
    # centred, as PCA does by itself, the shift between true and false is taken out and another axis is found
    assert abs(cosine(axis, PCA(n_components=1).fit(difference).components_[0])) < 0.9


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_every_way_finds_a_planted_axis_points_to_true_and_turns_round_with_the_labels(method: str) -> None:
    true, false = planted(1, 300, 8, 0)
    axis = np.random.default_rng(99).standard_normal(8)
    found = METHODS[method](true[0], false[0])
    assert cosine(found, axis) > 0.95
    np.testing.assert_allclose(METHODS[method](false[0], true[0]), -found, rtol=1e-3, atol=1e-4)
    order = np.random.default_rng(2).permutation(300)
    assert cosine(METHODS[method](true[0][order], false[0][order]), found) > 1 - 1e-6


# the direction as an object


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_of_states_gives_unit_vectors_and_spreads_layer_by_layer(method: str) -> None:
    true, false = planted(3, 20, 6, 1)
    found = TruthDirection.of_states(true, false, (2, 4, 8), method, **FACTS)
    assert (found.layers, found.method, found.n_pairs, found.d_model) == ((2, 4, 8), method, 20, 6)
    assert found.vectors.dtype == np.float32
    for place in range(3):
        expected = METHODS[method](true[place], false[place])
        np.testing.assert_allclose(found.vectors[place], expected / np.linalg.norm(expected), atol=1e-6)
        every = [*true[place], *false[place]]
        middle = sum(every) / len(every)
        distances = sorted(float(np.sqrt(((each - middle) ** 2).sum())) for each in every)
        assert found.spreads[place] == pytest.approx((distances[19] + distances[20]) / 2)
    np.testing.assert_allclose(np.linalg.norm(found.raw, axis=1), found.spreads, rtol=1e-6)
    np.testing.assert_allclose(found.raw[1], found.vectors[1] * found.spreads[1], rtol=1e-6)


def test_spread_ignores_where_the_states_lie_and_is_not_moved_by_one_far_away() -> None:
    x = np.random.default_rng(0).standard_normal((101, 5))
    assert spread(x + 1e3) == pytest.approx(spread(x))
    assert spread(3 * x) == pytest.approx(3 * spread(x))
    outlier = np.concatenate([x, [[0, 0, 0, 0, 50.0]]])
    assert spread(outlier) < 1.2 * spread(x)


def test_at_keeps_vector_and_spread_of_that_layer() -> None:
    found = TruthDirection.of_states(*planted(3, 12, 4, 1), (2, 4, 8), **FACTS)
    one = found.at(4)
    assert one.layers == (4,)
    np.testing.assert_array_equal(one.raw, found.raw[1:2])
    with pytest.raises(InputError) as caught:
        found.at(3)
    assert "no layer 3; it has 2, 4, 8" in one_line(caught)


def test_along_has_other_unit_vectors_in_the_same_units() -> None:
    found = TruthDirection.of_states(*planted(2, 12, 4, 1), (0, 5), **FACTS)
    other = np.array([[0, 0, 3.0, 4.0], [-2.0, 0, 0, 0]])
    control = found.along(other, "Gaussian")
    np.testing.assert_allclose(control.vectors, [[0, 0, 0.6, 0.8], [-1, 0, 0, 0]], rtol=1e-6)
    assert (control.method, control.layers, control.note) == ("Gaussian", (0, 5), "")
    np.testing.assert_array_equal(control.spreads, found.spreads)
    with pytest.raises(InputError):
        found.along(np.zeros((2, 4)), "nothing")


def test_the_mean_direction_lies_along_the_way_between_the_means() -> None:
    true, false = planted(2, 12, 4, 1)
    found = TruthDirection.of_states(true, false, (0, 1), **FACTS)
    apart = np.einsum("ld,ld->l", (true - false).mean(axis=1), found.vectors)
    np.testing.assert_allclose(apart, np.linalg.norm((true - false).mean(axis=1), axis=1), rtol=1e-4)


def test_it_fits_models_of_its_width_and_depth_only() -> None:
    model = language_model("llama")
    facts = {"model": "other", "n_layers": 9}
    TruthDirection.of_states(*noise(1, 4, 32), (2,), **facts).fits(model)
    for d, layer in ((16, 2), (32, 3)):
        with pytest.raises(InputError) as caught:
            TruthDirection.of_states(*noise(1, 4, d), (layer,), **facts).fits(model)
        assert "tiny llama has 3 of width 32; fit one on it" in one_line(caught)


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_states_without_a_difference_have_no_direction(method: str) -> None:
    same = noise(2, 6, 4)[0]
    for states_of in (same, np.ones((2, 6, 4))):
        with pytest.raises(InputError) as caught:
            TruthDirection.of_states(states_of, states_of, (0, 1), method, **FACTS)
        assert "layer 0: true and false statements have the same states" in one_line(caught)


# layers as a user names them


@pytest.mark.parametrize("n_layers", [1, 2, 12, 18, 30, 61, 100])
def test_an_index_is_itself_and_a_fraction_is_rounded_down(n_layers: int) -> None:
    for index in range(n_layers):
        assert resolve(index, n_layers) == resolve(str(index), n_layers) == resolve(np.int64(index), n_layers) == index
        assert resolve(index / n_layers, n_layers) == index
    assert resolve(0.25, n_layers) == resolve("0.25", n_layers) == resolve(np.float32(0.25), n_layers) == n_layers // 4
    for percent in range(100):
        assert resolve(percent / 100, n_layers) == percent * n_layers // 100
    assert resolve(0, n_layers) == resolve(0.0, n_layers) == 0


@pytest.mark.parametrize(
    "layer", [30, -1, 1.0, 1.5, -0.1, float("nan"), float("inf"), True, False, None, "", "deep", "nan", "30", "-1", [3]]
)
def test_what_is_no_layer_costs_one_line(layer: object) -> None:
    with pytest.raises(InputError) as caught:
        resolve(layer, 30)
    message = one_line(caught)
    assert message.startswith("layer must be an index from 0 to 29, a fraction such as 0.25, or auto; got ")
    assert str(layer) in message


def test_the_example_in_the_docstring_runs() -> None:
    assert doctest.testmod(layer_names).failed == 0


# fitted on a model


@pytest.mark.parametrize("kind", [kind for kind in ARCHITECTURES if kind not in WITHOUT_HIDDEN_STATES])
def test_the_models_own_hidden_states_give_the_same_direction(kind: str) -> None:
    model, table = language_model(kind), pairs(4)
    read = {}
    for column in ("true_text", "false_text"):
        own = []
        for text in table[column]:  # one at a time, without padding
            ids = torch.tensor([model.tokenizer(text)["input_ids"]])
            with torch.inference_mode():
                listed = model.model(input_ids=ids, output_hidden_states=True, use_cache=False).hidden_states
            own.append(np.stack([listed[layer + 1][0, -1].numpy() for layer in (0, 1)]))  # the first is the embedding
        read[column] = np.stack(own, axis=1).astype(float)
    true, false = states(model, table, (0, 1))
    np.testing.assert_allclose(true, read["true_text"], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(false, read["false_text"], rtol=1e-3, atol=1e-4)
    difference = read["true_text"].mean(axis=1) - read["false_text"].mean(axis=1)
    for layer in (0, 1):
        found = TruthDirection.fit(model, table, layer)
        assert found.layers == (layer,)
        assert cosine(found.vectors, difference[layer]) > 1 - 1e-6
        assert (found.model, found.n_layers, found.d_model, found.n_pairs) == (model.name, 3, 32, 4)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return language_model("llama")


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_batches_and_the_order_of_pairs_change_nothing(model: LanguageModel, method: str) -> None:
    table = pairs(11)
    found = TruthDirection.fit(model, table, "all", method)
    for other in (table, table.sample(frac=1, random_state=1)):
        for batch_size in (1, 3, 32):
            again = TruthDirection.fit(model, other, "all", method, batch_size=batch_size)
            for a, b in zip(found.vectors, again.vectors, strict=True):
                assert cosine(a, b) > 1 - 1e-5
            np.testing.assert_allclose(again.spreads, found.spreads, rtol=1e-5)


def test_exchanging_true_and_false_turns_the_direction_round(model: LanguageModel) -> None:
    table = pairs()
    turned = table.rename(columns={"true_text": "false_text", "false_text": "true_text"})
    found, opposite = (TruthDirection.fit(model, each, "all") for each in (table, turned))
    np.testing.assert_allclose(opposite.vectors, -found.vectors, atol=1e-6)
    np.testing.assert_allclose(opposite.spreads, found.spreads, rtol=1e-6)


def test_all_is_every_layer_for_itself_and_a_fraction_is_its_index(model: LanguageModel) -> None:
    every = TruthDirection.fit(model, pairs(), "all")
    assert every.layers == (0, 1, 2)
    for layer in range(3):
        one = TruthDirection.fit(model, pairs(), layer)
        np.testing.assert_allclose(every.at(layer).raw, one.raw, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(
        TruthDirection.fit(model, pairs(), 0.5).raw, TruthDirection.fit(model, pairs(), 1).raw
    )


def test_auto_is_one_of_the_layers_chosen_on_a_half_and_says_so(model: LanguageModel) -> None:
    table, chosen = pairs(12), set()
    table = table.assign(false_text=table["true_text"].str.replace("is blue", "grass").to_numpy()[::-1])  # not too easy
    every = TruthDirection.fit(model, table, "all")
    true, false = states(model, table, range(3))
    for seed in range(8):
        auto = TruthDirection.fit(model, table, "auto", seed=seed)
        layer, share = best_layer(true, false, groups(table), METHODS["mean"], seed)
        assert auto.layers == (layer,)
        np.testing.assert_array_equal(auto.raw, every.at(layer).raw)
        assert auto.n_pairs == 12
        assert f"layer {layer} of 3 chosen among all on half of the pairs" in auto.note
        assert f"{100 * share:.0f} % of the pairs" in auto.note
        chosen.add(layer)
    assert len(chosen) > 1


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_a_layer_chosen_from_states_is_that_of_a_fit(model: LanguageModel, method: str) -> None:
    table = pairs(12)
    table = table.assign(false_text=table["true_text"].str.replace("is blue", "grass").to_numpy()[::-1])
    every, chosen = states(model, table, range(3)), set()
    for seed in range(6):
        found = choose_layer("auto", model, every, table, seed, method)
        assert (found,) == TruthDirection.fit(model, table, "auto", method, seed).layers
        chosen.add(found)
    assert len(chosen) > 1 or method == "pca"
    assert choose_layer("0.5", model, every, table) == resolve(0.5, 3)


@pytest.mark.skipif(find_spec("steering_vectors") is None, reason="steering-vectors is not installed")
@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neox"])
def test_directions_are_those_of_steering_vectors(kind: str) -> None:
    from steering_vectors import train_steering_vector

    model, table = language_model(kind), pairs(12)
    samples = list(zip(table["true_text"], table["false_text"], strict=True))
    trained = train_steering_vector(model.model, model.tokenizer, samples, layers=[0, 1, 2], batch_size=4)
    ours = TruthDirection.fit(model, table, "all")
    for layer in range(3):
        theirs = trained.layer_activations[layer].numpy()
        cosine = theirs @ ours.at(layer).vectors[0] / np.linalg.norm(theirs)
        assert cosine > 1 - 1e-6  # with its sign: both point from false to true


def test_blocks_above_the_layer_are_not_computed(model: LanguageModel) -> None:
    called = []
    handles = [
        block.register_forward_pre_hook(lambda _m, _g, place=place: called.append(place))
        for place, block in enumerate(blocks(model.model))
    ]
    TruthDirection.fit(model, pairs(), 1)
    for handle in handles:
        handle.remove()
    assert set(called) == {0, 1}


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda t: t.head(1), {}, "a direction needs two pairs of statements or more; got 1"),
        (lambda t: t.drop(columns="false_text"), {}, "false_text"),
        (lambda t: t, {"method": "probe"}, "unknown method 'probe'"),
        (lambda t: t, {"layer": 3}, "layer must be an index from 0 to 2"),
        (lambda t: t, {"layer": float("nan")}, "layer must be an index from 0 to 2"),
        (lambda t: t, {"layer": True}, "layer must be an index from 0 to 2"),
        (lambda t: t.head(6), {"layer": "auto"}, "takes 8 or more, in four groups or more"),
        (lambda t: t.assign(true_text=""), {}, "a prompt is empty"),
    ],
)
def test_wrong_arguments_cost_one_line(model: LanguageModel, change: object, options: dict, words: str) -> None:
    with pytest.raises(InputError) as caught:
        TruthDirection.fit(model, change(pairs()), **options)
    assert words in one_line(caught)


# pairs that mirror each other


def test_pairs_that_mirror_each_other_have_one_number() -> None:
    table = tables.read("statements")
    number = dict(zip(table["pair"], groups(table), strict=True))
    for pair, mirror in zip(table["pair"], table["mirror"], strict=True):
        assert number[pair] == number[mirror]
    assert len(set(number.values())) == len(
        {frozenset(each) for each in zip(table["pair"], table["mirror"], strict=True)}
    )
    alone = pd.DataFrame({"pair": ["a", "b", "c"], "mirror": ["", "c", "b"]})
    assert len(set(groups(alone))) == 2
    assert groups(alone)[1] == groups(alone)[2]
    assert sorted(groups(table.drop(columns="mirror"))) == list(range(len(table)))


@pytest.mark.parametrize("seed", range(5))
def test_a_group_never_stands_on_both_sides_of_the_choice(seed: int) -> None:
    number = np.repeat(np.arange(9), [2, 2, 2, 2, 1, 2, 1, 2, 2])
    true = np.stack([number + 1.0, np.ones(len(number))], axis=1)[None]
    seen = []

    def spy(t: np.ndarray, f: np.ndarray) -> np.ndarray:
        assert len(t) == len(f)
        seen.append(t[:, 0] - 1)
        return np.array([1.0, 0.0])

    best_layer(true, np.zeros_like(true), number, spy, seed)
    (fitted,) = seen
    assert len(set(fitted)) == 4
    assert len(fitted) == sum(number == each for each in set(fitted)).sum()


def test_what_mirror_pairs_have_in_common_does_not_pass_for_truth() -> None:
    """Differences that are noise, the same noise in both pairs of a group: split pair by pair, it could be learnt."""
    rng, number = np.random.default_rng(0), np.repeat(np.arange(40), 2)
    difference = rng.standard_normal((1, 40, 400))[:, number]
    together = [
        best_layer(difference, np.zeros_like(difference), number, mean_difference, seed)[1] for seed in range(9)
    ]
    apart = [
        best_layer(difference, np.zeros_like(difference), np.arange(80), mean_difference, seed)[1] for seed in range(9)
    ]
    assert np.mean(together) < 0.6
    assert np.mean(apart) > 0.7


@pytest.mark.parametrize("method", METHOD_NAMES)
@pytest.mark.parametrize("layer", [0, 3, 5])
def test_the_planted_layer_is_chosen(method: str, layer: int) -> None:
    true, false = planted(6, 60, 8, layer, size=6.0)
    for seed in range(3):
        found, share = best_layer(true, false, np.arange(60), METHODS[method], seed)
        assert found == layer
        assert share > 0.9


def test_the_choice_is_that_of_a_loop_and_of_layers_alike_the_lowest() -> None:
    true, false = planted(4, 20, 3, 2, size=1.0)
    number = np.repeat(np.arange(10), 2)
    layer, share = best_layer(true, false, number, mean_difference, seed=4)
    order = np.random.default_rng(4).permutation(10)
    fitted = [place for place in range(20) if number[place] in order[:5]]
    held = [place for place in range(20) if number[place] in order[5:]]
    shares = []
    for t, f in zip(true, false, strict=True):
        axis = sum(t[place] - f[place] for place in fitted)
        shares.append(np.mean([t[place] @ axis > f[place] @ axis for place in held]))
    assert (layer, share) == (int(np.argmax(shares)), pytest.approx(max(shares)))
    alike = best_layer(np.tile(true[2], (3, 1, 1)), np.tile(false[2], (3, 1, 1)), number, mean_difference)
    assert alike[0] == 0


def test_too_few_pairs_or_groups_to_choose_a_layer_cost_one_line() -> None:
    true, false = noise(2, 8, 3)
    best_layer(true, false, np.repeat(np.arange(4), 2), mean_difference)
    for number in (np.repeat([0, 1, 2], [2, 3, 3]), np.zeros(8, int)):
        with pytest.raises(InputError) as caught:
            best_layer(true, false, number, mean_difference)
        assert f"got 8 in {len(set(number))}" in one_line(caught)
    with pytest.raises(InputError):
        best_layer(true[:, :7], false[:, :7], np.arange(7), mean_difference)


# whether truth can be read


def test_auc_is_scikit_learns_ties_and_all() -> None:
    rng = np.random.default_rng(0)
    for n_true, n_false in ((30, 30), (7, 19), (1, 4)):
        true, false = rng.integers(0, 8, n_true).astype(float), rng.integers(-3, 6, n_false).astype(float)
        expected = roc_auc_score([1] * n_true + [0] * n_false, [*true, *false])
        assert auc(true, false) == pytest.approx(expected, abs=1e-12)


def test_a_pair_is_right_if_its_true_member_is_ahead_and_half_if_level() -> None:
    true, false = np.array([[2.0, 9], [0, 9], [1, 9]]), np.array([[1.0, 0], [1, 0], [1, 0]])
    assert paired_right(true, false, np.array([1.0, 0])).tolist() == [1, 0, 0.5]
    assert paired_right(true, false, np.array([-1.0, 0])).tolist() == [0, 1, 0.5]


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_every_layers_row_is_that_of_a_loop_over_held_out_pairs(method: str) -> None:
    fit, held = planted(3, 30, 5, 1, size=1.0, seed=1), planted(3, 25, 5, 1, size=1.0, seed=2)
    found = by_layer(fit, held, np.arange(25), [4, 7, 9], method, n_draws=50, n_null=10)
    assert found["layer"].tolist() == [4, 7, 9]
    for place, row in enumerate(found.itertuples()):
        axis = METHODS[method](fit[0][place], fit[1][place])
        scores = [[float(each @ axis) for each in side[place]] for side in held]
        assert row.auc == pytest.approx(roc_auc_score([1] * 25 + [0] * 25, scores[0] + scores[1]))
        assert row.paired == pytest.approx(np.mean([t > f for t, f in zip(*scores, strict=True)]))
        assert row.low <= row.paired <= row.high


def test_a_planted_signal_is_found_where_it_is_and_nowhere_else() -> None:
    fit, held = planted(3, 60, 64, 1, seed=1), planted(3, 60, 64, 1, seed=2)
    found = by_layer(fit, held, np.arange(60), [0, 1, 2])
    assert found.loc[1, "paired"] > 0.95
    assert found.loc[1, "paired"] > found.loc[1, "null_high"]
    assert found.loc[1, "p"] < 0.03
    # pairs have much in common: the order within a pair is easier to tell than that of any two statements
    assert found.loc[1, "paired"] > found.loc[1, "auc"] > 0.6
    assert (found.loc[[0, 2], "paired"] < 0.75).all()
    assert (found.loc[[0, 2], "p"] > 0.01).all()


def test_on_noise_the_null_lies_at_a_half_and_p_is_uniform() -> None:
    rows = []
    for seed in range(400):
        fit, held = noise(1, 30, 6, 2 * seed), noise(1, 41, 6, 2 * seed + 1)
        rows.append(by_layer(fit, held, np.arange(41), [0], n_draws=2, n_null=39, seed=seed))
    found = pd.concat(rows)
    assert found["null_mid"].mean() == pytest.approx(0.5, abs=0.02)
    assert found["paired"].mean() == pytest.approx(0.5, abs=0.02)
    for level in (0.1, 0.25, 0.5, 0.75):
        # ties among shares of 41 pairs make p a little too large, never too small
        assert level - 0.12 < (found["p"] <= level).mean() < level + 0.06
    assert found["p"].min() >= 1 / 40


def test_the_null_exchanges_labels_within_pairs_and_the_same_ones_in_every_layer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (true, false), seen = noise(2, 24, 4), []

    def spy(t: np.ndarray, f: np.ndarray) -> np.ndarray:
        seen.append((t.copy(), f.copy()))
        return mean_difference(t, f)

    monkeypatch.setitem(METHODS, "spy", spy)
    found = by_layer((true, false), noise(2, 10, 4, 7), np.arange(10), [0, 1], "spy", n_null=50)
    assert len(seen) == 2 * (1 + 50)
    by_flip: list[list[tuple]] = []
    for layer in (0, 1):
        mine = seen[51 * layer : 51 * (layer + 1)]
        np.testing.assert_array_equal(mine[0][0], true[layer])  # the observed one is not exchanged
        kept = []
        for t, f in mine[1:]:
            stays = (t == true[layer]).all(axis=1)
            np.testing.assert_array_equal(f, np.where(stays[:, None], false[layer], true[layer]))
            np.testing.assert_array_equal(t, np.where(stays[:, None], true[layer], false[layer]))
            kept.append(tuple(stays))
        assert len(set(kept)) == 50
        assert 0.4 < np.mean(kept) < 0.6
        assert all(0 < share < 1 for share in np.mean(kept, axis=0))
        by_flip.append(kept)
    assert by_flip[0] == by_flip[1]
    # and what is told of the null is told of those directions
    held = noise(2, 10, 4, 7)
    shares = [paired_right(held[0][1], held[1][1], mean_difference(t, f)).mean() for t, f in seen[52:]]
    assert found.loc[1, "null_mid"] == pytest.approx(np.median(shares))
    assert found.loc[1, "null_low"] == pytest.approx(np.percentile(shares, 2.5))
    assert found.loc[1, "null_high"] == pytest.approx(np.percentile(shares, 97.5))
    assert found.loc[1, "p"] == pytest.approx((1 + sum(s >= found.loc[1, "paired"] for s in shares)) / 51)


def test_labels_of_pairs_that_mirror_each_other_are_exchanged_together(monkeypatch: pytest.MonkeyPatch) -> None:
    (true, false), number, seen = noise(1, 24, 4), np.random.default_rng(3).permutation(np.repeat(np.arange(12), 2)), []
    monkeypatch.setitem(METHODS, "spy", lambda t, f: seen.append(t) or mean_difference(t, f))
    by_layer((true, false), noise(1, 10, 4, 7), np.arange(10), [0], "spy", n_null=50, fit_groups=number)
    flips = [(each == true[0]).all(axis=1) for each in seen[1:]]
    for stays in flips:
        for group in range(12):
            assert len(set(stays[number == group])) == 1
    assert len({tuple(stays) for stays in flips}) > 45


def test_the_null_of_an_axis_is_made_of_means_since_exchanged_labels_leave_an_axis_where_it_is() -> None:
    (true, false), held = planted(1, 40, 16, 0, size=2.0, seed=1), planted(1, 41, 16, 0, size=2.0, seed=2)
    flip = np.random.default_rng(0).choice([-1.0, 1.0], 40)
    exchanged = first_axis(*readable.swapped(true[0], false[0], flip))
    assert abs(cosine(exchanged, first_axis(true[0], false[0]))) > 1 - 1e-9
    axis, mean = (by_layer((true, false), held, np.arange(41), [0], method) for method in ("pca", "mean"))
    pd.testing.assert_frame_equal(
        axis[["null_low", "null_mid", "null_high"]], mean[["null_low", "null_mid", "null_high"]]
    )


def test_pairs_of_one_group_are_drawn_together() -> None:
    """Every pair twice, as one group: as much evidence as every pair once. As two groups: more than there is."""
    fit, held = planted(1, 30, 5, 0, size=1.0, seed=1), planted(1, 25, 5, 0, size=1.0, seed=2)
    twice = tuple(np.repeat(each, 2, axis=1) for each in held)
    once = by_layer(fit, held, np.arange(25), [0])
    pd.testing.assert_frame_equal(by_layer(fit, twice, np.repeat(np.arange(25), 2), [0]), once)
    too_sure = by_layer(fit, twice, np.arange(50), [0])
    assert (too_sure["high"] - too_sure["low"]).item() < 0.85 * (once["high"] - once["low"]).item()


def test_the_interval_is_that_of_resampled_pairs() -> None:
    fit, held = planted(1, 30, 5, 0, size=1.0, seed=1), planted(1, 400, 5, 0, size=1.0, seed=2)
    found = by_layer(fit, held, np.arange(400), [0], n_draws=4000).loc[0]
    right = paired_right(held[0][0], held[1][0], mean_difference(fit[0][0], fit[1][0]))
    rng = np.random.default_rng(8)
    drawn = [rng.choice(right, 400).mean() for _ in range(4000)]
    np.testing.assert_allclose([found.low, found.high], np.percentile(drawn, [2.5, 97.5]), atol=0.004)


def test_the_seed_decides_what_is_drawn_and_nothing_else() -> None:
    fit, held = noise(2, 20, 4, 1), noise(2, 21, 4, 2)
    first, again, other = (by_layer(fit, held, np.arange(21), [0, 1], seed=seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(first[["layer", "auc", "paired"]], other[["layer", "auc", "paired"]])
    assert not first.equals(other)
    assert readable.FEWEST == 8
