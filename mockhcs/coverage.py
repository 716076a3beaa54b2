#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The coverage table: every export, what answers it, how we know that it answers so, which tests call it, and whether
the conformance suite does: an export without a case there is an error.

usage: coverage.py SOURCE_ROOT OUTPUT        writes the table
       coverage.py --check SOURCE_ROOT FILE  fails when FILE is not what would be written
"""

import fnmatch
import json
import pathlib
import re
import sys

KINDS = ("observed", "documented", "assumed")
DLLS = ("computecore", "vmcompute", "computenetwork", "computestorage")
MACROS = {"CORE": "computecore", "VMC": "vmcompute", "NET": "computenetwork", "STORE": "computestorage"}
# What the macro KIND of function.c stands for: %k the kind, %p its plural, %v its verbs.
KIND_ROWS = (("HcnEnumerate%p", "ENUMERATE_%v"), ("HcnCreate%k", "CREATE_%v"), ("HcnOpen%k", "OPEN_%v"),
             ("HcnModify%k", "MODIFY_%v"), ("HcnQuery%kProperties", "QUERY_%v"), ("HcnDelete%k", "DELETE_%v"),
             ("HcnClose%k", "CLOSE_%v"))

# What a row of the suite's networks comes to, or the call of networks.h that is spelled as it: what was made or opened is
# closed at the end.
KIND_CALLS = {"CREATE": ("HcnCreate%k", "HcnClose%k"), "OPEN": ("HcnOpen%k", "HcnClose%k"), "MODIFY": ("HcnModify%k",),
              "EXPECT": ("HcnQuery%kProperties",), "QUERY": ("HcnQuery%kProperties",), "LIST": ("HcnEnumerate%p",),
              "ENUMERATE": ("HcnEnumerate%p",), "REMOVE": ("HcnDelete%k",), "DELETE": ("HcnDelete%k",),
              "CLOSE": ("HcnClose%k",)}


def functions(root):
    """Rows of the engine's table: name, dll, verb."""
    text = (root / "mockhcs/engine/function.c").read_text()
    for macro, name, verb, third in re.findall(r"^ {8}(CORE|VMC|NET|STORE|KIND)\((\w+)\b(?!##)(?:, (\w+))?(?:, (\w+))?", text, re.M):
        if macro == "KIND":
            for row in KIND_ROWS:
                export, of = (x.replace("%k", name).replace("%p", verb).replace("%v", third) for x in row)
                yield export, "computenetwork", of
        else:
            yield name, MACROS[macro], ("STORAGE_" if macro == "STORE" else "") + verb


def exports(root):
    """Names in the public headers of the ABI: each must have a row."""
    for dll in DLLS:
        text = (root / f"lib/include/hcsshim/abi/{dll}.h").read_text()
        for name in re.findall(r"\bX\([\w ]+, (\w+),", text):
            if name != "name" and not name.endswith("##kind"):  # the comment that explains X
                yield name, dll


def answered(root, rows):
    """Verbs of the emulator's tables, those that the networks name, and all that its kinds of object have."""
    found = set(re.findall(r"\[MOCK_(\w+)\] =", (root / "mockhcs/emulate/emulate.c").read_text()))
    found |= set(re.findall(r"\[MOCK_(\w+)\] =", (root / "mockhcs/emulate/storage/storage.c").read_text()))
    found |= set(re.findall(r"case MOCK_(\w+):", (root / "mockhcs/emulate/network/call.c").read_text()))
    kinds = "|".join(re.findall(r"MOCK_HCN_VERBS\((\w+)\),", (root / "mockhcs/engine/function.h").read_text()))
    return (found | {v for _, _, v in rows if re.fullmatch(rf"[A-Z]+_({kinds})", v)}) & {v for _, _, v in rows}


def local_verbs(root):
    text = (root / "mockhcs/engine/function.h").read_text()
    start = text.index("MOCK_FIRST_LOCAL")
    tail = text[start:text.index("};", start)]
    return set(re.findall(r"MOCK_(\w+)", tail)) - {"FIRST_LOCAL"}


def kinds(root):
    """The kinds of host networking as networks.c goes through them -> how exports call one and several of each."""
    return {kind: (k, p) for kind, k, p in
            re.findall(r"^ {8}X\((\w+), (\w+), (\w+),", (root / "mockhcs/test/networks.c").read_text(), re.M)}


def callers(root):
    """Test program -> the names of exports that its source calls. What includes core.h or networks.h calls theirs."""
    shared = set(re.findall(r"\b(Hcs\w+|HNSCall)\(", (root / "mockhcs/test/core.c").read_text()))
    found = {}
    for path in sorted(root.glob("mockhcs/**/*_test.c")):
        text = path.read_text()
        names = set(re.findall(r"\b([A-Z]\w+)\(|\b(Hcn\w+)", text))
        names = {a or b for a, b in names}
        if "mockhcs/test/core.h" in text:
            names |= shared
        if "mockhcs/test/networks.h" in text:
            names |= {row.replace("%k", k).replace("%p", p) for k, p in kinds(root).values() for row, _ in KIND_ROWS}
        helpers = "".join((root / h).read_text() for h in re.findall(r'#include "(mockhcs/emulate/\S+/test/\S+\.h)"', text))
        dlls = {d for d in DLLS if f"abi/{d}.h" in text + helpers} or {"computecore"}
        found[path.name[: -len("_test.c")]] = (dlls, names)
    return found


def clients(root):
    """Functions of lib/storage, through which the suite works on layers -> the names that each calls."""
    found = {}
    for path in sorted(root.glob("lib/storage/*.c")):
        for part in re.split(r"^(?=[\w#])", path.read_text(), flags=re.M):
            if name := re.match(r"HRESULT (hcs_\w+)\(", part):
                found[name[1]] = set(re.findall(r"\b[A-Z]\w+", part))
    return found


def calls_of_kinds(root, text):
    """The exports of objects that rows of network.h and calls of networks.h in a file of cases come to, each for its kind."""
    names = kinds(root)
    for row, kind in re.findall(r"\b([A-Z]+|networks_[a-z]+)\(([A-Z]+)\b", text.replace("ENDPOINT(", "CREATE(ENDPOINTS, ")):
        if kind in names:
            for export in KIND_CALLS.get(row.removeprefix("networks_").upper(), ()):
                yield export.replace("%k", names[kind][0]).replace("%p", names[kind][1])


def conforming(root):
    """DLL and export -> the folders of the conformance suite whose cases call it, themselves or through a client."""
    tables = {"core": "computecore", "vmcompute": "vmcompute", "network": "computenetwork", "storage": "computestorage"}
    found, through = {}, clients(root)
    for path in sorted(root.glob("cmd/hcsconform/*/*.c")):
        text, calls = path.read_text(), set()
        of_file = re.findall(r"&conform_target\.(\w+);", text)
        for name, export in re.findall(r"\b(\w+)(?:\(\))?(?:->|\.)([A-Z]\w+)", text):
            calls |= {(tables[t], export) for t in (of_file if name == "api" else [name]) if t in tables}
        for client in re.findall(r"\b(hcs_(?:layer|storage|name)_\w+)\(", text):
            calls |= {(dll, name) for dll in ("vmcompute", "computestorage") for name in through.get(client, ())}
        if "networks_hns(" in text:
            calls.add(("vmcompute", "HNSCall"))
        if path.parent.name == "network":
            calls |= {("computenetwork", export) for export in calls_of_kinds(root, text)}
        for call in calls:
            found.setdefault(call, set()).add(path.parent.name)
    return found


def table(root):
    known = json.loads((root / "mockhcs/emulate/behaviours.json").read_text())["behaviours"]
    rows = list(functions(root))
    emulated, local, tests, suite = answered(root, rows), local_verbs(root), callers(root), conforming(root)
    missing = set(exports(root)) - {(name, dll) for name, dll, _ in rows}
    if missing:
        sys.exit(f"exports without a row in function.c: {sorted(missing)}")
    without = sorted(f"{dll}: {name}" for name, dll, _ in rows if (dll, name) not in suite)
    if without:
        sys.exit(f"exports without a case in cmd/hcsconform: {without}")
    verbs = {verb for _, _, verb in rows}
    for behaviour in known:
        behaviour["verbs"] = [v for p in behaviour["verbs"] for v in fnmatch.filter(sorted(verbs), p) or [p]]
        unknown = set(behaviour["verbs"]) - verbs
        if unknown or behaviour["how"] not in KINDS:
            sys.exit(f"behaviours.json: {behaviour['what']}: {unknown or behaviour['how']}")
    described = {verb for b in known for verb in b["verbs"]}
    if emulated - described:
        sys.exit(f"emulated, but not in behaviours.json: {sorted(emulated - described)}")

    out = ["# Coverage", "", "Made by mockhcs/coverage.py; `meson test coverage` fails when this page is not up to date.", ""]
    count = {kind: sum(b["how"] == kind for b in known) for kind in KINDS}
    done = sum(verb in emulated or verb in local for _, _, verb in rows)
    tested = sum(any(dll in d and name in names for d, names in tests.values()) for name, dll, _ in rows)
    out.append(f"{len(rows)} exports: {done} answered by the engine or the emulator, {len(rows) - done} are E_NOTIMPL and say "
               f"so; {tested} are called by a unit test, and all by a case of the conformance suite. {len(known)} emulated behaviours: "
               + ", ".join(f"{count[k]} {k}" for k in KINDS) + ".")
    for dll in DLLS:
        out += ["", f"## {dll}", "", "| export | answered by | how we know | unit tests | conformance |",
                "|---|---|---|---|---|"]
        for name, of, verb in rows:
            if of != dll:
                continue
            how = sorted({b["how"] for b in known if verb in b["verbs"]}, key=KINDS.index)
            by = "engine" if verb in local else "emulator" if verb in emulated else "E_NOTIMPL"
            called = [t for t, (d, names) in tests.items() if dll in d and name in names]
            out.append(f"| {name} | {by} | {', '.join(how) if by == 'emulator' else ''} | {', '.join(called)} | "
                       f"{', '.join(sorted(suite[dll, name]))} |")
    out += ["", "## Behaviours", "", "| verbs | what | how | source |", "|---|---|---|---|"]
    for b in known:
        names = b["who"] if "who" in b else ", ".join(v.lower().replace("_", " ") for v in b["verbs"])
        out.append(f"| {names} | {b['what']} | {b['how']} | {b['source']} |")
    return "\n".join(out) + "\n"


def main():
    if sys.argv[1] == "--check":
        if pathlib.Path(sys.argv[3]).read_text() != table(pathlib.Path(sys.argv[2])):
            sys.exit(f"{sys.argv[3]} is not up to date: run mockhcs/coverage.py . docs/coverage.md")
    else:
        pathlib.Path(sys.argv[2]).write_text(table(pathlib.Path(sys.argv[1])))


main()
