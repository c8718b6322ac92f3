"""How large simulated demonstrations will be. Measured; nothing is rendered."""

FRAMES = 30.2  # of a demonstration, on average over all tasks and many seeds
LONGEST = 80  # no demonstration has more frames: where noise makes it longer, it is tried again
OTHER_BYTES = 5500  # of a demonstration: states, actions, instruction
FILES, FOLDERS = 4, 2  # of a demonstration, beside its frames

_PROCESS, _PIXEL = 45 << 20, 570  # resident memory: of the simulator, and of each pixel of its frames

_HEADER, _REFERENCE, _EXPONENT = 600, (240 * 320, 22_500), 0.82


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
