# SPDX-License-Identifier: MIT
"""Device trees in their flattened form (Devicetree Specification, chapter 5), as plain data and back.

A tree is plain data: names and the raw bytes of properties. What is read and written again keeps every byte of
every property, in order; the blob may differ in padding and in its strings block.

Why not libfdt's Python module: PyPI has it as source alone, and whoever installs this package would need a C
compiler. CI, which has one, reads with it the trees that are written here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.arguments import guest_bytes
from harness.errors import GuestError

MAGIC: Final = 0xD00D_FEED
VERSION: Final = 17
LAST_COMPATIBLE: Final = 16
MAX_DEPTH: Final = 64
LARGEST: Final = 2 << 20
"""Linux maps no more than 2 MiB for a device tree (Documentation/arch/arm64/booting.rst)."""

_HEADER: Final = struct.Struct(">10I")
_BEGIN_NODE, _END_NODE, _PROPERTY, _NOP, _END = 1, 2, 3, 4, 9


@dataclass(slots=True)
class Node:
    """Node: its name with the unit address, its properties and its children, both in order."""

    name: str = ""
    properties: dict[str, bytes] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def child(self, name: str) -> Node | None:
        """Returns the child of that name, with its unit address if it has one."""
        return next((child for child in self.children if child.name == name), None)

    def add(self, name: str, properties: Mapping[str, bytes] | None = None) -> Node:
        """Appends a child and returns it."""
        node = Node(name, dict(properties or {}))
        self.children.append(node)
        return node


@dataclass(slots=True)
class DeviceTree:
    """Whole tree; ``reservations`` are (address, size) of memory that must be left alone."""

    root: Node = field(default_factory=Node)
    reservations: list[tuple[int, int]] = field(default_factory=list)
    boot_cpu: int = 0


def cells(*values: int) -> bytes:
    """Returns a property of 32-bit cells."""
    return struct.pack(f">{len(values)}I", *values)


def cells64(*values: int) -> bytes:
    """Returns a property of pairs of cells, as addresses and sizes are here."""
    return struct.pack(f">{len(values)}Q", *values)


def strings(*values: str) -> bytes:
    """Returns a property of strings. What a shell gave that is no UTF-8 comes out as the bytes it was."""
    return b"".join(guest_bytes("device tree", value) + b"\0" for value in values)


# Flattening


def flatten(tree: DeviceTree) -> bytes:
    """Returns the flattened form, version 17."""
    names = bytearray()
    offsets: dict[str, int] = {}
    structure = bytearray()
    _flatten_node(tree.root, structure, names, offsets)
    structure += cells(_END)
    entries = [*tree.reservations, (0, 0)]
    reservations = b"".join(struct.pack(">QQ", *entry) for entry in entries)
    at_reservations = _HEADER.size
    at_structure = at_reservations + len(reservations)
    at_strings = at_structure + len(structure)
    # A whole number of doublewords: what lies behind it stays aligned.
    total = at_strings + len(names) + 7 & ~7
    header = _HEADER.pack(
        MAGIC,
        total,
        at_structure,
        at_strings,
        at_reservations,
        VERSION,
        LAST_COMPATIBLE,
        tree.boot_cpu,
        len(names),
        len(structure),
    )
    return (header + reservations + structure + names).ljust(total, b"\0")


def with_room(data: bytes, size: int) -> bytes:
    """Returns the flattened tree grown to ``size`` bytes, for who edits it in place; as it is if it is larger."""
    total = max(size, len(data))
    return (data[:4] + cells(total) + data[8:]).ljust(total, b"\0")


def _flatten_node(node: Node, out: bytearray, names: bytearray, offsets: dict[str, int]) -> None:
    out += cells(_BEGIN_NODE)
    out += _aligned(node.name.encode("latin-1") + b"\0")
    for name, value in node.properties.items():
        if name not in offsets:
            offsets[name] = len(names)
            names += name.encode("latin-1") + b"\0"
        out += cells(_PROPERTY, len(value), offsets[name])
        out += _aligned(value)
    for child in node.children:
        _flatten_node(child, out, names, offsets)
    out += cells(_END_NODE)


def _aligned(data: bytes) -> bytes:
    return data.ljust(len(data) + 3 & ~3, b"\0")


# Unflattening


def flattened_size(data: bytes, file: str | None = None) -> int:
    """Returns the size of the flattened tree that data begins with; GuestError if it is none, or not all of it."""
    if len(data) < _HEADER.size or int.from_bytes(data[:4], "big") != MAGIC:
        raise GuestError("not a device tree: a flattened one (.dtb) starts with d0 0d fe ed", file=file)
    _, total, structure, strings, reservations, version, compatible = _HEADER.unpack_from(data)[:7]
    if total > len(data):
        raise GuestError(f"truncated device tree: {total} bytes, of which {len(data)} are there", file=file)
    if compatible > VERSION or version < LAST_COMPATIBLE:
        raise GuestError(
            f"a device tree of version {version}: {LAST_COMPATIBLE} or later is needed", file=file
        )
    if total < _HEADER.size or max(structure, strings, reservations) > total or structure % 4:
        raise GuestError("malformed device tree: a block lies beyond its end", file=file)
    return int(total)


def unflatten(data: bytes, file: str | None = None) -> DeviceTree:
    """Returns the tree in its flattened form; GuestError says what is wrong with it."""
    total = flattened_size(data, file)
    try:
        return _Reader(data[:total]).tree()
    except _MalformedError as error:
        raise GuestError(f"malformed device tree: {error}", file=file) from None


class _MalformedError(Exception):
    """Error in a flattened tree that is not well formed; :func:`unflatten` says so with its file."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        fields = _HEADER.unpack_from(data)
        self._at, self._strings, self._reservations = fields[2:5]
        self._boot_cpu = fields[7]

    def tree(self) -> DeviceTree:
        return DeviceTree(self._root(), list(self._reserved()), self._boot_cpu)

    def _reserved(self) -> Iterator[tuple[int, int]]:
        at = self._reservations
        while at + 16 <= len(self._data):
            address, size = struct.unpack_from(">QQ", self._data, at)
            if not size:
                return
            yield address, size
            at += 16
        raise _MalformedError("the list of reserved memory has no end")

    def _root(self) -> Node:
        """Reads the tokens in one pass, with the nodes that are open on a stack."""
        top = Node()
        path = [top]
        while True:
            token = self._word()
            if token == _BEGIN_NODE:
                if len(path) > MAX_DEPTH:
                    raise _MalformedError(f"nodes are nested more than {MAX_DEPTH} deep")
                if path[-1] is top and top.children:
                    raise _MalformedError("it has two roots")
                node = Node(self._name())
                path[-1].children.append(node)
                path.append(node)
            elif token == _END_NODE and len(path) > 1:
                path.pop()
            elif token == _PROPERTY and len(path) > 1:
                name, value = self._property()
                path[-1].properties[name] = value
            elif token == _END and len(path) == 1 and top.children:
                return top.children[0]
            elif token != _NOP:
                raise _MalformedError(f"token {token:#x} at byte {self._at - 4} has no place there")

    def _word(self) -> int:
        return int.from_bytes(self._take(4), "big")

    def _take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise _MalformedError("the structure block has no end")
        at, self._at = self._at, self._at + (size + 3 & ~3)
        return self._data[at : at + size]

    def _name(self) -> str:
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise _MalformedError("a node's name has no end")
        return self._take(end + 1 - self._at)[:-1].decode("latin-1")

    def _property(self) -> tuple[str, bytes]:
        size, offset = self._word(), self._word()
        value = self._take(size)
        start = self._strings + offset
        end = self._data.find(b"\0", start)
        if start >= len(self._data) or end < 0:
            raise _MalformedError(f"the property at byte {self._at} has no name")
        return self._data[start:end].decode("latin-1"), value
