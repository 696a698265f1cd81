"""Run the site for development (`make run`): database, demo content, then every process of Procfile.dev.

It stops all processes when one of them ends, on Ctrl-C or a signal, when the terminal closes and when the parent
`make` ends, so that none is left running. docs/decisions/0009-running.md says why we use no other Procfile runner.
Never used in production.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from io import StringIO
from pathlib import Path
from types import FrameType

import django
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
HIGHEST_PORT = 65534  # the sandbox uses the next port
DEVELOPMENT, PRODUCTION = "config.settings.dev", "config.settings.production"
SANDBOX_KEY = "sk_test_sandbox"  # it accepts any key that starts with sk_test_
PATIENCE = 8  # seconds that a process has to end before it is killed


def read_environment() -> None:
    """Read .env, which may also set PORT; variables that are set already take precedence.

    If nothing selects the settings, write the development settings to .env: manage.py uses production's by default.
    """
    sys.path[:0] = [str(ROOT), str(ROOT / "site")]
    import_module("config.env")
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        set_variables(DJANGO_SETTINGS_MODULE=DEVELOPMENT)
    elif os.environ["DJANGO_SETTINGS_MODULE"] == PRODUCTION:
        sys.exit(f"DJANGO_SETTINGS_MODULE is {PRODUCTION}; `make run` needs {DEVELOPMENT}.")


def set_variables(**variables: str) -> None:
    """Set variables for this run and, in .env, for manage.py; empty values are left out of .env."""
    changed = [name for name, value in variables.items() if os.environ.get(name, "") != value]
    os.environ.update(variables)
    env_file = import_module("config.env").ENV_FILE
    if not changed or (env_file.exists() and not env_file.is_file()):  # /dev/null
        return
    try:
        lines = env_file.read_bytes().decode().splitlines(keepends=True) if env_file.exists() else []
        lines = [line for line in lines if line.partition("=")[0] not in variables]
        if lines and not lines[-1].endswith("\n"):
            lines.append("\n")
        lines += [f"{name}={value}\n" for name, value in variables.items() if value]
        env_file.write_bytes("".join(lines).encode())
    except OSError as error:
        needed = " ".join(f"{name}={variables[name]}" for name in changed)
        print(f"{env_file} cannot be written ({error.strerror}): set {needed} before you use manage.py.")
    else:
        print(f"Wrote {', '.join(changed)} to {env_file}, for manage.py.")


def chosen_port() -> int:
    """Return PORT; exit with a message if it or the next port (the sandbox's) is invalid or in use."""
    text = os.environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= HIGHEST_PORT):
        sys.exit(f"PORT must be a number from 1 to {HIGHEST_PORT}, not {text!r}.")
    port = int(text)
    for number in (port, port + 1):
        require_free_port(number, port)
    return port


def require_free_port(number: int, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, number))
        except OSError as error:
            sys.exit(
                f"Port {number} cannot be used ({error.strerror}). Another program, perhaps an earlier `make run`, "
                f"may have it. Stop that, or choose another port: PORT={port + 2} make run"
            )


def hand_over_url(port: int) -> None:
    """Make links lead to this port, also those of manage.py, unless a URL of another host is set."""
    own = f"http://{HOST}:"
    if (os.environ.get("SITE_URL") or own).startswith(own):  # an earlier run may have had another port
        set_variables(SITE_URL=f"{own}{port}")


def hand_over_sandbox(port: int) -> None:
    """Make every process use the sandbox on the next port, unless a key from Stripe is set."""
    from tools.stripe_sandbox.secret import webhook_secret  # noqa: PLC0415 - needs the path set above

    secret = webhook_secret(ROOT / "var/sandbox.sqlite3")  # kept, so that it is the same after a restart
    if os.environ.get("STRIPE_SECRET_KEY", "") not in ("", SANDBOX_KEY):
        set_variables(STRIPE_API_URL="")
        return
    set_variables(
        STRIPE_SECRET_KEY=SANDBOX_KEY,
        STRIPE_WEBHOOK_SECRET=secret,
        STRIPE_API_URL=f"http://{HOST}:{port + 1}",
    )


def prepare() -> str:
    """Migrate the database and fill it if it is empty; return the demo logins as text."""
    try:
        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        logins = call_command("seed_demo", if_empty=True, stdout=StringIO())
        make_renditions()
    except (CommandError, DatabaseError, ImproperlyConfigured) as error:
        sys.exit(f"The site cannot start: {error}")
    else:
        return str(logins or "")
    finally:
        connections.close_all()


def make_renditions() -> None:
    """Open the pages that list products, so that whoever looks first does not wait for all their pictures."""
    for path in ("/", "/shop/"):
        import_module("django.test").Client().get(path, headers={"host": HOST})


def relay(output: int, is_welcomed: threading.Event) -> None:
    """Print the output of the processes, but only after the welcome, or at the end if there is none."""
    is_welcomed.wait()
    with os.fdopen(output, "rb") as lines:
        for line in lines:
            with suppress(OSError):  # the terminal is closed
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()


def start(processes: dict[str, subprocess.Popen[bytes]], names: set[str], output: int) -> None:
    """Start lines of Procfile.dev, each in its own process group, so that its children end with it."""
    for line in (ROOT / "Procfile.dev").read_text(encoding="utf-8").splitlines():
        name, command = line.split(": ", 1)
        if name in names:
            processes[name] = subprocess.Popen(
                ["/bin/sh", "-c", command], cwd=ROOT, start_new_session=True, stdout=output, stderr=output
            )


def start_sandbox(processes: dict[str, subprocess.Popen[bytes]], port: int, output: int) -> None:
    """Start the sandbox and wait until it answers: `seed_demo` pays the demo's orders there."""
    start(processes, {"sandbox"}, output)
    while not answers(port + 1):
        if processes["sandbox"].poll() is not None:
            sys.exit("The sandbox ended before the site could start; see the reason above.")
        time.sleep(0.05)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> bool:
    """Send a signal to a process and its children; return whether any existed."""
    process.poll()  # otherwise a process that has ended still exists
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
        return True
    return False


def stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Stop every process and wait until it has ended."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes.values():
            _signal_group(process, number)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if not any(_signal_group(process, 0) for process in processes.values()):
                return
            time.sleep(0.05)


def answers(port: int) -> bool:
    """Return whether a server accepts connections; a request would be in its log."""
    with suppress(OSError), socket.create_connection((HOST, port), timeout=2):
        return True
    return False


def watch(
    processes: dict[str, subprocess.Popen[bytes]], welcome: str, is_welcomed: threading.Event, parent: int
) -> str:
    """Print the welcome once the site is up; return the reason when a process or our parent has ended."""
    port = int(os.environ["PORT"])
    while os.getppid() == parent:
        for name, process in processes.items():
            if process.poll() is not None:
                return f"The process `{name}` ended (status {process.returncode}), so everything was stopped."
        if not is_welcomed.is_set() and answers(port):
            print(welcome, flush=True)
            is_welcomed.set()
        time.sleep(0.25)
    return "The program that started this has ended, so everything was stopped."


def banner(port: int, logins: str) -> str:
    """Return the URLs to open and who can sign in."""
    site = f"http://{HOST}:{port}"
    buying = ""
    if apps.is_installed("store"):
        buying = f"""
  To buy something, pay on the test payment page with the card 4242 4242 4242 4242, any
  later month and any three digits. No money moves. The sandbox lists every payment: http://{HOST}:{port + 1}/_sandbox/
"""
    return f"""
  The site is running. Begin here: {site}/demo/

    What visitors see      {site}/
    What the trader sees   {site}/admin/
    E-mails that were sent {site}/demo/mail/

{logins}{buying}
  Stop it with Ctrl-C.
"""


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(0 if number == signal.SIGINT else 128 + number)  # Ctrl-C is the normal end


def main() -> None:
    """Prepare, start and watch the processes; stop them at the end."""
    parent = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    read_environment()
    port = chosen_port()
    os.environ.update(PORT=str(port), PYTHONUNBUFFERED="1", DJANGO_RUNSERVER_HIDE_WARNING="true")
    hand_over_url(port)
    hand_over_sandbox(port)
    print("Preparing the database and the demo content …", flush=True)
    processes: dict[str, subprocess.Popen[bytes]] = {}
    reading, output = os.pipe()
    is_welcomed = threading.Event()
    listener = threading.Thread(target=relay, args=(reading, is_welcomed), daemon=True)
    listener.start()
    try:
        start_sandbox(processes, port, output)
        welcome = banner(port, prepare())
        start(processes, {"site", "worker"}, output)
        sys.exit(watch(processes, welcome, is_welcomed, parent))
    finally:
        is_welcomed.set()
        stop(processes)
        os.close(output)
        listener.join(PATIENCE)  # ends when no process writes any more
        if listener.is_alive():
            sys.exit("Something that was started here still runs.")


if __name__ == "__main__":
    main()
