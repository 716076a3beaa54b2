#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds what a utility VM boots, as the Makefile of hcsshim does for the Go agent: base + delta = root file system.

  base          any root file system as a tar, or the default one out of Debian's packages
  delta.tar.gz  what is ours: /init, the agent and its tools in /bin, what it was built from in /info, kernel modules
  rootfs.tar.gz base with the delta on top
  initrd.img    the same as an initramfs, uncompressed
  kernel        Debian's cloud kernel, or that of --kernel
  rootfs.vhd    (with --verity) the same as an ext4 disk with dm-verity's tree behind it, and rootfs.verity.json

The same inputs give the same bytes. Root is not needed.
"""
import argparse
import hashlib
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from debian import Packages, needed, unpacked_kernel  # noqa: E402
from tree import Node, Tree  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def arguments():
    p = argparse.ArgumentParser(prog="guest/image/build.py", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", required=True, type=pathlib.Path, help="folder for what is built")
    p.add_argument("--packages", default=HERE.parents[1] / ".deps/guest/root", type=pathlib.Path,
                   help="unpacked Debian packages (default: .deps/guest/root)")
    p.add_argument("--base", default="debian",
                   help="a tar, plain or compressed; `debian' for the default base; `none' for nothing but the delta")
    p.add_argument("--init", type=pathlib.Path, help="program that becomes /init")
    p.add_argument("--bin", action="append", default=[], type=pathlib.Path, metavar="FILE", help="goes to /bin (repeat)")
    p.add_argument("--strip", metavar="PROGRAM", help="removes symbols from the programs of --init and --bin, as strip(1) does")
    p.add_argument("--link", action="append", default=[], metavar="NAME=TARGET", help="link in /bin (repeat)")
    p.add_argument("--host-libraries", action="store_true",
                   help="shared libraries that no package has, from this host: for programs with sanitizers")
    p.add_argument("--git", type=pathlib.Path, metavar="DIR", help="gcs.commit, gcs.branch and tar.date of a checkout in /info")
    p.add_argument("--info", action="append", default=[], metavar="NAME=TEXT", help="file in /info (repeat)")
    p.add_argument("--kernel", type=pathlib.Path, metavar="DIR",
                   help="unpacked package of the kernel and its modules (default: among those of --packages)")
    p.add_argument("--modules", action="append", type=pathlib.Path, metavar="FILE",
                   help="list of kernel modules (repeat; default: modules.txt)")
    p.add_argument("--no-modules", action="store_true", help="for a kernel of somebody else's")
    p.add_argument("--initrd-only", action="store_true", help="only initrd.img and kernel")
    p.add_argument("--verity", type=pathlib.Path, help="the program of that name; makes rootfs.vhd with it")
    p.add_argument("--depfile", type=pathlib.Path, help="writes what was read, for the build system")
    return p.parse_args()


def program(path, strip):
    data = path.read_bytes()
    if not strip or data[:4] != b"\x7fELF":
        return data
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([strip, "-o", out.name, path], check=True)
        return pathlib.Path(out.name).read_bytes()


def pair(text):
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text}: NAME=VALUE is expected")
    return name, value


def git_info(checkout):
    """As hcsshim's delta has it, but with the time of the commit instead of that of the build."""
    if not checkout:
        return []
    commands = {"gcs.commit": ["rev-parse", "HEAD"], "gcs.branch": ["rev-parse", "--abbrev-ref", "HEAD"],
                "tar.date": ["show", "-s", "--format=%cI", "HEAD"]}
    return [(name, subprocess.run(["git", "-C", checkout, *words], check=True, capture_output=True, text=True).stdout.strip())
            for name, words in commands.items()]


def add_host_libraries(tree, base, programs):
    host, done = Packages("/"), set()
    for program in programs:
        for name in needed(program.read_bytes(), program):
            path = host.library(name, program)
            if base.resolve(path) not in base.nodes:
                host.add(tree, path, done)


def add_places(tree, base):
    """What init needs to be there, where a base does not have it."""
    for name, mode in ("dev", 0o755), ("proc", 0o755), ("run", 0o755), ("sys", 0o755), ("tmp", 0o1777):
        if name not in base.nodes:
            tree.folder(name, mode)
    if base.resolve("dev/console") not in base.nodes:
        tree.put("dev/console", Node(stat.S_IFCHR | 0o600, device=(5, 1)))


def base_of(args, packages):
    tree = Tree()
    if args.base == "debian":
        packages.base(tree, HERE / "base.txt")
    elif args.base == "none":
        tree.folder("bin")
    else:
        tree.read_tar(args.base)
    return tree


def delta_of(args, base, packages):
    """Where the base has its folders in /usr, the delta says so too: it unpacks over the base as it is."""
    tree = Tree()
    for name in ("bin", "lib"):
        node = base.nodes.get(name)
        if node and stat.S_ISLNK(node.mode):
            tree.link(name, node.target)
    add_places(tree, base)
    if args.init:
        tree.file("init", program(args.init, args.strip), 0o755)
    for file in args.bin:
        tree.file(f"bin/{file.name}", program(file, args.strip), 0o755)
    if base.nodes.get("bin/busybox"):  # what its DHCP client calls with a lease
        tree.file("sbin/udhcpc_config.script", (HERE.parent / "network/udhcpc_config.script").read_bytes(), 0o755)
    for name, target in map(pair, args.link):
        tree.link(f"bin/{name}", target)
    if args.host_libraries:
        add_host_libraries(tree, base, [*args.bin, *([args.init] if args.init else [])])
    for name, text in [*git_info(args.git), *map(pair, args.info)]:
        tree.file(f"info/{name}", text.encode() + b"\n")
    if not args.no_modules:
        packages.modules(tree, args.modules or [HERE / "modules.txt"])
    return tree


def disk_of(tar, args):
    """What a disk has as its UUID comes from its content, so that the same content gives the same disk."""
    name = uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(tar.read_bytes()).hexdigest())
    done = subprocess.run([args.verity, "create", "--as", "tar", "--uuid", str(name), "--json", "-o",
                           args.out / "rootfs.vhd", tar], check=True, capture_output=True, text=True)
    (args.out / "rootfs.verity.json").write_text(done.stdout, encoding="utf-8")


def build(args):
    packages = Packages(args.packages, args.kernel)
    args.out.mkdir(parents=True, exist_ok=True)
    base = base_of(args, packages)
    delta = delta_of(args, base, packages)
    base.merge(delta)
    base.write_initramfs(args.out / "initrd.img")
    kernel = packages.kernel()[0]
    (args.out / "kernel").write_bytes(unpacked_kernel(kernel.read_bytes()))
    shutil.copystat(kernel, args.out / "kernel")  # its time: it is known by that
    if not args.initrd_only:
        delta.write_tar(args.out / "delta.tar.gz")
        base.write_tar(args.out / "rootfs.tar.gz")
    if args.verity:
        disk_of(args.out / "rootfs.tar.gz", args)
    if args.depfile:
        read = [args.init, *args.bin, args.modules, HERE / "base.txt", HERE / "tree.py", HERE / "debian.py"]
        if args.base not in ("debian", "none"):
            read.append(args.base)
        args.depfile.write_text(f"{args.out / 'initrd.img'}: " + " ".join(str(r) for r in read if r) + "\n")


def main():
    args = arguments()
    try:
        build(args)
    except (OSError, ValueError, subprocess.CalledProcessError) as e:
        print(f"build.py: {e}", file=sys.stderr)
        return 1
    return 0


os.umask(0o022)
sys.exit(main())
