#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which functions the instructions of a run go to.

    profile.py --kernel ELF --base CPIO [options] PROGRAM [ARGS...]

QEMU logs the address of each instruction it executes (-singlestep -d exec)
into a pipe; here they are counted by function, and calls and returns are
followed so that each count has its callers. Nothing is sampled: two runs give
the same numbers. A million instructions take about a second.

The table goes to standard output, with the functions of the program (if it has
symbols) after "user:". --folded FILE writes lines "caller;callee;leaf count",
which flame graph viewers read. Counting begins with the first instruction in
user mode; --boot counts what comes before it instead.
"""

import argparse
import bisect
import collections
import os
import re
import subprocess
import sys
import tempfile

import exec as guest_exec
import qemu

ENTRY = 0x80200000  # where the firmware enters the kernel
KERNEL_OFFSET = 0xffffffff00000000
NOT_FIRMWARE = "0x10000..0x7fffffff,0x80200000..0xffffffffffffffff"
TRACE = re.compile(rb"/([0-9a-f]{16})/")
RISCV = b"\xf3\0"  # e_machine
CALL, RETURN, OTHER = range(3)


class Code:
    """Functions and instructions of an ELF file."""

    def __init__(self, path, prefix=""):
        self.starts, self.names, self.kinds = [], [], {}
        if not path:
            return
        for line in self.tool("nm", "-n", path):
            words = line.split()
            if len(words) == 3 and words[1] in "tTwW":
                self.starts.append(int(words[0], 16))
                self.names.append(prefix + words[2])
        for line in self.tool("objdump", "-d", path):
            match = re.match(
                r"\s*([0-9a-f]+):\s+([0-9a-f]+)\s+(\S+)\s*(\S*)", line)
            if match:
                self.kinds[int(match[1], 16)] = self.kind(
                    match[3], match[4], len(match[2]) // 2)

    @staticmethod
    def tool(name, *args):
        return subprocess.run(["riscv64-unknown-elf-" + name, *args],
                              check=True, capture_output=True,
                              text=True).stdout.splitlines()

    @staticmethod
    def kind(name, operands, length):
        if name == "ret":
            return RETURN, length
        is_call = name == "jalr" or name == "jal" and \
            not operands.startswith(("zero", "t0"))
        return (CALL if is_call else OTHER), length

    def look_up(self, pc):
        """(function, kind of instruction, address behind it)."""
        at = bisect.bisect(self.starts, pc) - 1
        name = self.names[at] if at >= 0 else "?"
        kind, length = self.kinds.get(pc, (OTHER, 4))
        return name, kind, pc + length


class Stack:
    """The functions that are active, as far as calls and returns tell."""

    def __init__(self):
        self.names = []  # active functions, outermost first
        self.returns = []  # where each goes on after its callee
        self.key = ()

    def reset(self, name):
        self.names, self.returns = [name], []
        self.key = (name,)

    def call(self, name, behind):
        self.names.append(name)
        self.returns.append(behind)
        self.key = tuple(self.names)

    def back_to(self, pc, name):
        """After a return: to the caller that expects it, if there is one."""
        while self.returns:
            self.names.pop()
            if self.returns.pop() == pc:
                self.names[-1] = name
                self.key = tuple(self.names)
                return
        self.reset(name)

    def jump(self, name):
        self.names[-1] = name
        self.key = tuple(self.names)


def trace(words):
    """Addresses of all instructions, as 16 hexadecimal digits."""
    read, write = os.pipe()
    words = words + ["-singlestep", "-d", "exec,nochain",
                     "-dfilter", NOT_FIRMWARE, "-D", f"/dev/fd/{write}"]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, pass_fds=[write]) as process, \
            open(read, "rb", buffering=1 << 20) as log:
        os.close(write)
        try:
            for line in log:
                match = TRACE.search(line)
                if match:
                    yield match[1]
        finally:
            process.kill()


def count(addresses, kernel, user, want_boot):
    """Counter of stacks, each a tuple of functions."""
    counts, stack, known = collections.Counter(), Stack(), {}
    running, was_user, last = want_boot, False, (None, OTHER, 0)
    for address in addresses:
        info = known.get(address)
        if info is None:
            pc = int(address, 16)
            if ENTRY <= pc < ENTRY + (1 << 20):
                pc += KERNEL_OFFSET  # before the MMU is on
            is_user = pc < KERNEL_OFFSET
            code = user if is_user else kernel
            info = known[address] = (*code.look_up(pc), pc, is_user)
        name, _, _, pc, is_user = info
        if is_user:
            if want_boot:
                break
            running = True
        if is_user != was_user or not stack.names:
            stack.reset(name)
        elif last[1] == CALL:
            stack.call(name, last[2])
        elif last[1] == RETURN:
            stack.back_to(pc, name)
        elif name != stack.names[-1]:
            stack.jump(name)
        if running:
            counts[stack.key] += 1
        last, was_user = info, is_user
    return counts


def print_table(counts, limit):
    own, total = collections.Counter(), collections.Counter()
    for key, n in counts.items():
        own[key[-1]] += n
        for name in set(key):
            total[name] += n
    whole = sum(own.values())
    print(f"{'own':>12} {'%':>5} {'with callees':>14}  function")
    for name, n in own.most_common(limit):
        print(f"{n:>12,} {100 * n / whole:>5.1f} {total[name]:>14,}  {name}")
    print(f"{whole:>12,} 100.0 {'':>14}  all")


def program_file(args):
    """The host's file that the program comes from, or None."""
    if not args.argv:
        return None
    built = os.path.join(os.path.dirname(args.base),
                         os.path.basename(args.argv[0]))
    for path in (args.argv[0], built):
        if os.path.isfile(path):
            with open(path, "rb") as f:
                head = f.read(20)
            if head[:4] == b"\x7fELF" and head[18:] == RISCV:
                return path
    return None


def main():
    parser = argparse.ArgumentParser(prog="run profile")
    qemu.add_arguments(parser)
    parser.add_argument("--kernel", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--base", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--folded", metavar="FILE",
                        help="write stacks for flame graph viewers")
    parser.add_argument("--boot", action="store_true",
                        help="count up to the first instruction in user mode")
    parser.add_argument("--top", type=int, default=40, metavar="N",
                        help="how many functions to print")
    parser.add_argument("--root", help=argparse.SUPPRESS)
    parser.add_argument("argv", nargs=argparse.REMAINDER,
                        metavar="PROGRAM [ARGS...]")
    args = parser.parse_args()
    args.icount = True
    user = Code(program_file(args), "user:")
    with tempfile.TemporaryDirectory(prefix="faultline-") as folder:
        args.initrd = os.path.join(folder, "initramfs.cpio")
        try:
            args.argv = guest_exec.pack(args, args.initrd)
            words = qemu.from_arguments(args, ["quiet", "noecho"])
        except (OSError, ValueError) as error:
            sys.exit(f"run: {error}")
        counts = count(trace(words), Code(args.kernel), user, args.boot)
    print_table(counts, args.top)
    if args.folded:
        with open(args.folded, "w", encoding="utf-8") as f:
            for key, n in sorted(counts.items()):
                f.write(f"{';'.join(key)} {n}\n")


if __name__ == "__main__":
    main()
