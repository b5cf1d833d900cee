#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the kernel made of each fault of the tour, against what is right.

    outcomes.py KERNEL INITRD

The fault programs check what a program can see. This checks what only the
kernel knows, its scause and vm_fault_t, and the signal it chose. The tour is
made twice: with exact instruction counts, both must cost the same.
"""

import json
import os
import subprocess
import sys

TOUR = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../../tools/tour.py")
FETCH, LOAD, STORE = 12, 13, 15
MAPERR, ACCERR = ("SIGSEGV", "MAPERR"), ("SIGSEGV", "ACCERR")
ADRERR, EFAULT, NONE = ("SIGBUS", "ADRERR"), (None, "EFAULT"), (None, None)

# outcome: scause, vm_fault_t, signal and si_code
WANTED = {
    "anon_read": (LOAD, "0", NONE),
    "anon_write": (STORE, "0", NONE),
    "zero_upgrade": (STORE, "0", NONE),
    "cow_copy": (STORE, "0", NONE),
    "cow_reuse": (STORE, "0", NONE),
    "file_read": (LOAD, "NOPAGE", NONE),
    "file_write_private": (STORE, "0", NONE),
    "file_write_shared": (STORE, "0", NONE),
    "fault_around": (LOAD, "NOPAGE", NONE),
    "past_eof": (LOAD, "SIGBUS", ADRERR),
    "truncated": (LOAD, "SIGBUS", ADRERR),
    "unmapped": (LOAD, "SIGSEGV", MAPERR),
    "null_page": (LOAD, "SIGSEGV", MAPERR),
    "kernel_address": (LOAD, "SIGSEGV", MAPERR),
    "noncanonical": (LOAD, "SIGSEGV", MAPERR),
    "write_readonly": (STORE, "SIGSEGV", ACCERR),
    "prot_none": (LOAD, "SIGSEGV", ACCERR),
    "exec_noexec": (FETCH, "SIGSEGV", ACCERR),
    "jump_nowhere": (FETCH, "SIGSEGV", MAPERR),
    "scause_load": (LOAD, "SIGSEGV", ACCERR),
    "scause_store": (STORE, "SIGSEGV", ACCERR),
    "scause_amo": (STORE, "SIGSEGV", ACCERR),
    "scause_fetch": (FETCH, "NOPAGE", NONE),
    "misaligned_cross": (STORE, "0", NONE),
    "stack_growth": (STORE, "0", NONE),
    "stack_limit": (STORE, "SIGSEGV", MAPERR),
    "stack_guard_gap": (STORE, "SIGSEGV", MAPERR),
    "uaccess_resolved": (STORE, "0", NONE),
    "uaccess_efault": (STORE, "SIGSEGV", EFAULT),
    "signal_frame": (STORE, "SIGSEGV", EFAULT),
    "repair": (STORE, "SIGSEGV", ACCERR),
    "oom": (STORE, "OOM", NONE),
}


def tour(kernel, initrd):
    run = subprocess.run([sys.executable, TOUR, "--json", "--kernel", kernel,
                          "--initrd", initrd], stdout=subprocess.PIPE)
    try:
        rows = json.loads(run.stdout)["faults"]
    except (ValueError, KeyError):
        rows = []
    return {row["outcome"]: row for row in rows}


def verdict(row, wanted):
    """None when all is well, else what is not."""
    if row is None:
        return "was not visited"
    if not row["passed"]:
        return "did not see what it expected"
    seen = (row.get("scause"), row.get("result"),
            (row.get("signal"), row.get("code")))
    return None if seen == wanted else f"was {seen}, expected {wanted}"


def main():
    kernel, initrd = sys.argv[1:]
    print(f"TAP version 13\n1..{len(WANTED) + 2}", flush=True)
    first, second = tour(kernel, initrd), tour(kernel, initrd)
    number = 0

    def report(complaint, name):
        nonlocal number
        number += 1
        if complaint:
            print(f"# {complaint}")
        print(f"{'not ok' if complaint else 'ok'} {number} - {name}")

    for name, wanted in WANTED.items():
        report(verdict(first.get(name), wanted), name)
    others = set(first) - set(WANTED)
    report(f"unknown: {' '.join(sorted(others))}" if others else None,
           "every outcome of the tour is listed here")
    costs = [{n: r.get("cost") for n, r in t.items()} for t in (first, second)]
    moved = [f"{n} {c} {costs[1].get(n)}" for n, c in costs[0].items()
             if c != costs[1].get(n)]
    report("; ".join(moved) or None, "two tours cost the same")


if __name__ == "__main__":
    main()
