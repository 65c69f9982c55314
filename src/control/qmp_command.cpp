// SPDX-License-Identifier: Apache-2.0
#include "control/qmp_command.h"

#include <algorithm>
#include <array>

namespace kelvin::control {

namespace {

/// A new subject gets its row here.
std::vector<QmpCommand> all_commands() {
    std::vector<QmpCommand> commands;
    for (const auto table :
         {qmp_machine_commands(), qmp_type_commands(), qmp_object_commands(), qmp_device_commands(),
          qmp_block_commands(), qmp_media_commands(), qmp_job_commands(), qmp_snapshot_commands(),
          qmp_character_commands(), qmp_host_commands(), qmp_input_commands(), qmp_screen_commands()}) {
        commands.insert(commands.end(), table.begin(), table.end());
    }
    std::ranges::sort(commands, {}, &QmpCommand::name);
    return commands;
}

const std::vector<QmpCommand>& commands() {
    static const std::vector<QmpCommand> kAll = all_commands();
    return kAll;
}

}  // namespace

state::Json QmpReply::message() const {
    if (const QmpFailure* const failure = std::get_if<QmpFailure>(&content_); failure != nullptr) {
        return {{"error", {{"class", failure->kind}, {"desc", failure->words}}}};
    }
    return {{"return", std::get<state::Json>(content_)}};
}

const QmpCommand* find_qmp_command(std::string_view name) {
    const auto found = std::ranges::lower_bound(commands(), name, {}, &QmpCommand::name);
    return found != commands().end() && found->name == name ? &*found : nullptr;
}

std::vector<std::string_view> qmp_command_names() {
    std::vector<std::string_view> names{kQmpNegotiate};
    std::ranges::transform(commands(), std::back_inserter(names), &QmpCommand::name);
    return names;
}

}  // namespace kelvin::control
