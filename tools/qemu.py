# SPDX-License-Identifier: MIT
"""Start the kernel under QEMU and carry bytes between it and the caller.

What every tool here shares: the machine's command line, the removal of the
firmware's banner, the time limit, and the way standard input reaches the
guest's terminal. QEMU is ended by its own process id, however we leave.

The kernel prints MARKER on a line of its own before anything else; whatever
comes before that is firmware. The exit status of QEMU is that of the guest's
first program (the "sifive,test" device carries it).
"""

import argparse
import os
import re
import select
import signal
import subprocess
import sys
import time

MARKER = b"\x1efaultline\n"
FIRMWARE_MAX = 1 << 18  # more than this without the marker: a boot loop
TIMED_OUT = 124  # as timeout(1) says it
NO_KERNEL = 125  # QEMU ended before the kernel spoke


def command(kernel, initrd=None, smp=1, mem="128M", icount=False, append="",
            tty=False):
    """The QEMU command line. Exact instruction counts need a single hart.

    The variable QEMU names another emulator than the one of PATH.
    """
    # The multiplexer hands bytes on as the UART takes them; without it QEMU
    # looks for more only when something else wakes it, 20 times slower.
    console = "stdio,id=console,signal=off,mux=on"
    emulator = os.environ.get("QEMU") or "qemu-system-riscv64"
    words = [emulator, "-machine", "virt", "-cpu", "rv64",
             "-smp", str(1 if icount else smp), "-m", mem, "-no-reboot",
             "-display", "none", "-monitor", "none", "-kernel", kernel,
             "-chardev", console, "-serial", "chardev:console"]
    if tty:
        words += ["-mon", "chardev=console"]  # Ctrl-A X ends QEMU
    else:
        words += ["-echr", "256"]  # no byte is an escape
    if icount:
        words += ["-icount", "shift=0,sleep=off"]
    if initrd:
        words += ["-initrd", initrd]
    if append:
        words += ["-append", append]
    return words


def quote(word):
    """One argument of the program on the kernel's command line."""
    if re.fullmatch(r"[^\s\"]+", word):
        return word
    if '"' in word or "\n" in word:
        raise ValueError(f"cannot pass on: {word!r}")
    return f'"{word}"'


class Keyboard:
    """Turns a stream of bytes into what a typist would have to press.

    The guest's terminal is in canonical mode, so control bytes are typed after
    ^V and a long line is passed on in pieces with ^D. ^D on an empty line is
    end of file, once; a file stays at its end, so there are several.
    """

    PIECE = 256
    ENDS = 32

    def __init__(self):
        self.pending = 0  # bytes typed since the last newline or ^D

    def type(self, data):
        out = bytearray()
        for byte in data:
            if byte == 0x0A:
                self.pending = 0
                out.append(byte)
                continue
            if self.pending == self.PIECE:
                out.append(0x04)
                self.pending = 0
            if (byte < 0x20 and byte != 0x09) or byte == 0x7F:
                out.append(0x16)
            out.append(byte)
            self.pending += 1
        return bytes(out)

    def end(self):
        return b"\x04" * (self.ENDS + (self.pending > 0))


class Input:
    """Standard input, or another descriptor, for Guest to type."""

    def __init__(self, fd=0):
        self.fd = fd

    def fileno(self):
        return self.fd

    def read(self):
        """What is there, at most a few pages; b"" at the end."""
        return os.read(self.fd, 4096)


class Guest:
    """One run of QEMU. Iterate over output(); then ask status."""

    def __init__(self, words, timeout=None, feed=None, tty=False):
        """feed: an Input to type; tty: QEMU reads the terminal."""
        self.deadline = time.monotonic() + timeout if timeout else None
        self.status = None
        self.booted = False  # the marker was seen; the firmware drops keys
        self.ended = False  # QEMU closed its output, nobody had to stop it
        self.feed = feed
        self.typed = bytearray()
        self.keyboard = Keyboard()
        kind = subprocess.DEVNULL
        if feed or tty:
            kind = subprocess.PIPE if feed else None
        try:
            self.process = subprocess.Popen(words, stdin=kind,
                                            stdout=subprocess.PIPE)
        except OSError as error:
            sys.exit(f"{words[0]}: {error.strerror}")
        if feed:
            os.set_blocking(self.process.stdin.fileno(), False)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

    def _type(self, fd):
        try:
            count = os.write(fd, self.typed[:512])
            del self.typed[:count]
        except BlockingIOError:
            pass
        except OSError:
            self.typed.clear()
            self.feed = None

    def _chunks(self):
        """Raw output of QEMU until it ends; feeds its input meanwhile."""
        out = self.process.stdout.fileno()
        inp = self.process.stdin.fileno() if self.feed else None
        while True:
            readers, writers, wait = [out], [], None
            if self.feed and self.booted and not self.typed:
                readers.append(self.feed)
            if self.typed:
                writers.append(inp)
            if self.deadline:
                wait = self.deadline - time.monotonic()
                if wait <= 0:
                    self.status = TIMED_OUT
                    return
            ready, writable, _ = select.select(readers, writers, [], wait)
            if out in ready:
                data = os.read(out, 1 << 16)
                if not data:
                    self.ended = True
                    return
                yield data
            if self.feed in ready:
                data = self.feed.read()
                self.typed += self.keyboard.type(data)
                if not data:
                    self.typed += self.keyboard.end()
                    self.feed = None
            if writable:
                self._type(inp)

    def output(self):
        """What the kernel and its programs print, as pieces of bytes."""
        firmware = bytearray()
        try:
            for data in self._chunks():
                if self.booted:
                    yield data
                    continue
                firmware += data
                at = firmware.replace(b"\r", b"").find(MARKER)
                if at >= 0:
                    self.booted = True
                    rest = firmware.replace(b"\r\n", b"\n")
                    rest = rest[rest.find(MARKER) + len(MARKER):]
                    if rest:
                        yield bytes(rest)
                elif len(firmware) > FIRMWARE_MAX:
                    break
        finally:
            self.process.stdout.close()
            if not self.ended:
                self.process.kill()
            code = self.process.wait()
            if self.status is None:
                self.status = code if code >= 0 else 128 - code
        if not self.booted:
            if self.status != TIMED_OUT:
                self.status = NO_KERNEL
            sys.stderr.buffer.write(firmware[-4096:])

    def lines(self, limit=1 << 24):
        """Output as text lines, without line ends; ends QEMU past `limit`."""
        rest = b""
        for data in self.output():
            limit -= len(data)
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                yield line.rstrip(b"\r").decode(errors="replace")
            if limit < 0:
                yield "(too much output, stopped)"
                return
        if rest:
            yield rest.rstrip(b"\r").decode(errors="replace")


def describe(status):
    return {TIMED_OUT: "stopped: no time left", NO_KERNEL: "never booted"}.get(
        status, str(status))


def hart_count(word):
    if not word.isdigit() or not 1 <= int(word) <= 64:
        raise argparse.ArgumentTypeError("1 to 64 harts are possible")
    return int(word)


def add_arguments(parser):
    """The options of the machine, the same for every tool."""
    parser.add_argument("--smp", type=hart_count, default=1, metavar="N",
                        help="number of harts")
    parser.add_argument("--mem", default="128M", metavar="SIZE",
                        help="size of the memory, as QEMU writes it")
    parser.add_argument("--icount", action="store_true",
                        help="one instruction a nanosecond, one hart: "
                        "exact, repeatable costs")
    parser.add_argument("--append", action="append", default=[],
                        metavar="STRING",
                        help="more words for the kernel's command line")
    parser.add_argument("--timeout", type=float, metavar="S",
                        help="stop the guest after S seconds (status 124)")
    parser.add_argument("--initrd", metavar="CPIO", help="initramfs archive")


def from_arguments(args, words=(), **more):
    """The QEMU command line for parsed options; args.argv goes to init."""
    line = [*args.append, *words]
    if args.argv:
        line += ["--", *map(quote, args.argv)]
    return command(args.kernel, args.initrd, args.smp, args.mem, args.icount,
                   " ".join(line), **more)
