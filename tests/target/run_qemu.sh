#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: run_qemu.sh RECORDING [REPLAY.ELF]
# Replays a recording in the control core on QEMU's Cortex-M4F; builds the program if no ELF is given. Prints
# "core_hash <hash> recorded <hash> steps <n> error <e>"; exit 0 if the two hashes are equal.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
recording=$1
elf=${2:-}
if [ -z "$elf" ]; then
  cmake --preset arm -S "$root" >/dev/null
  cmake --build "$root/build/arm" --target replay >/dev/null
  elf=$root/build/arm/tests/target/replay.elf
fi
case $recording in *' '*) echo "a path with blanks cannot be passed: $recording" >&2; exit 2 ;; esac
exec timeout 300 qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none \
  -semihosting-config enable=on,target=native,arg=replay,arg="$recording" -kernel "$elf"
