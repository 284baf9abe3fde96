#!/usr/bin/env python3
"""Checks what a demo wrote with tools that are not ours: dciodvfy on every DICOM file, and the pixel sums of every
DICOM object (read with pydicom) against the sums of the stored frames (read with struct alone).

usage: check_demo.py DATA_FOLDER      exit code 0 when all holds
"""
import collections
import glob
import json
import os
import sqlite3
import struct
import subprocess
import sys

import numpy
import pydicom


def frames_of(folder):
    """sums[(uuid)] = list of (mode, head, window, view, flags, sum), read from the .gfr files without our code."""
    sums = collections.defaultdict(list)
    for path in sorted(glob.glob(os.path.join(folder, "frames", "*", "*.gfr"))):
        raw = open(path, "rb").read()
        width, height, size, mode = struct.unpack_from("<HHBB", raw, 40)
        pixels = numpy.frombuffer(raw, "<u2" if size == 2 else "<u4", offset=128)
        assert pixels.size == width * height, path
        told = struct.unpack_from("<Q", raw, 80)[0]
        assert int(pixels.sum(dtype=numpy.uint64)) == told, f"{path}: pixels do not add up to the header's sum"
        flags, view = struct.unpack_from("<H", raw, 38)[0], struct.unpack_from("<I", raw, 48)[0]
        sums[os.path.basename(os.path.dirname(path))].append((mode, raw[36], raw[37], view, flags, told))
    return sums


def main():
    data = sys.argv[1]
    errors = []
    studies = glob.glob(os.path.join(data, "studies", "*"))
    if not studies:
        errors.append("there is no study in the folder")
    for study in studies:
        key = os.path.basename(study)
        plans = {}
        with sqlite3.connect(os.path.join(data, "journal.db")) as db:
            for uuid, body in db.execute("select id, body from fact where study=? and kind='plan'", (key,)):
                plans[uuid] = json.loads(body)["Plan"]
        stored = frames_of(study)
        files = sorted(glob.glob(os.path.join(study, "dicom", "**", "*.dcm"), recursive=True))
        if not files:
            errors.append(f"{key}: no DICOM file")
        nm, ct = [], []
        for path in files:
            check = subprocess.run(["dciodvfy", path], capture_output=True, text=True)
            for line in (check.stdout + check.stderr).splitlines():
                if line.startswith("Error"):
                    errors.append(f"{os.path.basename(path)}: {line}")
            dataset = pydicom.dcmread(path)
            total = int(dataset.pixel_array.astype(numpy.int64).sum())
            if dataset.Modality == "CT":
                ct.append((float(dataset.ImagePositionPatient[2]), total + (1024 + int(dataset.RescaleIntercept)) * dataset.Rows * dataset.Columns))
            elif dataset.ImageType[0] == "ORIGINAL":
                nm.append((os.path.basename(path), dataset.ImageType[2], total, int(dataset.CountsAccumulated)))
        raw_nm = collections.Counter()
        raw_ct = []
        kinds = {"Static": "STATIC", "Dynamic": "DYNAMIC", "Tomo": "TOMO", "WholeBody": "WHOLE BODY"}
        expected = collections.defaultdict(list)
        for uuid, frames in stored.items():
            kind = plans[uuid]["Kind"]
            if kind == "Ct":
                raw_ct = sorted(f[5] for f in frames)
            else:
                expected[kinds[kind]].append(sum(f[5] for f in frames))
        for name, image_type, total, told in nm:
            if told != total:
                errors.append(f"{name}: Counts Accumulated {told}, pixels {total}")
        for image_type, sums in expected.items():
            written = sorted(total for _, t, total, _ in nm if t == image_type)
            if sum(written) != sum(sums):
                errors.append(f"{key} {image_type}: DICOM pixels {sum(written)}, stored frames {sum(sums)}")
        if raw_ct and sorted(total for _, total in ct) != raw_ct:
            errors.append(f"{key}: CT pixel sums differ from the stored slices'")
        print(f"{key}: {len(files)} DICOM files, {sum(len(f) for f in stored.values())} stored frames, "
              f"{sum(total for _, _, total, _ in nm)} counts in original NM objects")
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
