#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boot the kernel and give what it prints to a TAP consumer (meson test).

    tap.py [options] KERNEL [-- ARGV...]

A guest that panics, hangs or loses its last line must not look like a shorter
success, and a consumer takes a run without results for a skipped one. So:

- each planned test that did not report becomes "not ok - missing";
- no plan becomes a plan of one failed test;
- one test is added at the end: the guest ended by itself, with status 0.

With --match or --status nothing in the guest needs to speak TAP: the plan is
one test for each regular expression, found in the output in this order, and
one for the exit status. Lines that are not TAP become comments.
"""

import argparse
import re
import sys
import time

import qemu

RESULT = re.compile(r"(not )?ok\b\s*(\d+)?")
PLAN = re.compile(r"1\.\.(\d+)(\s*#\s*skip.*)?$", re.IGNORECASE)


def say(line):
    print(line, flush=True)


def relay(lines):
    """Pass TAP on; returns the number of tests of the plan."""
    planned, count, seen = None, 0, set()
    for line in lines:
        plan, result = PLAN.match(line), RESULT.match(line)
        if plan and planned is None:
            planned = int(plan.group(1))
            say(f"1..{planned + 1}")
        elif result:
            count = int(result.group(2) or count + 1)
            seen.add(count)
            say(line)
        else:
            say("# " + line)
    if not planned:
        planned = 1
        say("1..2")
        say("not ok 1 - no plan")
        seen = {1}
    for number in range(1, planned + 1):
        if number not in seen:
            say(f"not ok {number} - missing (panic or timeout)")
    return planned


def match(lines, patterns):
    """Look for each pattern in turn; returns the number of tests."""
    say(f"1..{len(patterns) + 1}")
    found = 0
    for line in lines:
        say("# " + line)
        if found < len(patterns) and re.search(patterns[found], line):
            found += 1
            say(f"ok {found} - prints {patterns[found - 1]}")
    for number in range(found, len(patterns)):
        say(f"not ok {number + 1} - prints {patterns[number]}")
    return len(patterns)


def main():
    parser = argparse.ArgumentParser(description="boot the kernel, print TAP")
    qemu.add_arguments(parser)
    parser.add_argument("--match", action="append", default=[])
    parser.add_argument("--status", type=int, help="expected exit status")
    parser.add_argument("kernel")
    parser.add_argument("argv", nargs="*", help="arguments of the guest's init")
    args = parser.parse_args()
    start = time.monotonic()
    say("TAP version 13")
    guest = qemu.Guest(qemu.from_arguments(args), timeout=args.timeout or 60)
    if args.match or args.status is not None:
        count = match(guest.lines(), args.match)
    else:
        count = relay(guest.lines())
    wanted = args.status or 0
    good = guest.status == wanted
    say(f"# {time.monotonic() - start:.2f} s")
    say(f"{'ok' if good else 'not ok'} {count + 1} - ends with status {wanted}"
        + ("" if good else f" (was {qemu.describe(guest.status)})"))


if __name__ == "__main__":
    sys.exit(main())
