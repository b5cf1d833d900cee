#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Machines that differ from the usual one in what the device tree says.

    machines.py KERNEL INITRD

A hart's pages come from the node that the tree puts it in. Without Sstc the
firmware sets the timer. With Zicboz pages are cleared by it, by the kernel and
by programs. Without Svadu nobody but the kernel sets A and D. A QEMU that does
not know an extension skips its test.
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../tools"))

import qemu  # noqa: E402 (found through the line above)

RAM = 0x80000000 >> 12  # first frame
NODE_MB = 32  # of each node
HART = re.compile(r"hart (\d+): (\d+) (\d+)$")
STORES = 512  # what clears a page without Zicboz


class Machine:
    """One run of a program; its lines, its status last if it is not 0."""

    def __init__(self, what, extra=(), cpu="", **options):
        words = qemu.command(*sys.argv[1:], append="-- " + what, **options)
        words[words.index("-cpu") + 1] += cpu
        self.words = words + list(extra)

    def run(self):
        guest = qemu.Guest(self.words, timeout=100)
        lines = list(guest.lines())
        if guest.status:
            lines.append("status " + qemu.describe(guest.status))
        return lines


def knows(extension):
    """Does this QEMU have it? Otherwise it says so and does not start."""
    words = ["qemu-system-riscv64", "-machine", "virt", "-S", "-display",
             "none", "-serial", "none", "-cpu", f"rv64,{extension}=on",
             "-monitor", "stdio"]
    return not subprocess.run(words, input=b"quit\n", check=False,
                              capture_output=True, timeout=60).returncode


def nodes(*groups):
    """Harts in groups, each group with its memory."""
    extra, frames = [], NODE_MB << 8
    for node, harts in enumerate(groups):
        extra += ["-object", f"memory-backend-ram,id=m{node},size={NODE_MB}M"]
        extra += ["-numa", f"node,nodeid={node},memdev=m{node},"
                  + ",".join(f"cpus={hart}" for hart in harts)]
    lines = Machine("/bin/test/machine nodes", extra, smp=sum(map(len, groups)),
                    mem=f"{NODE_MB * len(groups)}M").run()
    seen = {int(match[1]): [(int(word) - RAM) // frames
                            for word in match.groups()[1:]]
            for match in filter(None, map(HART.match, lines))}
    good = all(seen.get(hart) == [node, node]
               for node, harts in enumerate(groups) for hart in harts)
    return good, lines


def tour(cpu):
    lines = Machine("/bin/tour", cpu=cpu, smp=2).run()
    return not lines[-1].startswith("status"), lines[-5:]


def clear(cpu, block):
    """Pages are cleared by blocks of so many bytes."""
    lines = Machine("/bin/test/machine clear", cpu=cpu, icount=True).run()
    found = dict(line.split() for line in lines if len(line.split()) == 2)
    return (0 < int(found.get("fault", 0)) < STORES + 8192 // block
            and int(found.get("cleared", 0)) == block), lines


def tests():
    """(name, extension needed or None, function, arguments)."""
    for groups in (([0], [1]), ([0, 1], [2, 3]), ([0], [1, 2])):
        yield f"nodes with harts {groups}", None, nodes, groups
    yield "the tour without Sstc", None, tour, (",sstc=off",)
    yield "the tour without Svadu", "svadu", tour, (",svadu=off",)
    for block in (64, 512):
        yield f"Zicboz with {block} bytes", "zicboz", clear, \
            (f",zicboz=on,cboz_blocksize={block}", block)


def main():
    every = list(tests())
    print("TAP version 13")
    print(f"1..{len(every)}")
    for number, (name, extension, function, args) in enumerate(every, 1):
        if extension and not knows(extension):
            print(f"ok {number} - {name} # SKIP not in this QEMU")
            continue
        good, lines = function(*args)
        for line in () if good else lines:
            print("# " + line)
        print(f"{'ok' if good else 'not ok'} {number} - {name}", flush=True)


if __name__ == "__main__":
    main()
