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
NUMBER = re.compile(r"^#define SYS_([a-z]\w*)", re.MULTILINE)
HANDLER = re.compile(r"^long sys_(\w+)\([^)]*\)\n\{\n(.*?)^\}",
                     re.MULTILINE | re.DOTALL)
STATES = {"complete", "partial", "accepted", "refused"}


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


def rows(heading):
    """The tables under headings that match, as lists of cells."""
    for part in lint.text("docs/abi.md").split("\n## ")[1:]:
        title, _, text = part.partition("\n")
        if re.fullmatch(heading, title):
            for line in text.split("\n"):
                cells = [cell.strip() for cell in line.split("|")[1:-1]]
                if cells and cells[0][0] != "-":
                    yield cells


def states():
    """Each system call, the state that docs/abi.md gives it, and the note."""
    for cells in rows("(?!Not there).*"):
        if cells[0] != "call":
            for name in cells[0].split(", "):
                yield name, cells[1], cells[2]


def missing():
    for cells in rows("Not there"):
        if cells[0] != "subject":
            yield from cells[1].split(", ")


def differences(listed, have, why):
    for name in sorted(set(listed) ^ have):
        yield f"docs/abi.md: {name} is " + \
            ("missing" if name in have else why)
    for name in sorted(set(listed)):
        if listed.count(name) > 1:
            yield f"docs/abi.md: {name} is there twice"


def handlers():
    """Text between the braces of each system call's function."""
    found = {}
    for path in lint.files(".c", folders=["kernel"]):
        found |= dict(HANDLER.findall(lint.text(path)))
    return found


def system_calls():
    have = set(CALL.findall(lint.text("kernel/syscalls.def")))
    yield from differences([name for name, *_ in states()], have,
                           "no system call")


def missing_calls():
    have = set(CALL.findall(lint.text("kernel/syscalls.def")))
    numbers = set(NUMBER.findall(lint.text("abi/syscall.h")))
    yield from differences(list(missing()), numbers - have, "not missing")
    for name in sorted(have - numbers):
        yield f"abi/syscall.h: {name} has no number"


def call_states():
    """A refusal has constants alone to give, and nothing else only errors."""
    bodies = handlers()
    for name, state, note in states():
        text = re.sub(r"\(void\)\w+;", "", bodies.get(name, "")).strip()
        does = re.search(r"\w\(|->|\[", text)
        if state not in STATES:
            yield f"docs/abi.md: {name}: no such state: {state}"
        if state != "complete" and not note:
            yield f"docs/abi.md: {name} is {state}: it says no more"
        if not text:
            yield f"kernel: no function sys_{name} is found"
        elif state == "refused" and does:
            yield f"docs/abi.md: {name} is refused, but does something"
        elif state != "refused" and re.fullmatch(r"return -E\w+;", text):
            yield f"docs/abi.md: {name} is {state}, but always fails"


lint.run([
    ("links lead somewhere", links),
    ("files that are named exist", file_names),
    ("functions and tests that are named exist", names),
    ("the table of system calls is complete", system_calls),
    ("the table of missing calls is complete", missing_calls),
    ("states of system calls are those of the code", call_states),
])
