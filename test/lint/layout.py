#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tools that judge a whole file: clang-format for C, shellcheck for shell."""

import os
import subprocess

import lint


def complaints(command, paths):
    if not paths:
        return
    done = subprocess.run([*command, *paths], cwd=lint.TOP, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    if done.returncode:
        yield from done.stdout.splitlines()


def c_layout():
    bad = set()
    for line in complaints(["clang-format", "--dry-run", "-Werror"],
                           list(lint.files(*lint.C_ENDS))):
        if ": error:" in line:
            bad.add(line.split(": error:")[0])
    yield from sorted(bad)


def shell():
    scripts = [s for s in ("run", ".ci/run")
               if os.path.exists(os.path.join(lint.TOP, s))]
    yield from complaints(["shellcheck"],
                          scripts + list(lint.files(".sh")))


lint.run([
    ("C is laid out by clang-format (./run format)", c_layout),
    ("shell scripts please shellcheck", shell),
])
