"""Measure how fast this machine converts its own demonstrations; print frames per second of both steps as JSON."""

import argparse
import json
import sys
from dataclasses import asdict

from bridgelib.commands._paths import path
from bridgelib.conversion.conversion_speed import probe
from bridgelib.conversion.raw_to_numpy import Settings


def main(argv: list[str] | None = None) -> None:
    """Convert for some seconds and print what was measured."""
    options = parse_arguments(argv)
    settings = Settings(options.im_size, tuple(options.cameras), options.gaze)
    names = options.trajectories.read().split("\n")
    speed = probe(
        options.raw, list(filter(None, names)), settings, options.image_encoding, options.workers, options.seconds
    )
    print(json.dumps(asdict(speed)))


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--raw", type=path, required=True, help="the raw root")
    add(
        "--trajectories",
        type=argparse.FileType("r", encoding="utf-8"),
        default=sys.stdin,
        metavar="FILE",
        help="which to convert, relative to the raw root, one on a line (default: standard input)",
    )
    add("--im_size", type=int, default=256, help="height and width of the frames (default: 256)")
    add("--cameras", type=int, nargs="+", default=[0], help="camera numbers to keep (default: 0)")
    add("--gaze", default="none", help="gaze boxes to keep: none, filter or no_filter (default: none)")
    add("--image_encoding", choices=("raw", "jpeg"), default="raw", help="of the TFRecords (default: raw)")
    add("--workers", type=int, default=1, help="threads that read (default: 1)")
    add("--seconds", type=float, default=5.0, help="how long to read (default: 5)")
    return parser.parse_args(argv)
