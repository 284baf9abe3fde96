"""Judges protocol files by the committed JSON Schema with python3-jsonschema: check_schema.py SCHEMA FOLDER PROTOCOLS.

FOLDER holds whole-*.yaml, which must be taken, and wrong-*.yaml, which must be refused; every file in PROTOCOLS (whole
protocols, variants and parts) must be taken as it stands. Prints what is not as it must be; exit code 1 then."""
import glob
import json
import os
import sys

import jsonschema
import yaml

schema = json.load(open(sys.argv[1], encoding="utf-8"))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)


def errors(path):
    document = yaml.safe_load(open(path, encoding="utf-8"))
    return [f"{os.path.basename(path)}: {'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(document)]


bad = []
whole = glob.glob(os.path.join(sys.argv[2], "whole-*.yaml"))
wrong = glob.glob(os.path.join(sys.argv[2], "wrong-*.yaml"))
pieces = [p for p in glob.glob(os.path.join(sys.argv[3], "*", "*.yaml"))]
if not whole or not wrong or not pieces:
    bad.append("nothing to judge")
for path in whole + pieces:
    bad += errors(path)
for path in wrong:
    if not errors(path):
        bad.append(f"{os.path.basename(path)}: taken, though it is wrong")
print("\n".join(bad) or f"{len(whole) + len(pieces)} files taken, {len(wrong)} refused")
sys.exit(1 if bad else 0)
