#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The module definition file of a DLL, from the version script that says the same on Linux: the names of the archives'
functions that its patterns choose.

usage: exports.py [--private PATTERN] NM OUTPUT VERSION_SCRIPT ARCHIVE...

--private: what the import library leaves out, for programs that have a copy of it by another way.
"""

import fnmatch
import re
import subprocess
import sys


def patterns(path):
    text = re.sub(r"/\*.*?\*/", "", open(path, encoding="utf-8").read(), flags=re.S)
    return re.findall(r"[\w*?]+", re.search(r"global:(.*?)local:", text, re.S).group(1))


def functions(nm, archive):
    for line in subprocess.run([nm, "--defined-only", archive], check=True, capture_output=True, text=True).stdout.splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] == "T":
            yield fields[2]


def main():
    arguments = sys.argv[1:]
    private = arguments[1] if arguments[0] == "--private" else None
    nm, output, script, *archives = arguments[2:] if private else arguments
    chosen = patterns(script)
    names = {n for a in archives for n in functions(nm, a) if any(fnmatch.fnmatchcase(n, p) for p in chosen)}
    if not names:
        sys.exit(f"{script}: chooses nothing of {archives}")
    with open(output, "w", encoding="utf-8") as f:
        f.write("EXPORTS\n" + "".join(f"    {n}{' PRIVATE' if private and fnmatch.fnmatchcase(n, private) else ''}\n" for n in sorted(names)))


main()
