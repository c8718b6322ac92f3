"""What is odd about a trajectory only in comparison with the others of its collection session."""

from collections import Counter
from collections.abc import Iterator, Mapping

from bridgelib.raw.remarks import Noticed

Size = tuple[int, int]
"""Width and height in pixels."""


def odd_frame_sizes(sizes: Mapping[str, Mapping[int, Size]]) -> Iterator[tuple[str, Noticed]]:
    """Trajectories with frames of another size than most of the same camera's, each with its remark.

    Args:
        sizes: Trajectory -> camera -> size of its frames before they were resized.
    """
    for camera in sorted({camera for cameras in sizes.values() for camera in cameras}):
        known = {name: cameras[camera] for name, cameras in sizes.items() if camera in cameras}
        usual = Counter(known.values()).most_common(1)[0][0]
        odd = {name: size for name, size in known.items() if size != usual}
        yield from ((name, _of_another_size(f"images{camera}", size, usual)) for name, size in odd.items())


def _of_another_size(camera: str, size: Size, usual: Size) -> Noticed:
    shown, most = (f"{width}x{height}" for width, height in (size, usual))
    aspect = "" if size[0] * usual[1] == size[1] * usual[0] else ", of another aspect"
    return Noticed("frame_size_differs", f"{camera}: {shown}{aspect}; in most trajectories of this session {most}")
