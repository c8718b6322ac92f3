"""The names of task and dated folder."""

from bridgelib.evaluation.offline.side import Side


def test_dated_folder_is_told_by_the_trajectory_s_name():
    names = (
        "a/b/2021-08-02_10-00-00/raw/traj_group0/traj3",
        "",
        "trajectory7",
        "2021-08-02_10-00-00/traj0",
        "a/2021-99-99_10-00-00/x",
    )
    assert Side(None, (), names).folders == ("a/b/2021-08-02_10-00-00", "", "", "2021-08-02_10-00-00", "")
