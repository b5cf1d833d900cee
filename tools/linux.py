#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run one program on real Linux in the same machine: the reference.

    linux.py --base CPIO --init ELF [options] PROGRAM [ARGS...]
    linux.py --compare --kernel ELF --base CPIO --init ELF [options] PROGRAM...
    linux.py --tap --base CPIO --init ELF [options] PROGRAM [ARGS...]

The first call builds the kernel from Debian's linux-source-6.12 package and
tools/linux.config, several minutes, and keeps it outside the source tree, in
$XDG_CACHE_HOME/faultline (~/.cache/faultline). Options are those of exec.py.
"no4lvl" makes Linux use Sv39 as we do, "norandmaps" leaves no address to
chance: a stack that begins elsewhere may need a page, and a fault, more.

--compare runs the program on both kernels, with the same standard input and
the same process 1, and shows how output and status differ; lines that begin
with "~" are kernel-specific and left out. Its status is 0 when there is no
difference. It also shows how many page faults each kernel took for the program
and the children that it waited for, from before its first instruction; that
these differ is no failure.

--tap is for "meson test": the program speaks TAP; it is skipped as long as
Linux has not been built.
"""

import argparse
import collections
import difflib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

import mkinitramfs
import qemu
import tap
from exec import find

SOURCE = "/usr/src/linux-source-6.12.tar.xz"
CONFIG = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "linux.config")
INIT = "/report-init"
REPORT = re.compile(rb"\x1estatus (\d+) minor (\d+) major (\d+)\n")
LINUX = ["console=ttyS0", "no4lvl", "panic=-1", "norandmaps",
         "rdinit=" + INIT]
OURS = ["noecho", "init=" + INIT]

# How a program ended; None for the counts when that is not known.
Outcome = collections.namedtuple("Outcome", "status minor major")


class Recorded(qemu.Input):
    """Input that can be read again: a second guest gets what the first got.

    What nobody has read yet is still read from the descriptor, so neither has
    to wait for an end that a program does not ask for.
    """

    def __init__(self, fd=0):
        super().__init__(fd)
        self.file = tempfile.TemporaryFile()
        self.size = self.at = 0

    def fileno(self):
        return self.file.fileno() if self.at < self.size else self.fd

    def read(self):
        if self.at < self.size:
            data = os.pread(self.file.fileno(), 4096, self.at)
        else:
            data = super().read()
            self.file.write(data)
            self.file.flush()
            self.size += len(data)
        self.at += len(data)
        return data

    def rewind(self):
        self.at = 0


def cache():
    """Folder for this source and configuration."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    digest = hashlib.sha256()
    with open(CONFIG, "rb") as f:
        digest.update(f.read())
    stat = os.stat(SOURCE)
    digest.update(f"{stat.st_size} {stat.st_mtime_ns}".encode())
    return os.path.join(home, "faultline", "linux-" + digest.hexdigest()[:12])


def build():
    """Path of the kernel's Image, built when it is not in the cache."""
    if not os.path.exists(SOURCE):
        sys.exit("run: please install linux-source-6.12, flex, bison and bc")
    folder = cache()
    image = os.path.join(folder, "Image")
    if os.path.exists(image):
        return image
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who comes second finds it done
        if not os.path.exists(image):
            make(folder, image, lock.fileno())
    return image


def make(folder, image, lock):
    """Unpack, configure and compile it. A build that was interrupted goes on
    where it stopped; when it is done its folder is removed. Each step holds
    the lock as well: when only we are killed, make works on, and the next call
    waits for it instead of starting a second one among the same files."""
    print(f"run: building Linux in {folder}, once", file=sys.stderr)
    tree, log = os.path.join(folder, "build"), os.path.join(folder, "log")
    words = ["make", "-C", tree, "ARCH=riscv",
             "CROSS_COMPILE=riscv64-linux-gnu-"]
    steps = [
        [*words, "KCONFIG_ALLCONFIG=" + CONFIG, "allnoconfig"],
        [*words, f"-j{os.cpu_count()}", "Image"],
    ]
    if not os.path.exists(tree):
        fresh = tree + "-unpacked"
        os.makedirs(fresh, exist_ok=True)
        steps[:0] = [
            ["tar", "-xf", SOURCE, "-C", fresh, "--strip-components=1"],
            ["mv", fresh, tree],
        ]
    with open(log, "wb") as out:
        for step in steps:
            if subprocess.run(step, stdout=out, stderr=out,
                              stdin=subprocess.DEVNULL,
                              pass_fds=[lock]).returncode:
                sys.exit(f"run: failed: {' '.join(step)}; see {log}")
    os.rename(os.path.join(tree, "arch/riscv/boot/Image"), image)
    shutil.rmtree(tree)


def is_built():
    """Is there an Image in the cache, which build() would give?"""
    return os.path.exists(SOURCE) and \
        os.path.exists(os.path.join(cache(), "Image"))


def pack(args, path):
    """The archive, with process 1 in it; returns argv in the guest."""
    archive = mkinitramfs.Archive()
    with open(args.base, "rb") as f:
        archive.load(f.read())
    if args.root:
        archive.add_tree(args.root)
    archive.add_file(INIT, args.init)
    argv = find(args.argv, archive)
    with open(path, "wb") as f:
        f.write(archive.bytes())
    return argv


def run(words, args, write):
    """Output to write(bytes); the Outcome, from the report at its end."""
    guest = qemu.Guest(words, args.timeout, feed=args.feed)
    held = b""
    outcome = None
    for data in guest.output():
        held = (held + data).replace(b"\r\n", b"\n")
        match = REPORT.search(held)
        if match:
            outcome = Outcome(*map(int, match.groups()))
            held = held[:match.start()]
            break
        at = held.rfind(b"\x1e")
        ready = held if at < 0 else held[:at]
        held = held[len(ready):]
        write(ready)
    write(held)
    return outcome or Outcome(guest.status or qemu.NO_KERNEL, None, None)


def boot(get_kernel, words, args, write):
    """get_kernel() is asked when all else is there: it may take minutes."""
    with tempfile.TemporaryDirectory(prefix="faultline-") as folder:
        initrd = os.path.join(folder, "initramfs.cpio")
        argv = pack(args, initrd)
        line = [*args.append, *words, "--", *map(qemu.quote, argv)]
        return run(qemu.command(get_kernel(), initrd, args.smp, args.mem,
                                args.icount, " ".join(line)), args, write)


def on_linux(args, write):
    quiet = [] if args.log else ["quiet", "loglevel=0"]
    return boot(build, [*quiet, *LINUX], args, write)


def on_faultline(args, write):
    quiet = [] if args.log else ["quiet"]
    return boot(lambda: args.kernel, [*quiet, *OURS], args, write)


def transcript(runner, args):
    """Lines that must be the same on both kernels, and the Outcome."""
    out = bytearray()
    args.feed.rewind()
    outcome = runner(args, out.extend)
    lines = [line for line in out.decode(errors="replace").splitlines()
             if not line.startswith("~")]
    return [*lines, f"status {outcome.status}"], outcome


def relay(args):
    """TAP of a program that speaks it; the guest's end is one result more."""
    tap.say("TAP version 13")
    if not is_built():
        tap.say("1..0 # SKIP Linux is not built: ./run linux PROGRAM does")
        return
    args.feed = None
    out = bytearray()
    status = on_linux(args, out.extend).status
    count = tap.relay(out.decode(errors="replace").splitlines())
    tap.say(f"{'not ' if status else ''}ok {count + 1} - ends with status 0")


def compare(args):
    args.feed = Recorded(args.feed.fd)
    there, theirs = transcript(on_linux, args)
    here, ours = transcript(on_faultline, args)
    diff = list(difflib.unified_diff(there, here, "Linux 6.12", "faultline",
                                     lineterm=""))
    print("\n".join(diff or [f"the same: {len(here) - 1} lines, {here[-1]}"]))
    for kind in ("minor", "major"):
        counts = [getattr(outcome, kind) for outcome in (theirs, ours)]
        print(f"{kind} faults: " + (
            f"{counts[0]}, the same" if counts[0] == counts[1] else
            f"{counts[0]} on Linux 6.12, {counts[1]} on faultline"))
    return 1 if diff else 0


def main():
    parser = argparse.ArgumentParser(prog="run linux", add_help=True)
    qemu.add_arguments(parser)
    parser.add_argument("--log", action="store_true",
                        help="the kernel's log, too")
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--tap", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--kernel", help=argparse.SUPPRESS)
    parser.add_argument("--base", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--init", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--root", metavar="DIR",
                        help="tree that becomes the root file system")
    parser.add_argument("argv", nargs=argparse.REMAINDER,
                        metavar="PROGRAM [ARGS...]")
    args = parser.parse_args()
    if not args.argv:
        parser.error("which program?")
    if sys.stdin is None:  # closed by the caller
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # From a terminal nothing is typed: what reads it finds its end.
    args.feed = qemu.Input(os.open(os.devnull, os.O_RDONLY)
                           if os.isatty(0) else 0)
    try:
        if args.compare:
            return compare(args)
        if args.tap:
            return relay(args)

        def write(data):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

        return on_linux(args, write).status
    except KeyboardInterrupt:
        return 130
    except (OSError, ValueError) as error:
        sys.exit(f"run: {error}")


if __name__ == "__main__":
    sys.exit(main())
