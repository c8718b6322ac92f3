"""The exception for what a check cannot find out."""


class NotKnown(Exception):
    """What a check asks for cannot be found out here; its message says why. The check counts as not checked."""
