# SPDX-License-Identifier: MIT
"""The default base of the guest, out of unpacked Debian packages: the programs that base.txt names with the shared
libraries they need, and the kernel with the modules of modules.txt."""
import lzma
import pathlib
import shlex
import struct
import subprocess

from tree import Node

LIBRARIES = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib64", "lib", "usr/lib")
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB = 1, 5


def needed(data, name):
    """The libraries and the loader that an ELF program asks for."""
    if data[:6] != b"\x7fELF\x02\x01":
        return []
    at, size, n = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    heads = [struct.unpack_from("<IIQQQQQQ", data, at + i * size) for i in range(n)]
    loads = [h for h in heads if h[0] == PT_LOAD]

    def text(offset):
        return data[offset:data.index(b"\0", offset)].decode()

    found = [text(h[2]) for h in heads if h[0] == PT_INTERP]
    for head in (h for h in heads if h[0] == PT_DYNAMIC):
        entries = [struct.unpack_from("<qQ", data, head[2] + i) for i in range(0, head[5], 16)]
        table = next((v for tag, v in entries if tag == DT_STRTAB), None)
        base = next((l[2] + table - l[3] for l in loads if table is not None and l[3] <= table < l[3] + l[5]), None)
        if base is None:
            raise ValueError(f"{name}: no string table")
        found += [text(base + v) for tag, v in entries if tag == DT_NEEDED]
    return found


def modinfo(data, key):
    """The values that the .modinfo of a kernel module has for a key."""
    values, mark, at = [], b"\0" + key.encode() + b"=", 0
    while (at := data.find(mark, at)) >= 0:
        at += len(mark)
        values.append(data[at:data.index(b"\0", at)].decode(errors="replace"))
        at -= 1
    return values


def plain(name):
    return name.replace("-", "_")


def closure(needs, name):
    """What a module needs, the nearest first, as modules.dep has it."""
    found, left = [], list(needs[name])
    while left:
        other = left.pop(0)
        if other not in found:
            found.append(other)
            left += needs[other]
    return found


def unpacked_kernel(data):
    """Of a kernel that is packed with xz what is in it: an emulated guest takes seconds to unpack it itself, and QEMU
    starts that too (PVH). Any other as it is. Source: the kernel's Documentation/x86/boot (payload_offset, _length)."""
    if data[0x202:0x206] != b"HdrS":
        return data
    sectors = data[0x1f1] or 4
    offset, length = struct.unpack_from("<II", data, 0x248)
    payload = data[(sectors + 1) * 512 + offset:][:length]
    if not payload.startswith(b"\xfd7zXZ\0"):
        return data
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(payload)


class Packages:
    def __init__(self, root, kernel_root=None):
        self.root = pathlib.Path(root)
        self.kernel_root = pathlib.Path(kernel_root or root)
        for folder in self.root, self.kernel_root:
            if not folder.is_dir():
                raise ValueError(f"{folder} is not there: ci/setup fetches it")

    def find(self, path):
        """The real file behind a path of the guest: links lead to places in the same tree."""
        for _ in range(16):
            full = self.root / path.lstrip("/")
            if not full.is_symlink():
                return full if full.is_file() else None
            target = str(full.readlink())
            path = target if target.startswith("/") else str(pathlib.PurePosixPath(path).parent / target)
        return None

    def library(self, name, wanted_by):
        if name.startswith("/"):
            return name
        for folder in LIBRARIES:
            if self.find(f"{folder}/{name}"):
                return f"/{folder}/{name}"
        raise ValueError(f"{wanted_by} needs {name}, which no package of the group `guest' of ci/packages has")

    def add(self, tree, path, done):
        if path in done:
            return
        done.add(path)
        full = self.find(path)
        if full is None:
            raise ValueError(f"{path}: no package of the group `guest' of ci/packages has it")
        data = full.read_bytes()
        tree.file(path, data, 0o755)
        for name in needed(data, path):
            self.add(tree, self.library(name, path), done)

    def base(self, tree, listing):
        """Carries base.txt out."""
        done = set()
        for n, line in enumerate(pathlib.Path(listing).read_text(encoding="utf-8").splitlines(), 1):
            words = shlex.split(line, comments=True)
            if not words:
                continue
            try:
                verb, *args = words
                if verb == "dir":
                    tree.folder(args[1], int(args[0], 8))
                elif verb == "device":
                    tree.put(args[3], Node(0o020000 | int(args[0], 8), device=(int(args[1]), int(args[2]))))
                elif verb == "program":
                    self.add(tree, args[0], done)
                elif verb == "library":
                    self.add(tree, self.library(args[0], f"line {n}"), done)
                elif verb == "link":
                    tree.link(args[0], args[1])
                elif verb == "applets":
                    self.applets(tree, args[0])
                elif verb == "text":
                    tree.file(args[0], "".join(l + "\n" for l in args[1:]).encode())
                else:
                    raise ValueError(f"no such word: {verb}")
            except (IndexError, ValueError) as e:
                raise ValueError(f"{listing}:{n}: {e}") from e

    def applets(self, tree, busybox):
        """A link for every applet that is not there as a program of its own."""
        names = subprocess.run([self.find(busybox), "--list-full"], check=True, capture_output=True, text=True).stdout
        for name in sorted(names.split()):
            if tree.resolve(name) not in tree.nodes:
                tree.link(name, busybox)

    def kernel(self):
        """Path and version of the newest one."""
        found = sorted((self.kernel_root / "boot").glob("vmlinuz-*"))
        if not found:
            raise ValueError("no kernel among the packages")
        return found[-1], found[-1].name.removeprefix("vmlinuz-")

    def modules(self, tree, listings):
        """The modules of the lists, flat; modules.load: the paths of those for the start in the order of loading, behind
        the line `soon` those that can wait for the program; and what modprobe looks up for the others."""
        _, version = self.kernel()
        folder = f"lib/modules/{version}"
        there = {plain(p.stem): p for p in sorted((self.kernel_root / folder).rglob("*.ko"))}
        builtin = (self.kernel_root / folder / "modules.builtin").read_text(encoding="utf-8").split()
        taken = {plain(pathlib.PurePosixPath(b).stem): [] for b in builtin}
        order = {"start": [], "soon": []}

        def take(name, when, wanted_by):
            path = f"{folder}/{there[name].name}" if name in there else None
            if name not in taken:
                if path is None:
                    raise ValueError(f"{wanted_by}: the kernel {version} has no module {name}")
                data = there[name].read_bytes()
                tree.file(path, data)
                taken[name] = [plain(n) for n in modinfo(data, "depends") for n in n.split(",") if n]
            for other in taken[name]:
                take(other, when, name)
            if when in order and path and f"/{path}" not in order["start"] + order["soon"]:
                order[when].append(f"/{path}")

        lines = [(listing, line.split("#")[0].split()) for listing in listings
                 for line in pathlib.Path(listing).read_text(encoding="utf-8").splitlines()]
        for when in ("start", "soon", "later"):
            for listing, words in lines:
                if words and (words[0] if words[0] in ("soon", "later") else "start") == when:
                    take(plain(words[-1]), when, listing)
        names = sorted(n for n in taken if n in there and f"{folder}/{there[n].name}" in tree.nodes)
        tree.file("lib/modules/modules.load", "".join(
            o + "\n" for o in order["start"] + ["soon"] * bool(order["soon"]) + order["soon"]).encode())
        tree.file(f"{folder}/modules.dep", "".join(
            there[n].name + ":" + "".join(f" {there[d].name}" for d in closure(taken, n) if d in names) + "\n"
            for n in names).encode())
        tree.file(f"{folder}/modules.alias", "".join(
            f"alias {alias} {n}\n" for n in names for alias in modinfo(there[n].read_bytes(), "alias")).encode())
