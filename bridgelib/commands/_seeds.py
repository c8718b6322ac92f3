"""The option that names experiments which differ only in their seeds, shared by the programs that print tables."""

import argparse


def add_seeds_option(parser: argparse.ArgumentParser) -> None:
    """Add this option; `dict` of its value is name -> members."""
    parser.add_argument(
        "--seeds",
        type=_family,
        nargs="*",
        default=[],
        metavar="NAME=MEMBER,MEMBER",
        help="experiments that differ in their seeds alone: their mean and its interval are shown as NAME",
    )


def _family(text: str) -> tuple[str, list[str]]:
    name, equals, members = text.partition("=")
    if not (name and equals and members):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=MEMBER,MEMBER")
    return name, members.split(",")
