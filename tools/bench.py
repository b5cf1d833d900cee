#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure what the kernel's operations cost and compare with the budgets.

    bench.py --kernel ELF --initrd CPIO --budgets FILE [options]

Runs /bin/bench, and /bin/first as the first program, on one hart with
-icount: the figures are instructions, the same on every machine. Prints a
table; --json FILE writes the figures, --compare FILE reads such a file and
shows what changed. --tap makes it a test: two runs agree, no figure exceeds
what was reached before. --growth prints costs against the number of areas and
of pages; with --tap nothing may grow faster than logarithmically.
"""

import argparse
import json
import sys

import qemu

TOLERANCE = 1.01
MEM = "512M"


class Failure(Exception):
    """The guest did not do what it was asked to."""


def read_budgets(path):
    """name -> {reached, budget, linux, floor, text}, in order."""
    table = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                name, *numbers, text = line.strip().split(None, 5)
                values = [None if n == "-" else float(n) for n in numbers]
                table[name] = dict(zip(
                    ("reached", "budget", "linux", "floor"), values),
                    text=text)
    return table


def guest(args, append):
    """Lines that a run of the guest prints, as lists of words."""
    words = qemu.command(args.kernel, args.initrd, mem=MEM, icount=True,
                         append="quiet " + append)
    machine = qemu.Guest(words, timeout=args.timeout)
    lines = list(machine.lines())
    if machine.status:
        raise Failure("\n".join(lines[-10:] +
                                [qemu.describe(machine.status)]))
    return [line.split() for line in lines]


def measure(args):
    """name -> median of each operation."""
    figures = {}
    for words in guest(args, "-- /bin/bench"):
        if len(words) == 5 and words[4] == "instructions":
            figures[words[0]] = float(words[1])
    for words in guest(args, "init=/bin/first"):
        if words and words[0] == "boot":
            figures["boot"] = float(words[1])
    return figures


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}"


def table(figures, budgets):
    yield (f"{'operation':<42} {'faultline':>10} {'budget':>10} {'':7} "
           f"{'Linux 6.12':>11} {'floor':>7} {'Linux/us':>8}")
    for name, row in budgets.items():
        value = figures.get(name)
        if value is None:
            yield f"{row['text']:<42} {'missing':>10}"
            continue
        state = "" if value <= row["budget"] else "not yet"
        ratio = f"{row['linux'] / value:.1f}" if row["linux"] else "-"
        yield (f"{row['text']:<42} {number(value):>10} "
               f"{number(row['budget']):>10} {state:7} "
               f"{number(row['linux']):>11} {number(row['floor']):>7} "
               f"{ratio:>8}")


def changes(old, new):
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        percent = ""
        if before and after is not None:
            percent = f"{100 * (after - before) / before:+.1f} %"
        yield (f"{name:<26} {number(before):>11} -> {number(after):>11} "
               f"{percent}")


class Tap:
    """Numbered results; the plan comes at the end."""

    def __init__(self):
        self.count = 0
        print("TAP version 13")

    def check(self, good, text, *notes):
        self.count += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {text}")
        for note in notes:
            print("# " + note)

    def end(self):
        print(f"1..{self.count}")


def test_budgets(args, budgets):
    tap = Tap()
    figures = measure(args)
    tap.check(figures == (again := measure(args)),
              "two runs give the same figures", *changes(figures, again))
    for name, row in budgets.items():
        value, limit = figures.get(name), row["reached"]
        notes = []
        if value is not None and value > row["budget"]:
            notes = [f"not yet: {name} {value:g}, budget {row['budget']:g}"]
        tap.check(value is not None and value <= limit * TOLERANCE,
                  f"{name} takes at most {limit:g}", f"takes {value}", *notes)
    for name in figures.keys() - budgets.keys():
        tap.check(False, f"{name} has a budget")
    tap.end()


def growth(args):
    """(what, n, {cost: value}) in the order of the guest."""
    rows = []
    for words in guest(args, "-- /bin/bench growth"):
        if words and words[0] == "growth":
            pairs = zip(words[3::2], map(int, words[4::2]))
            rows.append((words[1], int(words[2]), dict(pairs)))
    return rows


def print_growth(rows):
    for what, n, costs in rows:
        print(f"{what:<12} {n:>7,}  " + "  ".join(
            f"{name} {value:>9,}" for name, value in costs.items()))


def test_growth(rows):
    """Costs with many areas against those with one or a few."""
    tap = Tap()
    areas = {n: costs for what, n, costs in rows if what == "areas"}
    pages = {n: costs for what, n, costs in rows if what == "fork_pages"}
    for cost, few, step in (("fault", 1, .01), ("map", 1, .1),
                            ("unmap_all", 1000, .01)):
        for n in sorted(areas):
            if n <= few:
                continue
            # For each doubling one more level of the tree.
            levels = (n // few).bit_length()
            limit = areas[few][cost] * (1 + step * levels)
            tap.check(areas[n][cost] <= limit,
                      f"{cost} with {n} areas takes at most {limit:.0f}",
                      f"takes {areas[n][cost]}")
    for cost in ("clone", "wait"):
        each = (pages[4096][cost] - pages[0][cost]) / 4096
        limit = pages[0][cost] + 16384 * each * 1.1
        tap.check(pages[16384][cost] <= limit,
                  f"{cost} of 16384 pages is linear",
                  f"{each:.1f} for each page")
    tap.end()


def main():
    parser = argparse.ArgumentParser(prog="run bench")
    parser.add_argument("--kernel", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--initrd", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--budgets", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--timeout", type=float, default=300,
                        help="stop a run of the guest after so many seconds")
    parser.add_argument("--json", metavar="FILE", help="write the figures")
    parser.add_argument("--compare", metavar="FILE",
                        help="show what changed since FILE was written")
    parser.add_argument("--growth", action="store_true",
                        help="costs against numbers of areas and of pages")
    parser.add_argument("--tap", action="store_true", help="be a test")
    args = parser.parse_args()
    budgets = read_budgets(args.budgets)
    try:
        if args.growth:
            (test_growth if args.tap else print_growth)(growth(args))
            return 0
        if args.tap:
            test_budgets(args, budgets)
            return 0
        figures = measure(args)
    except Failure as failure:
        print(f"the guest failed:\n{failure}", file=sys.stderr)
        return 1
    print(*table(figures, budgets), sep="\n")
    if args.compare:
        with open(args.compare, encoding="utf-8") as f:
            old = json.load(f)
        print("", *(list(changes(old, figures)) or ["nothing changed"]),
              sep="\n")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump(figures, f, indent=1)
            f.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
