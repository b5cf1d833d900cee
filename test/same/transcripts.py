#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same programs on two kernels, and both must say the same.

    transcripts.py [--reference] INIT KERNEL ARCHIVE LIST PROGRAM...

The programs are booted here, all in one guest, and then run by qemu-riscv64 on
this machine's Linux (emulate.py), or with --reference on real Linux 6.12 in
the same QEMU; INIT is process 1 of both. Of a program that speaks TAP the verdict of each check is
compared, of any other its lines and its status; lines that begin with "~" are
kernel-specific.

LIST names what qemu-riscv64 gets wrong. A listed check that does not differ is
a failure, so that the list stays true; with another version of QEMU than the
one it was made for, it is only mentioned.
"""

import argparse
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../tools"))
import linux  # noqa: E402

TIME_OUT = 280
AT_ONCE = 24  # programs in one boot: Linux takes 1024 bytes of command line
PLAN = re.compile(r"1\.\.\d+$")
RESULT = re.compile(r"(not ok|ok) \d+ - (.*)$")
WHOLE = "-"  # the check of a program that does not speak TAP


class List:
    """What the other side gets wrong, from its file (see the head there)."""

    def __init__(self, path):
        self.entries, self.version, kind = {}, None, None
        with open(path, encoding="utf-8") as f:
            for line in f:
                words = line.split("#")[0].split()
                if not words:
                    continue
                if line[0] == "\t":
                    program = "/bin/" + words[0]
                    for check in words[1:]:
                        self.entries[program, check] = kind
                elif words[0] == "qemu:":
                    self.version = words[1]
                else:
                    kind = words[0].rstrip(":")
                    assert kind in ("wrong", "host", "unsafe"), line

    def is_unsafe(self, program):
        return self.entries.get((program, WHOLE)) == "unsafe"

    def is_for_this_qemu(self):
        out = subprocess.run(["qemu-riscv64", "--version"],
                             stdout=subprocess.PIPE, check=True).stdout
        return f" version {self.version}.".encode() in out


def split(lines, programs):
    """The lines of each program; the tour puts a line behind each."""
    said, found = [], {}
    for line in lines:
        words = line.split()
        if words[:1] == ["~tour"] and words[1] in programs:
            found[words[1]] = [*said, "status " + words[3]]
            said = []
        elif not line.startswith("~"):
            said.append(line)
    return found


def checks(lines):
    """Verdict of each check, or the whole text when it is not TAP."""
    if not any(map(PLAN.match, lines)):
        return {WHOLE: "\n".join(lines)}
    results, why = {}, []
    for line in lines:
        match = RESULT.match(line)
        if line.startswith("#"):
            why.append(line)
        elif match:
            bad = why[-1:] if match.group(1) == "not ok" else []
            results[match.group(2)] = ": ".join([match.group(1), *bad])
            why = []
        elif not PLAN.match(line) and not line.startswith("status "):
            why.append(line)
    return results


def booted(runner, args, programs):
    """Transcripts from one kernel, by way of its tour."""
    found = {}
    for at in range(0, len(programs), AT_ONCE):
        part = programs[at:at + AT_ONCE]
        args.argv = ["/bin/tour", *part]
        out = bytearray()
        runner(args, out.extend)
        found |= split(out.decode(errors="replace").splitlines(), part)
    return {program: checks(found[program]) if program in found
            else {WHOLE: "did not end"} for program in programs}


def emulated(args, ours, known):
    """The same from qemu-riscv64."""
    jobs = [[program, None if WHOLE in results else list(results),
             [check for of, check in known.entries if of == program]]
            for program, results in ours.items()]
    run = subprocess.run([sys.executable, os.path.join(HERE, "emulate.py"),
                          args.base], input=json.dumps(jobs).encode(),
                         stdout=subprocess.PIPE, check=True)
    seen = json.loads(run.stdout)
    return {program: checks([line for line in said if line[:1] != "~"])
            if isinstance(said, list) else said
            for program, said in seen.items()}


def is_same(one, other):
    """Two that fail do so alike, whatever words they found for it."""
    if one and other and one.startswith("not ok"):
        return other.startswith("not ok")
    return one == other


def compare(program, ours, theirs, known, is_strict):
    """Complaints about one program."""
    for check in dict.fromkeys([*ours, *theirs]):
        here, there = ours.get(check), theirs.get(check)
        kind = known.get((program, check))
        if not is_same(here, there) and not kind:
            yield f"{check}\nhere: {here}\nthere: {there}"
        elif is_same(here, there) and kind == "wrong":
            text = f"{check} is listed, but does not differ"
            if is_strict:
                yield text
            else:
                print(f"# {program}: {text}")


class Tap:
    def __init__(self, count):
        self.number = 0
        print(f"TAP version 13\n1..{count}", flush=True)

    def report(self, name, complaints):
        self.number += 1
        for text in complaints:
            for line in text.splitlines():
                print("# " + line)
        print(f"{'not ok' if complaints else 'ok'} {self.number} - {name}",
              flush=True)


def machine(parser, argv):
    args = parser.parse_args(argv)
    args.smp, args.mem, args.icount, args.append = 1, "128M", False, []
    args.timeout, args.feed, args.root = TIME_OUT, None, None
    args.log = False
    return args


def main():
    parser = argparse.ArgumentParser(description="compare two kernels")
    parser.add_argument("--reference", action="store_true",
                        help="compare with Linux 6.12")
    parser.add_argument("init", metavar="INIT")
    parser.add_argument("kernel")
    parser.add_argument("base", metavar="ARCHIVE")
    parser.add_argument("list", metavar="LIST")
    parser.add_argument("programs", nargs="+", metavar="PROGRAM")
    args = machine(parser, None)
    known = List(args.list)
    programs = [p for p in args.programs if args.reference or
                not known.is_unsafe(p)]
    tap = Tap(len(programs) + (0 if args.reference else 1))
    ours = booted(linux.on_faultline, args, programs)
    if args.reference:
        theirs = booted(linux.on_linux, args, programs)
        entries, is_strict = {}, True
    else:
        theirs = emulated(args, ours, known)
        entries, is_strict = known.entries, known.is_for_this_qemu()
    for program in programs:
        tap.report(program, list(compare(program, ours[program],
                                         theirs[program], entries,
                                         is_strict)))
    if not args.reference:
        stray = [f"{program} {check}" for program, check in entries
                 if program in programs and check not in ours[program]]
        tap.report("every check that is listed exists", stray)


if __name__ == "__main__":
    main()
