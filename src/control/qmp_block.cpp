// SPDX-License-Identifier: Apache-2.0
// QMP: block nodes, the drives on them and what they have done.
#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "backend/block/graph/node_options.h"
#include "control/qmp_command.h"

namespace kelvin::control {

namespace {

using state::Json;

/// The arguments are the node's own options.
Result<> add_node(QmpContext& context, const Json& given) {
    return context.target.vm().drives().add_node(given);
}

std::string describe_nodes(QmpSchema& schema, const QmpCommand& command) {
    std::vector<QmpSchema::Variant> kinds;
    for (block::NodeDriver& driver : block::node_drivers()) {
        kinds.push_back({std::string(driver.name), std::move(driver.options)});
    }
    std::vector<state::OptionDescription> common = block::common_node_options();
    std::erase_if(common, [](const state::OptionDescription& option) { return option.name == "driver"; });
    return schema.variants(std::string(command.name) + "-arg", "driver", std::move(common), kinds, command.required);
}

struct NodeName {
    std::string name;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("node-name", name, "the node");
    }
};

Result<> remove_node(QmpContext& context, const NodeName& arguments) {
    return context.target.vm().drives().remove_node(arguments.name);
}

struct NewSize {
    std::string device;
    std::string node;
    u64 size = 0;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("device", device, "the drive");
        visit("node-name", node, "or the node");
        visit("size", size, "bytes from now on");
    }
};

Result<> resize(QmpContext& context, const NewSize& arguments) {
    return context.target.vm().drives().resize(arguments.device, arguments.node, arguments.size);
}

Result<Json> query_block(QmpContext& context, const QmpNothing&) {
    return context.target.vm().drives().query_block();
}

struct Flatness {
    bool flat = false;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("flat", flat, "without the images behind each");
    }
};

Result<Json> query_nodes(QmpContext& context, const Flatness& arguments) {
    return context.target.vm().drives().query_nodes(arguments.flat);
}

struct OfNodes {
    bool query_nodes = false;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("query-nodes", query_nodes, "of each node instead of each drive");
    }
};

Result<Json> query_statistics(QmpContext& context, const OfNodes& arguments) {
    return context.target.vm().drives().query_statistics(arguments.query_nodes);
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_command<resize>("block_resize", "size "),
    qmp_open_command<add_node, describe_nodes>("blockdev-add", "driver node-name "),
    qmp_command<remove_node>("blockdev-del", "node-name "),
    qmp_command<query_block>("query-block"),
    qmp_command<query_statistics>("query-blockstats"),
    qmp_command<query_nodes>("query-named-block-nodes"),
});

}  // namespace

std::span<const QmpCommand> qmp_block_commands() {
    return kCommands;
}

}  // namespace kelvin::control
