#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rules of the style guide that can be read off the source text."""

import os
import re
import subprocess

import lint

# Who may include whom. Nothing includes test.
MAY_INCLUDE = {
    "abi": {"abi"},
    "lib": {"lib", "abi"},
    "sbi": {"sbi", "lib"},
    "mm": {"mm", "lib", "abi"},
    "kernel": {"kernel", "mm", "sbi", "lib", "abi"},
    "user": {"user", "abi"},
    "test": {"test", "user", "kernel", "mm", "sbi", "lib", "abi"},
}
FREESTANDING = {"stdint.h", "stddef.h", "stdbool.h", "stdarg.h", "limits.h"}
MAY_INCLUDE_SYSTEM = {
    "abi": FREESTANDING,
    "user": FREESTANDING,
    "sbi": FREESTANDING,
    "lib": FREESTANDING | {"string.h", "stdio.h", "inttypes.h"},
    "mm": FREESTANDING | {"string.h", "stdio.h", "inttypes.h"},
    "kernel": FREESTANDING | {"string.h", "stdio.h", "inttypes.h"},
}
# Made by the build: each has two versions.
SPECIAL = {
    "config.h": {"lib", "mm", "kernel", "test"},
    "machine_impl.h": {"lib/machine.h"},
}
# Guest tests look at registers; an empty asm statement has no instruction.
MACHINE_CODE = ("kernel/riscv/", "sbi/", "user/lib/", "test/guest/")
BARRIER = re.compile(r'__asm__ volatile\(""\s*:::\s*"memory"\)')
MAX_FILE, MAX_FUNCTION, MAX_KERNEL = 700, 60, 12000
KERNEL = ["kernel", "mm", "lib", "sbi"]
INCLUDE = re.compile(r'\s*#\s*include\s+(["<])([^">]+)[">]')


def code(path):
    """The text of a C file with comments and strings blanked out."""
    text = BARRIER.sub("", lint.text(path))
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group()),
                  text, flags=re.DOTALL)


def includes():
    """(path, line, quote, name) of each include line."""
    for path in lint.files(*lint.C_ENDS, ".S", folders=MAY_INCLUDE):
        for number, line in lint.lines(path):
            match = INCLUDE.match(line)
            if match:
                yield path, number, match.group(1), match.group(2)


def include_edges():
    for path, number, quote, name in includes():
        folder = path.split("/")[0]
        where = f"{path}:{number}"
        if quote == "<":
            allowed = MAY_INCLUDE_SYSTEM.get(folder)
            if allowed is not None and name not in allowed:
                yield f"{where}: {folder}/ may not include <{name}>"
        elif name in SPECIAL:
            if not SPECIAL[name] & {folder, path}:
                yield f"{where}: {name} is not for {folder}/"
        elif not os.path.exists(os.path.join(lint.TOP, name)):
            yield f"{where}: no file {name} below the top folder"
        elif name.split("/")[0] not in MAY_INCLUDE[folder]:
            yield f"{where}: {folder}/ may not include {name}"


def own_header_first():
    seen = set()
    for path, number, _, name in includes():
        own = path[:-2] + ".h"
        if path.endswith(".c") and path not in seen and \
                os.path.exists(os.path.join(lint.TOP, own)) and name != own:
            yield f"{path}:{number}: includes {name} before {own}"
        seen.add(path)


def machine_code():
    word = re.compile(r"\b(asm|__asm__|__asm|csrr?[wsc]?i?|"
                      r"csr_(read|write|set|clear|swap)\w*)\b")
    for path in lint.files(*lint.C_ENDS, ".S", folders=MAY_INCLUDE):
        if path.startswith(MACHINE_CODE):
            continue
        if path.endswith(".S"):
            yield f"{path}: assembly outside {' '.join(MACHINE_CODE)}"
        if path.endswith(lint.C_ENDS):
            for number, line in enumerate(code(path).split("\n"), 1):
                if word.search(line):
                    yield f"{path}:{number}: {line.strip()}"


def no_if_in_c():
    for path in lint.files(".c"):
        for number, line in lint.lines(path):
            if re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else)\b", line):
                yield f"{path}:{number}: {line.strip()}"


def spdx():
    for path in lint.files(*lint.C_ENDS, ".S", ".ld", ".py", ".sh"):
        if "SPDX-License-Identifier: MIT" not in \
                "".join(lint.text(path).split("\n")[:2]):
            yield f"{path}: no SPDX line at the top"


def head_comment():
    for path in lint.files(*lint.C_ENDS, ".S", ".ld", folders=MAY_INCLUDE):
        if not re.match(r"[^\n]*\n/\*", lint.text(path)):
            yield f"{path}: no comment below the SPDX line"


def pragma_once():
    for path in lint.files(".h"):
        if "\n#pragma once\n" not in lint.text(path):
            yield f"{path}: no #pragma once"


def file_length():
    for path in lint.files(*lint.C_ENDS, ".S", ".ld", ".py"):
        count = lint.text(path).count("\n")
        if count > MAX_FILE:
            yield f"{path}: {count} lines, {MAX_FILE} are allowed"


def has_reason(path, start):
    """Does the comment that ends right above line `start` say Long:?"""
    above = lint.text(path).split("\n")[:start - 1]
    while above and above[-1].strip():
        if "Long:" in above.pop():
            return True
    return False


def function_length():
    paths = list(lint.files(".c", ".h"))
    if not paths:
        return
    table = subprocess.run(
        ["ctags", "-x", "--kinds-C=f", "--language-force=C", "--fields=+ne",
         "--_xformat=%n %e %F %N", *paths],
        cwd=lint.TOP, check=True, stdout=subprocess.PIPE, text=True).stdout
    for entry in table.splitlines():
        start, end, path, name = entry.split(maxsplit=3)
        if not end.isdigit():
            continue
        length = int(end) - int(start) + 1
        if length > MAX_FUNCTION and not has_reason(path, int(start)):
            yield f"{path}:{start}: {name}: {length} lines, no reason given"


def markers():
    for path in lint.files():
        if path == "test/lint/source.py":
            continue
        for number, line in lint.lines(path):
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
                yield f"{path}:{number}: {line.strip()}"


def white_space():
    for path in lint.files():
        content = lint.text(path)
        if "\r" in content:
            yield f"{path}: carriage return"
        if content and not content.endswith("\n"):
            yield f"{path}: no newline at the end"
        for number, line in lint.lines(path):
            if line != line.rstrip():
                yield f"{path}:{number}: white space at the end"


def kernel_size():
    counts = {folder: sum(lint.text(path).count("\n") for path in
                          lint.files(*lint.C_ENDS, ".S", ".ld",
                                     folders=[folder]))
              for folder in KERNEL}
    total = sum(counts.values())
    print("# lines:", ", ".join(f"{k} {v}" for k, v in counts.items()),
          f"together {total}")
    if total > MAX_KERNEL:
        yield f"{total} lines, {MAX_KERNEL} are allowed"


lint.run([
    ("each include is an allowed edge", include_edges),
    ("a file includes its own header first", own_header_first),
    ("machine code stays in its folders", machine_code),
    ("no #if in a .c file", no_if_in_c),
    ("each file has an SPDX line", spdx),
    ("each file says what it is", head_comment),
    ("each header has #pragma once", pragma_once),
    ("files are short", file_length),
    ("functions are short or say why not", function_length),
    ("no markers of unfinished work", markers),
    ("white space is clean", white_space),
    ("the kernel stays small", kernel_size,
     "TODO it has outgrown its target; see docs/names.md"),
])
