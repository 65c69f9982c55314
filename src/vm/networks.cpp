// SPDX-License-Identifier: Apache-2.0
#include "vm/networks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/nearest_name.h"
#include "state/options.h"

namespace kelvin::vm {

namespace {

constexpr auto kTypes = std::to_array<std::string_view>({"user"});

}  // namespace

Networks::~Networks() {
    io_.call([this] { entries_.clear(); });
}

Result<> Networks::add(const NetworkSpec& spec) {
    if (std::ranges::find(kTypes, spec.type) == kTypes.end()) {
        return user_error(fmt::format("there is no network of type '{}'{}", spec.type, did_you_mean(spec.type, kTypes)),
                          "-netdev user,id=NAME is there");
    }
    if (spec.id.empty()) {
        return user_error(fmt::format("-netdev {} has no id", spec.type), "add id=NAME");
    }
    if (std::ranges::any_of(entries_, [&](const auto& entry) { return entry->spec.id == spec.id; })) {
        return user_error(fmt::format("two networks are called '{}'", spec.id), "give each an id of its own");
    }
    backend::UserNetworkOptions options;
    KELVIN_TRY(state::read_options("-netdev user", spec.options, options));
    auto entry = std::make_unique<Entry>();
    entry->spec = spec;
    Result<> outcome = ok();
    io_.call([&] {
        auto made = backend::UserNetwork::create(options, io_, clock_);
        if (made) {
            entry->port = std::move(*made);
        } else {
            outcome = made.error();
        }
    });
    if (!outcome) {
        Error error = outcome.error();
        error.what = fmt::format("network '{}': {}", spec.id, error.what);
        return error;
    }
    entries_.push_back(std::move(entry));
    return ok();
}

Result<backend::NetworkPort*> Networks::claim(std::string_view id, const std::string& owner) {
    const auto found = std::ranges::find(entries_, id, [](const auto& entry) { return entry->spec.id; });
    if (found == entries_.end()) {
        std::vector<std::string_view> known;
        for (const auto& entry : entries_) {
            known.push_back(entry->spec.id);
        }
        return user_error(fmt::format("there is no -netdev with id={}{}", id, did_you_mean(id, known)),
                          known.empty() ? fmt::format("add -netdev user,id={}", id)
                                        : fmt::format("defined: {}", fmt::join(known, ", ")));
    }
    if (!(*found)->owner.empty()) {
        return user_error(fmt::format("network '{}' is connected to another card", id), "a cable has two ends only");
    }
    (*found)->owner = owner;
    return (*found)->port.get();
}

void Networks::release(const std::string& owner) {
    for (const auto& entry : entries_) {
        if (entry->owner == owner) {
            entry->owner.clear();
        }
    }
}

std::string Networks::describe() const {
    std::string text;
    io_.call([&] {
        for (const auto& entry : entries_) {
            text += fmt::format("{}: {}{}\n{}", entry->spec.id, entry->spec.type,
                                entry->owner.empty() ? ", not connected" : "", entry->port->describe());
        }
    });
    return text;
}

}  // namespace kelvin::vm
