"""The real W&B library against servers that are not there, refuse or fall silent: an offline run is written."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow

# Each program has W&B to itself: the library reads its variables once in a process.
PROGRAM = """
import http.server, json, os, socket, sys, threading, time
from pathlib import Path

kind, folder = sys.argv[1], Path(sys.argv[2])
silent = threading.Event()
RUN = {"id": "1", "name": "n", "displayName": "n", "description": None, "config": "{}", "sweepName": None,
       "historyLineCount": 0, "project": {"id": "1", "name": "p", "entity": {"id": "1", "name": "me"}}}
ANSWER = {"model": None, "viewer": {"id": "1", "entity": "me", "flags": "{}", "teams": {"edges": []}},
          "serverInfo": None, "upsertBucket": {"bucket": RUN, "inserted": True}}


class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, answer = 200, {"data": ANSWER}
        if kind == "wrong key":
            status, answer = 401, {"errors": [{"message": "user is not logged in"}]}
        elif kind == "deleted run" and b"UpsertBucket" in body:
            status, answer = 409, {"errors": [{"message": "run n was previously created and deleted"}]}
        elif silent.is_set():
            status, answer = 500, {}
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST

    def log_message(self, *arguments):
        pass


if kind == "no network":
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
else:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
os.environ["WANDB_BASE_URL"] = f"http://127.0.0.1:{port}"

from bridgelib.training import tracking

tracking._INIT_SECONDS, tracking._FINISH_SECONDS = 6, 3
mirror = tracking.WandbMirror(folder, "online", project="p", name="n", config={"a": 1})
online = mirror._run is not None and not mirror._run.settings._offline
silent.set()
mirror.catch_up(folder / "metrics.jsonl")
mirror.close()
print("online" if online else "offline")
"""


def mirrored(folder, kind: str, **variables: str) -> subprocess.CompletedProcess:
    """Mirror three lines; the variables are W&B's."""
    folder.mkdir()
    lines = [{"step": step, "kind": "train", "loss": step / 2, "time": {"seconds": 1.0}} for step in (1, 2, 3)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    foreign = {key: value for key, value in os.environ.items() if not key.startswith("WANDB")}
    private = {"NETRC": str(folder / "none"), "WANDB_CACHE_DIR": str(folder / "cache"), "HOME": str(folder)}
    command = [sys.executable, "-c", PROGRAM, kind, str(folder)]
    environ = {**foreign, **private, **variables, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        command, env=environ, cwd=folder, capture_output=True, text=True, errors="replace", timeout=200
    )


@pytest.fixture(autouse=True)
def library():
    pytest.importorskip("wandb")


@pytest.mark.parametrize(
    ("kind", "variables", "said"),
    [
        ("no network", {"WANDB_API_KEY": "a" * 40}, "CommError"),
        ("wrong key", {"WANDB_API_KEY": "a" * 40}, "401"),
        ("wrong key", {"WANDB_API_KEY": "short"}, "online failed"),
        ("no network", {}, "online failed"),
        ("deleted run", {"WANDB_API_KEY": "a" * 40}, "previously created and deleted"),
    ],
)
def test_an_offline_run_is_written_after_a_real_failure(tmp_path, kind, variables, said):
    done = mirrored(tmp_path / "bc-0123456789ab", kind, **variables)
    assert done.stdout.split()[-1:] == ["offline"], done.stderr
    assert said in done.stderr and "online failed" in done.stderr and "offline failed" not in done.stderr
    (written,) = (tmp_path / "bc-0123456789ab" / "wandb").glob("offline-run-*/*.wandb")
    content = written.read_bytes()
    assert b"train/loss" in content and b"1.5" in content  # the last line's loss


def test_a_server_that_falls_silent_does_not_keep_a_training_from_ending(tmp_path):
    done = mirrored(tmp_path / "bc-0123456789ab", "silent", WANDB_API_KEY="a" * 40)
    assert done.returncode == 0 and done.stdout.split()[-1:] == ["online"], done.stderr
