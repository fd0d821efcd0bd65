"""Which file holds which variable: the index of a version 2 checkpoint, read entry by entry.

TensorFlow's reader does not say it, and names no file where one is cut short. The index is a table
of sorted keys in LevelDB's format, uncompressed, with a protocol buffer for each variable.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Piece", "data_file", "pieces_of", "shard_count"]

_FOOTER = 48  # the place of the block that lists the blocks, padded, and a magic number


class Piece(NamedTuple):
    """Where a variable, or a part of one, lies: in which data file, and where it ends there."""

    shard: int
    end: int


def data_file(prefix: str, shard: int, n_shards: int) -> Path:
    """Path of a data file."""
    return Path(f"{prefix}.data-{shard:05d}-of-{n_shards:05d}")


def shard_count(index: Path) -> int:
    """How many data files a sound index says there are."""
    header = dict(_entries(index.read_bytes()))[b""]
    return int(_fields(header).get(1, 0))


def pieces_of(index: Path, name: str) -> list[Piece]:
    """Each place where a variable lies, by a sound index: several if it was partitioned."""
    key = name.encode()
    found = []
    for held, value in _entries(index.read_bytes()):
        # A part's key is a zero byte, and the variable's name among numbers that say which part.
        if held == key or (held[:1] == b"\0" and key in held):
            fields = _fields(value)
            if 7 not in fields:  # the entry of the whole lists its parts, which have their own
                found.append(Piece(fields.get(3, 0), fields.get(4, 0) + fields.get(5, 0)))
    return found


def _entries(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of everything in a table."""
    footer = table[-_FOOTER:]
    at = _varint(footer, _varint(footer, _varint(footer, 0)[1])[1])  # past the first block's place
    for _, place in _block(table, at[0], _varint(footer, at[1])[0]):
        start, at_size = _varint(place, 0)
        yield from _block(table, start, _varint(place, at_size)[0])


def _block(table, start, size):
    """Key and value of each entry of a block; a key leaves out what it shares with the last one."""
    block, at, key = table[start : start + size], 0, b""
    n_restarts = int.from_bytes(block[-4:], "little")
    while at < size - 4 * (n_restarts + 1):
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + length]
        at += own + length


def _fields(message: bytes) -> dict[int, int]:
    """Numbers of a protocol buffer by field; of what is no number, its length."""
    found, at = {}, 0
    while at < len(message):
        tag, at = _varint(message, at)
        if tag & 7 == 5:  # four bytes: the checksum
            value, at = int.from_bytes(message[at : at + 4], "little"), at + 4
        else:
            value, at = _varint(message, at)
            at += value if tag & 7 == 2 else 0
        found[tag >> 3] = value
    return found


def _varint(data, at):
    """A number in groups of seven bits, the lowest first, and where the next one begins."""
    value = shift = 0
    while True:
        byte = data[at]
        value, at, shift = value | (byte & 127) << shift, at + 1, shift + 7
        if byte < 128:
            return value, at
