#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each header compiles alone.

    headers.py FOLDER... -- COMPILER ARGS...
"""

import subprocess
import sys

import lint

split = sys.argv.index("--")
folders, compiler = sys.argv[1:split], sys.argv[split + 1:]


def alone(header):
    def rule():
        done = subprocess.run(
            [*compiler, "-fsyntax-only", "-x", "c", "-"], check=False,
            input=f'#include "{header}"\n', stderr=subprocess.PIPE, text=True)
        if done.returncode:
            yield from done.stderr.splitlines()[:12]
    return rule


lint.run([(header, alone(header))
          for header in lint.files(".h", folders=folders)])
