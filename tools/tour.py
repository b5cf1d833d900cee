#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tour: provoke every page fault and print what the kernel made of it.

    tour.py --kernel ELF --initrd CPIO [--json]

The guest runs /bin/tour, which starts one program for each outcome. A program
announces what it is about to touch, the kernel traces each fault, the tour
says whether the visible result was right:

    ~subject name=NAME addr=0xADDR
    fault pid=N comm=NAME scause=N addr=0xN ip=0xN kind=WORD
          area=0xSTART-0xEND/rwxp result=NAMES signal=N code=N cost=N
    ~tour NAME pass|fail STATUS

The subject's fault is the first one traced on the announced page. It runs with
exact instruction counts, so that two runs print the same table.
"""

import argparse
import json
import re
import sys
import time

import qemu

CAUSES = {12: "fetch", 13: "load", 15: "store"}
SIGNALS = {5: "SIGTRAP", 7: "SIGBUS", 9: "SIGKILL", 11: "SIGSEGV"}
CODES = {(11, 1): "MAPERR", (11, 2): "ACCERR",
         (7, 1): "ADRALN", (7, 2): "ADRERR"}
HEAD = ["outcome", "scause", "address", "area", "vm_fault_t", "signal", "cost",
        ""]
PAGE = ~0xFFF


def fields(line):
    return dict(re.findall(r"(\w+)=(\S*)", line))


def read(lines, note):
    """Follow the guest's output; returns one row for each stop of the tour."""
    rows, subjects, faults = [], {}, []
    for line in lines:
        if line.startswith("~subject "):
            subject = fields(line)
            subjects[subject["name"]] = (int(subject["addr"], 16), len(faults))
        elif line.startswith("fault pid="):
            faults.append(fields(line))
        elif line.startswith("~tour "):
            _, name, verdict = line.split()[:3]
            page, since = subjects.get(name, (None, len(faults)))
            hit = (f for f in faults[since:] if page is not None and
                   int(f["addr"], 16) & PAGE == page & PAGE)
            rows.append(row(name, verdict == "pass", next(hit, None)))
        else:
            note(line)
    return rows


def row(name, passed, fault):
    if fault is None:
        return {"outcome": name, "passed": passed}
    number, code = int(fault["signal"]), int(fault["code"])
    return {
        "outcome": name,
        "passed": passed,
        "scause": int(fault["scause"]),
        "access": CAUSES.get(int(fault["scause"]), "?"),
        "address": int(fault["addr"], 16),
        "ip": int(fault["ip"], 16),
        "kind": fault["kind"],
        "area": fault["area"].replace("0x", "").replace("/", " "),
        "result": fault["result"],
        "signal": SIGNALS.get(number, str(number)) if number else None,
        "code": (CODES.get((number, code), str(code)) if number else
                 "EFAULT" if code == -14 else None),
        "cost": int(fault["cost"]),
    }


def cells(r):
    verdict = "pass" if r["passed"] else "FAIL"
    if "scause" not in r:
        return [r["outcome"], *["-"] * 6, verdict]
    signal = " ".join(filter(None, [r["signal"], r["code"]])) or "-"
    return [r["outcome"], f"{r['scause']} {r['access']}",
            f"{r['address']:#x}", r["area"], r["result"], signal,
            f"{r['cost']:,}", verdict]


def table(rows):
    """Aligned columns; the cost to the right, everything else to the left."""
    text = [HEAD, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*text)]
    for line in text:
        columns = [cell.rjust(width) if at == HEAD.index("cost")
                   else cell.ljust(width)
                   for at, (cell, width) in enumerate(zip(line, widths))]
        print("  ".join(columns).rstrip())


def main():
    parser = argparse.ArgumentParser(description="tour the page faults")
    qemu.add_arguments(parser)
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    args.icount, args.argv = True, ["/bin/tour"]
    start = time.monotonic()
    guest = qemu.Guest(qemu.from_arguments(args, ["trace=fault"]),
                       args.timeout or 60)
    said = []
    rows = read(guest.lines(), said.append)
    passed = sum(r["passed"] for r in rows)
    good = bool(rows) and passed == len(rows) and guest.status == 0
    if args.json:
        json.dump({"faults": rows, "passed": passed,
                   "failed": len(rows) - passed, "status": guest.status},
                  sys.stdout, indent=2)
        print()
    else:
        table(rows)
        print(f"\n{passed} of {len(rows)} outcomes as expected, "
              f"{time.monotonic() - start:.1f} s")
    if not good:
        print("\n".join(said[-40:]), file=sys.stderr)
        print(f"run: the guest ended with {qemu.describe(guest.status)}",
              file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
