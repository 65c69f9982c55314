// SPDX-License-Identifier: Apache-2.0
// -netdev, -nic, -net.
#include <fmt/format.h>

#include <array>

#include "control/option_table.h"
#include "control/read_object.h"
#include "state/options.h"
#include "vm/devices.h"

namespace kelvin::control {

namespace {

constexpr auto kLists = std::to_array<std::string_view>({"hostfwd", "guestfwd", "dnssearch"});

/// What of a -nic's options is about the card; the rest is about the cable.
constexpr auto kCardKeys = std::to_array<const char*>({"mac", "addr", "vectors", "bootindex"});

/// Adds a card with a cable of its own, of which `options` says everything.
Result<> add_card(Draft& draft, state::Json options) {
    std::string model = KELVIN_TRY(take_text(options, "model"));
    if (model.empty() || model == "virtio") {
        draft.usual_cards.push_back({draft.line.spec.devices.size(), model == "virtio"});
    } else if (KELVIN_TRY(vm::find_type(model))->category != "network") {
        return user_error(fmt::format("model={} is no network card", model), "model=virtio-net-pci is one");
    }
    vm::DeviceSpec card{.driver = model, .id = "", .bus = "", .options = state::Json::object()};
    for (const char* key : kCardKeys) {
        if (const auto found = options.find(key); found != options.end()) {
            card.options[key] = *found;
            options.erase(found);
        }
    }
    if (const auto found = options.find("macaddr"); found != options.end()) {
        card.options["mac"] = *found;
        options.erase(found);
    }
    vm::NetworkSpec cable = KELVIN_TRY(read_network(std::move(options)));
    cable.id = cable.id.empty() ? fmt::format("__nic{}", draft.line.spec.networks.size()) : cable.id;
    card.options["netdev"] = cable.id;
    draft.line.spec.networks.push_back(std::move(cable));
    draft.line.spec.devices.push_back(std::move(card));
    return ok();
}

/// What the board's cards are if nothing is said of them; only now is it known which board it is.
void name_usual_cards(Draft& draft) {
    for (const auto& [index, is_virtio] : draft.usual_cards) {
        std::string& driver = draft.line.spec.devices[index].driver;
        if (is_virtio || !draft.is_pc()) {
            driver = fmt::format("virtio-net-{}", draft.virtio_bus());
        } else {
            driver = draft.line.spec.x86_board == vm::X86Board::q35 ? "e1000e" : "e1000";
        }
    }
}

}  // namespace

Result<vm::NetworkSpec> read_network(state::Json given) {
    vm::NetworkSpec spec;
    spec.type = KELVIN_TRY(take_text(given, "type"));
    spec.id = KELVIN_TRY(take_text(given, "id"));
    spec.options = std::move(given);
    return spec;
}

Result<> apply_netdev(Draft& draft, const std::string& value) {
    draft.network_named = true;
    const state::Json options = KELVIN_TRY(state::parse_options(value, "type", kLists));
    draft.line.spec.networks.push_back(KELVIN_TRY(read_network(options)));
    return ok();
}

Result<> apply_nic(Draft& draft, const std::string& value) {
    draft.network_named = true;
    if (value == "none") {
        return ok();
    }
    state::Json options = KELVIN_TRY(state::parse_options(value, "type", kLists));
    if (!options.contains("type")) {
        options["type"] = "user";
    }
    return add_card(draft, std::move(options));
}

Result<> apply_net(Draft& draft, const std::string& value) {
    draft.network_named = true;
    state::Json options = KELVIN_TRY(state::parse_options(value, "type", kLists));
    const std::string type = KELVIN_TRY(take_text(options, "type"));
    if (type == "none") {
        return ok();
    }
    if (type == "nic") {
        draft.legacy_nic = std::move(options);
    } else {
        options["type"] = type;
        draft.legacy_network = std::move(options);
    }
    return ok();
}

Result<> settle_networks(Draft& draft) {
    const bool legacy = !draft.legacy_nic.is_null() || !draft.legacy_network.is_null();
    if (legacy && (draft.legacy_nic.is_null() || draft.legacy_network.is_null())) {
        return user_error("-net needs both ends of a cable", "-nic user says the same as -net nic -net user");
    }
    if (legacy) {
        state::Json options = draft.legacy_network;
        options.update(draft.legacy_nic);
        KELVIN_TRY(add_card(draft, std::move(options)));
    }
    // As QEMU's, a microvm has no card that nobody asked for.
    if (!draft.network_named && !draft.no_defaults && (!draft.is_x86() || draft.is_pc())) {
        KELVIN_TRY(add_card(draft, {{"type", "user"}}));
    }
    name_usual_cards(draft);
    return ok();
}

}  // namespace kelvin::control
