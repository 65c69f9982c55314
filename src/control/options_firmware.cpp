// SPDX-License-Identifier: Apache-2.0
// -pflash, -drive if=pflash, -machine pflash0=: what the machine begins with.
#include <fmt/format.h>

#include <algorithm>

#include "base/nearest_name.h"
#include "control/option_table.h"
#include "state/options.h"

namespace kelvin::control {

namespace {

template <class T>
Result<> read_member(const state::Json& node, const char* key, T& value) {
    const auto found = node.find(key);
    return found != node.end() ? state::read_value(*found, value) : ok();
}

using Banks = decltype(vm::MachineSpec::pflash);

/// The bank that the user names, else the first that is free.
Result<std::size_t> choose_bank(const Banks& banks, std::optional<u32> wanted) {
    const auto free = std::ranges::find_if(banks, [](const auto& bank) { return !bank.has_value(); });
    const std::size_t number = wanted ? *wanted : static_cast<std::size_t>(free - banks.begin());
    if (number >= banks.size()) {
        return user_error(wanted ? fmt::format("the machine has no flash bank {}", number)
                                 : "both of the machine's flash banks have an image already",
                          "unit=0 is the firmware, unit=1 its variables");
    }
    if (banks[number]) {
        return user_error(fmt::format("flash bank {} has an image already: '{}'", number, banks[number]->file),
                          "unit=0 is the firmware, unit=1 its variables");
    }
    return number;
}

Result<> take_image(Banks& banks, const vm::DriveSpec& drive) {
    if (drive.file.empty()) {
        return user_error("-drive if=pflash: the image is missing", "file=PATH names it");
    }
    const auto number = choose_bank(banks, drive.unit ? drive.unit : drive.index);
    if (!number) {
        Error error = number.error();
        error.what = fmt::format("flash image '{}': {}", drive.file, error.what);
        return error;
    }
    banks[*number] = vm::PflashSpec{drive.file, drive.readonly, drive.snapshot.value_or(false)};
    return ok();
}

/// Of a JSON value that may be anything.
std::string text_of(const state::Json& node, const char* key) {
    const auto found = node.is_object() ? node.find(key) : node.end();
    return found != node.end() && found->is_string() ? found->get<std::string>() : "";
}

std::vector<std::string> names_of(const std::vector<state::Json>& nodes) {
    std::vector<std::string> names;
    for (const state::Json& node : nodes) {
        names.push_back(text_of(node, "node-name"));
    }
    return names;
}

/// What -blockdev says of node `name`; taken from `nodes`, as flash has a file of its own.
Result<state::Json> take_node(std::vector<state::Json>& nodes, const std::string& name) {
    const auto found =
        std::ranges::find_if(nodes, [&](const state::Json& node) { return text_of(node, "node-name") == name; });
    if (found == nodes.end()) {
        const std::vector<std::string> names = names_of(nodes);
        const std::vector<std::string_view> known(names.begin(), names.end());
        return user_error(fmt::format("there is no -blockdev with node-name={}{}", name, did_you_mean(name, known)));
    }
    state::Json node = std::move(*found);
    nodes.erase(found);
    return node;
}

/// Follows nodes of plain content to the file below them.
Result<vm::PflashSpec> resolve_node(std::vector<state::Json>& nodes, const std::string& name) {
    state::Json node = KELVIN_TRY(take_node(nodes, name));
    vm::PflashSpec bank;
    for (;;) {
        std::string driver;
        bool read_only = false;
        KELVIN_TRY(read_member(node, "driver", driver));
        KELVIN_TRY(read_member(node, "read-only", read_only));
        bank.read_only |= read_only;
        if (driver == "file") {
            KELVIN_TRY(read_member(node, "filename", bank.file));
            return bank;
        }
        if (driver != "raw") {
            return user_error(fmt::format("flash cannot be in an image of format {}", driver), "flash images are raw");
        }
        const auto below = node.find("file");
        if (below == node.end() || !(below->is_string() || below->is_object())) {
            return user_error(fmt::format("node '{}' has no file", name));
        }
        state::Json next = *below;
        if (next.is_string()) {
            next = KELVIN_TRY(take_node(nodes, next.get<std::string>()));
        }
        node = std::move(next);
    }
}

}  // namespace

Result<> apply_pflash(Draft& draft, const std::string& value) {
    vm::DriveSpec drive;
    drive.file = value;
    drive.interface = vm::DriveInterface::pflash;
    draft.line.spec.drives.push_back(std::move(drive));
    return ok();
}

Result<> settle_flash(Draft& draft) {
    vm::MachineSpec& spec = draft.line.spec;
    const auto is_flash = [](const vm::DriveSpec& drive) { return drive.interface == vm::DriveInterface::pflash; };
    for (const vm::DriveSpec& drive : spec.drives) {
        if (is_flash(drive)) {
            KELVIN_TRY(take_image(spec.pflash, drive));
        }
    }
    std::erase_if(spec.drives, is_flash);
    for (std::size_t bank = 0; bank < spec.pflash.size(); ++bank) {
        const std::string& node = draft.flash_nodes[bank];
        if (node.empty()) {
            continue;
        }
        if (spec.pflash[bank]) {
            return user_error(
                fmt::format("flash bank {} has two contents: '{}' and node '{}'", bank, spec.pflash[bank]->file, node));
        }
        auto resolved = resolve_node(spec.block_nodes, node);
        if (!resolved) {
            Error error = resolved.error();
            error.what = fmt::format("-machine pflash{}={}: {}", bank, node, error.what);
            return error;
        }
        spec.pflash[bank] = std::move(*resolved);
    }
    return ok();
}

}  // namespace kelvin::control
