#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the linked kernel must not contain.

    kernel_elf.py READELF KERNEL
"""

import subprocess
import sys

import lint

readelf, kernel = sys.argv[1:]


def dump(option):
    return subprocess.run([readelf, "-W", option, kernel], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.split("\n")


def write_xor_execute():
    for line in dump("--program-headers"):
        words = line.split()
        flags = "".join(words[6:-1])
        if words[:1] == ["LOAD"] and "W" in flags and "E" in flags:
            yield line.strip()


def no_thread_local():
    """tp points at the running thread, not at a block of a C library."""
    for line in dump("--symbols"):
        words = line.split()
        if len(words) >= 8 and (words[3] == "TLS" or words[7] == "errno"):
            yield line.strip()


lint.run([
    ("no segment is writable and executable", write_xor_execute),
    ("no thread-local symbol", no_thread_local),
])
