#!/usr/bin/env python3
"""Drives whole acquisitions on a gantry with other people's tools and compares every frame and the ledger.

usage: drive_gantry.py socket HOST:PORT        a plain socket
       drive_gantry.py pyvisa HOST:PORT        PyVISA-py, TCPIP::…::SOCKET
       drive_gantry.py pyvisa-pty HOST:PORT    PyVISA-py, ASRL on a pty that socat joins to the TCP port
       drive_gantry.py lxi HOST:PORT           lxi scpi, a new connection for every command
       drive_gantry.py pyvisa-serial DEVICE    PyVISA-py on a plain serial line: queries and stops only (all else is refused with 110)
       drive_gantry.py pyvisa-plain DEVICE     PyVISA-py on a plain serial line of a simulator started with --serial-plain-control
a second argument chooses runs: static,dynamic,gated,whole-body,tomo-step,tomo-continuous,ct
exit code 0 when all holds, 1 when not, 2 for a bad command line, 77 when the tool is not installed
"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import gci_runs


class Socket:
    PART = None

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def send(self, line):
        self.socket.sendall(line.encode("ascii") + b"\n")

    def ask(self, line):
        self.send(line)
        return self.file.readline().decode("ascii").rstrip("\n")

    def block(self, line):
        self.send(line)
        gci_runs.expect(self.file.read(1) == b"#", f"{line}: no block")
        size = int(self.file.read(int(self.file.read(1))))
        data = self.file.read(size)
        gci_runs.expect(self.file.read(1) == b"\n", f"{line}: no line feed behind the block")
        return data

    def close(self):
        self.socket.close()


class Visa:
    """PyVISA with its pure Python backend; nothing is set that its manual does not tell to set."""

    def __init__(self, resource):
        import pyvisa
        # PyVISA-py reads a serial line byte by byte: 100 kB a second, and no lease or time-out should wait for a whole CT slice.
        self.PART = 65_536 if resource.startswith("ASRL") else None
        self.resource = pyvisa.ResourceManager("@py").open_resource(resource, read_termination="\n", write_termination="\n", timeout=10_000)

    def send(self, line):
        self.resource.write(line)

    def ask(self, line):
        return self.resource.query(line)

    def block(self, line):
        return bytes(self.resource.query_binary_values(line, datatype="B", container=bytes))

    def close(self):
        self.resource.close()


class Lxi:
    """A new process and a new connection for every command. A session outlives its connection, so each command that needs one
    says first who it is: two lines in one text. Blocks are asked for in parts that come in one piece, printed in hexadecimal."""
    PART = 4096

    def __init__(self, host, port, name="lxi"):
        self.command = ["lxi", "scpi", "-r", "-a", host, "-p", str(port)]
        self.who = f'SYST:SESS:OPEN "{name}",CONT,"secret of {name}"\n'

    def run(self, line, *options):
        done = subprocess.run(self.command + list(options) + [self.who + line], capture_output=True, timeout=20)
        gci_runs.expect(done.returncode == 0, f"lxi: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def send(self, line):
        # lxi waits only when the text holds a '?'. Without one the next command's connection could overtake this one.
        gci_runs.expect(self.run(line + "\nSYST:SYNC? 7").strip() == b"7", f"{line}: answered")

    def ask(self, line):
        return self.run(line).decode("ascii").rstrip("\n")

    def block(self, line):
        for _ in range(3):  # it prints what has arrived at its first wake-up; a frame may be read as often as one likes
            raw = self.bytes_of(self.run(line, "-x"))
            if raw[-1:] == b"\n" and len(raw) > 3:
                break
        gci_runs.expect(raw[:1] == b"#" and raw[-1:] == b"\n", f"{line}: no block")
        digits = int(raw[1:2])
        gci_runs.expect(int(raw[2:2 + digits]) == len(raw) - 3 - digits, f"{line}: {len(raw)} bytes of a block of {raw[2:2 + digits]}")
        return raw[2 + digits:-1]

    @staticmethod
    def bytes_of(dump):
        """Bytes out of lxi's hexadecimal print: 0x23 0x31 …"""
        return bytes(int(word, 16) for word in dump.split())

    def close(self):
        pass


def pty_to(host, port):
    """A pty joined to the TCP port by socat: what a tool that only knows serial ports gets to see."""
    link = os.path.join(tempfile.mkdtemp(prefix="gci-pty-"), "port")
    process = subprocess.Popen(["socat", f"pty,link={link},raw,echo=0", f"tcp:{host}:{port},nodelay"])
    for _ in range(200):
        if os.path.exists(link):
            return process, link
        time.sleep(0.01)
    process.terminate()
    raise gci_runs.Broken("socat made no pty")


def plain_serial(tool):
    """Plain text on a serial line: questions and stops work, whatever sets or starts is refused with 110."""
    gci_runs.expect(tool.ask("*IDN?").count(",") == 3, "*IDN? has not four fields")
    tool.send("*CLS")
    for line in ("ACQ:MODE STAT", "HEAD1:MATR 64", 'MOT:HOME "serial"', 'ACQ:STAR "serial"', "GANT:ROT 10"):
        tool.send(line)
        error = tool.ask("SYST:ERR?")
        gci_runs.expect(error.startswith("110,"), f"{line} -> {error}, not 110")
    for line in ("MOT:STOP", "ABOR"):
        tool.send(line)
        error = tool.ask("SYST:ERR?")
        gci_runs.expect(error.startswith("0,"), f"{line} -> {error}")
    for _ in range(20):
        gci_runs.expect(tool.ask("SYST:SYNC? 42") == "42", "out of step")
    frame = tool.block("DIAG:FRAM?")
    gci_runs.expect(len(frame) == 32_896 and frame[:4] == b"GFR1", "DIAG:FRAM?")
    print("  plain serial     queries, stops, a block of 32 896 bytes; settings and starts refused with 110")


def main():
    if len(sys.argv) < 3:
        print(__doc__)
        return 2
    kind, where, only = sys.argv[1], sys.argv[2], sys.argv[3].split(",") if len(sys.argv) > 3 else None
    for need, program in (("lxi", "lxi"), ("pyvisa-pty", "socat")):
        if kind == need and not shutil.which(program):
            print(f"{program} is not installed")
            return 77
    bridge = None
    try:
        if kind == "pyvisa-serial":
            tool = Visa(f"ASRL{where}::INSTR")
            plain_serial(tool)
            tool.close()
            return 0
        host, port = where.rsplit(":", 1) if ":" in where else (where, "0")
        if kind == "pyvisa-plain":
            tool = Visa(f"ASRL{where}::INSTR")
        elif kind == "socket":
            tool = Socket(host, int(port))
        elif kind == "pyvisa":
            tool = Visa(f"TCPIP::{host}::{port}::SOCKET")
        elif kind == "pyvisa-pty":
            bridge, link = pty_to(host, port)
            tool = Visa(f"ASRL{link}::INSTR")
        elif kind == "lxi":
            tool = Lxi(host, int(port), f"peer-{kind}")
        else:
            print(__doc__)
            return 2
        print(f"{kind}: {tool.ask('*IDN?')}")
        tool.send("*CLS")
        if "SIM" in tool.ask("SYST:GCI:FEAT?"):
            tool.send("DIAG:SIM:SPE 200")
            if tool.ask("DIAG:SIM:PAT:INJ?").startswith("0,"):
                tool.send("DIAG:SIM:PAT:INJ 740")
        with tempfile.TemporaryDirectory() as folder:
            gci_runs.whole_day(tool, folder, f"peer-{kind}", only)
        tool.close()
        return 0
    except ImportError as e:
        print(f"not installed: {e.name}")
        return 77
    except gci_runs.Broken as e:
        print(f"FAILED: {e}")
        return 1
    finally:
        if bridge:
            bridge.terminate()
            bridge.wait()


if __name__ == "__main__":
    sys.exit(main())
