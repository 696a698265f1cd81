"""Where the project is, and its apps."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("demo", "config", "store", "forms", "policies", "home")
