#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes one page out of its parts, as two C arrays: what stands in front of the data, and what behind. The policy of the
page allows its own style and script by their hashes, and nothing else. usage: embed.py OUT.c page.html style.css JS..."""
import base64
import hashlib
import pathlib
import sys


def allowed(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def array(name, text):
    data = text.encode()
    rows = [", ".join(str(b) for b in data[i:i + 32]) for i in range(0, len(data), 32)]
    return "const unsigned char %s[] = {\n%s\n};\nconst size_t %s_len = %d;\n" % (name, ",\n".join(rows), name, len(data))


def main():
    out, html, css, *scripts = sys.argv[1:]
    style = pathlib.Path(css).read_text(encoding="utf-8")
    script = '"use strict";\n' + "\n".join(pathlib.Path(s).read_text(encoding="utf-8") for s in scripts)
    if "</script" in script or "</style" in style:
        sys.exit("embed.py: a part would end its own element")
    policy = "default-src 'none'; script-src %s; style-src %s; img-src data:; base-uri 'none'; form-action 'none'" % (
        allowed(script), allowed(style))
    page = pathlib.Path(html).read_text(encoding="utf-8")
    before, after = page.split("@DATA@")
    before = before.replace("@POLICY@", policy).replace("@STYLE@", style)
    after = after.replace("@SCRIPT@", script)
    pathlib.Path(out).write_text('#include "cmd/hcstrace/page/parts.h"\n\n' + array("page_before", before) + array("page_after", after),
                                 encoding="utf-8")


if __name__ == "__main__":
    main()
