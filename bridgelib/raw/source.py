"""Bytes read as a file that refuses to read beyond its end, whatever lengths the bytes themselves claim."""

import io


class Source(io.BytesIO):
    """A file in memory that raises where more is asked for than it has."""

    def read(self, size: int | None = -1) -> bytes:
        """`size` bytes; an EOFError where there are fewer."""
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
