"""Whole acquisitions over GCI 1.0 with nothing of this project's code: the sequences of the interface document, and a check of
every byte that comes back with zlib, struct and numpy.

A tool is anything with   send(line)   ask(line) -> str   block(line) -> bytes   (one line feed and one reply each)
and PART, the longest block it likes, or None.
"""
import os
import struct
import time
import uuid
import zlib

import numpy

TURN = "ACQ:MODE TOMO;TOMO:STAR 0;ARC 180;VIEW 4;TIME 20 S;ORB CIRC;DIR CW"
MODES = {
    # name: (feature, number in the frame header, settings)
    "static": ("STAT", 1, ["ACQ:MODE STAT;LIM:TIME 60 S;COUN INF"]),
    "dynamic": ("DYN", 2, ["ACQ:MODE DYN;DYN:PHAS1 6,1 S;PHAS2 2,5 S"]),
    "gated": ("GATE", 3, ["ACQ:MODE GAT;GATE:BINS 8;SOUR SIM;:ACQ:LIM:TIME 30 S"]),
    "whole-body": ("WB", 4, ["ACQ:MODE WBOD;WBOD:RANG 900,1300;SPE 10"]),
    "tomo-step": ("TOMO.STEP", 5, [TURN + ";MODE STEP"]),
    "tomo-continuous": ("TOMO.CONT", 5, [TURN + ";MODE CONT"]),
}


class Broken(Exception):
    """The gantry did something else than the interface document says."""


def expect(holds, what):
    if not holds:
        raise Broken(what)


def fields(reply):
    """Values between commas; strings stay whole."""
    out, inside, start = [], False, 0
    for i, c in enumerate(reply):
        if c == '"':
            inside = not inside
        elif c == "," and not inside:
            out.append(reply[start:i])
            start = i + 1
    return out + [reply[start:]]


class Gantry:
    """The interface document as a person at a bench would follow it."""

    def __init__(self, tool, folder, name):
        self.tool, self.folder, self.name, self.count = tool, folder, name, 0
        self.mark = uuid.uuid4().hex[:8]

    def do(self, *lines):
        for line in lines:
            self.tool.send(line)
            error = self.tool.ask("SYST:ERR?")
            expect(error.startswith("0,"), f"{line} -> {error}")

    def ask(self, line):
        return fields(self.tool.ask(line))

    def operation(self):
        self.count += 1
        return f"{self.mark}-{self.count}"

    def wait(self, what, holds, seconds=90):
        end = time.monotonic() + seconds
        while not holds():
            expect(time.monotonic() < end, f"{what} did not come; {self.tool.ask('SYST:STAT?')}")
            time.sleep(0.01)

    def state(self, index):
        return self.ask("SYST:STAT?")[index]

    def take_control(self):
        """The session and the lease; a tool with a connection per command brings them along with every command.
        The lease lasts 30 s: a long block over a slow line would outlast the usual 5 s."""
        self.do(f'SYST:SESS:OPEN "{self.name}",CONT,"secret of {self.name}"', "SYST:CONT:REQ", "SYST:CONT:LEAS 30 S")

    def make_ready(self):
        if self.state(0) == "UNH":
            self.do(f'MOT:HOME "{self.operation()}"')
            self.wait("READy", lambda: self.state(0) == "READ")
        self.do("HEAD1:HV ON", "HEAD2:HV ON")
        self.wait("high voltage", lambda: self.ask("HEAD1:HV?")[0] == self.ask("HEAD2:HV?")[0] == "ON")

    def move_table(self, millimetres):
        self.do(f"TABL:LONG {millimetres}")
        verdict, _, plan = self.ask("MOT:PLAN?")
        expect(verdict == "OK", f"MOT:PLAN? -> {verdict}")
        operation = self.operation()
        self.do(f'MOT:STAR "{operation}",{plan}')
        self.wait("the move", lambda: self.ask(f'SYST:OPER? "{operation}"') == ["DONE", "0"])
        expect(abs(float(self.ask("TABL:LONG:ACT?")[0]) - millimetres) < 0.11, "the table is not where it was sent")

    def acquire(self, mode):
        """One run from its name to the comparison with the ledger; gives (frames, counts)."""
        _, number, settings = MODES[mode]
        run, operation = str(uuid.uuid4()), self.operation()
        self.do("*RST", f'ACQ:ID "{run}"', "ACQ:HEAD BOTH", "HEAD1:MATR 64", "HEAD2:MATR 64")
        self.do('HEAD1:ENER:WIND1 "Tc99m",126.45,154.55', 'HEAD2:ENER:WIND1 "Tc99m",126.45,154.55', *settings)
        self.move_table(900 if mode == "whole-body" else 1000)
        check = self.ask("ACQ:CHEC?")
        expect(check[0] == "OK", f"ACQ:CHEC? -> {check}")
        self.do("ACQ:ARM")
        self.do(f'ACQ:STAR "{operation}"')
        frames = self.fetch(run, number, lambda: self.state(1) in ("IDLE", "DRA"))
        expect(len(frames) == int(check[1]), f"{len(frames)} frames, ACQ:CHEC? said {check[1]}")
        expect(self.ask(f'SYST:OPER? "{operation}"') == ["DONE", "0"], "the operation is not DONE")
        self.wait("IDLE", lambda: self.state(1) == "IDLE")
        return len(frames), self.compare(run, frames)

    def scan(self):
        """A helical CT: warm-up, dose, confirmation, arming, exposure; slices are frames here."""
        run, operation = str(uuid.uuid4()), self.operation()
        if self.state(2) == "OFF":
            self.do(f'CT:WARM "{self.operation()}"')
        self.wait("CT STANdby", lambda: self.state(2) == "STAN")
        self.do(f'CT:ID "{run}"', "CT:MODE HEL", "CT:KV 120", "CT:MA 20", "CT:ROT 1 S", "CT:PITC 1", "CT:RANG 1000,1040", "CT:SLIC 10")
        self.do("CT:DOSE:CONF " + self.tool.ask("CT:DOSE?"), "CT:ARM")
        self.do(f'CT:EXP:STAR "{operation}"')
        frames = self.fetch(run, 7, lambda: self.state(2) not in ("EXP", "ARM"))
        expect(len(frames) == 4, f"{len(frames)} slices of 10 mm in 40 mm")
        expect(self.ask(f'SYST:OPER? "{operation}"') == ["DONE", "0"], "the scan is not DONE")
        self.tool.send(f'CT:EXP:STAR "{self.operation()}"')
        error = self.tool.ask("SYST:ERR?")
        expect(error.split(",")[0] in ("505", "503", "-221"), f"a second exposure without confirmation -> {error}")
        return len(frames), self.compare(run, frames)

    def fetch(self, run, mode, is_over):
        """Every frame: fetched, checked, on disk, then acknowledged."""
        frames = []
        while True:
            over = is_over()  # asked before: what was complete then is seen below
            self.do(f'FRAM:SEL "{run}"')
            n, size, crc = (int(v) for v in self.ask("FRAM:NEXT?"))
            if n == 0:
                first, last, expected = (int(v) for v in self.ask("FRAM:RANG?"))
                if over and last == expected and first == last + 1:
                    return frames
                time.sleep(0.01)
                continue
            raw = self.read(n, size)
            expect(len(raw) == size, f"frame {n}: {len(raw)} bytes, {size} announced")
            expect(zlib.crc32(raw) == crc, f"frame {n}: CRC-32 is not the announced one")
            frames.append(self.check(raw, run, n, mode))
            path = os.path.join(self.folder, f"{run}-{n:06d}.gfr")
            with open(path, "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            self.do(f"FRAM:ACKN {n}")

    def read(self, n, size):
        """A frame in one block, or in parts where the tool cannot take so much at once."""
        part = self.tool.PART
        if not part or size <= part:
            return self.tool.block(f"FRAM:DATA? {n}")
        return b"".join(self.tool.block(f"FRAM:DATA? {n},{at},{min(part, size - at)}") for at in range(0, size, part))

    @staticmethod
    def check(raw, run, n, mode):
        magic, length = struct.unpack_from("<4sH", raw, 0)
        expect(magic == b"GFR1" and length == 128, f"frame {n}: no frame header")
        expect(struct.unpack_from("<I", raw, 124)[0] == zlib.crc32(raw[:124]), f"frame {n}: CRC-32 of the header")
        expect(uuid.UUID(bytes=raw[8:24]) == uuid.UUID(run), f"frame {n}: another run's uuid")
        width, height, size, told_mode = struct.unpack_from("<HHBB", raw, 40)
        expect(struct.unpack_from("<I", raw, 32)[0] == n and told_mode == mode, f"frame {n}: number or mode {told_mode}")
        pixels = numpy.frombuffer(raw, "<u2" if size == 2 else "<u4", offset=128)
        expect(pixels.size == width * height, f"frame {n}: {pixels.size} pixels")
        expect(struct.unpack_from("<I", raw, 120)[0] == zlib.crc32(raw[128:]), f"frame {n}: CRC-32 of the pixels")
        total = int(pixels.sum(dtype=numpy.uint64))
        elapsed, live, told, lost = struct.unpack_from("<QQQI", raw, 64)
        expect(total == told, f"frame {n}: pixels add up to {total}, the header says {told}")
        expect(live <= elapsed, f"frame {n}: live {live} µs in {elapsed} µs")
        return {"head": raw[36], "window": raw[37], "counts": total, "lost": lost, "live": live, "crc": zlib.crc32(raw)}

    def compare(self, run, frames):
        """What the gantry says it counted against what is here: no count lost, none invented."""
        ledger = self.ask("ACQ:LEDG?")
        heads = sorted({f["head"] for f in frames})
        expect(uuid.UUID(ledger[0].strip('"')) == uuid.UUID(run) and int(ledger[1]) == len(frames) and int(ledger[2]) == len(heads), f"ledger {ledger}")
        values = ledger[3:]
        for i, head in enumerate(heads):
            of = [f for f in frames if f["head"] == head]
            first = min(f["window"] for f in of)
            expect(int(values[i]) == sum(f["counts"] for f in of), f"counts of head {head}: {sum(f['counts'] for f in of)} here, ledger {ledger}")
            expect(int(values[2 * len(heads) + i]) == sum(f["lost"] for f in of), f"lost of head {head}, ledger {ledger}")
            live = sum(f["live"] for f in of if f["window"] == first) / 1e6
            expect(abs(float(values[3 * len(heads) + i]) - live) < 1e-3, f"live of head {head}: {live} s here, ledger {ledger}")
        chain = 0
        for f in frames:
            chain = zlib.crc32(struct.pack("<I", f["crc"]), chain)
        expect(int(values[-1]) == chain, f"CRC-32 over all frames: {chain} here, ledger {ledger}")
        return sum(f["counts"] for f in frames)


def whole_day(tool, folder, name, only=None):
    """Every mode the gantry has, and a CT; prints a line for each."""
    gantry = Gantry(tool, folder, name)
    gantry.take_control()
    features = tool.ask("SYST:GCI:FEAT?").strip('"').split(",")
    gantry.make_ready()
    for mode in MODES:
        if MODES[mode][0] not in features or (only and mode not in only):
            print(f"  {mode:16s} skipped: {'not asked for' if MODES[mode][0] in features else 'the gantry has no ' + MODES[mode][0]}")
            continue
        began = time.monotonic()
        frames, counts = gantry.acquire(mode)
        expect(counts > 0, f"{mode}: nothing was counted")
        print(f"  {mode:16s} {frames:3d} frames, {counts} counts, ledger equal ({time.monotonic() - began:.1f} s)")
    if "CT" in features and not (only and "ct" not in only):
        began = time.monotonic()
        frames, _ = gantry.scan()
        print(f"  {'ct':16s} {frames:3d} slices, ledger equal ({time.monotonic() - began:.1f} s)")
    tool.send("SYST:SESS:CLOS")
