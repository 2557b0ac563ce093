"""A real Prefect server with a worker: processes on 127.0.0.1, in a home of their own, started as the README says."""

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests

from tests.vendors.alert_channels import LOCALHOST, free_port

CHECKOUT = Path(__file__).resolve().parents[2]
Found = TypeVar("Found")
QUICK = {
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "3",
    "PREFECT_SERVER_SERVICES_SCHEDULER_MIN_RUNS": "1",
    "PREFECT_SERVER_SERVICES_SCHEDULER_MAX_RUNS": "3",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_WORKER_PREFETCH_SECONDS": "1",
}
QUIET = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1", "PREFECT_SERVER_UI_ENABLED": "false"}
"""Nothing is sent to anybody; the UI's files would be copied into the home."""


@dataclass
class PrefectServer:
    """A server, and the command line that talks to it."""

    home: Path
    port: int
    settings: dict[str, str]

    @property
    def api(self) -> str:
        return f"http://{LOCALHOST}:{self.port}/api"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the operator's, but the checkout on the path, as its editable install has it."""
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(("SMALLCAPS_", "PREFECT_"))}
        own = {"PREFECT_HOME": str(self.home), "PREFECT_API_URL": self.api, "PYTHONPATH": str(CHECKOUT)}
        own |= {"NO_PROXY": LOCALHOST, "no_proxy": LOCALHOST}
        return inherited | own | QUICK | QUIET | {"OPENBLAS_NUM_THREADS": "1"} | self.settings

    def command(self, *arguments: str, seconds: float = 60) -> str:
        """One `prefect ...` in the checkout, without a terminal; its output. It must succeed."""
        done = subprocess.run(  # noqa: S603 (our own interpreter)
            [sys.executable, "-m", "prefect", *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, f"prefect {' '.join(arguments)}: {done.stdout}"
        return done.stdout

    def command_on_a_terminal(self, *arguments: str, seconds: float = 90) -> str:
        """The same on a terminal where nobody answers: a question would wait until the time is over."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(  # noqa: S603 (our own interpreter)
            [sys.executable, "-m", "prefect", *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        shown: list[bytes] = []
        reader = threading.Thread(target=_read_all, args=(ours, shown), daemon=True)
        reader.start()
        try:
            code: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _kill(process)
            reader.join(timeout=5)
            os.close(ours)
        text = b"".join(shown).decode(errors="replace")
        assert code == 0, f"prefect {' '.join(arguments)} ended with {code}: {text[-1000:]}"
        return text

    @contextmanager
    def running(self, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """A `prefect ...` that stays, with its log in the home; it and all that it started are killed at the end."""
        with (self.home / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 (our own interpreter)
                [sys.executable, "-m", "prefect", *arguments],
                cwd=CHECKOUT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                yield process
            finally:
                _kill(process)

    def get(self, path: str) -> Any:
        return self._asked("GET", path, None)

    def post(self, path: str, body: object) -> Any:
        return self._asked("POST", path, body)

    def patch(self, path: str, body: object) -> Any:
        return self._asked("PATCH", path, body)

    def _asked(self, method: str, path: str, body: object) -> Any:
        """Asked again while the server's SQLite is busy (503), as Prefect's own client does; and what only reads, once
        more where a full machine let it wait.
        """
        try:
            answer = self._answered(method, path, body)
        except requests.ReadTimeout:
            if method != "GET" and not path.endswith("/filter"):
                raise
            answer = self._answered(method, path, body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def _answered(self, method: str, path: str, body: object) -> requests.Response:
        for _ in range(20):
            answer = requests.request(method, self.api + path, json=body, timeout=60)
            if answer.status_code != requests.codes.unavailable:
                break
            time.sleep(1)
        return answer

    def is_up(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.api}/health", timeout=5).ok
        return False

    def wait_for(self, what: str, seconds: float, probe: Callable[[], Found | None]) -> Found:
        """What the probe finds, asked again and again; the logs' ends are told when the time is over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := probe():
                return found
            time.sleep(0.25)
        logs = "\n".join(f"{log.name}: {log.read_text(errors='replace')[-3000:]}" for log in self.home.glob("*.log"))
        raise AssertionError(f"{what}: not within {seconds} s\n{logs}")


@contextmanager
def prefect_server(home: Path, settings: dict[str, str]) -> Iterator[PrefectServer]:
    """`prefect server start`; it is up when `is_up` says so. `settings`: what the operator's environment holds."""
    home.mkdir(parents=True)
    server = PrefectServer(home, free_port(), settings)
    try:
        with server.running("server", "server", "start", "--host", LOCALHOST, "--port", str(server.port)):
            yield server
    finally:
        _kill_orphans(home)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


def _kill_orphans(home: Path) -> None:
    """Flow runs are sessions of their own and outlive their worker: those of this home end here (where /proc tells)."""
    marker = f"PREFECT_HOME={home}\0".encode()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # gone, or not ours
            if marker in environment.read_bytes():
                os.kill(int(environment.parent.name), signal.SIGKILL)


def _read_all(terminal: int, shown: list[bytes]) -> None:
    with suppress(OSError):  # the other end was closed
        while chunk := os.read(terminal, 65536):
            shown.append(chunk)
