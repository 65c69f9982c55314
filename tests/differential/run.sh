#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh DIFFERENTIAL OPTION...: runs it with the QEMU that tools/fetch-qemu keeps, or $KELVIN_QEMU_USER.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
qemu=${KELVIN_QEMU_USER:-$("$here/../../tools/fetch-qemu")}
exec "$@" --qemu "$qemu"
