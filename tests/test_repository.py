"""The repository keeps its promises: pins, commands, licences, no typed results, light imports, a wheel that works."""

import csv
import importlib.metadata
import io
import os
import re
import shutil
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
GENERATED = {
    ".git",
    ".venv",
    "_build",
    "build",
    "dist",
    "runs",
    "__pycache__",
    ".hypothesis",
    ".pytest_cache",
    ".ruff_cache",
}
HEAVY = {"torch", "transformers", "matplotlib"}


@cache
def kept_files() -> tuple[Path, ...]:
    """Every file that git keeps or would keep; outside a clone, every file that no build has made."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True) if shutil.which("git") else None
    if listed and listed.returncode == 0:
        paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    else:
        paths = (path for path in ROOT.rglob("*") if not GENERATED & set(path.relative_to(ROOT).parts))
    return tuple(sorted(path for path in paths if path.is_file()))


def kept(folder: str, suffix: str) -> list[Path]:
    """The kept files under a folder of the repository."""
    return [path for path in kept_files() if path.is_relative_to(ROOT / folder) and path.suffix == suffix]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# pins


@cache
def locked() -> tuple[Requirement, ...]:
    lines = (line.strip() for line in read("requirements.lock").splitlines())
    return tuple(Requirement(line) for line in lines if line and not line.startswith("#"))


def in_force() -> dict[str, Requirement]:
    """The pins whose marker holds here, by normalised name."""
    return {_plain(pin.name): pin for pin in locked() if pin.marker is None or pin.marker.evaluate()}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _version(pin: Requirement) -> Version:
    return Version(next(iter(pin.specifier)).version)


@cache
def declared() -> tuple[Requirement, ...]:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = [text for group in project["optional-dependencies"].values() for text in group]
    return tuple(Requirement(text) for text in [*project["dependencies"], *extras])


def test_lock_pins_every_package_exactly():
    assert len(locked()) > 50
    for pin in locked():
        assert [each.operator for each in pin.specifier] == ["=="], f"{pin} is no exact pin"
        assert "*" not in str(pin.specifier), f"{pin} is no exact pin"
        assert pin.url is None, f"{pin} points outside the registry"


def test_lock_has_no_build_that_only_one_machine_owns():
    assert not [str(pin) for pin in locked() if _version(pin).local]


def test_lock_leaves_accelerator_packages_to_torch():
    assert not [pin.name for pin in locked() if _plain(pin.name).startswith(("nvidia-", "triton", "cuda-"))]


@pytest.mark.parametrize("wanted", declared(), ids=lambda wanted: wanted.name)
def test_lock_satisfies_the_ranges_of_pyproject(wanted):
    pin = in_force().get(_plain(wanted.name))
    assert pin is not None, f"{wanted.name} is declared but not locked: make lock"
    assert wanted.specifier.contains(_version(pin), prereleases=True), f"{pin} is outside {wanted}: make lock"


def test_environment_is_the_lock():
    for name, pin in in_force().items():
        installed = Version(importlib.metadata.version(name))
        assert installed.public == _version(pin).public, f"{name} {installed} is installed, the lock says {pin}"


def test_torch_is_pinned_where_it_is_declared():
    assert {str(each.specifier) for each in declared() if each.name == "torch"} == {"==2.13.0"}


def test_conda_environment_reads_the_same_lock():
    environment = yaml.safe_load(read("environment.yml"))
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == ["-r requirements.lock", "-e ."]
    assert "python=3.11" in environment["dependencies"]


def test_binder_is_held_to_the_same_lock():
    lines = [line for line in read("binder/requirements.txt").splitlines() if not line.startswith("#")]
    assert lines == ["-c ../requirements.lock", "-e .[book,ode]"]
    assert read("binder/runtime.txt").strip() == "python-3.11"


# commands and continuous integration


@cache
def make_targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z][\w-]*):", read("Makefile"), re.M))


@pytest.mark.parametrize(
    "name",
    ["README.md", "CONTRIBUTING.md", ".ci/run", ".github/workflows/edition.yml", ".github/workflows/links.yml"],
)
def test_every_make_command_that_is_named_exists(name):
    named = set(re.findall(r"(?:^|`|run: )make ([a-z][\w-]*)", read(name), re.M))
    assert named <= make_targets(), f"{name} names targets that the Makefile lacks: {named - make_targets()}"


def test_readme_names_the_two_commands():
    assert {"book", "test"} <= set(re.findall(r"^make ([a-z]+)", read("README.md"), re.M))


@cache
def cape(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from capelib.cli import main; raise SystemExit(main())", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, env=_quiet())


def _quiet() -> dict[str, str]:
    return {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_cape_command_that_is_named_exists(name):
    named = set(re.findall(r"(?:^|`)(?:\.venv/bin/)?cape ([a-z][\w-]*)", read(name), re.M))
    assert named, f"{name} names no command of cape"
    for command in sorted(named):
        assert cape(command, "--help").returncode == 0, f"{name} names `cape {command}`, which does not exist"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "LICENSE-TEXT.md"])
def test_every_file_that_is_named_exists(name):
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)", read(name))
    folders = re.findall(r"`((?:capelib|data|notebooks|book|tests|benchmarks|scripts|binder)/[\w./-]*)`", read(name))
    for target in (name for name in [*targets, *folders] if "NAME" not in name):
        assert (ROOT / target).exists(), f"{name} names {target}, which does not exist"


def test_ci_runs_book_and_tests_and_cannot_pass_by_accident():
    script = ROOT / ".ci" / "run"
    lines = [line.strip() for line in script.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -eo pipefail" in lines
    assert "export CI=true" in lines
    assert [line for line in lines if line.startswith("make")] == ["make book", "make test"]
    assert lines[-1] == "make test", "pytest's closing line must come last"
    assert os.access(script, os.X_OK)


def test_ci_script_is_executable_in_git():
    mode = subprocess.run(["git", "ls-files", "--stage", ".ci/run"], cwd=ROOT, capture_output=True, text=True)
    if mode.returncode or not mode.stdout:
        pytest.skip("not in a clone with .ci/run committed")
    assert mode.stdout.startswith("100755")


@pytest.mark.parametrize("path", kept(".github/workflows", ".yml"), ids=lambda path: path.stem)
def test_workflows_use_official_actions_of_one_major_version(path):
    used = re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r"actions/[\w-]+@v\d+", action), f"{path.name}: {action}"


def test_workflow_runs_what_ci_runs():
    workflow = yaml.safe_load(read(".github/workflows/edition.yml"))
    steps = workflow["jobs"]["edition"]["steps"]
    assert "bash .ci/run" in [step.get("run") for step in steps]
    assert set(workflow[True]) == {"push", "pull_request"}, "YAML reads the key `on` as true"
    assert "CAPE_REPOSITORY_URL" in workflow["env"]


# licences and citation


def test_citation_names_the_edition_and_the_paper():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert {"title", "message", "authors", "version", "license"} <= set(citation)
    cited = [entry["value"] for work in citation["references"] for entry in work["identifiers"]]
    assert cited == ["arXiv:2605.18838", "arXiv:2605.18840"]
    assert citation["references"][0]["authors"] == [{"family-names": "Amin", "given-names": "Adil"}]


def test_versions_agree():
    import capelib

    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert str(yaml.safe_load(read("CITATION.cff"))["version"]) == project["version"] == capelib.__version__


def test_licences_are_told():
    assert read("LICENSE").startswith("MIT License")
    assert "https://creativecommons.org/licenses/by/4.0/" in read("LICENSE-TEXT.md")
    assert "LICENSE-TEXT.md" in read("README.md")


def test_every_table_has_its_licence_told():
    told = set(re.findall(r"`(\w+)`", read("LICENSE-TEXT.md")))
    assert {path.stem for path in kept("data", ".csv")} <= told


# no typed results


def rows(table: str) -> list[dict[str, str]]:
    with (ROOT / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def typed_values() -> dict[str, str]:
    """The paper's results of three significant digits or more, as written, without sign: number -> a claim with it.

    Conventions of the paper, such as its reference width, are choices and no results.
    """
    conventions = {row["id"] for row in rows("claim_rules") if row["rule"] == "convention"}
    found = {}
    for row in rows("paper_claims"):
        for text in (row[column].lstrip("-") for column in ("value", "ci_low", "ci_high")):
            digits = text.replace(".", "").lstrip("0") if "." in text else text.strip("0")
            if len(digits) >= 3 and row["id"] not in conventions:
                found.setdefault(text, row["id"])
    return found


# Numbers that are also something else: (file, number) and why it is no result.
ALLOWED: dict[tuple[str, str], str] = {}


def prose_and_numbers(path: Path) -> Iterator[tuple[int, str]]:
    """Line number and text of what can hold a typed result: numbers, strings and comments of code; all of a page."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    wanted = {tokenize.NUMBER, tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in wanted:
            yield token.start[0], token.string


def pattern(values: Iterator[str] | list[str]) -> re.Pattern:
    """Any of the numbers, with or without its leading zero, not as a part of a longer number, name or version."""
    each = "|".join("0?" + re.escape(text[1:]) if text.startswith("0.") else re.escape(text) for text in values)
    return re.compile(rf"(?<![\w.])({each})(?!\d|\.\d)")


def test_pattern_finds_typed_results_and_nothing_else():
    search = pattern(["0.123", "45.6"])
    for typed in ("r = -0.123", ".123,", "45.6 and", "(0.123)", "−45.6."):
        assert search.search(typed), typed
    for other in ("0.1234", "10.123", "145.6", "45.67", "v0.123.4", "x0.123"):
        assert not search.search(other), other


def written() -> list[Path]:
    return [
        *kept("capelib", ".py"),
        *kept("notebooks", ".py"),
        *kept("book", ".md"),
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
    ]


def test_no_result_of_the_paper_is_typed():
    values = typed_values()
    assert len(values) > 40
    search = pattern(list(values))
    typed = []
    for path in written():
        name = path.relative_to(ROOT).as_posix()
        for line, text in prose_and_numbers(path):
            for number in search.findall(text):
                claim = values.get(number) or values[f"0{number}"]
                if (name, number) not in ALLOWED:
                    typed.append(f"{name}:{line}: {number} (claim {claim}; use claims.value or claims.quote)")
    assert not typed, "\n".join(typed)


# no trace of one machine, no module too long


def test_no_path_of_one_machine():
    local = re.compile(r"(?<![\w.$}])/(?:" + "|".join(("work", "root", "home", "Users", "mnt", "farm")) + r")/\w")
    found = []
    for path in kept_files():
        if path.suffix in {".csv", ".svg", ".png", ".woff2"} or path == Path(__file__).resolve():
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{n}: {line.strip()}" for n, line in enumerate(lines, 1) if local.search(line)
        ]
    assert not found, "\n".join(found)


def test_no_module_is_longer_than_300_lines():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in kept("capelib", ".py")}
    long = {path.relative_to(ROOT).as_posix(): n for path, n in lengths.items() if n > 300}
    assert not long


# light imports


def imported(*code_and_arguments: str) -> set[str]:
    """Top-level packages that a fresh interpreter imports when it runs this code."""
    command = [sys.executable, "-X", "importtime", "-c", *code_and_arguments]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, env=_quiet())
    assert ran.returncode == 0, ran.stderr[-2000:]
    names = re.findall(r"^import time:[\s\d|]*\|\s*([\w.]+)$", ran.stderr, re.M)
    assert len(names) > 20
    return {name.partition(".")[0] for name in names}


def test_importing_the_package_loads_nothing_heavy():
    packages = imported("import capelib")
    assert "capelib" in packages
    assert not HEAVY & packages


def test_help_loads_nothing_heavy():
    packages = imported("from capelib.cli import main; raise SystemExit(main())", "--help")
    assert "capelib" in packages
    assert not HEAVY & packages


# the wheel


@pytest.fixture(scope="module")
def wheel_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packages folder with capelib installed from a wheel, built from the kept files alone."""
    source, wheels, site = (tmp_path_factory.mktemp(name) for name in ("source", "wheels", "site"))
    for path in kept_files():
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # setuptools writes this kind of metadata since 77; with an older one pip fetches its own, which needs a network
    here = Version(importlib.metadata.version("setuptools")) >= Version("77")
    isolation = ["--no-build-isolation"] if here else []
    subprocess.run([*pip, "wheel", "--no-deps", *isolation, "--wheel-dir", wheels, source], check=True, timeout=300)
    (wheel,) = wheels.glob("capelib-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", site, wheel], check=True, timeout=300)
    return site


@pytest.mark.slow
def test_wheel_reads_its_tables_outside_a_clone(wheel_site, tmp_path):
    code = (
        "import capelib, pathlib\n"
        "from capelib import paths, tables\n"
        "print(pathlib.Path(capelib.__file__).parents[1])\n"
        "print(paths.in_clone(), len(tables.read('panel_released')) > 0, len(tables.panel('measured')) > 0)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(wheel_site)}
    command = [sys.executable, "-W", "error::SyntaxWarning", "-c", code]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [str(wheel_site), "False", "True", "True"]


@pytest.mark.slow
def test_wheel_carries_every_table_and_every_section(wheel_site):
    tables = {path.name for path in kept("data", ".csv")}
    sections = {path.name for path in kept("notebooks", ".py")}
    assert tables
    assert tables <= {path.name for path in (wheel_site / "capelib" / "data").iterdir()}
    assert sections <= {path.name for path in (wheel_site / "capelib" / "notebooks").iterdir()}


@pytest.mark.slow
def test_wheel_carries_every_module(wheel_site):
    modules = {path.relative_to(ROOT) for path in kept("capelib", ".py")}
    assert not sorted(str(module) for module in modules if not (wheel_site / module).is_file())


@pytest.mark.slow
@pytest.mark.parametrize(("command", "code"), [("claims", 0), ("serve", 2)])
def test_wheel_advises_a_clone_where_only_a_clone_can_build(wheel_site, tmp_path, command, code):
    environment = {**os.environ, "PYTHONPATH": str(wheel_site)}
    run = [sys.executable, "-m", "capelib.cli", command]
    ran = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == code, ran.stderr
    assert ran.stderr.endswith(" with: make book, in a clone of the edition\n")
