"""Caches that may fail."""

from pathlib import Path

import pytest

from home.caching import TolerantFileCache, breaker


@pytest.fixture
def cache(tmp_path: Path) -> TolerantFileCache:
    return TolerantFileCache(str(tmp_path / "cache"), {})


def test_a_file_that_cannot_be_read_is_a_value_that_is_not_there_and_no_outage(
    cache: TolerantFileCache, caplog: pytest.LogCaptureFixture
) -> None:
    cache.set("good", 1)
    Path(cache._key_to_file("bad")).mkdir()
    assert cache.get("bad", "nothing") == "nothing"
    assert not breaker.is_open
    assert cache.get("good") == 1
    assert caplog.text.count("The cache cannot use a file") == 1


def test_a_folder_that_cannot_be_made_is_an_empty_cache_that_takes_everything(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = TolerantFileCache(str(tmp_path / "file/cache"), {})
    cache.set("a", 1)
    assert cache.add("b", 1)
    assert cache.get("a") is None
    assert cache.get_many(["a", "b"]) == {}
    assert not cache.has_key("a")
    assert not cache.delete("a")
    assert not cache.touch("a")
