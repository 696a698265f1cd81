"""`python -m tools.stripe_sandbox`: it starts, says where, ends at once when told, and names a port it cannot use."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.stripe_sandbox.shop import Inbox, client, order

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]


def started(folder: Path, port: int, webhook_url: str = "http://127.0.0.1:9/") -> subprocess.Popen[str]:
    """Start the command."""
    database = folder / "sandbox.sqlite3"
    command = [sys.executable, "-m", "tools.stripe_sandbox", "--port", str(port), "--database", str(database)]
    return subprocess.Popen(
        [*command, "--webhook-url", webhook_url],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "STRIPE_WEBHOOK_SECRET": "whsec_x"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with started(tmp_path, 0) as running:
        yield running
        if running.poll() is None:
            running.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_until_it_is_told_to_end(process: subprocess.Popen[str], number: signal.Signals) -> None:
    assert process.stdout
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    client(found[0]).v1.checkout.sessions.create(order())
    told = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")
    assert time.monotonic() - told < 2
    assert re.search(r"POST /v1/checkout/sessions 200 \d+ ms", out)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with started(tmp_path, port) as process:
            _out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in err
    assert "Traceback" not in err


def test_a_number_that_is_no_port_is_refused(tmp_path: Path) -> None:
    with started(tmp_path, 65536) as process:
        _out, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "--port must be a number from 0 to 65535" in err


def test_it_signs_with_the_secret_of_its_environment(tmp_path: Path, inbox: Inbox) -> None:
    with started(tmp_path, 0, inbox.url) as process:
        assert process.stdout
        url = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
        shop = client(url)
        shop.v1.checkout.sessions.expire(shop.v1.checkout.sessions.create(order()).id)
        until = time.monotonic() + 10
        while not inbox.got and time.monotonic() < until:
            time.sleep(0.02)
        process.terminate()
    assert [event.type for event in inbox.events("whsec_x")] == ["checkout.session.expired"]
