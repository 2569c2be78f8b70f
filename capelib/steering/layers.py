"""Which block a user means: by index, by depth, or to be chosen."""

from capelib.errors import InputError

AUTO, ALL = "auto", "all"


def resolve(layer: int | float | str, n_layers: int) -> int:
    """The index of a block, counted from 0: an index as it is, a fraction f of the depth as ⌊f·n_layers⌋.

    The paper steers "at layer n_layers // 4" (Amin 2026, Sec. 7.4), which is the fraction 0.25. A number written with a
    point is a fraction, one without is an index. Raises InputError for anything else or a layer that is not there.

    >>> resolve(0.25, 30), resolve(7, 30), resolve("0.5", 24), resolve("3", 24)
    (7, 7, 12, 3)
    """
    allowed = f"an index from 0 to {n_layers - 1}, a fraction such as 0.25, or {AUTO}"
    number = _number(layer)
    if number is None or number != number:
        raise InputError(f"layer must be {allowed}; got {layer!r}")
    if isinstance(number, int):
        if 0 <= number < n_layers:
            return number
    elif 0 <= number < 1:
        return int(number * n_layers + 1e-9)  # 0.29 of 100 blocks is 29 of them, in binary a little less
    raise InputError(f"layer must be {allowed}; got {layer}")


def _number(layer: object) -> int | float | None:
    if isinstance(layer, bool):
        return None
    if isinstance(layer, int | float):
        return layer
    try:
        return int(str(layer))
    except ValueError:
        pass
    try:
        return float(str(layer))
    except ValueError:
        return None
