"""Which tasks an experiment trains on, among the TFRecords that there are."""

from bridgelib.config.datasets import Dataset
from bridgelib.training.assignment import collected_tasks, tasks_below
from tests.raw_trees import DATE

NFC, NFD = "open_t\u00fcr", "open_tu\u0308r"


class Asking:
    """As much of an experiment as matters here."""

    dataset = Dataset("all", (("**",),))


def test_tasks_whose_raw_data_is_gone_are_left_out_whatever_their_unicode_form(tmp_path):
    """A tree that was copied by another system may have another form of the same names."""
    for task in (NFD, "removed"):
        (tmp_path / "tfrecord" / task / "train").mkdir(parents=True)
        (tmp_path / "tfrecord" / task / "train" / "out.tfrecord").touch()
    (tmp_path / "raw" / NFC / DATE).mkdir(parents=True)
    assert tasks_below(tmp_path / "tfrecord", Asking, collected_tasks(tmp_path / "raw")) == ((NFD,),)
    assert tasks_below(tmp_path / "tfrecord", Asking) == ((NFD, "removed"),)
