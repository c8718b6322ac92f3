"""A real browser, spoken to through its debugging pipe: messages in JSON, each ended by a zero byte."""

import base64
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BROWSER = "chromium"
_PATIENCE = 90  # seconds
_HIGH = 20  # above the numbers under which the browser expects the pipe


class Browser:
    """One page of a headless browser.

    Attributes:
        events: What the browser has told without being asked: requests, errors, messages of the console.
    """

    def __init__(self, receiving: int, sending: int):
        self._receiving, self._sending, self._rest, self._number = receiving, sending, b"", 0
        self.events: list[dict] = []
        (target,) = [each for each in self("Target.getTargets")["targetInfos"] if each["type"] == "page"]
        self._session = self("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self(f"{domain}.enable")

    _session = None

    def __call__(self, method: str, **parameters: object) -> dict:
        """Send a command and wait for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        content = json.dumps({**message, **({"sessionId": self._session} if self._session else {})}).encode() + b"\0"
        while content:
            content = content[os.write(self._sending, content) :]
        while (answer := self._next()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def _next(self) -> dict:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._receiving], [], [], _PATIENCE)
            assert ready, f"the browser says nothing for {_PATIENCE} seconds"
            read = os.read(self._receiving, 1 << 20)
            assert read, "the browser has ended"
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def wait_for(self, method: str) -> None:
        """Wait for an event."""
        while (event := self._next()).get("method") != method:
            self.events.append(event)
        self.events.append(event)

    def open(self, page: Path, width: int = 1280, dark: bool = False, language: str = "en-US") -> None:
        """Open a page as a reader with that width, theme and language would see it."""
        self("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self("Emulation.setEmulatedMedia", features=[theme])
        agent = self("Browser.getVersion")["userAgent"]
        self("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        self("Page.navigate", url=page.as_uri())
        self.wait_for("Page.loadEventFired")

    def run(self, script: str) -> object:
        """The value of an expression in the page; a promise is waited for."""
        answer = self("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        content = self("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(content))

    def complaints(self) -> list[dict]:
        """Errors and warnings, of scripts and of the browser."""
        kinds = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}
        return [event for event in self.events if event.get("method") in kinds]

    def requests(self) -> list[str]:
        """The addresses that were asked for, those inside of the page left out."""
        sent = [event["params"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [each["request"]["url"] for each in sent if not each["request"]["url"].startswith("data:")]


@contextmanager
def started(folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own in a folder; it ends with the block."""
    ours, theirs = os.pipe(), os.pipe()  # what we read, what they read
    receiving, sending = ours[0], theirs[1]
    for_them = [fcntl.fcntl(number, fcntl.F_DUPFD, _HIGH) for number in (theirs[0], ours[1])]
    os.close(ours[1])
    os.close(theirs[0])
    flags = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-extensions",
        "--hide-scrollbars",
    ]
    flags += [
        "--no-first-run",
        "--disable-background-networking",
        "--remote-debugging-pipe",
        f"--user-data-dir={folder}",
    ]
    command = f'exec {BROWSER} "$@" 3<&{for_them[0]} 4>&{for_them[1]}'
    process = subprocess.Popen(
        ["bash", "-c", command, BROWSER, *flags, "about:blank"],
        pass_fds=for_them,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    for number in for_them:
        os.close(number)
    try:
        yield Browser(receiving, sending)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(receiving)
        os.close(sending)


def axe(folder: Path) -> str:
    """The source of axe-core, from the registry that npm knows; skips where it cannot be had."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", "axe-core@4"], cwd=folder, capture_output=True, text=True, timeout=120
    )
    if packed.returncode != 0:
        pytest.skip(f"needs axe-core, which npm could not get: {packed.stderr.strip()[-200:]}")
    subprocess.run(["tar", "-xzf", packed.stdout.split()[-1], "package/axe.min.js"], cwd=folder, check=True)
    return (folder / "package" / "axe.min.js").read_text(encoding="utf-8")


if __name__ == "__main__":  # python -m tests.report.browser PAGE PNG: the picture of a report that the README shows
    with tempfile.TemporaryDirectory() as profile, started(Path(profile)) as browser:
        browser.open(Path(sys.argv[1]).resolve())
        Path(sys.argv[2]).write_bytes(base64.b64decode(browser("Page.captureScreenshot")["data"]))
