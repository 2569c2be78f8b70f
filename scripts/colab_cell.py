"""Put a cell before executed notebooks that installs the edition where they are opened in Colab.

    python scripts/colab_cell.py https://github.com/OWNER/NAME notebooks/*.ipynb

Only the copies on the branch `notebooks` get it: in a clone, and on Binder, capelib is there already. Needs nothing
but Python, and running it twice changes nothing.
"""

import json
import sys
from pathlib import Path

MARK = "colab-install"


def cell(repository: str) -> dict:
    """The install cell; outside Colab it does nothing."""
    source = [
        "import sys\n",
        "\n",
        'if "google.colab" in sys.modules:\n',
        f'    %pip install --quiet "capelib[book,ode] @ git+{repository}@notebooks"',
    ]
    tags = {"tags": [MARK, "hide-input"]}
    return {"cell_type": "code", "id": MARK, "metadata": tags, "source": source, "outputs": [], "execution_count": None}


def prepare(path: Path, repository: str) -> None:
    """Put the cell first, once."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    kept = [each for each in notebook["cells"] if each.get("id") != MARK]
    notebook["cells"] = [cell(repository), *kept]
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    repository, *paths = sys.argv[1:]
    for path in paths:
        prepare(Path(path), repository)
