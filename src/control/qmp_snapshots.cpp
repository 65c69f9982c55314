// SPDX-License-Identifier: Apache-2.0
// QMP: external snapshots, and the making of images for them.
#include <fmt/format.h>

#include <array>
#include <vector>

#include "control/qmp_command.h"

namespace kelvin::control {

namespace {

using state::Json;

enum class SnapshotMode : u8 { absolute_paths, existing };
constexpr state::EnumName<SnapshotMode> kModes[] = {{"absolute-paths", SnapshotMode::absolute_paths},
                                                    {"existing", SnapshotMode::existing}};
std::span<const state::EnumName<SnapshotMode>> enum_names(SnapshotMode) {
    return kModes;
}
std::string_view enum_type_name(SnapshotMode) {
    return "NewImageMode";
}

struct OnFile {
    std::string device;
    std::string node;
    std::string file;
    std::string name;
    std::string format = "qcow2";
    SnapshotMode mode = SnapshotMode::absolute_paths;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("device", device, "the drive");
        visit("node-name", node, "or its node");
        visit("snapshot-file", file, "the image that takes what is written from here on");
        visit("snapshot-node-name", name, "its node's name");
        visit("format", format, "qcow2");
        visit("mode", mode, "absolute-paths makes the image, existing uses one that is there");
    }
};

struct OnNode {
    std::string node;
    std::string overlay;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("node", node, "what was written so far");
        visit("overlay", overlay, "what takes the rest");
    }
};

Result<vm::DriveSnapshot> read(const OnFile& arguments) {
    if (arguments.format != "qcow2") {
        return user_error(fmt::format("format '{}' cannot have another image behind it", arguments.format),
                          "leave it out, for qcow2");
    }
    if (arguments.device.empty() == arguments.node.empty()) {
        return user_error("a snapshot is of a device or of a node-name", "give one of both");
    }
    return vm::DriveSnapshot{.drive = arguments.device,
                             .node = arguments.node,
                             .overlay = "",
                             .file = arguments.file,
                             .name = arguments.name,
                             .is_there = arguments.mode == SnapshotMode::existing};
}

Result<vm::DriveSnapshot> read(const OnNode& arguments) {
    return vm::DriveSnapshot{.node = arguments.node, .overlay = arguments.overlay};
}

Result<> snapshot_to_file(QmpContext& context, const OnFile& arguments) {
    const vm::DriveSnapshot wanted = KELVIN_TRY(read(arguments));
    return context.target.vm().drives().snapshot({&wanted, 1});
}

Result<> snapshot_to_node(QmpContext& context, const OnNode& arguments) {
    const vm::DriveSnapshot wanted = KELVIN_TRY(read(arguments));
    return context.target.vm().drives().snapshot({&wanted, 1});
}

struct Action {
    std::string type;
    Json data;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("type", type, "blockdev-snapshot or blockdev-snapshot-sync");
        visit("data", data, "the arguments that the command of that name takes");
    }
};

template <class Arguments>
Result<vm::DriveSnapshot> read_action(const Action& action) {
    Arguments arguments;
    KELVIN_TRY(state::read_options(action.type, action.data, arguments));
    return read(arguments);
}

/// All or none.
Result<> transact(QmpContext& context, const Json& given) {
    const auto actions = given.find("actions");
    if (actions == given.end() || !actions->is_array() || given.size() != 1) {
        return user_error("a transaction has actions, a list of objects, and nothing else");
    }
    std::vector<vm::DriveSnapshot> wanted;
    for (const Json& each : *actions) {
        Action action;
        KELVIN_TRY(state::read_options("actions", each, action));
        if (action.type != "blockdev-snapshot" && action.type != "blockdev-snapshot-sync") {
            return user_error(fmt::format("'{}' cannot be part of a transaction", action.type),
                              "blockdev-snapshot and blockdev-snapshot-sync can");
        }
        wanted.push_back(
            KELVIN_TRY(action.type == "blockdev-snapshot" ? read_action<OnNode>(action) : read_action<OnFile>(action)));
    }
    return context.target.vm().drives().snapshot(wanted);
}

std::string describe_actions(QmpSchema& schema, const QmpCommand& command) {
    const std::vector<QmpSchema::Variant> kinds = {
        {"blockdev-snapshot", {{.name = "data", .type = "BlockdevSnapshot"}}},
        {"blockdev-snapshot-sync", {{.name = "data", .type = "BlockdevSnapshotSync"}}}};
    schema.variants("TransactionAction", "type", {}, kinds, command.required);
    return schema.object(std::string(command.name) + "-arg", {{.name = "actions", .type = "list"}}, command.required);
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_command<snapshot_to_node>("blockdev-snapshot", "node overlay "),
    qmp_command<snapshot_to_file>("blockdev-snapshot-sync", "snapshot-file "),
    qmp_open_command<transact, describe_actions>("transaction", "actions "),
});

}  // namespace

std::span<const QmpCommand> qmp_snapshot_commands() {
    return kCommands;
}

}  // namespace kelvin::control
