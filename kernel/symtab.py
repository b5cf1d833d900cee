#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The names that a kernel prints, as assembly, for kernel/symbols.c.

    symtab.py NM IMAGE NUMBERS HANDLED

These are the functions of the image, without the local labels of assembly
files, and behind them the system calls that NUMBERS (abi/syscall.h) defines
and HANDLED (kernel/syscalls.def) does not list: one for each number that has
no handler, in their order, empty where the number is not a call.

Names repeat each other. The first bytes from 1 on stand for the letters that
occur; each further one for the pair of bytes that is then the most frequent,
and such bytes pair up as well. That takes less than half of the names' own
size. What the compiler appends to the name of a copy is left out.
"""

import collections
import re
import subprocess
import sys

FIRST, END = "kernel_start", "kernel_text_end"
NUMBER = re.compile(r"^#define SYS_([a-z]\w*)\s+(\d+)$", re.MULTILINE)
HANDLER = re.compile(r"^SYSCALL(?:_FULL)?\((\w+)", re.MULTILINE)


def functions(nm, image):
    """Address of the image, and a list of (address, name)."""
    lines = subprocess.run([nm, "-n", image], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    found, start = {}, 0
    for address, kind, name in (line.split() for line in lines):
        address = int(address, 16)
        if name == FIRST:
            start = address
        elif name == END:
            break
        elif kind in "tT" and name[0] not in ".$":
            found.setdefault(address, name.split(".")[0])
    return start, list(found.items())


def missing_calls(numbers, handled):
    """Their names in the order of numbers, "" where there is no call."""
    handlers = set(HANDLER.findall(handled))
    names = {int(number): name for name, number in NUMBER.findall(numbers)}
    return [names.get(number, "") for number in range(max(names) + 1)
            if names.get(number) not in handlers]


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def compress(names):
    """(names as bytes, what each byte from 1 on stands for).

    A letter is a pair whose second half is 0.
    """
    letters = sorted(set("".join(names)))
    pairs = [(0, 0)] + [(ord(letter), 0) for letter in letters]
    names = [bytes(1 + letters.index(c) for c in name) for name in names]
    while len(pairs) < 256:
        count = collections.Counter(
            name[i:i + 2] for name in names for i in range(len(name) - 1))
        if not count:
            break
        pair = max(count, key=lambda pair: (count[pair], pair))
        names = [name.replace(pair, bytes([len(pairs)])) for name in names]
        pairs.append(tuple(pair))
    return names, pairs


def gap(distance):
    """Halfwords, 7 bits a byte, the lowest first; all but the last have 128."""
    distance //= 2
    out = []
    while distance >= 128:
        out.append(distance & 127 | 128)
        distance >>= 7
    return ", ".join(map(str, out + [distance]))


def table(label, directive, values):
    print(f"\t.globl {label}\n{label}:")
    for value in values:
        print(f"\t{directive} {value}")


def main():
    nm, image, numbers, handled = sys.argv[1:]
    start, found = functions(nm, image)
    missing = missing_calls(read(numbers), read(handled))
    addresses = [start] + [address for address, _ in found]
    names, pairs = compress([name for _, name in found] + missing)
    print('\t.section .symbols, "a"\n\t.balign 4')
    table("symbol_count", ".4byte", [len(found)])
    table("symbol_total", ".4byte", [len(names)])
    table("symbol_gaps", ".byte",
          [gap(b - a) for a, b in zip(addresses, addresses[1:])])
    table("symbol_pairs", ".byte", [f"{a}, {b}" for a, b in pairs])
    table("symbol_names", ".byte",
          [", ".join(map(str, name + b"\0")) for name in names])


if __name__ == "__main__":
    main()
