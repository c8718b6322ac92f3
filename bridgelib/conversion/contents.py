"""A digest of what a shard and its report hold together, computed without reading the frames."""

from dataclasses import asdict
from pathlib import Path
from zipfile import ZipFile

from bridgelib.formats.report import Report
from bridgelib.origins import digest_of


def content_of(shard: Path, report: Report) -> str:
    """Twelve hex digits of the checksums of a shard's members and of what its report says of trajectories."""
    account = {key: value for key, value in asdict(report).items() if key not in ("origin", "content")}
    return digest_of([_checksums(shard), account])


def _checksums(shard: Path) -> list[tuple[str, int, int]]:
    """Name, CRC-32 and size of each member of a shard."""
    with ZipFile(shard) as archive:
        return [(member.filename, member.CRC, member.file_size) for member in archive.infolist()]
