#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A call that is not there leaves one line in the kernel log, with its name.

    absent.py [options] KERNEL NUMBERS HANDLED

Runs the guest's program "absent", which makes every such call, several times
and from several threads. NUMBERS is abi/syscall.h, which knows the names, and
HANDLED is kernel/syscalls.def.
"""

import argparse
import collections
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../tools"))

import qemu  # noqa: E402 (found through the line above)
import tap  # noqa: E402

LINE = re.compile(r"system call|not implemented")
HIGHEST = 511


def wanted(numbers, handled):
    """The lines that must be in the log."""
    names = {}
    for line in numbers.splitlines():
        words = line.split()
        if words[:1] == ["#define"] and words[1] != "SYS_MAX":
            names[int(words[2])] = words[1].removeprefix("SYS_")
    for number in range(HIGHEST + 1):
        name = names.get(number)
        if not name or not re.search(rf"^SYSCALL\w*\({name},", handled,
                                     re.MULTILINE):
            yield f"absent: system call {number} ({name or 'unknown'}) " \
                  "is not implemented"


def complaints(lines, expected):
    count = collections.Counter(line for line in lines if LINE.search(line))
    for line in expected:
        if count[line] != 1:
            yield f"{count[line]} times: {line}"
    for line in sorted(set(count) - set(expected)):
        yield f"unexpected: {line}"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def main():
    parser = argparse.ArgumentParser(description="calls that are not there")
    qemu.add_arguments(parser)
    parser.add_argument("kernel")
    parser.add_argument("numbers")
    parser.add_argument("handled")
    args = parser.parse_args()
    args.argv = ["/bin/test/absent"]
    tap.say("TAP version 13")
    guest = qemu.Guest(qemu.from_arguments(args), timeout=args.timeout or 60)
    lines = list(guest.lines())
    number = tap.relay(lines) + 1
    expected = list(wanted(read(args.numbers), read(args.handled)))
    broken = list(complaints(lines, expected))
    if guest.status:
        broken.append(f"status {qemu.describe(guest.status)}")
    for text in broken:
        tap.say("# " + text)
    tap.say(f"{'not ok' if broken else 'ok'} {number} - each of the "
            f"{len(expected)} has one line in the log")


if __name__ == "__main__":
    sys.exit(main())
