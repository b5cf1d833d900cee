#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Verify the Promela models of this folder with spin, in TAP.

    model.py NAME CC...

The model as it stands must have no errors. With each mutation that its head
comment names, it must have one: else the model proves nothing about the step
that the mutation takes away. A search that did not see every state (too deep,
out of memory) is a failure, not a success.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
DEPTH, HASH_BITS, MEGABYTES = 2000000, 22, 3000
CUT_SHORT = re.compile(r"max search depth too small|Search not completed|"
                       r"out of memory|reached -DMEMLIM")
MUTATION = re.compile(r"\b([A-Z]+(?:_[A-Z]+)+)\b")


def mutations(path):
    """Words in capitals from "Each of these" to the end of the comment."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    start = text.index("Each of these")
    return MUTATION.findall(text[start:text.index("*/", start)])


def verify(model, cc, flags, optimise, stop_at_first):
    """(errors or None, what pan said, number of states)."""
    with tempfile.TemporaryDirectory(prefix="model-") as folder:
        def run(*words):
            return subprocess.run(words, cwd=folder, text=True, check=True,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT).stdout

        shutil.copy(model, folder)
        run("spin", *[f"-D{flag}" for flag in flags], "-a",
            os.path.basename(model))
        run(*cc, optimise, "-w", "-DSAFETY", "-DCOLLAPSE",
            f"-DMEMLIM={MEGABYTES}", "-o", "pan", "pan.c")
        said = run("./pan", f"-m{DEPTH}", f"-w{HASH_BITS}",
                   f"-c{int(stop_at_first)}")
    errors = re.search(r"errors: (\d+)", said)
    states = re.search(r"([\d.e+]+) states, stored", said)
    if not errors or (errors.group(1) == "0" and CUT_SHORT.search(said)):
        return None, said, 0
    return int(errors.group(1)), said, int(float(states.group(1)))


def check(number, name, flags, model, cc):
    broken = bool(flags)
    try:
        errors, said, states = verify(model, cc, flags,
                                      "-O0" if broken else "-O2", True)
    except subprocess.CalledProcessError as error:
        errors, said, states = None, error.stdout, 0
    good = errors is not None and (errors > 0) == broken
    print(f"{'ok' if good else 'not ok'} {number} - {name}", flush=True)
    if good:
        print(f"# {states:,} states")
    else:
        print("\n".join("# " + line for line in said.splitlines()[-60:]))
    return good


def main():
    name, cc = sys.argv[1], sys.argv[2:]
    model = os.path.join(FOLDER, name + ".pml")
    print("TAP version 13")
    if not shutil.which("spin"):
        print("1..0 # SKIP spin is not installed")
        return
    found = mutations(model)
    print(f"1..{len(found) + 1}")
    check(1, f"{name} has no errors", [], model, cc)
    for number, flag in enumerate(found, 2):
        check(number, f"{name} fails with {flag}", [flag], model, cc)


main()
