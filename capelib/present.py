"""How results leave a notebook: charts as a portable MIME bundle, numbers as glue."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

from capelib.errors import InputError

VEGALITE_MIME = "application/vnd.vegalite.v6+json"
GLUE_PREFIX = "application/papermill.record/"


def vegalite_version(spec: dict) -> str:
    """The Vega-Lite version vl-convert should draw a specification with: the newest of its major version."""
    import vl_convert

    major = spec["$schema"].rsplit("/v", 1)[1].split(".")[0]
    return [version for version in vl_convert.get_vegalite_versions() if version.split(".")[0] == major][-1]


def static_svg(spec: dict, width: int = 640) -> str:
    """The chart as SVG text; a width of "container" becomes `width` pixels."""
    import vl_convert

    if spec.get("width") == "container":
        spec = {**spec, "width": width}
    return vl_convert.vegalite_to_svg(json.dumps(spec), vl_version=vegalite_version(spec))


def _bundle(spec: dict, **_options: object) -> dict:
    # Vega-Lite JSON for the book and for JupyterLab, SVG for whatever has no script, text for the rest.
    return {VEGALITE_MIME: spec, "image/svg+xml": static_svg(spec), "text/plain": spec.get("description", "chart")}


def setup() -> None:
    """Make charts of this kernel portable and its tables readable; the first call of every section."""
    import altair
    import pandas as pd
    from IPython import get_ipython

    from capelib.charts import theme
    from capelib.frames import frame_html

    shell = get_ipython()
    if shell is not None:
        shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, frame_html)

    theme.enable()
    altair.renderers.register("cape", _bundle)
    altair.renderers.enable("cape")


def glue(name: str, value: object, spec: str = "") -> None:
    """Publish a formatted number under a name, for ``{glue:text}`` in the prose.

    `spec` is a format specification (".2f"); an Estimate prints value and interval.
    """
    from IPython.display import publish_display_data

    publish_display_data(
        # quoted, because the book evaluates the text: "0.30" would come out as 0.3
        {f"{GLUE_PREFIX}text/plain": repr(format(value, spec))},
        metadata={"scrapbook": {"name": name, "mime_prefix": GLUE_PREFIX}},
    )


@contextmanager
def if_possible() -> Iterator[None]:
    """Leave a part of a section out, with the reason in its place, where the chosen data cannot carry it.

    A table of one family has no comparison between families; the rest of the section still says something. Only an
    InputError is a reason: anything else is an error of the program and stops the section.
    """
    from IPython.display import publish_display_data

    try:
        yield
    except InputError as reason:
        told = f"Left out for these data: {reason}."
        publish_display_data({"text/html": f"<p><em>{escape(told)}</em></p>", "text/plain": told})
