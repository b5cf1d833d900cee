#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run one program of the host, or a shell, inside the guest.

    exec.py --kernel ELF --base CPIO [options] [PROGRAM [ARGS...]]

The program is packed into a copy of the base archive and started as a child of
the guest's init. Its output is ours, its exit status (128 + n for signal n) is
ours, and our standard input is what it reads. Without PROGRAM, init starts a
shell. A PROGRAM that is no file of the host is looked up in the guest.

On a terminal, keys go to the guest one by one; Ctrl-A X stops it.
"""

import argparse
import os
import shlex
import sys
import tempfile
import termios

import mkinitramfs
import qemu


def find(argv, archive):
    """argv with the guest's name of its program, which is packed if need be."""
    if not argv or mkinitramfs.clean(argv[0]) in archive.entries:
        return argv
    name = os.path.basename(argv[0])
    if os.path.exists(argv[0]):
        path = "/exec/" + name
        archive.add_file(path, argv[0])
    elif argv[0] == name and "bin/" + name in archive.entries:
        path = "/bin/" + name
    else:
        raise ValueError(f"no such program: {argv[0]}")
    return [path, *argv[1:]]


def pack(args, path):
    """Write the archive to path; returns argv of the guest's program."""
    archive = mkinitramfs.Archive()
    with open(args.base, "rb") as f:
        archive.load(f.read())
    init = archive.entries["init"]
    if args.root:
        archive.add_tree(args.root)
    archive.entries["init"] = init
    argv = find(args.argv, archive)
    with open(path, "wb") as f:
        f.write(archive.bytes())
    return argv


def run(words, args):
    """Carry bytes until the guest ends; returns the status for our caller."""
    terminal = termios.tcgetattr(0) if args.tty else None
    guest = qemu.Guest(words, args.timeout, tty=args.tty,
                       feed=None if args.tty else qemu.Input())
    try:
        for data in guest.output():
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except KeyboardInterrupt:
        return 130
    finally:
        if terminal:
            termios.tcsetattr(0, termios.TCSADRAIN, terminal)
    if guest.status in (qemu.TIMED_OUT, qemu.NO_KERNEL):
        print(f"run: {qemu.describe(guest.status)}", file=sys.stderr)
    return guest.status


def elf_of(program, args):
    """The file of the host that the program was made from, or None."""
    built = os.path.join(os.path.dirname(args.base),
                         os.path.basename(program))
    for path in (program, built):
        if os.path.isfile(path):
            return os.path.abspath(path)
    return None


def debug(words, args, program, folder):
    """Hold the machine before its first instruction until gdb says go."""
    socket = os.path.join(folder, "gdb.sock")
    here = os.path.dirname(os.path.abspath(__file__))
    gdb = ["gdb-multiarch", args.kernel, "-x", os.path.join(here, "gdb.py"),
           "-ex", f"target remote {socket}"]
    if program:
        gdb += ["-ex", f"add-symbol-file {program}"]
    print("waiting for gdb, in another terminal:\n  " + shlex.join(gdb) +
          "\nand there: break mm_fault, continue, fl-fault, fl-maps",
          file=sys.stderr)
    return words + ["-S", "-gdb", f"unix:{socket},server=on,wait=off"]


def main():
    parser = argparse.ArgumentParser(prog="run exec", add_help=True)
    qemu.add_arguments(parser)
    parser.add_argument("--kernel", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--base", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--log", action="store_true",
                        help="the kernel's log, too")
    parser.add_argument("--debug", action="store_true", help="wait for gdb")
    parser.add_argument("--root", metavar="DIR",
                        help="tree that becomes the root file system")
    parser.add_argument("argv", nargs=argparse.REMAINDER,
                        metavar="PROGRAM [ARGS...]")
    args = parser.parse_args()
    if sys.stdin is None:  # closed by the caller
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    args.tty = os.isatty(0)
    extra = [] if args.tty else ["noecho"]
    if not args.log and (not args.tty or (args.argv and not args.debug)):
        extra.append("quiet")  # what is printed is the program's
    with tempfile.TemporaryDirectory(prefix="faultline-") as folder:
        args.initrd = os.path.join(folder, "initramfs.cpio")
        program = elf_of(args.argv[0], args) if args.argv else None
        try:
            args.argv = pack(args, args.initrd)
            words = qemu.from_arguments(args, extra, tty=args.tty)
        except (OSError, ValueError) as error:
            sys.exit(f"run: {error}")
        if args.debug:
            words = debug(words, args, program, folder)
        return run(words, args)


if __name__ == "__main__":
    sys.exit(main())
