"""Remarks on trajectories that are kept though something is odd: a closed list, to be counted and compared.

What deserves a look first stands first; reports are sorted so.
"""

from dataclasses import dataclass

REMARKS = {
    "traj_not_ok": "agent_data.pkl says traj_ok: False, so whoever recorded it was not content",
    "gripper_against_state": "the gripper closes after commands to open it and opens after commands to close it",
    "gripper_scale": "the gripper's command goes up and down, but all of it counts as open, or all as closed",
    "gripper_out_of_range": "gripper commands outside of 0 (closed) to 1 (open)",
    "gripper_never_opens": "no gripper command of the whole task counts as open",
    "gripper_never_closes": "no gripper command of the whole task counts as closed",
    "still_states": "the arm's pose stays the same, from the first state to the last or in half of the steps or more",
    "black_frames": "frames that are black",
    "blank_frames": "frames of a single colour",
    "repeated_frames": "frames that show exactly what an earlier one showed: the camera stood still",
    "repeated_first_frames": "the first frames show exactly the same: the camera began late",
    "exif_orientation": "frames whose EXIF orientation asks to turn them; they are taken as they are stored",
    "frame_size_differs": "another size than most frames of the same camera in this session: stretched differently",
    "time_backwards": "time stamps that run backwards",
    "time_still": "time stamps that stand still",
    "time_jumps": "time stamps that jump",
    "impossible_date": "the dated folder is older than the project: the recorder's clock was wrong",
    "latency_shift": "the first frame and state and the last action were left out, since the camera was one step late",
    "angles_straddle": "a task's roll, pitch or yaw lies on both sides of ±pi: its mean and deviation mean nothing",
    "near_constant": "a number of state or action that hardly varies: it is divided by a floor, not by its deviation",
    "rotation_crosses_pi": "a rotation goes from one side of ±pi to the other",
    "dated_folder_elsewhere": "a dated folder at another depth than the machine profile's: it was passed over",
    "no_instruction": "there is a lang.txt, but it says nothing; it counts as no instruction",
    "confidence_line": "how sure the annotator was is written otherwise than `confidence: 0.9`; it is no instruction",
    "missing_agent_data": "no agent_data.pkl; nothing in it is used",
    "odd_agent_data": "agent_data.pkl cannot be read, or holds more than plain data; nothing in it is used",
    "odd_entry": "a pickle holds something other than plain data beside what is used of it; nothing was executed",
}


@dataclass(frozen=True)
class Noticed:
    """Something odd about a trajectory.

    Attributes:
        remark: A key of `REMARKS`.
        detail: Where, and what was found there.
    """

    remark: str
    detail: str

    def __post_init__(self) -> None:
        assert self.remark in REMARKS, self.remark
        # As for rejections: names out of a hostile pickle end up here.
        object.__setattr__(self, "detail", self.detail[:300].encode("utf-8", "backslashreplace").decode())
