// SPDX-License-Identifier: Apache-2.0
#include "vm/networks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/nearest_name.h"
#include "state/options.h"

namespace kelvin::vm {

Networks::~Networks() {
    io_.call([this] { entries_.clear(); });
}

Result<> Networks::add(const NetworkSpec& spec) {
    const backend::NetworkType* const type = KELVIN_TRY(backend::find_network_type(spec.type));
    if (spec.id.empty()) {
        return user_error(fmt::format("-netdev {} has no id", spec.type), "add id=NAME");
    }
    if (std::ranges::any_of(entries_, [&](const auto& entry) { return entry->spec.id == spec.id; })) {
        return user_error(fmt::format("two networks are called '{}'", spec.id), "give each an id of its own");
    }
    auto entry = std::make_unique<Entry>();
    entry->spec = spec;
    Result<> outcome = ok();
    io_.call([&] {
        auto made = type->make(spec.options, io_, clock_);
        if (made) {
            entry->port = std::move(*made);
            entry->cable = std::make_unique<backend::Cable>(*entry->port);
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

Result<Networks::Entry*> Networks::find(std::string_view id) const {
    const auto found = std::ranges::find(entries_, id, [](const auto& entry) { return entry->spec.id; });
    if (found != entries_.end()) {
        return found->get();
    }
    std::vector<std::string_view> known;
    for (const auto& entry : entries_) {
        known.push_back(entry->spec.id);
    }
    return user_error(
        fmt::format("there is no -netdev with id={}{}", id, did_you_mean(id, known)),
        known.empty() ? fmt::format("add -netdev user,id={}", id) : fmt::format("defined: {}", fmt::join(known, ", ")));
}

Result<> Networks::remove(std::string_view id) {
    Entry* const entry = KELVIN_TRY(find(id));
    if (!entry->owner.empty()) {
        return user_error(fmt::format("network '{}' is connected to a card", id), "remove the card first: device_del");
    }
    io_.call([&] { std::erase_if(entries_, [&](const auto& each) { return each.get() == entry; }); });
    return ok();
}

Result<> Networks::add_capture(std::string_view id, const std::string& path, u32 longest) {
    Entry* const entry = KELVIN_TRY(find(id));
    if (!entry->owner.empty()) {
        return user_error(fmt::format("network '{}' is connected to a card already", id));
    }
    backend::NetworkPort& cable = *entry->cable;
    backend::NetworkPort& last = entry->captures.empty() ? cable : *entry->captures.back();
    entry->captures.push_back(KELVIN_TRY(backend::PacketCapture::create(path, longest, last)));
    return ok();
}

Result<> Networks::set_link(std::string_view id, bool up) {
    Entry* const entry = KELVIN_TRY(find(id));
    io_.call([&] { entry->cable->set_plugged(up); });
    return ok();
}

std::string Networks::network_of(std::string_view owner) const {
    const auto found =
        std::ranges::find(entries_, owner, [](const auto& entry) -> std::string_view { return entry->owner; });
    return found != entries_.end() && !owner.empty() ? (*found)->spec.id : std::string();
}

Result<backend::UserNetwork*> Networks::find_user(std::string_view id) const {
    if (id.empty()) {
        for (const auto& entry : entries_) {
            if (auto* const user = dynamic_cast<backend::UserNetwork*>(entry->port.get()); user != nullptr) {
                return user;
            }
        }
        return user_error("there is no user network");
    }
    const Entry* const entry = KELVIN_TRY(find(id));
    auto* const user = dynamic_cast<backend::UserNetwork*>(entry->port.get());
    if (user == nullptr) {
        return user_error(fmt::format("network '{}' is no user network", id));
    }
    return user;
}

Result<> Networks::add_forward(std::string_view id, const std::string& rule) {
    backend::UserNetwork* const user = KELVIN_TRY(find_user(id));
    const backend::HostForward forward = KELVIN_TRY(backend::parse_host_forward(rule));
    Result<> outcome = ok();
    io_.call([&] { outcome = user->add_forward(forward); });
    return outcome;
}

Result<> Networks::remove_forward(std::string_view id, const std::string& rule) {
    backend::UserNetwork* const user = KELVIN_TRY(find_user(id));
    const backend::HostForward forward = KELVIN_TRY(backend::parse_host_end(rule));
    Result<> outcome = ok();
    io_.call([&] { outcome = user->remove_forward(forward); });
    return outcome;
}

Result<backend::NetworkPort*> Networks::claim(std::string_view id, const std::string& owner) {
    Entry* const entry = KELVIN_TRY(find(id));
    if (!entry->owner.empty()) {
        return user_error(fmt::format("network '{}' is connected to another card", id), "a cable has two ends only");
    }
    entry->owner = owner;
    if (!entry->captures.empty()) {
        return entry->captures.back().get();
    }
    return entry->cable.get();
}

void Networks::release(const std::string& owner) {
    for (const auto& entry : entries_) {
        if (entry->owner == owner) {
            entry->owner.clear();
        }
    }
}

std::string Networks::describe(std::string_view type) const {
    std::string text;
    io_.call([&] {
        for (const auto& entry : entries_) {
            if (type.empty() || type == entry->spec.type) {
                text += fmt::format("{}: {}{}\n{}", entry->spec.id, entry->spec.type,
                                    entry->owner.empty()          ? ", not connected"
                                    : !entry->cable->is_plugged() ? ", cable pulled"
                                                                  : "",
                                    entry->port->describe());
            }
        }
    });
    return text;
}

}  // namespace kelvin::vm
