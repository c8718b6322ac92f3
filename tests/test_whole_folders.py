import errno

import pytest

from bridgelib.errors import DataError
from bridgelib.files import folder_written_whole, require_writable, written_whole


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_appears_when_its_block_ends(tmp_path):
    target = tmp_path / "deep" / "folder"
    with folder_written_whole(target) as partial:
        (partial / "inner").mkdir()
        (partial / "inner" / "file").write_text("content")
        assert not target.exists()
    assert (target / "inner" / "file").read_text() == "content"
    assert names(target.parent) == ["folder"]


def test_a_failed_block_leaves_the_former_folder(tmp_path):
    target = tmp_path / "folder"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(RuntimeError), folder_written_whole(target) as partial:
        (partial / "new").touch()
        raise RuntimeError
    assert names(target) == ["old"] and names(tmp_path) == ["folder"]


@pytest.mark.parametrize("former", [[], ["old"]])
def test_a_former_folder_is_replaced_as_a_whole(tmp_path, former):
    target = tmp_path / "folder"
    target.mkdir()
    for name in former:
        (target / name).touch()
    with folder_written_whole(target) as partial:
        (partial / "new").touch()
    assert names(target) == ["new"] and names(tmp_path) == ["folder"]


def test_what_killed_writers_left_is_cleared(tmp_path):
    for leftover in (".folder.partial", ".folder.former"):
        (tmp_path / leftover / "raw").mkdir(parents=True)
        (tmp_path / leftover / "half").touch()
    with folder_written_whole(tmp_path / "folder") as partial:
        assert names(partial) == []
        (partial / "new").touch()
    assert names(tmp_path) == ["folder"] and names(tmp_path / "folder") == ["new"]


def test_a_full_disk_is_told_as_such(tmp_path):
    with pytest.raises(DataError, match="the disk is full"), folder_written_whole(tmp_path / "folder"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == []


def test_a_place_that_takes_no_file_is_told_as_such(tmp_path):
    """A folder has its name, or a file that of its folder; nothing is left beside it."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("content")
    for path in (tmp_path / "folder", tmp_path / "file" / "inner"):
        with pytest.raises(DataError) as refused, written_whole(path) as partial:
            partial.write_text("new")
        assert str(refused.value).startswith(f"DataError: {path}\n  given:   ")
    with pytest.raises(DataError, match="check the disk and the path"), folder_written_whole(tmp_path / "file" / "new"):
        pass
    assert names(tmp_path) == ["file", "folder"] and (tmp_path / "file").read_text() == "content"


def test_what_cannot_be_written_is_refused_before_the_work_and_leaves_nothing(tmp_path):
    require_writable(tmp_path / "new" / "results.json")
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "results.json"):
        with pytest.raises(DataError):
            require_writable(path)
