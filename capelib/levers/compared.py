"""Which families a model is compared with: those trained on the web, as far as that is known."""

import pandas as pd

from capelib.errors import InputError, closest, unknown
from capelib.frames import need_columns

# Families whose training text is published as web crawls and open collections, without text written for the purpose by
# other models; in the spelling of the leaderboard and of the released panel. Llama-2's mix is described, not listed.
DOCUMENTED = (
    "Amber", "BLOOM", "BTLM", "Cerebras-GPT", "Codegen", "Falcon", "GPT-2", "GPT-Neo", "GPT-Neo/J", "Llama", "Llama-1",
    "Llama-2", "MPT", "OLMo", "OPT", "OpenLlama", "OpenLlamaV2", "Pythia", "RWKV", "RedPajama-INCITE-Base", "StableLM",
    "TinyLlama", "XGLM",
)  # fmt: skip
CURATED = ("Phi", "Qwen3", "Gemma")  # which Amin (2026), Table 1 and Sec. 2, names as curated or cooperative throughout
WEB = ("documented", "all")


def others(panel: pd.DataFrame, family: str, web: str = "documented") -> pd.DataFrame:
    """The models that a model of `family` is compared with; its own family is never among them.

    "documented": families whose web-based training text is published (`DOCUMENTED`); "all": every other family but
    those that the paper calls curated. Raises InputError for another word, or if no family is left.
    """
    if web not in WEB:
        raise unknown("web-trained families", web, WEB)
    need_columns(panel, ["family"])
    kept = panel["family"].isin(DOCUMENTED) if web == "documented" else ~panel["family"].isin(CURATED)
    rows = panel[kept & panel["family"].ne(family)]
    if rows.empty:
        raise InputError(f"no family of the panel counts as web-trained by {web!r}; use 'all', or another panel")
    return rows


def find_model(panel: pd.DataFrame, name: str) -> pd.Series:
    """The row of a model, by the repository of its weights or by its name in the panel.

    Raises InputError, with the nearest name, if there is none.
    """
    need_columns(panel, ["model", "family", "n_params"])
    named = panel["model"].eq(name)
    rows = panel[named | panel["hf_repo"].eq(name)] if "hf_repo" in panel else panel[named]
    if rows.empty:
        near = closest(name, [*panel["model"], *panel.get("hf_repo", ())])
        hint = f" (closest: {near!r})" if near else ""
        raise InputError(
            f"unknown model {name!r}{hint}; the panel has {len(panel)} models: give the name or the repository of one"
        )
    return rows.iloc[0]


def next_larger(panel: pd.DataFrame, model: pd.Series) -> pd.Series | None:
    """The next larger model of the same family; None for the largest."""
    rows = panel[panel["family"].eq(model["family"]) & panel["n_params"].gt(model["n_params"])]
    return None if rows.empty else rows.sort_values("n_params").iloc[0]


def known_size(panel: pd.DataFrame) -> pd.DataFrame:
    """The models whose number of parameters means the same: no mixture of experts, none with a size in doubt.

    Of a mixture some rows count all parameters, some those active for a token, and both differ from a dense model's.
    Goes by the flags of the panel; a table without flags is returned as it is.
    """
    if "flags" not in panel:
        return panel
    return panel[~panel["flags"].fillna("").str.contains(r"(?:^|;)(?:moe|n_params_suspect)")]
