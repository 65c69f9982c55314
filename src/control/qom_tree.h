// SPDX-License-Identifier: Apache-2.0
// The tree of objects that a machine consists of, as QEMU's clients walk it: /machine/peripheral/ID has the devices,
// /machine/unattached the processors, /objects what -object made.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/qmp_target.h"
#include "state/json.h"

namespace kelvin::control {

struct QomProperty {
    std::string name;
    std::string type;                                                 ///< "bool", "int", "child<container>"
    state::Json value;                                                ///< of that type; a child's is its path
    Result<> (*set)(vm::Vm& vm, const state::Json& value) = nullptr;  ///< null: what it is, it stays
};

struct QomObject {
    std::string type;
    std::vector<QomProperty> properties;  ///< "type" is the first
};

/// What is at `path` now: "/machine/peripheral/net0", or "net0" for short. The event loop's thread.
std::optional<QomObject> find_qom_object(QmpTarget& target, std::string_view path);

}  // namespace kelvin::control
