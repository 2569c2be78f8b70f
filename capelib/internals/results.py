"""Results of several models in one table: a row per model and setting, joined and kept as CSV."""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from capelib.errors import InputError
from capelib.files import write_text

KEY = ["model", "revision", "dtype", "first", "second", "n_prompts", "prompts", "n_draws", "seed"]
SETTINGS = ["first", "second", "n_prompts", "prompts", "seed"]
MANY = 5  # problems beyond which a file is something else
SIZE = re.compile(r"[-_.]?[a-zA-Z]?\d+(?:[._]\d+)?[bBmM]\b")  # E2B and A3B count parameters too


def join(old: pd.DataFrame | None, rows: Sequence[dict]) -> pd.DataFrame:
    """`rows` of `capelib.internals.measure.summary` beside older ones; a model measured again replaces its old row."""
    new = pd.DataFrame(list(rows))
    new = new[~pd.MultiIndex.from_frame(_key(new)).duplicated(keep="last")]
    if old is None or old.empty:
        return new.reset_index(drop=True)
    there, again = (pd.MultiIndex.from_frame(_key(table)) for table in (old, new))
    return pd.concat([old[~there.isin(again)], new], ignore_index=True)


def _key(table: pd.DataFrame) -> pd.DataFrame:
    return table.reindex(columns=KEY).astype(object).where(lambda x: x.notna(), "").astype(str)


def read(path: str | Path) -> pd.DataFrame:
    """A table that `cape internals --results` has written. Raises InputError, one line, for any other file."""
    from capelib import tables

    try:
        return tables.read_csv(path, "internals_results")
    except tables.TableError as error:
        if len(error.problems) > MANY:
            raise InputError(f"{path}: no table written by cape internals --results; give another file") from None
        raise


def comparable(results: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The models that were read with the same prompts and seed, by the last row's, and how many rows were not."""
    same = (results[SETTINGS].astype(str) == results[SETTINGS].iloc[-1].astype(str)).all(axis=1)
    return results[same].reset_index(drop=True), int((~same).sum())


def by_depth(results: pd.DataFrame) -> pd.DataFrame:
    """The couplings of a table of results in long form: model, family, n_params, depth, kind, coupling."""
    parts = []
    for depth in ("early", "mid", "late"):
        for kind, column in (("the two sets", f"{depth}_coupling"), ("neutral prompts", f"{depth}_neutral")):
            part = results[["model", "n_params"]].assign(depth=depth, kind=kind, coupling=results[column])
            parts.append(part.assign(family=[family(name) for name in part["model"]]))
    return pd.concat(parts, ignore_index=True)


def save(table: pd.DataFrame, path: Path) -> Path:
    """Write a table of results as CSV, whole or not at all."""
    return write_text(path, table.to_csv(index=False))


def short(model: str) -> str:
    """The name of a model without its owner or the folders it lies in.

    >>> short("EleutherAI/pythia-1b"), short("./models/gpt2/"), short("smollm2-135m")
    ('pythia-1b', 'gpt2', 'smollm2-135m')
    """
    return model.rstrip("/").rsplit("/", 1)[-1]


def family(model: str) -> str:
    """The name of a model without owner and size: what models of one recipe share.

    >>> family("EleutherAI/pythia-1.4b-deduped"), family("smollm2-135m"), family("google/gemma-4-E4B-it")
    ('pythia-deduped', 'smollm2', 'gemma-4-it')
    """
    name = short(model)
    return SIZE.sub("", name) or name
