#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the host tools that do not need a guest."""

import fcntl
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, folder)
                for folder in ("tools", "kernel", "test/lint")]
sys.dont_write_bytecode = True

import lint
import mkinitramfs
import qemu
import symtab
import tap
import tour


def terminal(keys):
    """What a canonical terminal hands out: a list of reads, b"" is EOF."""
    reads, line, literal = [], bytearray(), False
    for key in keys:
        if literal:
            line.append(key)
            literal = False
        elif key == 0x16:
            literal = True
        elif key == 0x04:
            reads.append(bytes(line))
            line.clear()
        elif key == 0x0A:
            reads.append(bytes(line) + b"\n")
            line.clear()
        elif key < 0x20 and key != 0x09 or key == 0x7F:
            reads.append(b"(control)")
        else:
            line.append(key)
    return reads


def keyboard_round_trip():
    for data in (b"", b"a", b"a\n", bytes(range(256)) * 4, b"x" * 1000,
                 b"\x04", b"y" * 256, b"y" * 256 + b"\n"):
        keyboard = qemu.Keyboard()
        half = len(data) // 2
        keys = keyboard.type(data[:half]) + keyboard.type(data[half:])
        reads = terminal(keys + keyboard.end())
        if b"".join(reads) != data:
            yield f"{data[:8]!r}: {b''.join(reads)[:40]!r}"
        ends = reads.index(b"")
        if any(reads[ends:]) or len(reads) - ends < 2:
            yield f"{data[:8]!r}: end of file is not at the end"


def archive_round_trip():
    first = mkinitramfs.Archive()
    first.add("/bin/deep/er/program", mkinitramfs.FILE | 0o755, b"\x7fELF123")
    first.add("empty", mkinitramfs.FILE | 0o644)
    second = mkinitramfs.Archive()
    second.load(first.bytes())
    if first.entries != second.entries or first.bytes() != second.bytes():
        yield "load() does not give back what bytes() wrote"
    if "bin/deep" not in second.entries:
        yield "parents are missing"


def archive_refuses():
    for path in ("", "/", "../x", "a/../../b"):
        try:
            mkinitramfs.Archive().add(path, mkinitramfs.FILE)
            yield f"{path!r} was accepted"
        except ValueError:
            pass


def archive_is_cpio():
    """cpio(1) reads the archive, when this machine has it."""
    archive = mkinitramfs.Archive()
    archive.add("a/b", mkinitramfs.FILE | 0o600, b"hello")
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(["cpio", "-id", "--quiet"], cwd=folder, check=True,
                           input=archive.bytes())
        except FileNotFoundError:
            return
        with open(os.path.join(folder, "a/b"), "rb") as f:
            if f.read() != b"hello":
                yield "contents differ"


def tap_of(lines):
    said = []
    tap.say, say = said.append, tap.say
    count = tap.relay(lines)
    tap.say = say
    return count, said


def tap_reports_missing():
    count, said = tap_of(["TAP version 13", "1..3", "ok 1 - a", "panic: x"])
    wanted = ["1..4", "ok 1 - a", "# panic: x",
              "not ok 2 - missing (panic or timeout)",
              "not ok 3 - missing (panic or timeout)"]
    if count != 3 or [s for s in said if "version" not in s] != wanted:
        yield repr(said)


def tap_wants_a_plan():
    for lines in ([], ["ok 1 - a"], ["1..0"]):
        count, said = tap_of(lines)
        if count != 1 or "not ok 1 - no plan" not in said:
            yield f"{lines}: {said}"


def tour_finds_the_subject():
    fault = ("fault pid=7 comm=cow scause=15 addr={} ip=0x10100 kind=cow "
             "area=0x20000-0x30000/rw-p result=DONE_COW signal=0 code=0 "
             "cost=1450")
    notes = []
    rows = tour.read(["hello", fault.format("0x20008"),
                      "~subject name=cow addr=0x20000",
                      fault.format("0x2f000"), fault.format("0x20010"),
                      fault.format("0x20018"), "~tour cow pass",
                      "~tour other fail"], notes.append)
    if [r["passed"] for r in rows] != [True, False] or notes != ["hello"]:
        yield repr((rows, notes))
    if rows[0]["address"] != 0x20010 or rows[0]["cost"] != 1450:
        yield f"wrong fault: {rows[0]}"
    if "address" in rows[1]:
        yield f"a fault out of nothing: {rows[1]}"


def quoting():
    if qemu.quote("a") != "a" or qemu.quote("a b") != '"a b"' or \
            qemu.quote("") != '""':
        yield "quote() is wrong"


def names_expand():
    for wanted in ([], ["a"], ["_", "_"], ["get_page", "put_page", "page_get"],
                   [f"sys_{i}_{i * 7919}" for i in range(1000)]):
        names, pairs = symtab.compress(wanted)

        def expand(code):
            first, second = pairs[code]
            return expand(first) + expand(second) if second else chr(first)

        expanded = ["".join(map(expand, name)) for name in names]
        if expanded != wanted or any(0 in name for name in names):
            yield f"{wanted[:3]}: {expanded[:3]}"


def gaps_add_up():
    for distance in (2, 254, 256, 258, 32766, 32768, 1 << 20):
        parts = list(map(int, symtab.gap(distance).split(", ")))
        ends = [part < 128 for part in parts]
        total = sum((part & 127) << 7 * i for i, part in enumerate(parts))
        if total * 2 != distance or ends.index(True) != len(parts) - 1:
            yield f"{distance}: {parts}"


def killed_build_keeps_lock():
    """A build whose caller was killed: nobody else builds until make ends."""
    with tempfile.TemporaryDirectory(prefix="faultline-") as folder:
        def path(name):
            return os.path.join(folder, name)

        for name in ("started", "go"):
            os.mkfifo(path(name))
        os.mkdir(path("linux"))
        with open(path("linux/Makefile"), "w", encoding="utf-8") as f:
            f.write("allnoconfig:\n"
                    "Image:\n"
                    f"\techo >{path('started')}; read x <{path('go')}\n"
                    "\tmkdir -p arch/riscv/boot\n"
                    "\techo >arch/riscv/boot/$@; echo >../ran\n")
        subprocess.run(["tar", "-cf", path("source"), "-C", folder,
                        "linux"], check=True)
        call = [sys.executable, "-c",
                f"import sys; sys.path[:0] = {sys.path[:1]!r}\n"
                f"import linux; linux.SOURCE = {path('source')!r}\n"
                f"ends_with_us = open({path('started')!r}, 'w')\n"
                "linux.build()"]
        env = {**os.environ, "XDG_CACHE_HOME": folder}

        with subprocess.Popen(call, env=env, stderr=subprocess.DEVNULL) as run:
            with open(path("started"), encoding="utf-8") as f:
                if not f.readline():
                    yield "make does not start"
                    return
            run.kill()
        built, = os.listdir(path("faultline"))
        with open(path(f"faultline/{built}/lock"), "w",
                  encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield "the lock is free while make runs"
            except BlockingIOError:
                pass
            with open(path("go"), "w", encoding="utf-8") as f:
                f.write("\n")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path(f"faultline/{built}/ran")):
            yield "make did not end"


lint.run([
    ("typed bytes arrive unchanged and end once", keyboard_round_trip),
    ("an archive is read back as it was written", archive_round_trip),
    ("an archive refuses paths outside of it", archive_refuses),
    ("an archive is what cpio expects", archive_is_cpio),
    ("a guest that stops early fails its other tests", tap_reports_missing),
    ("a guest without a plan fails", tap_wants_a_plan),
    ("the tour takes the first fault on the subject", tour_finds_the_subject),
    ("arguments with spaces stay whole", quoting),
    ("the names of functions expand to what they were", names_expand),
    ("how far functions are apart is read back", gaps_add_up),
    ("a build whose caller was killed goes on alone", killed_build_keeps_lock),
])
