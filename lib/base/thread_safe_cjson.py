#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Copies cJSON.c, with the place of the last parse error kept for each thread: two threads that parse are a data race
otherwise. usage: thread_safe_cjson.py IN OUT"""
import pathlib
import sys

GLOBAL = "static error global_error"

text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
if text.count(GLOBAL) != 1:
    sys.exit(f"{sys.argv[1]}: `{GLOBAL}` does not stand there once: is this another cJSON?")
pathlib.Path(sys.argv[2]).write_text(text.replace(GLOBAL, GLOBAL.replace("static", "static _Thread_local")), encoding="utf-8")
