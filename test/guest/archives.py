#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boot with archives that are cut short, damaged or no archives at all.

    archives.py KERNEL INITRD [SEED]

A damaged archive may hold enough to run, or not. Either the first program runs
and ends by itself, or the kernel says in words what is missing; it never hangs
and never breaks one of its own invariants. The seed names the damage.
"""

import os
import random
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../tools"))

import qemu  # noqa: E402 (found through the line above)

PANIC = "panic: "
CLEAR = "cannot boot: "
FLIPS = 40  # damaged bytes in one archive


def cases(good, rng):
    """Pairs of a name and the bytes of an archive."""
    yield "nothing", b""
    yield "one byte", b"0"
    yield "noise", rng.randbytes(100_000)
    yield "half a header", good[:60]
    yield "a header alone", good[:110]
    for part in (3, 2):
        yield f"the first of {part} parts", good[:len(good) // part]
    yield "all but the trailer", good[:-300]
    for number in range(4):
        data = bytearray(good)
        for _ in range(FLIPS):
            data[rng.randrange(len(data))] = rng.randrange(256)
        yield f"damaged bytes, {number}", bytes(data)
    for number in range(4):
        data = bytearray(good)
        for _ in range(3):
            at = data.find(b"070701", rng.randrange(len(data) - 200))
            data[at + 6 + rng.randrange(104)] = rng.choice(b"0fF ")
        yield f"damaged headers, {number}", bytes(data)


def boot(kernel, data):
    """None when all is well, else what is not."""
    with tempfile.NamedTemporaryFile(suffix=".cpio") as archive:
        archive.write(data)
        archive.flush()
        guest = qemu.Guest(qemu.command(kernel, archive.name,
                                        append="-- echo alive"), timeout=60)
        lines = list(guest.lines())
    if guest.status == qemu.TIMED_OUT:
        return "it hangs", lines
    broken = [line for line in lines if line.startswith(PANIC)]
    if broken:
        return broken[0], lines
    said = any(line.startswith(CLEAR) for line in lines)
    if not said and "alive" not in lines:
        return "the kernel says nothing", lines
    if said and not guest.status:
        return "status 0", lines
    return None, lines


def main():
    kernel, initrd = sys.argv[1:3]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    with open(initrd, "rb") as file:
        archives = list(cases(file.read(), random.Random(seed)))
    print(f"TAP version 13\n1..{len(archives)}\n# seed {seed}", flush=True)
    for number, (name, data) in enumerate(archives, 1):
        complaint, lines = boot(kernel, data)
        if complaint:
            print(f"# {complaint}", *lines[-15:], sep="\n# ")
        print(f"{'not ok' if complaint else 'ok'} {number} - {name}",
              flush=True)


if __name__ == "__main__":
    main()
