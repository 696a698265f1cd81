"""Run Stripe's stand-in on this machine until it is told to end."""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from tools.stripe_sandbox.server import HOST, Sandbox

HIGHEST_PORT = 65535


def read_arguments() -> argparse.Namespace:
    """Return where it listens, where it reports, and where it keeps its data."""
    parser = argparse.ArgumentParser("python -m tools.stripe_sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--webhook-url", default="http://127.0.0.1:8000/stripe/webhook/")
    parser.add_argument("--database", type=Path, default=Path("var/sandbox.sqlite3"))
    parser.add_argument(
        "--webhook-secret",
        default=os.environ.get("STRIPE_WEBHOOK_SECRET"),
        help="signs webhooks; default: STRIPE_WEBHOOK_SECRET, else a file beside the database",
    )
    parser.add_argument("--shop-name", default="Test shop")
    arguments = parser.parse_args()
    if not 0 <= arguments.port <= HIGHEST_PORT:
        parser.error(f"--port must be a number from 0 to {HIGHEST_PORT}, not {arguments.port}.")
    return arguments


def main() -> None:
    """Run until Ctrl-C or SIGTERM."""
    arguments = read_arguments()
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S"
    )
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        sandbox = Sandbox(**vars(arguments), checks_itself=False)
    except OSError as error:
        port = arguments.port
        sys.exit(
            f"Port {port} of {HOST} cannot be used ({error.strerror}). Another program, perhaps another sandbox, may "
            f"have it. Stop that, or choose another: --port {port + 1}"
        )
    with sandbox:
        print(f"Stripe's stand-in runs on {sandbox.url}/ and reports to {sandbox.webhook_url}", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
