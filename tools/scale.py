#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a second hart adds to threads that fault in one address space.

    scale.py --kernel ELF --base CPIO [--boots N] [--ms N]

Boots the guest with one hart, with two, and two guests with one hart each at
once, in turn, and runs /bin/scale as often; prints for each measurement the
fastest boot of each kind (the least disturbed one), how many times as fast two
harts and two guests are as one, and what faults took of shared locks and of
fences on other harts; with the areas' locks and without. Two guests share
nothing but the host: no kernel can do better than they. The first two rows
have no faults: there the emulator is what two harts share.
"""

import argparse
import re
import subprocess
import sys

import qemu

LINE = re.compile(r"^(\w+) threads=\d+ .*?\w+/s=(\d+)(?:.*mmap_lock/1000 "
                  r"faults=(\d+) remote fences/1000 faults=(\d+))?$", re.M)

KINDS = (1, 1), (2, 1), (1, 2)  # harts of a guest, guests


class Best:
    """The fastest boot of one measurement with one kind of machine."""

    def __init__(self):
        self.rate = 0
        self.locks = self.fences = ""

    def add(self, rate, locks, fences):
        if rate > self.rate:
            self.rate, self.locks, self.fences = rate, locks, fences


def boot(args, harts, guests, locks):
    """What /bin/scale says in guests that run at once: name, figures."""
    words = qemu.command(args.kernel, args.base, harts, append=
                         f"quiet per_vma_locks={locks} -- /bin/scale "
                         f"{harts} {args.ms}")
    rates, rest = {}, {}
    at_once = [qemu.Guest(words, args.timeout) for _ in range(guests)]
    try:
        # What one says while another is read has room in its pipe.
        texts = ["\n".join(guest.lines()) for guest in at_once]
    finally:
        for guest in at_once:
            guest.process.kill()
    for guest, text in zip(at_once, texts):
        if guest.status:
            raise RuntimeError(f"{text}\n{qemu.describe(guest.status)}")
        for name, rate, *rest[name] in LINE.findall(text):
            rates[name] = rates.get(name, 0) + int(rate)
    return [(name, rates[name], *rest[name]) for name in rates]


def compare(args, locks):
    best = {}
    for _ in range(args.boots):
        for kind in KINDS:
            for name, *figures in boot(args, *kind, locks):
                best.setdefault(name, {}).setdefault(kind, Best()).add(
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
                  "   1 hart/s  2 harts/s  times  2 guests  shared locks, "
                  "fences for 1,000 faults")
            for name, of in best.items():
                one, two, guests = (of[kind] for kind in KINDS)
                print(f"{name:19}{one.rate:11,}{two.rate:11,}"
                      f"{two.rate / one.rate:7.2f}"
                      f"{guests.rate / one.rate:10.2f}"
                      f"{two.locks:>14}{two.fences:>8}".rstrip())
    except RuntimeError as failure:
        print(f"the guest failed:\n{failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
