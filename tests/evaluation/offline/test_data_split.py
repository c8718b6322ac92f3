"""The names of task and dated folder."""

import pytest

from bridgelib.evaluation.offline.data_split import DataSplit


class Named:
    """An index that has names."""

    def __init__(self, *names: str):
        self.names = names


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("a/b/2021-08-02_10-00-00/raw/traj_group0/traj3", "a/b/2021-08-02_10-00-00"),
        ("2021-08-02_10-00-00/traj0", "2021-08-02_10-00-00"),
        ("a/2021-99-99_10-00-00/raw/traj0", ""),
        ("trajectory7", ""),
        ("", ""),
    ],
)
def test_dated_folder_is_told_by_the_trajectory_s_name(name, folder):
    assert DataSplit((), (Named("a/2021-08-02_10-00-01/x", name),), ("a",)).folders == ("a/2021-08-02_10-00-01", folder)


def test_every_trajectory_has_the_task_of_its_file():
    split = DataSplit((), (Named("x", "y"), Named(), Named("z")), ("a", "b", "c"))
    assert split.tasks == ("a", "a", "c") and split.names == ("x", "y", "z")
