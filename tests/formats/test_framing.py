"""Checksums of the TFRecord framing."""

from bridgelib.formats.framing import masked_crc32c


def test_checksum_of_the_standard():
    """CRC-32C of "123456789" is 0xE3069283 (RFC 3720, B.4 uses the same polynomial)."""
    crc = 0xE3069283
    assert masked_crc32c(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
