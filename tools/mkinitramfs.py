#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pack files into a "newc" cpio archive, the kernel's first file system.

    mkinitramfs.py -o OUT [--strip] [--base CPIO] [--root DIR] [ENTRY...]

An ENTRY is PATH=FILE (a copy of the host's FILE) or PATH/ (a directory).
Parents are made as needed. Later sources replace earlier ones: first --base,
then --root, then the entries. With --strip, programs given as entries lose
what is not loaded: symbols and debug information.

The same input gives the same bytes: entries are sorted, inode numbers are
counted, times and owners are zero. Format: cpio(5), "New ASCII Format".
"""

import argparse
import os
import stat
import struct
import sys

DIR, FILE, LINK = stat.S_IFDIR, stat.S_IFREG, stat.S_IFLNK


def clean(path):
    """The name of a guest path inside the archive: no slash at either end."""
    parts = [p for p in path.split("/") if p not in ("", ".")]
    if ".." in parts or not parts:
        raise ValueError(f"not a path inside the archive: {path!r}")
    return "/".join(parts)


def strip(data):
    """A 64-bit ELF program without sections; anything else as it is."""
    if data[:5] != b"\x7fELF\x02":
        return data
    at, size, count = struct.unpack_from("<Q14xHH", data, 32)
    end = at + size * count
    for header in range(at, end, size):
        offset, _, _, length = struct.unpack_from("<QQQQ", data, header + 8)
        end = max(end, offset + length)
    short = bytearray(data[:end])
    struct.pack_into("<Q", short, 40, 0)  # e_shoff
    struct.pack_into("<HH", short, 60, 0, 0)  # e_shnum, e_shstrndx
    return bytes(short)


class Archive:
    """A set of names, each with its mode and contents."""

    def __init__(self):
        self.entries = {}

    def add(self, path, mode, data=b""):
        name = clean(path)
        parent = name.rpartition("/")[0]
        if parent and parent not in self.entries:
            self.add(parent, DIR | 0o755)
        old = self.entries.get(name)
        if old and stat.S_ISDIR(old[0]) != stat.S_ISDIR(mode):
            raise ValueError(f"{name}: both a directory and a file")
        self.entries[name] = (mode, data)

    def add_file(self, path, host_path, is_stripped=False):
        with open(host_path, "rb") as f:
            data = f.read()
        if is_stripped:
            data = strip(data)
        runs = os.access(host_path, os.X_OK) or data[:4] == b"\x7fELF"
        self.add(path, FILE | (0o755 if runs else 0o644), data)

    def add_tree(self, root):
        """Everything below root. Links to files inside it become copies."""
        for folder, dirs, files in os.walk(root):
            for name in sorted(dirs + files):
                full = os.path.join(folder, name)
                inside = os.path.relpath(full, root)
                mode = os.lstat(full).st_mode
                if stat.S_ISLNK(mode) and os.path.isfile(full):
                    mode = os.stat(full).st_mode
                if stat.S_ISREG(mode):
                    with open(full, "rb") as f:
                        self.add(inside, FILE | mode & 0o777, f.read())
                elif stat.S_ISDIR(mode):
                    self.add(inside, DIR | mode & 0o777)
                elif stat.S_ISLNK(mode):
                    target = os.readlink(full).encode()
                    self.add(inside, LINK | 0o777, target)

    def load(self, blob):
        """Merge an archive that write() made."""
        at = 0
        while True:
            if blob[at:at + 6] != b"070701":
                raise ValueError("not a newc archive")
            field = [int(blob[at + 6 + 8 * i:at + 14 + 8 * i], 16)
                     for i in range(13)]
            mode, size, name_len = field[1], field[6], field[11]
            name = blob[at + 110:at + 110 + name_len - 1].decode()
            at = (at + 110 + name_len + 3) & ~3
            if name == "TRAILER!!!":
                return
            self.add(name, mode, blob[at:at + size])
            at = (at + size + 3) & ~3

    def bytes(self):
        out = bytearray()

        def put(name, ino, mode, nlink, data):
            head = [ino, mode, 0, 0, nlink, 0, len(data), 0, 0, 0, 0,
                    len(name.encode()) + 1, 0]
            out.extend(b"070701" + b"".join(b"%08x" % v for v in head))
            out.extend(name.encode() + b"\0")
            out.extend(b"\0" * (-len(out) % 4))
            out.extend(data)
            out.extend(b"\0" * (-len(out) % 4))

        for ino, name in enumerate(sorted(self.entries), 1):
            mode, data = self.entries[name]
            put(name, ino, mode, 2 if stat.S_ISDIR(mode) else 1, data)
        put("TRAILER!!!", 0, 0, 1, b"")
        return bytes(out)


def main():
    parser = argparse.ArgumentParser(description="make a newc cpio archive")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--base", help="archive to start from")
    parser.add_argument("--root", help="directory tree to add")
    parser.add_argument("--strip", action="store_true",
                        help="no symbols in programs given as entries")
    parser.add_argument("entry", nargs="*", help="PATH=FILE or PATH/")
    args = parser.parse_args()
    archive = Archive()
    try:
        if args.base:
            with open(args.base, "rb") as f:
                archive.load(f.read())
        if args.root:
            archive.add_tree(args.root)
        for entry in args.entry:
            path, is_file, host_path = entry.partition("=")
            if is_file:
                archive.add_file(path, host_path, args.strip)
            else:
                archive.add(path, DIR | 0o755)
        with open(args.output, "wb") as f:
            f.write(archive.bytes())
    except (OSError, ValueError) as error:
        sys.exit(f"mkinitramfs: {error}")


if __name__ == "__main__":
    main()
