"""A line of progress in a log can be read back."""

import io
import re

from hypothesis import given
from hypothesis import strategies as st

from bridgelib.progress import Progress, Reported


def test_a_line_reads_back_as_what_was_reported():
    stream = io.StringIO()
    progress = Progress(50, "trajectories", "put_x/2021", interval=0, stream=stream)
    progress.advance(20, note="2 rejected")
    found = Reported.of(stream.getvalue())
    assert (found.label, found.done, found.total, found.unit) == ("put_x/2021", 20, 50, "trajectories")
    assert found.note == "2 rejected" and found.share == 0.4
    assert re.fullmatch(r"\d+:\d\d:\d\d", found.remaining)


@given(
    st.text("abc /:", max_size=12).map(str.strip),
    st.integers(0, 10**6),
    st.integers(1, 10**6),
    st.text("no te,%.:0123456789", max_size=20).map(str.strip),
)
def test_any_label_and_note_read_back(label, done, more, note):
    stream = io.StringIO()
    Progress(done + more, "steps", label, interval=0, stream=stream, start=0).advance(done, note)
    found = Reported.of(stream.getvalue())
    assert (found.label.strip(), found.done, found.total, found.note) == (label, done, done + more, note.strip())


def test_other_lines_are_none():
    for line in ("", "validation after step 4: mse 0.5", "training  3/5 steps", "12/50"):
        assert Reported.of(line) is None
