// SPDX-License-Identifier: Apache-2.0
// What -object, -netdev and -chardev, and QMP's commands of that purpose, say.
#pragma once

#include "base/result.h"
#include "state/json.h"
#include "vm/machine_spec.h"

namespace kelvin::control {

/// {"qom-type": ..., "id": ..., options}
Result<vm::ObjectSpec> read_object(state::Json given);
/// {"type": ..., "id": ..., options}
Result<vm::NetworkSpec> read_network(state::Json given);

/// Takes the text under `key` out of `object`; empty if there is none.
Result<std::string> take_text(state::Json& object, const char* key);

}  // namespace kelvin::control
