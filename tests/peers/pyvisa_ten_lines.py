#!/usr/bin/env python3
"""PyVISA drives a static run of a minute in ten lines. Start the simulator first:
acquire-sim --tcp 5025 --store /tmp/gantry --scenario uniform-cylinder --speed 100"""
import sys
import time
import uuid
import pyvisa

where = sys.argv[1].split(":") if len(sys.argv) > 1 else ["127.0.0.1", "5025"]
gantry = pyvisa.ResourceManager("@py").open_resource(f"TCPIP::{where[0]}::{where[1]}::SOCKET", read_termination="\n", write_termination="\n")
for line in ('SYST:SESS:OPEN "bench",CONT,"secret"', "SYST:CONT:REQ", "HEAD1:HV ON", "HEAD2:HV ON", 'MOT:HOME "h1"'):
    gantry.write(line)
while not gantry.query("SYST:STAT?").startswith("READ") or not gantry.query("HEAD1:HV?").startswith("ON"): time.sleep(0.1)
for line in (f'ACQ:ID "{uuid.uuid4()}"', "ACQ:MODE STAT;LIM:TIME 60 S", "ACQ:ARM", 'ACQ:STAR "s1"'): gantry.write(line)
while (n := int(gantry.query("FRAM:NEXT?").split(",")[0])) == 0: time.sleep(0.1)
frame = gantry.query_binary_values(f"FRAM:DATA? {n}", datatype="B", container=bytes)
print(gantry.query("SYST:ERR?"), len(frame), "bytes, header", frame[:4])
