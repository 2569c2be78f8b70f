"""The texts of the edition: what is balanced by design is balanced, and no surface cue does the work of the content."""

import re
from collections import Counter
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from capelib import paths, tables

TEXTS = ("neutral_text", "prompts", "questions", "reasoning_items", "statements")
SETS = ("misconception", "neutral", "reasoning", "truthfulness")
NEGATION = re.compile(r"\b(?:not|no|never|none|cannot|nobody|neither|nor)\b")


@cache
def table(name: str) -> pd.DataFrame:
    return tables.read(name)


def words(texts) -> np.ndarray:
    return np.array([len(text.split()) for text in texts])


def answers(cell: str) -> list[str]:
    return cell.split("; ")


def chance_band(chance: float, n: int) -> float:
    """Three standard errors of a hit rate at chance over n items."""
    return 3 * np.sqrt(chance * (1 - chance) / n)


# --- all texts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
def test_file_is_sorted_plain_and_without_doubles(name):
    raw = (paths.data_dir() / f"{name}.csv").read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    frame = table(name)
    assert frame.iloc[:, 0].tolist() == sorted(frame.iloc[:, 0])
    for column in set(frame) & {"text", "question", "context", "true_text", "false_text"}:
        assert frame[column].str.casefold().is_unique
        assert not frame[column].str.contains(r"  |[‘’“”–—]").any()


@pytest.mark.parametrize(("name", "least"), [("questions", 128), ("reasoning_items", 96), ("statements", 208)])
def test_halves_are_equal_and_so_in_every_topic(name, least):
    frame = table(name)
    assert len(frame) >= least
    strata = [column for column in ("topic", "polarity") if column in frame]
    for _, part in frame.groupby(strata) if strata else [((), frame)]:
        assert Counter(part["split"]) == {"fit": len(part) / 2, "held_out": len(part) / 2}


def test_every_fact_has_a_source():
    prompts = table("prompts")
    stated = prompts["set"].isin(["truthfulness", "misconception"])
    assert ((prompts["source"] == "this edition") == ~stated).all()
    for name in ("questions", "statements"):
        assert not table(name)["source"].str.contains("this edition").any()


def test_what_is_judged_was_not_fitted_on():
    fitted = {text.casefold() for column in ("true_text", "false_text") for text in table("statements")[column]}
    asked = {text.casefold() for cell in table("questions")["correct_answers"] for text in answers(cell)}
    assert not fitted & asked


# --- prompts ------------------------------------------------------------------------------------------------------


@cache
def frames() -> pd.DataFrame:
    """One row per frame (topic and number), one column per set."""
    prompts = table("prompts")
    frame = prompts["id"].str.rpartition("-")[0]
    return prompts.assign(frame=frame).pivot(index="frame", columns="set", values="text")


def test_sets_are_of_one_size_over_the_same_topics():
    prompts = table("prompts")
    assert set(prompts["set"]) == set(SETS)
    assert prompts.groupby("set").size().min() >= 72
    assert prompts.groupby(["set", "topic"]).size().nunique() == 1
    assert (prompts["id"].str.rpartition("-")[2] == prompts["set"]).all()


def test_sentences_of_one_frame_have_one_form():
    for _, row in frames().iterrows():
        assert len({len(text.split()) for text in row}) == 1
        assert len({text.split()[0] for text in row}) == 1
        assert len({re.sub(r"[^.,?!:]", "", text) for text in row}) == 1
        assert all(text.endswith(".") and text.count(".") == 1 for text in row)


def form(texts: pd.Series) -> np.ndarray:
    """What can be told without content: length, punctuation, first word, function words."""
    stop = CountVectorizer(vocabulary=sorted(ENGLISH_STOP_WORDS), token_pattern=r"\w+").fit_transform(texts).toarray()
    first = pd.get_dummies(texts.str.split().str[0]).to_numpy(float)
    return np.column_stack([words(texts), texts.str.len(), texts.str.count(","), first, stop])


def guessed(features, labels: pd.Series, groups: pd.Series) -> float:
    """Share of labels that a classifier finds, frames left out in turn."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    folds = GroupKFold(8, shuffle=True, random_state=0)
    return float(np.mean(cross_val_predict(model, features, labels, groups=groups, cv=folds) == labels))


def test_form_does_not_tell_the_set():
    prompts = table("prompts")
    groups = prompts["id"].str.rpartition("-")[0]
    found = guessed(form(prompts["text"]), prompts["set"], groups)
    assert abs(found - 1 / 4) < chance_band(1 / 4, len(prompts))
    told = prompts["text"].where(prompts["set"] != "neutral", prompts["text"].str.replace(" ", " very ", n=1))
    assert guessed(form(told), prompts["set"], groups) > 0.4, "the test would not see a cue"


# --- statements ---------------------------------------------------------------------------------------------------


def test_statements_cover_eight_topics_in_both_polarities():
    sizes = table("statements").groupby(["topic", "polarity"]).size().unstack()
    assert sizes.shape == (8, 2)
    assert (sizes.nunique() == 1).all()


def test_a_pair_differs_in_one_place_and_ends_alike():
    for row in table("statements").itertuples():
        true, false = row.true_text.split(), row.false_text.split()
        assert len(true) == len(false)
        assert true[-1] == false[-1]
        differs = [i for i, (left, right) in enumerate(zip(true, false, strict=True)) if left != right]
        assert 1 <= len(differs) <= 3
        assert differs == list(range(differs[0], differs[-1] + 1)), "one stretch"
        assert max(differs) < len(true) - 1


def test_the_mirror_of_a_pair_has_its_words_in_the_other_roles():
    pairs = table("statements").set_index("pair")
    assert (pairs["mirror"].map(pairs["mirror"]) == pairs.index).all()
    for name, row in pairs.iterrows():
        other = pairs.loc[row["mirror"]]
        assert name != row["mirror"]
        assert tuple(row[["topic", "split", "polarity"]]) == tuple(other[["topic", "split", "polarity"]])
        counts = [
            Counter((one["true_text"] + " " + two["true_text"]).lower().split())
            - Counter((one["false_text"] + " " + two["false_text"]).lower().split())
            for one, two in ((row, other), (other, row))
        ]
        assert not any(counts), "the same words in both true as in both false statements"


def test_negation_is_as_frequent_in_true_as_in_false_statements():
    statements = table("statements")
    for column in ("true_text", "false_text"):
        negated = statements[column].str.lower().str.contains(NEGATION)
        assert (negated == (statements["polarity"] == "negated")).all()


def probe(fit: pd.DataFrame, held_out: pd.DataFrame, ngrams: tuple[int, int]) -> tuple[float, float]:
    """Paired accuracy and AUC of a bag of words, trained on one half, on the other; a tie counts one half."""
    model = make_pipeline(CountVectorizer(ngram_range=ngrams, token_pattern=r"\S+"), LogisticRegression(max_iter=2000))
    model.fit([*fit["true_text"], *fit["false_text"]], [1] * len(fit) + [0] * len(fit))
    true, false = (model.decision_function(held_out[column]).round(9) for column in ("true_text", "false_text"))
    labels = [1] * len(true) + [0] * len(false)
    return np.mean((true > false) + (true == false) / 2), roc_auc_score(labels, np.concatenate([true, false]))


@pytest.mark.parametrize("ngrams", [(1, 1), (1, 2)])
def test_words_alone_do_not_tell_truth(ngrams):
    statements = table("statements")
    fit, held_out = (statements[statements["split"] == name] for name in ("fit", "held_out"))
    for one, other in ((fit, held_out), (held_out, fit)):
        assert probe(one, other, ngrams) == pytest.approx((0.5, 0.5))
    leaky = statements.assign(true_text=statements["true_text"] + " Indeed.")
    fit, held_out = (leaky[leaky["split"] == name] for name in ("fit", "held_out"))
    assert probe(fit, held_out, ngrams)[0] > 0.9, "the probe would not see a cue"


# --- questions ----------------------------------------------------------------------------------------------------


def kind(answer: str) -> str:
    return answer.partition(",")[0].lower() if answer.startswith(("Yes,", "No,")) else "open"


def test_answers_are_of_the_kind_of_the_best_one():
    questions = table("questions")
    for row in questions.itertuples():
        right, wrong = answers(row.correct_answers), answers(row.incorrect_answers)
        assert right[0] == row.best_answer
        assert (len(right), len(wrong)) == (2, 3)
        assert len({*right, *wrong}) == 5
        assert all(text.endswith(".") and text[0].isupper() for text in right + wrong)
        assert row.question.endswith("?")
        asked = Counter(map(kind, [right[0], *wrong]))
        assert asked in ({"open": 4}, {"yes": 2, "no": 2})
        assert kind(right[1]) == kind(right[0])
    kinds = questions["best_answer"].map(kind).groupby(questions["topic"]).value_counts().unstack()
    assert (kinds["yes"] == kinds["no"]).all()
    assert (kinds["open"] == kinds["yes"] + kinds["no"]).all()


def mc1(score) -> np.ndarray:
    """Hits of a baseline that takes the choice with the highest score; equal choices share the hit."""
    hits = []
    for row in table("questions").itertuples():
        scores = np.array([score(text) for text in [row.best_answer, *answers(row.incorrect_answers)]], dtype=float)
        best = scores == scores.max()
        hits.append(best[0] / best.sum())
    return np.array(hits)


BASELINES = {
    "longest": len,
    "shortest": lambda text: -len(text),
    "most words": lambda text: len(text.split()),
    "fewest words": lambda text: -len(text.split()),
    "yes": lambda text: kind(text) == "yes",
    "no": lambda text: kind(text) == "no",
}


@pytest.mark.parametrize("name", BASELINES)
def test_baseline_is_at_chance(name):
    hits, split = mc1(BASELINES[name]), table("questions")["split"]
    for part in (np.ones(len(hits), bool), split == "fit", split == "held_out"):
        assert abs(hits[part].mean() - 1 / 4) < chance_band(1 / 4, part.sum())
    if name in ("yes", "no"):
        assert hits.mean() == 1 / 4


def test_true_and_false_answers_are_equally_long():
    questions = table("questions")
    right = [text for cell in questions["correct_answers"] for text in answers(cell)]
    wrong = [text for cell in questions["incorrect_answers"] for text in answers(cell)]
    assert abs(words(right).mean() - words(wrong).mean()) < 0.3
    assert abs(words(questions["best_answer"]).mean() - words(wrong).mean()) < 0.3


def test_words_of_answers_do_not_tell_truth():
    questions = table("questions")
    for name, other in (("fit", "held_out"), ("held_out", "fit")):
        rows = questions[questions["split"] == name]
        right = [text for cell in rows["correct_answers"] for text in answers(cell)]
        wrong = [text for cell in rows["incorrect_answers"] for text in answers(cell)]
        model = make_pipeline(CountVectorizer(), LogisticRegression(class_weight="balanced", max_iter=2000))
        model.fit(right + wrong, [1] * len(right) + [0] * len(wrong))
        hits = mc1(lambda text, model=model: model.decision_function([text])[0].round(9))
        judged = hits[questions["split"] == other]
        assert judged.mean() - 1 / 4 < chance_band(1 / 4, len(judged))


# --- completions and neutral text ---------------------------------------------------------------------------------


def test_endings_change_places_in_the_mirror():
    items = table("reasoning_items").set_index("id")
    assert (items["mirror"].map(items["mirror"]) == items.index).all()
    other = items.loc[items["mirror"]]
    assert (items["correct_answer"].to_numpy() == other["incorrect_answer"].to_numpy()).all()
    assert (items["split"].to_numpy() == other["split"].to_numpy()).all()
    assert (items["context"].to_numpy() != other["context"].to_numpy()).all()
    assert items["correct_answer"].str.endswith(".").all()
    assert not items["context"].str.endswith(".").any()


def test_neutral_text_is_short_and_without_figures():
    texts = table("neutral_text")["text"]
    assert len(texts) >= 40
    assert texts.str.count(r"[.!?](?: |$)").between(2, 3).all()
    assert not texts.str.contains(r"\d").any()
    openings = texts.str.split().str[:3].str.join(" ")
    assert openings.is_unique
