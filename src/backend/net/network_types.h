// SPDX-License-Identifier: Apache-2.0
// The kinds of networks that -netdev makes.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "backend/net/network_port.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "state/json.h"
#include "state/options.h"

namespace kelvin::backend {

struct NetworkType {
    std::string_view name;
    std::string_view help;
    std::vector<state::OptionDescription> (*options)();
    /// `options` without "type" and "id". I/O loop's thread; `loop` and `clock` outlive what is made.
    Result<std::unique_ptr<NetworkPort>> (*make)(const state::Json& options, EventLoop& loop, const Clock& clock);
};

std::span<const NetworkType> network_types();
/// By name; an unknown one is an error with the nearest name.
Result<const NetworkType*> find_network_type(std::string_view name);

}  // namespace kelvin::backend
