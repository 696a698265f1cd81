"""An import says how far it is: a step when a file was read, which takes the longest, and one when it was written."""

from pathlib import Path

import pytest

from policies.importing.files import STEPS_OF_A_FILE, import_files

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two files that are taken, and one that is not."""
    texts = {"2020-01-01.md": "One.", "2020-02-01.md": "Two.", "2020-03-01.md": "a <script>b"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return [tmp_path / name for name in texts]


def test_it_moves_while_files_are_read(files: list[Path]) -> None:
    steps: list[int] = []
    found = import_files(files[:2], slug="house-rules", title="House rules", on_step=lambda: steps.append(1))

    assert len(steps) == 0
    assert next(found).reason == "version 1"
    assert len(steps) == 3  # both were read, one was written
    assert next(found).reason == "version 2"
    assert len(steps) == 4


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_each_file_takes_as_many_steps_whatever_becomes_of_it(files: list[Path], is_dry_run: bool) -> None:
    steps: list[int] = []
    found = import_files(
        files, slug="house-rules", title="House rules", is_dry_run=is_dry_run, on_step=lambda: steps.append(1)
    )

    assert sorted(outcome.result for outcome in found) == ["made", "made", "refused"]
    assert len(steps) == STEPS_OF_A_FILE * len(files)
