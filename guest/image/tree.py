# SPDX-License-Identifier: MIT
"""A file system as a build sees it: paths and what is there. Read from tars and folders, written as a tar or as an
initramfs; what is written depends on nothing but what was put in (order, owners and times included)."""
import gzip
import io
import os
import stat
import tarfile
import zlib

MAX_LINKS = 40


class Node:
    """What one path is. A hard link shares the Node of its first name."""

    def __init__(self, mode, *, data=b"", target="", device=(0, 0), owner=(0, 0), mtime=0, xattrs=None):
        self.mode, self.data, self.target, self.device = mode, data, target, device
        self.owner, self.mtime, self.xattrs = owner, mtime, xattrs or {}


class Tree:
    def __init__(self):
        self.nodes = {}

    def resolve(self, path):
        """The path with every link in its folders followed, so that bin/sh lands in usr/bin when bin is a link."""
        done, left, links = [], [p for p in path.split("/") if p not in ("", ".")], 0
        while left:
            part = left.pop(0)
            if part == "..":
                done = done[:-1]
                continue
            node = self.nodes.get("/".join(done + [part]))
            if left and node and stat.S_ISLNK(node.mode):
                links += 1
                if links > MAX_LINKS:
                    raise ValueError(f"{path}: too many links")
                if node.target.startswith("/"):
                    done = []
                left = [p for p in node.target.split("/") if p not in ("", ".")] + left
                continue
            done.append(part)
        return "/".join(done)

    def put(self, path, node):
        path = self.resolve(path)
        if not path:
            return
        old = self.nodes.get(path)
        if stat.S_ISDIR(node.mode) and old and stat.S_ISLNK(old.mode):
            return  # the base keeps its folders elsewhere
        if old and stat.S_ISDIR(old.mode) and not stat.S_ISDIR(node.mode):
            for below in [p for p in self.nodes if p.startswith(path + "/")]:
                del self.nodes[below]
        parent = os.path.dirname(path)
        if parent and parent not in self.nodes:
            self.put(parent, Node(stat.S_IFDIR | 0o755))
        self.nodes[path] = node

    def folder(self, path, mode=0o755):
        self.put(path, Node(stat.S_IFDIR | mode))

    def file(self, path, data, mode=0o644):
        self.put(path, Node(stat.S_IFREG | mode, data=data))

    def link(self, path, target):
        self.put(path, Node(stat.S_IFLNK | 0o777, target=target))

    def merge(self, other):
        for path in sorted(other.nodes):
            self.put(path, other.nodes[path])

    def read_tar(self, file):
        try:
            self._read_tar(file)
        except (tarfile.TarError, EOFError, zlib.error) as e:
            raise ValueError(f"{file}: no tar that can be read: {str(e).splitlines()[0]}") from e

    def _read_tar(self, file):
        with tarfile.open(file) as tar:
            for entry in tar:
                name = entry.name.lstrip("/")
                if entry.islnk():
                    first = self.nodes.get(self.resolve(entry.linkname))
                    if first is None:
                        raise ValueError(f"{file}: {name}: a hard link to {entry.linkname}, which is not there")
                    self.put(name, first)
                    continue
                kinds = ((entry.isdir, stat.S_IFDIR), (entry.isreg, stat.S_IFREG), (entry.issym, stat.S_IFLNK),
                         (entry.ischr, stat.S_IFCHR), (entry.isblk, stat.S_IFBLK), (entry.isfifo, stat.S_IFIFO))
                kind = next((k for is_it, k in kinds if is_it()), None)
                if kind is None:
                    raise ValueError(f"{file}: {name}: an entry of type {entry.type!r}")
                self.put(name, Node(kind | stat.S_IMODE(entry.mode),
                                    data=tar.extractfile(entry).read() if entry.isreg() else b"",
                                    target=entry.linkname if entry.issym() else "",
                                    device=(entry.devmajor, entry.devminor), owner=(entry.uid, entry.gid),
                                    mtime=int(entry.mtime),
                                    xattrs={k: v for k, v in entry.pax_headers.items() if k.startswith("SCHILY.xattr.")}))

    def write_tar(self, file, compressed=True):
        """Deterministic: sorted, no names of owners, no time in the gzip header."""
        kinds = {stat.S_IFDIR: tarfile.DIRTYPE, stat.S_IFREG: tarfile.REGTYPE, stat.S_IFLNK: tarfile.SYMTYPE,
                 stat.S_IFCHR: tarfile.CHRTYPE, stat.S_IFBLK: tarfile.BLKTYPE, stat.S_IFIFO: tarfile.FIFOTYPE}
        seen = {}
        with open(file, "wb") as raw:
            out = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) if compressed else raw
            with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
                for path in sorted(self.nodes):
                    node, entry = self.nodes[path], tarfile.TarInfo(path)
                    entry.mode, (entry.uid, entry.gid), entry.mtime = stat.S_IMODE(node.mode), node.owner, node.mtime
                    entry.pax_headers = dict(node.xattrs)
                    if stat.S_ISREG(node.mode) and id(node) in seen:
                        entry.type, entry.linkname = tarfile.LNKTYPE, seen[id(node)]
                        tar.addfile(entry)
                        continue
                    seen[id(node)] = path
                    entry.type, entry.linkname = kinds[stat.S_IFMT(node.mode)], node.target
                    entry.devmajor, entry.devminor, entry.size = *node.device, len(node.data)
                    tar.addfile(entry, io.BytesIO(node.data))
            if compressed:
                out.close()

    def write_initramfs(self, file):
        """The kernel's cpio (newc), uncompressed: inflating it costs more than reading it where a guest is emulated."""
        links, inodes = {}, {}
        for node in self.nodes.values():
            links[id(node)] = links.get(id(node), 0) + 1
        with open(file, "wb") as out:
            def put(name, inode, node, n_links, data):
                fields = (inode, node.mode, *node.owner, n_links, node.mtime, len(data), 0, 0, *node.device,
                          len(name.encode()) + 1, 0)
                out.write(b"070701" + b"".join(b"%08X" % (f & 0xffffffff) for f in fields) + name.encode() + b"\0")
                out.write(b"\0" * (-out.tell() % 4) + data)
                out.write(b"\0" * (-out.tell() % 4))

            for path in sorted(self.nodes):
                node = self.nodes[path]
                first = id(node) not in inodes
                inode = inodes.setdefault(id(node), len(inodes) + 1)
                data = node.target.encode() if stat.S_ISLNK(node.mode) else node.data if first else b""
                put(path, inode, node, links[id(node)] if stat.S_ISREG(node.mode) else 1, data)
            put("TRAILER!!!", 0, Node(0), 1, b"")
            out.write(b"\0" * (-out.tell() % 512))
