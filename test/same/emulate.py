#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run guest programs on this machine's Linux, under qemu-riscv64.

    emulate.py ARCHIVE < JOBS > RESULTS

JOBS is a JSON list of [PROGRAM, CHECKS, DOUBTFUL]: a path in the archive, the
names of tests to run one by one, or null for a program that prints lines
instead, and those among them that may hang, which are not waited for as long.
RESULTS is a JSON object: PROGRAM to {CHECK: verdict}, or to a transcript.

A check is a process of its own: when qemu-riscv64 itself hangs or crashes in
one, the next does not notice. What the programs do to files and processes must
not reach anyone else: everything runs in namespaces of its own where that is
allowed, with /tmp and /dev/shm that end with it. Where it is not (in most
containers) they run in /tmp. Root starts them as "nobody" in any case: the
root of a namespace still owns the files of the machine, /proc/sys among them.
"""

import concurrent.futures
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../tools"))
import mkinitramfs  # noqa: E402

INSIDE, AS_NOBODY = "--inside", "--as-nobody"
NOBODY = 65534
PATIENCE = 100  # seconds for one check; the slowest takes half of one
DOUBT = 5  # for one that is known to hang, or to fail sooner
UNSHARE = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--net", "--fork",
           "--kill-child"]
MOUNTS = [("proc", "/proc"), ("tmpfs", "/tmp"), ("tmpfs", "/dev/shm")]


def namespaces():
    """The command that gives us namespaces; root needs none of users."""
    return UNSHARE + (["--user", "--map-root-user"] if os.geteuid() else [])


def can_unshare():
    """Can we have namespaces, and mount things there?"""
    script = "; ".join(["set -e"] + [f"mount -t {kind} {kind} {at}"
                                     for kind, at in MOUNTS])
    try:
        return subprocess.run([*namespaces(), "sh", "-c", script],
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def confine(inside):
    """The same file systems and limits everywhere."""
    if inside:
        for kind, at in MOUNTS:
            subprocess.run(["mount", "-t", kind, kind, at], check=True)
    os.umask(0o022)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (8 << 20, hard))


def unpack(archive, programs, folder):
    """The programs become files below folder, as the guest has them."""
    for program in programs:
        mode, data = archive.entries[mkinitramfs.clean(program)]
        path = folder + program
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, stat.S_IMODE(mode))


def run(folder, who, program, *args, patience=PATIENCE):
    """(status, output); the status is None when it had to be stopped."""
    words = ["qemu-riscv64", "-0", program, folder + program, *args]
    with subprocess.Popen(words, cwd="/", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          preexec_fn=os.setpgrp, **who) as process:
        try:
            out = process.communicate(timeout=patience)[0]
            status = process.returncode
        except subprocess.TimeoutExpired:
            # Its child may be the one that hangs, with our pipe in its hands.
            os.killpg(process.pid, signal.SIGKILL)
            process.stdout.close()
            return None, ""
    return status, out.decode(errors="replace")


def verdict(status, output):
    if status == 0:
        return "ok"
    if status is None:
        return "hangs"
    lines = output.splitlines() or [""]
    return f"not ok: {lines[-1]} (status {status})"


def do_job(folder, who, program, checks, doubtful):
    if checks is not None:
        return {check: verdict(*run(
                    folder, who, program, check,
                    patience=DOUBT if check in doubtful else PATIENCE))
                for check in checks}
    status, output = run(folder, who, program)
    if status is None:
        return ["hangs"]
    status = status if status >= 0 else 128 - status
    return [*output.splitlines(), f"status {status}"]


def main():
    path, inside = sys.argv[1], INSIDE in sys.argv
    if not inside and os.geteuid() == 0:
        sys.argv.append(AS_NOBODY)
    if not inside and can_unshare():
        words = [*namespaces(), sys.executable, *sys.argv, INSIDE]
        return subprocess.run(words).returncode
    jobs = json.load(sys.stdin)
    archive = mkinitramfs.Archive()
    with open(path, "rb") as f:
        archive.load(f.read())
    confine(inside)
    with tempfile.TemporaryDirectory(prefix="faultline-") as folder:
        os.chmod(folder, 0o755)
        unpack(archive, [job[0] for job in jobs], folder)
        who = {}
        if AS_NOBODY in sys.argv:
            who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        # Programs side by side; the checks of one may share a file's name.
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = pool.map(lambda job: do_job(folder, who, *job), jobs)
            json.dump({job[0]: result for job, result in zip(jobs, results)},
                      sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
