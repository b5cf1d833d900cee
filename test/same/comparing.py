#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What "./run compare" and "./run linux" promise (tools/linux.py).

    comparing.py [--reference] INIT KERNEL ARCHIVE COUNTED

Both sides are our own kernel here, since the reference takes minutes to build;
with --reference the other one is Linux 6.12. COUNTED is the guest's program
that reads its input, takes a number of page faults and ends as it is told.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../tools"),
                os.path.join(HERE, "../lint")]

import lint  # noqa: E402 (found through the line above)
import linux  # noqa: E402
import qemu  # noqa: E402

ON_LINUX = linux.on_linux
PAGES = 200
ALL_BYTES = bytes(range(256)) * 3
RANDOMIZE = "/proc/sys/kernel/randomize_va_space"


def machine(argv, timeout=100):
    parser = argparse.ArgumentParser()
    qemu.add_arguments(parser)
    args = parser.parse_args([])
    args.timeout, args.argv, args.log, args.root = timeout, argv, False, None
    args.init, args.kernel, args.base = TOLD.init, TOLD.kernel, TOLD.archive
    args.feed = None
    return args


@contextlib.contextmanager
def pipe(data, is_open=False):
    """An Input that gives data, and then ends or says nothing more."""
    reader, writer = os.pipe()
    os.write(writer, data)
    if not is_open:
        os.close(writer)
    yield qemu.Input(reader)
    os.close(reader)
    if is_open:
        os.close(writer)


def outcome(runner, *words, data=b""):
    args, out = machine([TOLD.counted, *words]), bytearray()
    with pipe(data) as args.feed:
        return runner(args, out.extend), bytes(out)


def compared(there, here, data=b"", **more):
    """(status, output) of compare(), with these argv on the two sides."""
    args, said = machine(here), io.StringIO()
    if not TOLD.reference:
        def other(args, write):
            args.argv, mine = there, args.argv
            result = linux.on_faultline(args, write)
            args.argv = mine
            return result
        linux.on_linux = other
    with pipe(data, **more) as args.feed, contextlib.redirect_stdout(said):
        status = linux.compare(args)
    linux.on_linux = ON_LINUX
    return status, said.getvalue()


def counts_faults():
    for runner in runners():
        few, _ = outcome(runner, "0")
        many, _ = outcome(runner, str(PAGES))
        if None in few + many:
            yield f"{runner.__name__}: no counts: {few}, {many}"
        elif many.minor - few.minor != PAGES or few.major or many.major:
            yield f"{runner.__name__}: {PAGES} pages: {few}, then {many}"


def no_chance():
    """Where the stack begins would change how many faults it takes."""
    for runner in runners():
        args, out = machine(["/bin/cat", RANDOMIZE]), bytearray()
        runner(args, out.extend)
        if out != b"0\n":
            yield f"{runner.__name__}: {RANDOMIZE} is {bytes(out)}"


def gives_the_status():
    for runner in runners():
        for words, wanted in ((["7"], 7), (["0", "9"], 137), (["0", "15"], 143),
                              (["255"], 255)):
            if outcome(runner, *words)[0].status != wanted:
                yield f"{runner.__name__}: {words} is not {wanted}"


def types_the_input():
    for runner in runners():
        if outcome(runner, "0", data=ALL_BYTES)[1] != ALL_BYTES:
            yield f"{runner.__name__}: what was read is not what was typed"


def all_of_the_output():
    """Nothing of what a program writes just before its end gets lost while
    other harts look after the serial port."""
    word = "0123456789" * 45
    for runner in runners():
        for _ in range(5):
            args, out = machine(["/bin/echo", word]), bytearray()
            args.smp = 4
            runner(args, out.extend)
            if out.decode(errors="replace") != word + "\n":
                yield f"{runner.__name__}: {len(out)} bytes"


def same_input_for_both():
    argv = [TOLD.counted, "3"]
    status, said = compared(argv, argv, data=b"one\ntwo\nthree")
    if status or "the same: 3 lines, status 3\n" not in said:
        yield f"{status}: {said}"


def same_faults():
    if TOLD.reference:
        return
    argv = [TOLD.counted, "3"]
    said = compared(argv, argv)[1]
    if said.count(", the same\n") != 2:
        yield said


def differences():
    """Of output, status and faults."""
    if TOLD.reference:
        status, said = compared(None, ["/bin/cat", "/proc/version"])
        wanted = ["+++ faultline\n", "-Linux version 6.12", "+Linux version"]
    else:
        status, said = compared([TOLD.counted, "1"], ["/bin/echo", "hello"])
        wanted = ["+++ faultline\n", "+hello\n", "-status 1\n", "+status 0\n",
                  " on faultline\n", "major faults: 0, the same\n"]
    for text in wanted:
        if text not in said:
            yield f"not there: {text!r}"
    if status != 1:
        yield f"status {status}"


def needs_no_end():
    """Input that nobody asks for need not end."""
    argv = ["/bin/echo", "hello"]
    status, said = compared(argv, argv, data=b"unread\n", is_open=True)
    if status or "the same: 1 lines, status 0\n" not in said:
        yield f"{status}: {said}"


def runs_out_of_time():
    args = machine([TOLD.counted, "0"], timeout=1)
    with pipe(b"", is_open=True) as args.feed:
        result = linux.on_faultline(args, bytearray().extend)
    if result != (qemu.TIMED_OUT, None, None):
        yield str(result)


def reads_again():
    """A record: what was read, then what nobody has read yet, then the end."""
    with tempfile.TemporaryFile() as file:
        file.write(ALL_BYTES * 20)
        file.seek(0)
        record = linux.Recorded(file.fileno())
        seen = record.read()
        for _ in range(2):
            record.rewind()
            again = bytearray()
            while data := record.read():
                again += data
            if again != ALL_BYTES * 20 or again[:len(seen)] != seen:
                yield f"{len(again)} bytes"


def runners():
    yield linux.on_faultline
    if TOLD.reference:
        yield linux.on_linux


def told():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", action="store_true")
    for name in ("init", "kernel", "archive", "counted"):
        parser.add_argument(name)
    return parser.parse_args()


TOLD = told()
lint.run([
    ("each page fault is counted, in children too", counts_faults),
    ("no address is left to chance", no_chance),
    ("exit codes and signals arrive", gives_the_status),
    ("standard input arrives byte for byte", types_the_input),
    ("output arrives up to the last byte", all_of_the_output),
    ("both sides read the same input", same_input_for_both),
    ("the same program takes the same faults", same_faults),
    ("differences are shown", differences),
    ("input that is not read need not end", needs_no_end),
    ("a guest that hangs has status 124 and no counts", runs_out_of_time),
    ("a record of input is read again", reads_again),
])
