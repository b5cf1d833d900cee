#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A hart's pages come from the node that the device tree puts it in.

    nodes.py KERNEL INITRD
"""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../tools"))

import qemu  # noqa: E402 (found through the line above)

RAM = 0x80000000 >> 12  # first frame
NODE_MB = 32  # of each node
LINE = re.compile(r"hart (\d+): (\d+) (\d+)$")


def run(kernel, initrd, nodes):
    """The lines of the guest, with a list of harts for each node."""
    smp = sum(len(harts) for harts in nodes)
    words = qemu.command(kernel, initrd, smp=smp, append="-- /bin/test/nodes",
                         mem=f"{NODE_MB * len(nodes)}M")
    for node, harts in enumerate(nodes):
        words += ["-object", f"memory-backend-ram,id=m{node},size={NODE_MB}M"]
        words += ["-numa", f"node,nodeid={node},memdev=m{node},"
                  + ",".join(f"cpus={hart}" for hart in harts)]
    guest = qemu.Guest(words, timeout=100)
    lines = list(guest.lines())
    if guest.status:
        lines.append("status " + qemu.describe(guest.status))
    return lines


def check(lines, nodes):
    """What is wrong, line by line."""
    frames = NODE_MB << 8
    seen = {}
    for match in filter(None, map(LINE.match, lines)):
        seen[int(match[1])] = [(int(word) - RAM) // frames
                               for word in match.groups()[1:]]
    for node, harts in enumerate(nodes):
        for hart in harts:
            if seen.get(hart) != [node, node]:
                yield f"hart {hart} of node {node} has {seen.get(hart)}"


def main():
    kernel, initrd = sys.argv[1:]
    cases = [[[0], [1]], [[0, 1], [2, 3]], [[0], [1, 2]]]
    print("TAP version 13")
    print(f"1..{len(cases)}")
    for number, nodes in enumerate(cases, 1):
        lines = run(kernel, initrd, nodes)
        wrong = list(check(lines, nodes))
        for text in wrong and wrong + lines:
            print("# " + text)
        print(f"{'not ok' if wrong else 'ok'} {number} - nodes {nodes}",
              flush=True)


if __name__ == "__main__":
    main()
