#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a second hart adds to threads that fault in one address space.

    scale.py --kernel ELF --base CPIO [--boots N] [--ms N]

Boots the guest with one hart and with two, in turn, and runs /bin/scale as
often; prints for each measurement the fastest boot of either kind (the least
disturbed one), their ratio, and what faults took of shared locks and of
fences on other harts; with the areas' locks and without. The first two rows
have no faults: no kernel can do better than these on this machine.
"""

import argparse
import re
import subprocess
import sys

import qemu

LINE = re.compile(r"^(\w+) threads=\d+ .*?\w+/s=(\d+)(?:.*mmap_lock/1000 "
                  r"faults=(\d+) remote fences/1000 faults=(\d+))?$", re.M)


class Best:
    """The fastest boot of one measurement with one number of harts."""

    def __init__(self):
        self.rate = 0
        self.locks = self.fences = ""

    def add(self, rate, locks, fences):
        if int(rate) > self.rate:
            self.rate, self.locks, self.fences = int(rate), locks, fences


def boot(args, harts, locks):
    """What /bin/scale says, as matches of LINE."""
    words = qemu.command(args.kernel, args.base, harts, append=
                         f"quiet per_vma_locks={locks} -- /bin/scale "
                         f"{harts} {args.ms}")
    guest = qemu.Guest(words, args.timeout)
    text = "\n".join(guest.lines())
    if guest.status:
        raise RuntimeError(f"{text}\n{qemu.describe(guest.status)}")
    return LINE.findall(text)


def compare(args, locks):
    best = {}
    for _ in range(args.boots):
        for harts in (1, 2):
            for name, *figures in boot(args, harts, locks):
                best.setdefault(name, {}).setdefault(harts, Best()).add(
                    *figures)
    return best


def main():
    parser = argparse.ArgumentParser(prog="run scale")
    parser.add_argument("--kernel", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--base", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--boots", type=int, default=3,
                        help="boots of each kind (3)")
    parser.add_argument("--ms", type=int, default=1000,
                        help="milliseconds of each measurement (1000)")
    parser.add_argument("--timeout", type=float, default=600,
                        help=argparse.SUPPRESS)
    args = parser.parse_args()
    try:
        for locks in ("on", "off"):
            best = compare(args, locks)
            print(f"per_vma_locks={locks}".ljust(19) +
                  "   1 hart/s  2 harts/s  times  shared locks, fences "
                  "for 1,000 faults")
            for name, of in best.items():
                print(f"{name:19}{of[1].rate:11,}{of[2].rate:11,}"
                      f"{of[2].rate / of[1].rate:7.2f}"
                      f"{of[2].locks:>14}{of[2].fences:>8}".rstrip())
    except RuntimeError as failure:
        print(f"the guest failed:\n{failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
