// SPDX-License-Identifier: Apache-2.0
// Sockets that debuggers connect to.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "vm/machine_spec.h"

namespace kelvin::gdbstub {

/// Of a kind that is one. A socket file that is there is replaced.
Result<Fd> listen(const vm::DebuggerSpec& spec);

/// Small packets are not held back.
void send_at_once(int socket);

}  // namespace kelvin::gdbstub
