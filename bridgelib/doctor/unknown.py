"""What cannot be told."""


class NotKnown(Exception):
    """What a check asks for cannot be told here; its words say why. The check counts as not checked."""
