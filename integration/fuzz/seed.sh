#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes the seed corpus out of the fixtures: each document, log line and trace record behind the byte that chooses its
# parser. usage: seed.sh SOURCE_ROOT OUT_DIR
set -eu
mkdir -p "$2"
n=0
put() {
        printf '%s%s' "$1" "$2" >"$3/seed-$n"
        n=$((n + 1))
}
# bin PREFIX OUT_DIR: standard input behind a prefix, for what is not text
bin() {
        { printf '%s' "$1" && cat; } >"$2/seed-$n"
        n=$((n + 1))
}
for f in "$1"/fixtures/documents/*.json; do
        put 0 "$(cat "$f")" "$2" # JSON
        put 1 "$(cat "$f")" "$2" # schema
        put 3 "$(cat "$f")" "$2" # result documents
done
for f in "$1"/fixtures/logs/*.{log,json}; do # import: each log, and some in pieces, as two that are put together
        bin I "$2" < <(printf @ && cat "$f")
        [[ $f != *log-1* ]] || bin I "$2" < <(printf _ && cat "$f")
done
put 2 '{"call":"HcsStartComputeSystem","dll":"computecore","n":2,"t":1200,"thread":1,"args":{"system":"system/1","options":null},"exact":{"options":"{\n}"}}' "$2"
put 2 '{"return":2,"t":1300,"hr":"0xC0370103","out":{"result":{}},"pending":true,"process":{"id":4,"stdin":true}}' "$2"
put 2 '{"complete":"operation/2","of":2,"t":9000,"hr":"0x00000000","result":{"a":18446744073709551615}}' "$2"
put 2 '{"event":"SystemExited","on":"system/1","t":9100,"data":{}}' "$2"
put 2 '{"stdio":"process/1","stream":"stdout","t":9200,"base64":"aGk=","end":true}' "$2"
put 2 '{"frame":"Request(Start)","on":"bridge/1","from":"host","id":2,"t":9300,"document":{"ContainerId":"c1"}}' "$2"
put 2 '{"frame":"0x40000000","on":"bridge/1","from":"guest","id":0,"t":9400,"broken":true,"base64":"AQIQIA=="}' "$2"
put 2 '{"frame":"Response(Start)","on":"bridge/1","from":"guest","id":2,"t":9500,"document":null,"exact":{"document":"{\"Result\":"}}' "$2"
while read -r line; do # the networks of the emulator: what clients send, behind what is done with it
        put N "$line" "$2"
done < <(python3 -c '
import json, pathlib, sys
kinds = {"Network": "0", "Endpoint": "1", "Namespace": "2", "LoadBalancer": "3", "SdnRoute": "4"}
paths = {"networks": "A", "endpoints": "B", "namespaces": "C", "policylists": "D"}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        for call in (json.loads(path.read_text(encoding="utf-8")).get("output") or {}).get("calls", []):
                name = call["proc"].split(".")[1]
                kind = kinds.get(name.replace("HcnCreate", "").replace("HcnModify", ""))
                if "query" in call:
                        print("q" + call["query"])
                elif "settings" in call and kind:
                        print((chr(ord("a") + int(kind)) if "Modify" in name and kind < "3" else kind) + call["settings"])
                elif call.get("object"):
                        print(paths.get(call["path"].split("/")[1], "B") + call["object"])' "$1/fixtures/golden/hcn" | sort -u)
while read -r document; do # host networking: as properties, as settings, as the Output of version 1
        put np "$document" "$2"
        put nt "$document" "$2"
        put ni '{"Success":true,"Output":'"$document"'}' "$2"
done < <(python3 -c '
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
        print(json.loads(line)["text"])' "$1/fixtures/documents/golden/hcn.jsonl")
put nr '{"Success":false,"Error":"The specified port already exists. ","ErrorCode":2151350291}' "$2"
put nd '["d0b4e0c1-1111-4222-8333-444455556666","D0B4E0C2-1111-4222-8333-444455556666"]' "$2"
put nh '{"Success":true,"Output":{"Major":15,"Minor":4}}' "$2"

# The wire of a service: a client's frames, one a line; a client's bytes; a service's frames.
put W '{"call":"HcsCreateComputeSystem","dll":"computecore","n":1,"args":{"id":"a","configuration":{"Container":{}},"operation":"operation/1","creates":"system/1"}}
{"call":"HcsCreateProcess","dll":"computecore","n":2,"args":{"system":"system/1","parameters":{"CommandLine":"cat","CreateStdInPipe":true,"CreateStdOutPipe":true},"creates":"process/1"}}
{"stdio":"process/1","stream":"stdin","text":"hello","end":true}
{"call":"HcsStartComputeSystem","dll":"computecore","n":3,"args":{"system":"system/1","options":""}}
{"call":"HcsCloseComputeSystem","dll":"computecore","n":4,"args":{"system":"system/1"}}
{"control":"status","n":5}' "$2"
put W '{"call":"HcnCreateNetwork","dll":"computenetwork","n":1,"args":{"id":"00000000-0000-0000-0000-000000000000","settings":{"Name":"n","Type":"NAT"},"creates":"network/1"}}
{"call":"HcnRegisterServiceCallback","dll":"computenetwork","n":2,"args":{"creates":"callback/1"}}
{"call":"HNSCall","dll":"vmcompute","n":3,"args":{"method":"GET","path":"/networks/","object":""}}' "$2"
put W '{"control":"save","n":1}
{"control":"restore","n":2,"world":{"World":1,"Systems":[{"Id":"x","State":"Running","CreatedBy":"computecore","Document":{"Container":{}},"Processes":[{"ProcessId":4,"CommandLine":"cat"}]}],"Networks":{"NetworkState":1}}}
{"control":"reboot","networks":true,"n":3}' "$2"
put Y '{"return":1,"hr":"0x00000000","out":{"result":["a"]}}' "$2"
put Y '{"event":"ServiceDisconnect","on":"callback/1","hr":"0x8037011E"}
{"complete":"call/1","of":1,"hr":"0x00000000","result":{}}
{"stdio":"process/1","stream":"stdin","end":true}
{"return":1,"hr":"0x00000000","pending":true}
{"refused":"enough","hr":"0x80070005"}' "$2"

for f in "$1"/fixtures/traces/*/*.trace; do # whole traces that are small, and their records without the header
        [[ $(stat -c %s "$f") -lt 8000 ]] || continue
        bin T "$2" <"$f"
        bin R "$2" < <(tail -n +2 "$f")
done
# Two traces at once for the workbench: the same but for its end, and another one.
other=/dev/null
for f in "$1"/fixtures/traces/{bridge,lcow}/*.trace "$1"/fixtures/traces/imported/log-1*.trace; do
        bin C "$2" < <(tail -n +2 "$f" | head -n 12 && printf '\0' && tail -n +2 "$f" | head -n 9 && tail -n +2 "$f" | sed -n '10,11s/[0-9a-f]\{8\}/01234567/gp')
        bin D "$2" < <(head -n 9 "$f" && printf '\0' && head -n 9 "$other")
        other=$f
done
bin w "$2" < <(printf '\42\0\0\0{"hello":"mockhcs","versions":[1]}\31\0\0\0{"control":"status","n":1')
bin v "$2" < <( # dm-verity
        printf 'verity\0\0\1\0\0\0\1\0\0\0uuid-is-16-bytessha256'
        head -c 26 /dev/zero
        printf '\0\20\0\0\0\20\0\0\13\0\0\0\0\0\0\0\40\0'
        head -c 430 /dev/zero
)
for f in "$1"/fixtures/vhd/*.footer; do
        bin f "$2" <"$f" # VHD
done
part() { # FILE SKIP COUNT, in kilobytes
        zcat "$1" 2>/dev/null | tail -c "+$(($2 * 1024 + 1))" | head -c "$(($3 * 1024))"
}
# Whole VHDs with blocks of 4 KiB, dynamic and differencing, one of which is there; tables of VHDXs.
python3 - "$2" <<'PYTHON'
import struct, sys

def summed(b, at):
    return b[:at] + struct.pack(">I", ~sum(b[:at] + b[at + 4:]) & 0xffffffff) + b[at + 4:]
for kind in (3, 4):
    footer = summed((b"conectix" + struct.pack(">IIQI4sI4sQQHBBI", 2, 0x10000, 512, 0, b"win ", 0xa0000, b"Wi2k", 65536, 65536, 1, 1, 1, kind)).ljust(512, b"\0"), 64)
    places = struct.pack(">4sIIIQ", b"W2ru", 512, 10, 0, 1536) if kind == 4 else b""
    header = summed((b"cxsparse" + struct.pack(">QQIII", 2**64 - 1, 2048, 0x10000, 16, 4096)).ljust(576, b"\0") + places.ljust(448, b"\0"), 36)
    table = struct.pack(">I", 5) + b"\xff" * 60
    disk = footer + header + "p.vhd".encode("utf-16-le").ljust(512, b"\0") + table.ljust(512, b"\xff") + (b"\xf0" + b"\0" * 511) + b"7" * 4096 + footer
    for seal in "su":
        open(f"{sys.argv[1]}/image-vhd-{kind}{seal}", "wb").write(b"i" + seal.encode() + disk)
for kind in "xd":
    states = [(4 << 20) | 6, 2, 0, 3, (5 << 20) | 7]
    open(f"{sys.argv[1]}/image-vhdx-{kind}", "wb").write(b"i" + kind.encode() + b"".join(struct.pack("<Q", s) for s in states))
PYTHON
vhdx=$1/fixtures/vhd/dynamic-64MiB.vhdx.gz
bin xh "$2" < <(part "$vhdx" 64 4)
bin xr "$2" < <(part "$vhdx" 192 1)
bin xm "$2" < <(part "$vhdx" 3072 1)
put o '{"imageLayoutVersion":"1.0.0"}' "$2"
sum=sha256:1111111111111111111111111111111111111111111111111111111111111111
put o '{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"'$sum'","size":498,"platform":{"os":"linux","architecture":"amd64"},"annotations":{"org.opencontainers.image.ref.name":"v1"}}]}' "$2"
put o '{"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"'$sum'","size":7},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"'$sum'","size":5}]}' "$2"
put o '{"os":"linux","architecture":"arm64","variant":"v8","rootfs":{"type":"layers","diff_ids":["'$sum'"]}}' "$2"
# A front end's messages, and a guest's rings with three packets and four buffers.
python3 - "$2" <<'PYTHON'
import struct, sys
def message(request, body=b"", fds=0):
    data = struct.pack("<III", request, 9, len(body)) + body
    return bytes([len(data), fds]) + data
ring = lambda q: message(8, struct.pack("<II", q, 16)) + message(10, struct.pack("<II", q, 0)) \
    + message(9, struct.pack("<IIQQQQ", q, 0, 0x3000 * q, 0x3000 * q + 0x2000, 0x3000 * q + 0x1000, 0)) \
    + message(13, struct.pack("<Q", q), 2) + message(12, struct.pack("<Q", q), 2) + message(18, struct.pack("<II", q, 1))
start = message(1) + message(15) + message(16, struct.pack("<Q", 0x8209)) + message(17) + message(3) \
    + message(24, struct.pack("<III8x", 0, 8, 0)) + message(2, struct.pack("<Q", 0x170000000 & ~0x40000000 | 0x40000000))
table = message(5, struct.pack("<IIQQQQ", 1, 0, 0, 0x40000, 0, 0), 1)
region = message(37, struct.pack("<QQQQQ", 0, 0x40000, 0x1000, 0x40000, 0), 1)
open(sys.argv[1] + "/seed-vhost", "wb").write(b"s" + start + table + region + ring(0) + ring(1) + message(11, struct.pack("<II", 1, 0)))
def packet(op, payload=b"", flags=0):
    return struct.pack("<QQIIIHHIII", 3, 2, 1000, 1, len(payload), 1, op, flags, 65536, 0) + payload
packets = [packet(1), packet(5, b"hello"), packet(4, flags=3)]
tx = b"".join(struct.pack("<QIHH", 0x6000 + 128 * i, len(p), 0, 0) for i, p in enumerate(packets))
rx = b"".join(struct.pack("<QIHH", 0x8000 + 0x1000 * i, 44, 3, 2 * i + 1) + struct.pack("<QIHH", 0x8100 + 0x1000 * i, 512, 2, 0)
              for i in range(4))
avail = lambda heads: struct.pack("<HH", 0, len(heads)) + b"".join(struct.pack("<H", h) for h in heads)
data = b"".join(p.ljust(128, b"\0") for p in packets)
open(sys.argv[1] + "/seed-rings", "wb").write(b"q" + tx.ljust(256, b"\0") + avail([0, 1, 2]).ljust(38, b"\0")
                                             + rx.ljust(256, b"\0") + avail([0, 2, 4, 6]).ljust(38, b"\0") + data)
PYTHON

# What a guest has besides: Ethernet frames, and a share that is used.
python3 - "$2" <<'PYTHON'
import struct, sys
mac = bytes.fromhex("525500000001") + bytes.fromhex("00155d00000a")
def ipv4(protocol, payload):
    return mac + b"\x08\0" + struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0, 0xac140002, 0xac140001) + payload
question = struct.pack(">HHHHHH", 1, 0x120, 1, 0, 0, 1) + b"\1a\7example\0\0\1\0\1" + b"\0\0\x29\4\xd0" + b"\0" * 6
frames = [mac + bytes.fromhex("0806" "0001080006040001" "00155d00000a" "ac140002" "000000000000" "ac140001"),
          ipv4(17, struct.pack(">HHHH", 1000, 53, 8 + len(question), 1) + question),
          ipv4(6, struct.pack(">HHIIBBHHH", 1000, 80, 1, 0, 0x50, 2, 8192, 0, 0)), ipv4(1, b"\x08" + b"\0" * 15)]
open(sys.argv[1] + "/seed-frames", "wb").write(b"k" + b"".join(struct.pack(">I", len(f)) + f for f in frames))
text = lambda s: struct.pack("<H", len(s)) + s
def message(kind, *body):
    m = struct.pack("<BH", kind, 1) + b"".join(b if isinstance(b, bytes) else struct.pack("<I", b) for b in body)
    return struct.pack("<H", len(m)) + m
def walk(fid, new, *names):
    return message(110, fid, new, struct.pack("<H", len(names)), *map(text, names))
long = lambda n: struct.pack("<Q", n)
start = message(100, 8192, text(b"9P2000.L")) + message(104, 1, 0xffffffff, text(b"root"), text(b"share"), 0)
used = walk(1, 2, b"a") + message(12, 2, 2) + message(118, 2, long(3), 5, b"hello") + message(116, 2, long(0), 100) + message(24, 2, long(0x7ff)) \
    + message(26, 2, 0x1f9, 0o600, 0, 0, long(4), long(1), long(2), long(3), long(4)) + message(52, 2, b"\1", 1, long(0), long(0), 1, text(b"c")) \
    + message(54, 2, b"\1", long(0), long(0), 1, text(b"c")) + message(50, 2, 0) + message(120, 2) \
    + message(72, 1, text(b"b"), 0o755, 0) + walk(1, 3, b"b") + message(14, 3, text(b"c"), 66, 0o644, 0) + message(16, 1, text(b"l"), text(b"../secret"), 0) \
    + walk(1, 4, b"l") + message(22, 4) + message(12, 4, 0) + walk(1, 5, b"b", b"..", b"..", b"a") + message(70, 1, 5, text(b"hard")) \
    + message(74, 1, text(b"hard"), 1, text(b"moved")) + message(76, 1, text(b"moved"), 0) + walk(1, 6) + message(12, 6, 0) \
    + message(40, 6, long(0), 200) + message(8, 1) + message(18, 1, text(b"n"), 0o20666, 1, 3, 0) + message(20, 5, 1, text(b"x")) + message(122, 5) + message(108, b"\1\0")
open(sys.argv[1] + "/seed-share", "wb").write(b"9" + start + used)
# Of some files only: the first bit of the first size says so, where it is no size.
open(sys.argv[1] + "/seed-files", "wb").write(b"9" + struct.pack("<H", 0x8080) + start[2:] + start + used)
PYTHON

# Frames of guests, a case's whole conversation in one seed: header and body as the golden cases have them.
python3 - "$1" "$2" <<'PYTHON'
import json, pathlib, sys

n = 0
for name in ("host", "uvm"):
    for line in open(f"{sys.argv[1]}/fixtures/golden/gcs/{name}.jsonl", encoding="utf-8"):
        stream = b""
        for event in (json.loads(line).get("output") or {}).get("events", []):
            if event["dir"] == "guest->host":
                stream += bytes.fromhex(event.get("raw_hex", event.get("header_hex", "")))
                stream += event.get("body_text", "").encode() if "raw_hex" not in event else b""
        for which in b"bc":
            if stream and len(stream) < 8000:
                pathlib.Path(sys.argv[2], f"bridge-{n}").write_bytes(bytes([which]) + stream)
                n += 1
PYTHON
for f in "$1"/fixtures/ext4/tars/*.tar; do
        [[ $(stat -c %s "$f") -lt 8000 ]] || continue
        bin t "$2" <"$f" # tars, and a few of them packed
        if [[ $f == */file-* ]]; then
                bin t "$2" < <(gzip -n <"$f")
        fi
        # What is in their extended headers
        bin p "$2" < <(tail -c +513 "$f" | head -c 512 | tr -d '\0')
done
put p $'23 GNU.sparse.size=100\n26 GNU.sparse.numblocks=2\n29 GNU.sparse.map=0,10,50,20\n' "$2"
put e 0 "$2" # an ext4 image as it is, and one with inline data
put e 1 "$2"
# Other bytes in the superblock, the descriptor, a directory, an inode and its extents
bin e "$2" < <(printf '0\070\004\001\0\130\004\002\200\0\0\020\004\001\0')
bin e "$2" < <(printf '1\010\020\004\005\0\0\0\0\060\014\020\0\0\0\014\0\001\002')

# Frames of hosts, as the original's guest answered them, and each modification for its parser alone.
python3 - "$1" "$2" <<'PYTHON'
import json, pathlib, struct, sys

for n, line in enumerate(open(f"{sys.argv[1]}/fixtures/golden/gcs/guest.jsonl", encoding="utf-8")):
    case = json.loads(line)
    given = case.get("input")
    if not isinstance(given, dict) or "body_text" not in given:
        continue
    body = given["body_text"].encode()
    header = bytes.fromhex(given["header_hex"]) if "header_hex" in given else struct.pack("<IIQ", 0x10100a01, len(body) + 16, n)
    pathlib.Path(sys.argv[2], f"guest-{n}").write_bytes(b"G" + header + body)
    if "header_hex" not in given:
        pathlib.Path(sys.argv[2], f"modify-{n}").write_bytes(b"M" + json.dumps(json.loads(body)["Request"]).encode())
PYTHON
put L "sh -c 'echo \"a b\"' c\\ d; e" "$2"
# Recorded bridges, and what the other side of each said: as it was, and behind faults.
python3 - "$1" "$2" <<'PYTHON'
import json, pathlib, re, struct, sys

rpcs = ["Create", "Start", "ShutdownGraceful", "ShutdownForced", "ExecuteProcess", "WaitForProcess", "SignalProcess", "ResizeConsole",
        "GetProperties", "ModifySettings", "NegotiateProtocol", "DumpStacks", "DeleteContainerState"]
def frame(record):
    kind, name = re.fullmatch(r"(\w+)\((\w+)\)", record["frame"]).groups()
    number = 0x30100101 if kind == "Notify" else {"Request": 0x10100001, "Response": 0x20100001}[kind] + (rpcs.index(name) + 1 << 8)
    body = json.dumps(record["document"], separators=(",", ":")).encode() + (b"\n" if record["from"] == "host" else b"")
    return struct.pack("<IIQ", number, 16 + len(body), record["id"]) + body
def put(name, data):
    pathlib.Path(sys.argv[2], f"play-{name}").write_bytes(data)
for path in sorted(pathlib.Path(sys.argv[1], "fixtures/traces/bridge").glob("*.trace")):
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    while len("\n".join(lines)) > 4000:
        lines.pop()
    records = [json.loads(line) for line in lines]
    said = {side: b"".join(frame(r) for r in records if r.get("from") == side) for side in ("host", "guest")}
    trace = "\n".join(lines).encode()
    put(f"{path.stem}-guest", b"P" + trace + b"\0" + said["host"])
    put(f"{path.stem}-host", b"H" + trace + b"\0" + said["guest"])
    both = struct.pack("<H", len(said["host"])) + said["host"] + said["guest"]
    for n, rules in enumerate(["", "frame:* corrupt", "frame:Request(Start) fail=0x80004005", "frame:Response(Create) reorder; frame:*Process) omit",
                               "frame:Response(*) #2..4 duplicate shuffle; frame:Request(Shutdown*) exit", "frame:* #3 cut=20", "frame:* %0.5 delay=1ms"]):
        put(f"{path.stem}-faults-{n}", b"F" + rules.encode() + b"\0" + both)
# Streams, a guest that hangs up, a frame that is broken.
exec_ = '{"frame":"Request(ExecuteProcess)","on":"b","from":"host","id":3,"document":{"ContainerId":"c","Settings":{"VsockStdioRelaySettings":{"StdIn":5,"StdOut":7}}}}'
streams = "\n".join([exec_, '{"frame":"Response(ExecuteProcess)","on":"b","from":"guest","id":3,"document":{"Result":0,"ProcessId":4}}',
                     '{"stdio":"b","port":5,"stream":"stdin","text":"hello","end":true}', '{"stdio":"b","port":7,"stream":"stdout","text":"hi","end":true}',
                     '{"frame":"0x1","on":"b","from":"guest","id":0,"broken":true,"base64":"AQIQIA=="}', '{"stdio":"b","port":1073741824,"stream":"stdout","end":true}'])
put("streams-guest", b"P" + streams.encode() + b"\0" + frame(json.loads(exec_)))
put("streams-host", b"H" + streams.encode() + b"\0" + frame(json.loads(streams.splitlines()[1])))
PYTHON
for f in "$1"/fixtures/oci/*.json; do
        put S "$(cat "$f")" "$2"
done
while read -r line; do # containers of the golden cases, each with its host and VM
        put "${line:0:1}" "${line:1}" "$2"
done < <(python3 -c '
import json, sys
for name in ("wcow", "lcow"):
        for line in open(f"{sys.argv[1]}/fixtures/golden/{name}-container.jsonl", encoding="utf-8"):
                given = json.loads(line)["input"]
                if isinstance(given, dict):
                        print(name[0] + json.dumps(given))' "$1")
