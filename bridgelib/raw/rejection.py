"""Why a trajectory is not kept: a closed list of reasons, so that reports can be counted and compared."""

REASONS = {
    "missing_obs_dict": "no obs_dict.pkl",
    "missing_policy_out": "no policy_out.pkl",
    "truncated_pickle": "a pickle ends before its end, or is empty",
    "forbidden_pickle": "where a pickle is used it has something other than arrays, numbers, strings, lists and dicts",
    "unreadable_pickle": "a pickle cannot be read",
    "wrong_keys": "a pickle is not built as expected: other keys, or another type",
    "wrong_shape": "states, time stamps or actions are not numbers of the expected shape",
    "not_finite": "states, time stamps or actions hold NaN or infinity",
    "length_mismatch": "not one more state and time stamp than actions",
    "too_short": "less than two actions, after the latency correction too",
    "missing_camera": "no folder of a camera that is asked for",
    "missing_frame": "a camera lacks a frame",
    "extra_frame": "a camera has more frames than there are states",
    "broken_image": "a frame is empty, truncated, damaged or no JPEG",
    "image_size_differs": "a frame has another size than the camera's first",
    "greyscale_image": "a frame is greyscale",
    "not_rgb_image": "a frame is neither RGB nor greyscale",
    "language_not_utf8": "lang.txt is not UTF-8 text",
    "language_too_long": "lang.txt holds an instruction that is too long to be one, or too many of them",
    "missing_gaze": "no pickle of gaze boxes, where gaze is asked for",
    "malformed_gaze": "the gaze boxes are not a list of boxes of four numbers for each frame",
    "gaze_length_mismatch": "gaze boxes for more or fewer frames than there are",
    "gaze_out_of_range": "a gaze box holds NaN or infinity, or lies outside of the image",
    "duplicate": "the same content as an earlier trajectory of its dated folder",
    "unreadable_file": "the system cannot read a file",
    "not_fetched": "a file is only a pointer of Git LFS or git-annex to content that was not fetched",
}


class Rejected(Exception):
    """One trajectory cannot be used.

    Attributes:
        reason: A key of `REASONS`.
        detail: Which file, and what was found there.
    """

    def __init__(self, reason: str, detail: str):
        assert reason in REASONS, reason
        # Names out of a hostile pickle end up here: keep them short, and fit for a JSON file.
        self.reason, self.detail = reason, detail[:300].encode("utf-8", "backslashreplace").decode()
        super().__init__(f"{reason}: {self.detail}")
