#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Count the results in Meson's record of a test run.

    count.py TESTLOG.JSON COMMAND=STATUS...

Each command with its exit status counts as one result.
A test that speaks TAP counts once for each of its results, any other test
once. The record is read rather than the exit status of "meson test", because a
guest that printed nothing is "skipped" there. Skips are failures unless
.ci/skips has a line with the name of the test, or "test: description" for one
result of it. The last line is "N passed, N failed".
"""

import json
import os
import re
import sys

RESULT = re.compile(r"(not )?ok\b[\s\d]*(?:- )?(.*?)(?:#\s*(\w+).*)?$")


def known_skips():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "skips")
    with open(path, encoding="utf-8") as f:
        lines = (line.split("#")[0].strip() for line in f)
        return {line for line in lines if line}


def results(test):
    """(description, "pass", "fail" or "skip") of each result of one test."""
    seen = []
    for line in (test.get("stdout") or "").splitlines():
        match = RESULT.match(line)
        if not match:
            continue
        directive = (match.group(3) or "").lower()
        verdict = "fail" if match.group(1) else "pass"
        if directive.startswith("skip"):
            verdict = "skip"
        elif directive == "todo":
            verdict = "pass"
        seen.append((match.group(2).strip(), verdict))
    plain = {"OK": "pass", "EXPECTEDFAIL": "pass", "SKIP": "skip"}
    whole = plain.get(test["result"], "fail")
    if not seen or (whole == "fail" and all(v != "fail" for _, v in seen)):
        seen.append((test["result"].lower(), whole))
    return seen


def recorded(path):
    """(name, what, verdict) of everything that Meson ran."""
    if not os.path.exists(path):
        yield path, "no record", "fail"
        return
    with open(path, encoding="utf-8") as f:
        for test in map(json.loads, filter(str.strip, f)):
            name = test["name"].split(" / ")[-1]
            for what, verdict in results(test):
                yield name, what, verdict


def main():
    skips = known_skips()
    found = list(recorded(sys.argv[1]))
    for word in sys.argv[2:]:
        command, _, status = word.rpartition("=")
        found.append((command, f"status {status}",
                      "pass" if status == "0" else "fail"))
    found = [(name, what, verdict) for name, what, verdict in found
             if verdict != "skip" or not {name, f"{name}: {what}"} & skips]
    bad = [f for f in found if f[2] != "pass"]
    for name, what, verdict in bad:
        print(f"{verdict}: {name}: {what}")
    print(f"{len(found) - len(bad)} passed, {len(bad)} failed")
    return 1 if bad or not found else 0


if __name__ == "__main__":
    sys.exit(main())
