#!/usr/bin/env python3
"""A list-mode client on plain sockets: takes every packet of a run, checks both CRCs and the numbering, acknowledges after storing,
breaks off once and goes on where it was, bins the events by their own energy and place, and compares with the frames pixel by pixel
and with the ledger.

usage: list_mode.py HOST:PORT        exit code 0 when all holds
"""
import os
import socket
import struct
import sys
import tempfile
import uuid
import zlib

import numpy

import drive_gantry
import gci_runs

MATRIX, LOW, HIGH = 64, 126.5, 154.5


def read_exactly(link, count):
    data = b""
    while len(data) < count:
        more = link.recv(count - len(data))
        gci_runs.expect(more, "the stream ended")
        data += more
    return data


def connect(host, port, run, first):
    link = socket.create_connection((host, port), timeout=20)
    link.sendall(b"GLM1" + struct.pack("<I", 0) + uuid.UUID(run).bytes + struct.pack("<Q", first))
    return link


def packet(link, expected):
    head = read_exactly(link, 32)
    magic, words, number, tick, crc, head_crc = struct.unpack("<4sIQQII", head)
    gci_runs.expect(magic == b"GLP1" and words <= 4096, f"packet {expected}: no packet header")
    gci_runs.expect(head_crc == zlib.crc32(head[:28]), f"packet {expected}: CRC-32 of the header")
    gci_runs.expect(number == expected, f"packet {number} came, {expected} was due")
    body = read_exactly(link, 8 * words)
    gci_runs.expect(crc == zlib.crc32(body), f"packet {number}: CRC-32 of the words")
    return head + body, numpy.frombuffer(body, "<u8")


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    host, port = sys.argv[1].rsplit(":", 1)
    tool = drive_gantry.Socket(host, int(port))
    gantry = gci_runs.Gantry(tool, tempfile.mkdtemp(prefix="gci-list-"), "peer-list")
    try:
        tool.send("*CLS")
        tool.send("DIAG:SIM:SPE 20")
        if tool.ask("DIAG:SIM:PAT:INJ?").startswith("0,"):
            tool.send("DIAG:SIM:PAT:INJ 740")
        gantry.take_control()
        gantry.make_ready()
        gantry.move_table(1000)
        run = str(uuid.uuid4())
        gantry.do("*RST", f'ACQ:ID "{run}"', "ACQ:HEAD BOTH", f"HEAD1:MATR {MATRIX};:HEAD2:MATR {MATRIX}", "ACQ:MODE STAT;LIST ON;LIM:TIME 10 S")
        gantry.do(f'HEAD1:ENER:WIND1 "Tc99m",{LOW},{HIGH}', f'HEAD2:ENER:WIND1 "Tc99m",{LOW},{HIGH}')
        gci_runs.expect(tool.ask("ACQ:CHEC?").startswith("OK,"), tool.ask("ACQ:CHEC?"))
        stream = int(tool.ask("SYST:COMM:TCP:STR?"))
        gantry.do("ACQ:ARM")
        link = connect(host, stream, run, 1)
        gantry.do(f'ACQ:STAR "{gantry.operation()}"')
        words, number, again = [], 0, None
        with open(os.path.join(gantry.folder, run + ".list"), "wb") as file:
            while True:
                number += 1
                raw, part = packet(link, number)
                if number == 3:
                    # The client dies before it acknowledges: the same bytes come again to the next one.
                    link.close()
                    link = connect(host, stream, run, 3)
                    again, part = packet(link, 3)
                    gci_runs.expect(again == raw, "packet 3 is not the same the second time")
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
                link.sendall(struct.pack("<Q", number))
                words.append(part)
                if len(part) and (part[-1] >> numpy.uint64(56)) == 0x80 + 127:
                    break
        link.close()
        words = numpy.concatenate(words)
        events = words[words >> numpy.uint64(63) == 0]
        head = (events >> numpy.uint64(60)) & numpy.uint64(7)
        energy = ((events >> numpy.uint64(44)) & numpy.uint64(0xFFFF)).astype(float) / 32
        x = ((events >> numpy.uint64(30)) & numpy.uint64(0x3FFF)).astype(int) * MATRIX // 16384
        y = ((events >> numpy.uint64(16)) & numpy.uint64(0x3FFF)).astype(int) * MATRIX // 16384
        tags = words[words >> numpy.uint64(63) == 1]
        times = (tags & numpy.uint64((1 << 56) - 1))[(tags >> numpy.uint64(56)) == 0x81]
        gci_runs.expect(len(times) > 2 and numpy.all(numpy.diff(times.astype(numpy.int64)) >= 0) and numpy.max(numpy.diff(times.astype(numpy.int64))) <= 10_000, "time words at least every 10 ms")
        inside = (energy >= LOW) & (energy < HIGH)
        gantry.wait("the end", lambda: gantry.state(1) in ("DRA", "IDLE"))
        ledger = gantry.ask("ACQ:LEDG?")
        folder_frames = gantry.fetch(run, 1, lambda: gantry.state(1) in ("DRA", "IDLE"))
        for n in (1, 2):
            raw = open(os.path.join(gantry.folder, f"{run}-{n:06d}.gfr"), "rb").read()
            frame = numpy.frombuffer(raw, "<u2" if raw[44] == 2 else "<u4", offset=128).reshape(MATRIX, MATRIX)
            mine = inside & (head == raw[36])
            binned = numpy.bincount(y[mine] * MATRIX + x[mine], minlength=MATRIX * MATRIX).reshape(MATRIX, MATRIX)
            gci_runs.expect(numpy.array_equal(binned, frame), f"head {raw[36]}: {binned.sum()} events in the window, {frame.sum()} counts in the frame, or in other places")
            gci_runs.expect(int(ledger[2 + raw[36]]) == int(binned.sum()), f"ledger {ledger}")
            gci_runs.expect(int(ledger[4 + raw[36]]) == int((head == raw[36]).sum()), f"list words of head {raw[36]}: {(head == raw[36]).sum()} here, ledger {ledger}")
        gantry.compare(run, folder_frames)
        print(f"  list mode        {number} packets, {len(events)} events, {int(inside.sum())} in the window: the frames pixel by pixel, and the ledger")
        tool.send("SYST:SESS:CLOS")
        return 0
    except gci_runs.Broken as e:
        print(f"FAILED: {e}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
