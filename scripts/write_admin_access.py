"""Write tests/config/admin_access.txt anew, from what the admin answers: read the differences before you commit it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    test = ["-m", "pytest", "-q", "tests/config/test_admin_access.py"]
    environment = {**os.environ, "WRITE_ADMIN_ACCESS": "1"}
    subprocess.run([sys.executable, *test], check=True, cwd=ROOT, env=environment)
    subprocess.run(["git", "diff", "--stat", "tests/config/admin_access.txt"], check=False, cwd=ROOT)
