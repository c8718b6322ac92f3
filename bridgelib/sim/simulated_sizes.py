"""Forecast of the size of simulated demonstrations, from measured constants; nothing is rendered."""

_FRAMES, _FRAMES_WITH_NOISE = 30.2, 39.3  # of a demonstration, on average over all tasks and many seeds
_MEASURED_NOISE = 0.012  # metres, to which the second of these belongs
OTHER_BYTES = 8000  # of a demonstration: states, actions, instruction, and the lines of the session's seal
FILES, FOLDERS = 4, 2  # of a demonstration, beside its frames

_PROCESS, _PIXEL = 45 << 20, 570  # resident memory: of the simulator, and of each pixel of its frames

_HEADER, _REFERENCE, _EXPONENT = 600, (240 * 320, 22_500), 0.82


def frames(action_noise: float) -> float:
    """Frames of a demonstration on average; noise, in metres, delays the expert."""
    return _FRAMES + (_FRAMES_WITH_NOISE - _FRAMES) * min(1.5, action_noise / _MEASURED_NOISE)


def frame_bytes(image_size: tuple[int, int]) -> int:
    """One camera image as JPEG; larger images have fewer details per pixel.

    Args:
        image_size: Height and width in pixels.
    """
    pixels, reference = _REFERENCE
    return round(_HEADER + reference * (image_size[0] * image_size[1] / pixels) ** _EXPONENT)


def memory(image_size: tuple[int, int]) -> int:
    """Peak resident memory of one simulate_demonstrations job, bytes."""
    return _PROCESS + _PIXEL * image_size[0] * image_size[1]
