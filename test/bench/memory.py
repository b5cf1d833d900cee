#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much memory things take, against budgets.

    memory.py NM SIZES KERNEL INITRAMFS

SIZES is the library made from sizes.c.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../tools"))
import qemu  # pylint: disable=wrong-import-position

# Bytes of one object.
OBJECTS = {"page": 64, "vma": 192, "mm": 768, "thread": 1088,
           "process": 768}
IMAGE_KB = 160  # text and read-only data
FREE_KB = 58 * 1024  # of 64 MiB, after booting


def nm(tool, path):
    out = subprocess.run([tool, "-S", path], check=True, text=True,
                         capture_output=True).stdout
    return [line.split() for line in out.splitlines()]


def objects(tool, path):
    sizes = {words[3]: int(words[1], 16) for words in nm(tool, path)
             if len(words) == 4}
    for name, budget in OBJECTS.items():
        size = sizes["size_of_" + name]
        yield size <= budget, f"a {name} takes at most {budget}", size


def image(tool, path):
    at = {words[2]: int(words[0], 16) for words in nm(tool, path)
          if len(words) == 3}
    size = (at["kernel_rodata_end"] - at["kernel_start"]) / 1024
    yield (size <= IMAGE_KB,
           f"code and constants take at most {IMAGE_KB} KiB", f"{size:.0f} KiB")


def guest(kernel, initramfs, mem, argv):
    machine = qemu.Guest(
        qemu.command(kernel, initramfs, mem=mem,
                     append="quiet -- " + " ".join(argv)), timeout=100)
    lines = list(machine.lines())
    return machine.status, lines


def guests(kernel, initramfs):
    status, lines = guest(kernel, initramfs, "64M",
                          ["/bin/cat", "/proc/meminfo"])
    match = re.search(r"MemFree:\s+(\d+)", "\n".join(lines))
    free = int(match[1]) if match else 0
    yield (status == 0 and free >= FREE_KB,
           f"{FREE_KB} kB of 64 MiB are free after boot", f"{free} kB")
    status, lines = guest(kernel, initramfs, "16M", ["/bin/tour"])
    yield (status == 0, "16 MiB are enough for the tour",
           "\n# ".join([qemu.describe(status), *lines[-4:]]))


def main():
    tool, sizes, kernel, initramfs = sys.argv[1:]
    count = 0
    print("TAP version 13")
    for results in (objects(tool, sizes), image(tool, kernel),
                    guests(kernel, initramfs)):
        for good, text, detail in results:
            count += 1
            print(f"{'ok' if good else 'not ok'} {count} - {text}")
            print(f"# {detail}", flush=True)
    print(f"1..{count}")


if __name__ == "__main__":
    main()
