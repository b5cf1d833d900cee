#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Drive gdb in batch mode against a running kernel, as a user would.

    test_gdb.py KERNEL INITRAMFS GUEST_PATH PROGRAM

PROGRAM is the ELF file of what GUEST_PATH names in the archive.
"""

import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tools"), os.path.join(TOP, "test/lint")]
sys.dont_write_bytecode = True

import lint
import qemu

SECTION = "---- "
STEPS = [
    # Its callers save their registers by calls (kernel/riscv/save.S).
    ("saved", ["tbreak *dentry_find", "continue", "set $entry = $pc",
               "set $first = $a0", "set $second = $a1", "set $third = $a2",
               "tbreak *$ra", "set $pc = (long)&backtrace_here", "continue",
               "set $a0 = $first", "set $a1 = $second", "set $a2 = $third",
               "set $pc = $entry"]),
    ("trap", ["tbreak user_page_fault", "continue"]),
    ("symbols", ["break mm_fault", "continue"]),
    ("backtrace", ["backtrace"]),
    ("fault", ["fl-fault"]),
    ("areas", ["fl-maps"]),
    ("entries", ["fl-pt $stval", "fl-pt $pc"]),
    ("main", ["delete", "break main", "continue", "info threads", "delete"]),
    ("user areas", ["fl-maps", "fl-pt $pc", "x/2i $pc"]),
    ("step", ["while $priv == 0", "stepi", "end", "info symbol $pc",
              "print $priv"]),
    ("last", ["fl-fault"]),
    # mm_fault itself is inlined into its callers.
    ("own", ["break *mm_fault_bits", "continue", "tbreak *$ra",
             "set $pc = (long)&backtrace_here", "continue"]),
    ("end", ["kill"]),
]


def session(kernel, initrd, path, program):
    """What gdb printed, and what the kernel did."""
    with tempfile.TemporaryDirectory(prefix="faultline-") as folder:
        socket = os.path.join(folder, "gdb.sock")
        script = os.path.join(folder, "steps")
        console = os.path.join(folder, "console")
        with open(script, "w", encoding="utf-8") as f:
            for name, commands in STEPS:
                f.write(f"echo {SECTION}{name}\\n\n")
                f.write("\n".join(commands) + "\n")
        words = qemu.command(kernel, initrd, smp=2,
                             append=f"init={path}")
        words += ["-S", "-gdb", f"unix:{socket},server=on,wait=off"]
        with open(console, "wb") as out:
            machine = subprocess.Popen(words, stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=subprocess.DEVNULL)
        try:
            while not os.path.exists(socket) and machine.poll() is None:
                pass
            done = subprocess.run(
                ["gdb-multiarch", "--nx", "--batch", kernel,
                 "-x", os.path.join(TOP, "tools/gdb.py"),
                 "-ex", f"target remote {socket}",
                 "-ex", f"add-symbol-file {program}", "-x", script],
                check=False, timeout=100, text=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        finally:
            machine.kill()
            machine.wait()
        with open(console, encoding="utf-8", errors="replace") as f:
            return done.stdout, f.read()


def shows(said, step, *patterns):
    """A rule: the text of the step holds each of the patterns."""
    def rule():
        for pattern in patterns:
            if not re.search(pattern, said.get(step, ""), re.MULTILINE):
                yield f"no {pattern!r}"
    return rule


def main():
    text, console = session(*sys.argv[1:])
    parts = re.split(f"^{SECTION}(.*)\n", text, flags=re.MULTILINE)
    said = dict(zip(parts[1::2], parts[2::2]), console=console)
    area = r"^0x[0-9a-f]+-0x[0-9a-f]+ [r-][w-][x-][sp] pgoff"
    lint.run([
        ("a breakpoint in the fault path stops the kernel",
         shows(said, "symbols", r"Breakpoint [\d.]+, mm_fault")),
        ("the first fault of a program stops the kernel",
         shows(said, "trap", "user_page_fault ")),
        ("the backtrace reaches the trap", shows(
            said, "backtrace", "#0 .*mm_fault", "user_page_fault")),
        ("fl-fault names the cause and the area", shows(
            said, "fault", "scause 1[235] .*page fault",
            "^area 0x[0-9a-f]+-0x[0-9a-f]+ ")),
        ("fl-maps lists the areas", shows(said, "areas", area, "rw-p", "r-xp")),
        ("fl-pt walks to the kernel's leaf", shows(
            said, "entries", "level 2 ", "VR-X-GA")),
        ("a program stops at its main", shows(said, "main", r"Breakpoint \d+, ",
                                              r"\bmain\b")),
        ("harts are threads", shows(said, "main", r"Thread 1\.1",
                                    r"Thread 1\.2")),
        ("the kernel's structures are readable in user mode", shows(
            said, "user areas", area, "VR-XU")),
        ("stepping reaches the trap handler", shows(
            said, "step", "trap_entry", r"\$\d+ = 1$")),
        ("the kernel's own backtrace names the functions", shows(
            said, "console", r"^backtrace:",
            r"^  [0-9a-f]{16} backtrace_here\+0x[0-9a-f]+/0x[0-9a-f]+",
            r"^  [0-9a-f]{16} user_page_fault\+0x")),
        ("that goes through frames which functions of save.S made", shows(
            said, "console",
            r"^  [0-9a-f]{16} vfs_make\+0x.*\n(?:  .*\n)*"
            r"  [0-9a-f]{16} boot_main\+0x")),
        ("the trap is told", shows(said, "last", r"scause \d+ \(")),
    ])
    print("\n".join("# " + line for line in text.split("\n")))


if __name__ == "__main__":
    main()
