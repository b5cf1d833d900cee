#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The documents must not name what is not there."""

import os
import re

import lint

CODE_ENDS = (".c", ".h", ".S", ".py", ".pml", ".sh", ".ld", ".build")
# Where a file that is named without its folder may be.
FOLDERS = ["", "mm", "kernel", "kernel/riscv", "lib", "docs", "test/host",
           "test/model"]
PATH = re.compile(r"[\w./-]+\.(?:c|h|S|py|md|pml|sh|ld|build)")
CALL = re.compile(r"^SYSCALL(?:_FULL)?\((\w+)", re.MULTILINE)
# Refused, with or without a line in syscalls.def.
REFUSED = {"clone3", "rseq"}


def documents():
    return ["README.md", *lint.files(".md", folders=["docs"])]


def quoted(path):
    """What stands between single back quotes, outside of fenced blocks."""
    plain = re.sub(r"```.*?```", "", lint.text(path), flags=re.DOTALL)
    return re.findall(r"`([^`]+)`", plain)


def exists(*parts):
    return os.path.exists(os.path.join(lint.TOP, *parts))


def links():
    for path in documents():
        for target in re.findall(r"\]\(([^)#:]+)\)", lint.text(path)):
            if not exists(os.path.dirname(path), target):
                yield f"{path}: no file {target}"


def file_names():
    for path in documents():
        for name in quoted(path):
            if PATH.fullmatch(name) and "NAME" not in name and \
                    not any(exists(folder, name) for folder in FOLDERS):
                yield f"{path}: no file {name}"


def names():
    """Functions, marked by their parentheses, and tests: `file: test`."""
    words = set()
    for path in lint.files(*CODE_ENDS):
        words.update(re.findall(r"\w+", lint.text(path)))
    for path in documents():
        for name in quoted(path):
            match = re.fullmatch(r"(?:[\w./]+:\s+)?([A-Za-z_]\w+)\(?\)?", name) \
                if "(" in name or ":" in name else None
            if match and match.group(1) not in words:
                yield f"{path}: nothing is called {match.group(1)}"


def system_calls():
    listed = set()
    for line in lint.text("docs/abi.md").split("\n"):
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 5 and cells[1] != "call" and cells[1][0] != "-":
            listed.update(cells[1].split(", "))
    have = set(CALL.findall(lint.text("kernel/syscalls.def"))) | REFUSED
    for name in sorted(have ^ listed):
        yield f"docs/abi.md: {name} is " + \
            ("missing" if name in have else "no system call")


lint.run([
    ("links lead somewhere", links),
    ("files that are named exist", file_names),
    ("functions and tests that are named exist", names),
    ("the table of system calls is complete", system_calls),
])
