"""Links to the public repository and its launch buttons, where the build is told which repository that is."""

import os

from sphinx.application import Sphinx
from sphinx.config import Config

VARIABLE = "CAPE_REPOSITORY_URL"
NOTEBOOKS_BRANCH = "notebooks"  # carries the executed notebooks, which the main branch does not
OPTIONS = {
    "repository_branch": NOTEBOOKS_BRANCH,
    "path_to_docs": "",
    "use_repository_button": True,
    "use_issues_button": True,
    "launch_buttons": {
        "notebook_interface": "jupyterlab",
        "binderhub_url": "https://mybinder.org",
        "colab_url": "https://colab.research.google.com",
    },
}


def configure(app: Sphinx, config: Config) -> None:
    """On ``config-inited``: buttons that work, or none."""
    url = os.environ.get(VARIABLE, "").rstrip("/").removesuffix(".git")
    options = {"repository_url": url, **OPTIONS} if url else {"repository_url": "", "launch_buttons": {}}
    config.html_theme_options = {**config.html_theme_options, **options}
