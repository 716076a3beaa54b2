#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts a generated header where its include path says: place.py FROM TO STAMP."""
import os
import shutil
import sys

source, target, stamp = sys.argv[1:]
os.makedirs(os.path.dirname(target), exist_ok=True)
shutil.copyfile(source, target)
open(stamp, "w", encoding="utf-8").close()
