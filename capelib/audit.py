"""Auditing a released panel: which rows and cells another source does not bear out.

Everything is recomputed from the tables, and then set beside the flags that the tables carry. Frames come from
`capelib.tables`; scores in percent, differences in points.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from capelib.tables import BENCHMARKS

SCORES = list(BENCHMARKS)
NOT_BASE_NAME = r"(?i)(?:^|[-_])(?:it|instruct|chat|sft|dpo|rlhf)(?:$|[-_.])"
NOT_BASE_FLAG = r"instruct|post_trained"


@dataclass(frozen=True)
class Finding:
    """Rows of the panel that a rule singles out, beside those that carry the matching flag.

    Parameters
    ----------
    rule : str
        What was looked for, in words.
    rows : DataFrame
        The rows found, with what speaks for it; one of the columns is ``model``.
    flagged : tuple of str
        Models whose flags say the same.
    """

    rule: str
    rows: pd.DataFrame
    flagged: tuple[str, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The models found, each once."""
        return tuple(dict.fromkeys(self.rows["model"]))

    @property
    def unflagged(self) -> tuple[str, ...]:
        """Found, but carrying no flag."""
        return tuple(model for model in self.models if model not in self.flagged)

    @property
    def only_flagged(self) -> tuple[str, ...]:
        """Flagged, but not found by the rule."""
        return tuple(model for model in self.flagged if model not in self.models)

    def to_frame(self) -> pd.DataFrame:
        """One row per model found or flagged: by which of the two."""
        models = [*self.models, *self.only_flagged]
        found = [model in self.models for model in models]
        return pd.DataFrame({"model": models, "found": found, "flagged": [model in self.flagged for model in models]})


@dataclass(frozen=True)
class Census:
    """How many models and families a panel holds, counted several ways.

    ``rows`` and ``labels`` as they stand; ``models`` different repositories; ``base_models`` those not tuned;
    ``base_families`` labels with a base model; ``series`` labels with at least `sizes` different sizes of one.
    """

    rows: int
    models: int
    base_models: int
    labels: int
    base_families: int
    series: dict[int, int]

    def to_frame(self) -> pd.DataFrame:
        """One row per way of counting."""
        counted = {
            "rows": self.rows,
            "different models": self.models,
            "different base models": self.base_models,
            "family labels": self.labels,
            "family labels with a base model": self.base_families,
            **{f"family labels with {size} sizes or more": number for size, number in self.series.items()},
        }
        return pd.DataFrame({"number": counted}).rename_axis("counted")


def repeated_models(panel: pd.DataFrame) -> Finding:
    """Rows whose weights (``hf_repo``) stand in an earlier row: one model counted as two.

    ``largest_gap`` is the largest difference between the two rows' scores, in points.
    """
    first = panel[panel["hf_repo"] != ""].drop_duplicates("hf_repo").set_index("hf_repo")
    again = panel[(panel["hf_repo"] != "") & panel.duplicated("hf_repo")]
    earlier = first.loc[again["hf_repo"]].set_axis(again.index)
    rows = again[["model", "hf_repo"]].assign(
        same_as=earlier["model"], largest_gap=(again[SCORES] - earlier[SCORES]).abs().max(axis=1)
    )
    flagged = _flagged(panel, "duplicate_of")
    # a pair is one finding, whichever of its two rows carries the flag
    named = dict(zip(rows["same_as"], rows["model"], strict=True))
    return Finding("two rows with the same repository of weights", rows, tuple(named.get(m, m) for m in flagged))


def filed_elsewhere(panel: pd.DataFrame, families: pd.Series) -> Finding:
    """Rows whose family, by another source, is not the one of most rows under the same label.

    `families` maps a repository to that source's family; spellings may differ, since only the majority counts.
    A repository the source does not know is left out; of a tie, the row that comes first names the majority.
    """
    known = panel.assign(other_family=panel["hf_repo"].map(families)).dropna(subset=["other_family"])
    usual = known.groupby("family")["other_family"].agg(lambda found: found.value_counts(sort=True).index[0])
    known = known.assign(usual_family=known["family"].map(usual))
    rows = known[known["other_family"] != known["usual_family"]]
    rows = rows[["model", "family", "hf_repo", "other_family", "usual_family"]]
    return Finding("another family than most rows under the label", rows, _flagged(panel, "family_suspect"))


def not_base(panel: pd.DataFrame, repository_flags: pd.Series) -> Finding:
    """Rows that a panel of base models should not hold: tuned weights, by repository name or by the model card.

    `repository_flags` maps a repository to the flags of its card ("instruct", "post_trained_repo").
    """
    name = panel["hf_repo"].str.rsplit("/").str[-1]
    by_name = name.str.contains(NOT_BASE_NAME)
    by_card = panel["hf_repo"].map(repository_flags).fillna("").str.contains(NOT_BASE_FLAG)
    evidence = by_name.map({True: "name of the repository", False: ""}) + by_card.map({True: ", model card", False: ""})
    rows = panel[["model", "hf_repo"]].assign(evidence=evidence.str.removeprefix(", "))[by_name | by_card]
    return Finding("tuned weights, by repository name or model card", rows, _flagged(panel, "arch_not_base"))


def rounded(panel: pd.DataFrame, at_least: int = 4) -> Finding:
    """Rows of which at least `at_least` of the five scores are whole percents: how a guess looks, no proof of one.

    A score printed to one decimal is whole one time in ten; `estimated_by_chance` gives the rows to expect.
    """
    scores = panel[SCORES]
    whole = ((scores % 1 == 0) & scores.notna()).sum(axis=1)
    rows = panel[["model", *SCORES]].assign(n_whole=whole)[whole >= at_least]
    return Finding(f"{at_least} or more whole percents of {len(SCORES)}", rows, _flagged(panel, "estimated"))


def rounded_by_chance(n_rows: int, at_least: int = 4) -> float:
    """Rows expected with `at_least` whole scores of five if the last of one decimal were a fair digit."""
    from scipy.stats import binom

    return float(n_rows * binom.sf(at_least - 1, len(SCORES), 0.1))


def census(panel: pd.DataFrame, sizes: Iterable[int] = (2, 3)) -> Census:
    """Count a panel's models and families: rows as they stand, then without repeats and without tuned models.

    A series is a label with at least so many different sizes; two make one coupling, three a change of sign.
    """
    models = panel.drop_duplicates("hf_repo")
    base = models[models["is_base"]]
    n_sizes = base.groupby("family")["n_params"].nunique()
    return Census(
        rows=len(panel),
        models=len(models),
        base_models=len(base),
        labels=panel["family"].nunique(),
        base_families=base["family"].nunique(),
        series={size: int((n_sizes >= size).sum()) for size in sizes},
    )


def _flagged(panel: pd.DataFrame, tag: str) -> tuple[str, ...]:
    # a tag stands alone or before a colon
    return tuple(panel.loc[panel["flags"].str.contains(rf"(?:^|;){tag}(?:$|[;:])"), "model"])
