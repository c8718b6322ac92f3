"""Pickles read as those who use all of one have to: what is stood in for is refused."""

from bridgelib.raw.unpickle import load_with_stand_ins


def load_plain(data: bytes, *, recorder_names: bool = False) -> object:
    """The content of a pickle that holds plain data and nothing else; Rejected otherwise."""
    unpickled = load_with_stand_ins(data, recorder_names=recorder_names)
    if unpickled.odd is not None:
        raise unpickled.odd
    return unpickled.content
