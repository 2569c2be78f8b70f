"""How much of the hidden states is the same for every prompt: why any two means have a high cosine."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def anisotropy(vectors: ArrayLike, top: int = 5) -> pd.DataFrame:
    """Where the power of hidden states lies, by layer; `vectors` has the shape (layers, prompts, d).

    - `common`: ‖mean‖² / mean of ‖x‖², the share of the power in the direction all prompts share;
    - `top_dimensions`: the share of the power in the `top` coordinates that hold most of it;
    - `spread`: root mean square of ‖x - mean‖ over √d, the standard deviation per coordinate.
    """
    x = np.asarray(vectors, dtype=np.float64)
    power, mean = (x**2).mean(axis=1), x.mean(axis=1)
    total = power.sum(axis=1)
    largest = np.sort(power, axis=1)[:, ::-1][:, :top].sum(axis=1)
    around = ((x - mean[:, None]) ** 2).mean(axis=1).mean(axis=1)
    return pd.DataFrame({
        "layer": np.arange(len(x)),
        "common": (mean**2).sum(axis=1) / total,
        "top_dimensions": largest / total,
        "spread": np.sqrt(around),
    })  # fmt: skip
