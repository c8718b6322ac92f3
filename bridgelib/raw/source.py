"""Bytes to be read as a file, which take no number in them at its word."""

import io


class Source(io.BytesIO):
    """Bytes of which no more can be asked than they have."""

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes; an EOFError where there are fewer."""
        data = super().read(size)
        if len(data) < (size or 0):
            raise EOFError
        return data

    def readline(self, size: int | None = -1) -> bytes:
        """A whole line; an EOFError where it does not end."""
        line = super().readline(size)
        if not line.endswith(b"\n"):
            raise EOFError
        return line
