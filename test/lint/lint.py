# SPDX-License-Identifier: MIT
"""What the lint tests share: TAP output and the list of source files.

A rule is a function that yields one message for each place that breaks it.
Nothing here reads git: a source tree unpacked from an archive lints as well.
"""

import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
FOLDERS = ["abi", "lib", "sbi", "mm", "kernel", "user", "test", "tools",
           "config", "cross", "docs"]
ROOT_FILES = ["run", ".ci/run", "meson.build", "meson_options.txt",
              "README.md"]
C_ENDS = (".c", ".h")


def files(*ends, folders=FOLDERS):
    """Paths from the top of the files that end so; all files without ends."""
    for folder in folders:
        for where, dirs, names in os.walk(os.path.join(TOP, folder)):
            dirs[:] = sorted(d for d in dirs
                             if d not in ("__pycache__", "corpus"))
            for name in sorted(names):
                if not ends or name.endswith(ends):
                    yield os.path.relpath(os.path.join(where, name), TOP)
    if not ends:
        yield from (f for f in ROOT_FILES
                    if os.path.exists(os.path.join(TOP, f)))


def text(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def lines(path):
    """Pairs of line number and line."""
    return enumerate(text(path).split("\n"), 1)


def run(rules):
    """One TAP result for each rule, with what breaks it as comments.

    A rule that is known to be broken has a third member, a TAP directive: it
    does not fail the run, but keeping it later does.
    """
    print("TAP version 13")
    print(f"1..{len(rules)}")
    for number, (name, rule, *directive) in enumerate(rules, 1):
        broken = list(rule())
        print(f"{'not ok' if broken else 'ok'} {number} - {name}",
              *(f"# {word}" for word in directive))
        for message in broken:
            print(f"#   {message}")
        sys.stdout.flush()
