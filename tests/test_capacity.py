"""What the machine has."""

import os

from bridgelib.capacity import disk_of, memory_bytes


def test_the_disk_of_a_folder_that_is_not_there_is_that_of_the_nearest_above(tmp_path):
    disk = disk_of(tmp_path / "not" / "there")
    status = os.statvfs(tmp_path)
    assert (disk.folder, disk.device) == (tmp_path, tmp_path.stat().st_dev)
    assert 0 < disk.free_bytes <= status.f_blocks * status.f_frsize
    assert disk.free_files is None or disk.free_files > 0


def test_a_container_s_limit_counts_where_it_is_below_the_machine_s_memory(tmp_path):
    whole = memory_bytes(groups=())
    assert whole == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = tmp_path / "memory.max"
    for content, expected in (("1000000\n", 1_000_000), ("max\n", whole), (f"{10 * whole}\n", whole)):
        limit.write_text(content)
        assert memory_bytes([tmp_path / "absent", limit]) == expected
