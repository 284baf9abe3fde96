#!/usr/bin/env bash
# run_peers.sh PEER: starts a simulator of its own and drives it with one peer: socket, pyvisa, pyvisa-pty, pyvisa-serial,
# pyvisa-plain, lxi or list-mode. SIMULATOR is the command that starts acquire-sim. Exit code 0 when all holds.
set -euo pipefail
cd "$(dirname "$0")"
peer=$1
work=$(mktemp -d)
pids=()
cleanup() { for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
read -r -a simulator <<<"${SIMULATOR:-dotnet run -c Release --project ../../src/Acquire.Simulator --}"
options=(--tcp 0 --store "$work/store" --scenario uniform-cylinder --ready-file "$work/ready" --idle-exit 300)
case $peer in
  pyvisa-serial|pyvisa-plain)
    socat "pty,link=$work/tool,raw,echo=0" "pty,link=$work/gantry,raw,echo=0" & pids+=($!)
    for _ in $(seq 200); do [ -e "$work/gantry" ] && [ -e "$work/tool" ] && break; sleep 0.02; done
    options+=(--serial "$work/gantry")
    # A bench tool's text has no checks: only this option lets it start anything, and nobody paces the line for it.
    [ "$peer" = pyvisa-plain ] && options+=(--serial-plain-control --serial-pace off) ;;
esac
"${simulator[@]}" "${options[@]}" & pids+=($!)
for _ in $(seq 600); do [ -e "$work/ready" ] && break; sleep 0.1; done
[ -e "$work/ready" ] || { echo "the simulator did not start"; exit 1; }
port=$(/usr/bin/python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["port"])' "$work/ready")
case $peer in
  pyvisa-serial|pyvisa-plain) where=$work/tool ;;
  *) where=127.0.0.1:$port ;;
esac
if [ "$peer" = list-mode ]; then /usr/bin/python3 list_mode.py "$where"; else /usr/bin/python3 drive_gantry.py "$peer" "$where"; fi
