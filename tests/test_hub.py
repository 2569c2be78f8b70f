"""Models of a hub: a small one on this machine answers as the real one does; nothing else is reached."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from tiny import save

pytestmark = pytest.mark.slow

COMMIT, OLDER = "a" * 40, "b" * 40
LOAD = "import sys; from capelib.models import load; m = load(*sys.argv[1:2], revision=(sys.argv[2:] or [None])[0]);"
LOAD += "print(m.source, m.revision, m.n_layers)"


class Hub(BaseHTTPRequestHandler):
    """The few answers that a download needs; `requests` counts what was asked."""

    folder: Path
    requests: list[str]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.requests.append(self.path)
        path = self.path.partition("?")[0]
        parts = [each for each in path.split("/") if each]
        parts = parts[2:] if parts[0] == "api" else parts
        repo = "/".join(parts[:2])
        match repo:
            case "owner/gated":
                self._fail(403, "GatedRepo")
            case "owner/tiny" | "owner/pickled":
                self._known(repo, parts[2:])
            case _:
                self._fail(401, "RepoNotFound")

    def _known(self, repo: str, rest: list[str]) -> None:
        names = sorted(each.name for each in self.folder.iterdir())
        if repo == "owner/pickled":
            names = ["config.json", "pytorch_model.bin"]
        if rest[:1] == ["resolve"]:
            return self._file(rest[1], rest[2])
        revision = rest[1] if len(rest) > 1 else "main"
        if revision not in ("main", "old", COMMIT, OLDER):
            return self._fail(404, "RevisionNotFound")
        if rest[:1] == ["tree"]:
            return self._json([self._entry(name) for name in names])
        sha = OLDER if revision in ("old", OLDER) else COMMIT
        return self._json({"id": repo, "sha": sha, "siblings": [{"rfilename": name} for name in names]})

    def _entry(self, name: str) -> dict:
        data = (self.folder / name).read_bytes()
        return {"type": "file", "path": name, "size": len(data), "oid": sha1(data).hexdigest()}

    def _file(self, commit: str, name: str) -> None:
        data = (self.folder / name).read_bytes()
        self.send_response(200)
        self.send_header("X-Repo-Commit", commit)
        self.send_header("ETag", f'"{sha1(data).hexdigest()}"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def _json(self, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _fail(self, code: int, kind: str) -> None:
        self.send_response(code)
        self.send_header("X-Error-Code", kind)
        self.send_header("X-Error-Message", kind)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[dict]:
    Hub.folder, Hub.requests = save(tmp_path / "tiny"), []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    where = f"http://127.0.0.1:{server.server_port}"
    yield {**plain, "HF_ENDPOINT": where, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
    server.shutdown()
    server.server_close()


def run(code: str, environment: dict, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_a_model_is_fetched_pinned_and_found_again_without_the_hub(hub: dict) -> None:
    first = run(LOAD, hub, "owner/tiny")
    assert first.stdout.split() == ["hub", COMMIT, "3"], first.stderr
    asked = len(Hub.requests)
    again = run(LOAD, {**hub, "HF_HUB_OFFLINE": "1"}, "owner/tiny")
    assert again.stdout.split() == ["hub", COMMIT, "3"], again.stderr
    assert len(Hub.requests) == asked
    away = run(LOAD, {**hub, "HF_ENDPOINT": "http://127.0.0.1:9"}, "owner/tiny")
    assert away.stdout.split() == ["hub", COMMIT, "3"], away.stderr


def test_a_revision_is_pinned_to_its_commit(hub: dict) -> None:
    assert run(LOAD, hub, "owner/tiny", "old").stdout.split() == ["hub", OLDER, "3"]


def test_only_safe_files_are_asked_for(hub: dict, tmp_path: Path) -> None:
    (Hub.folder / "modeling_own.py").write_text("raise SystemExit")
    (Hub.folder / "pytorch_model.bin").write_bytes(b"x")
    assert run(LOAD, hub, "owner/tiny").returncode == 0
    fetched = {path.rsplit("/", 1)[-1] for path in Hub.requests if "/resolve/" in path}
    assert "model.safetensors" in fetched
    assert not fetched & {"modeling_own.py", "pytorch_model.bin"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["owner/gated"], "gated; accept its terms on the hub, then run: hf auth login"),
        (["owner/tiny", "--revision", "nope"], "the hub has no revision 'nope' of it"),
        (["owner/unheard"], "not on the hub, or private"),
        (["owner/pickled"], "its weights are pickled, and a pickle can run any code"),
    ],
)
def test_what_the_hub_refuses_costs_one_line(hub: dict, arguments: list[str], words: str) -> None:
    found = run("import sys; from capelib.cli import main; sys.exit(main())", hub, "internals", *arguments)
    assert found.returncode == 2, found.stderr
    assert words in found.stderr
    told = found.stderr.splitlines()
    assert len([line for line in told if not line.endswith(": loading")]) == 1, found.stderr


def test_a_hub_that_does_not_answer_costs_one_line(hub: dict) -> None:
    away = {**hub, "HF_ENDPOINT": "http://127.0.0.1:9"}
    found = run("import sys; from capelib.cli import main; sys.exit(main())", away, "internals", "owner/tiny")
    assert found.returncode == 2, found.stderr
    assert "the hub cannot be reached" in found.stderr
    told = found.stderr.splitlines()
    assert len([line for line in told if not line.endswith(": loading")]) == 1, found.stderr
