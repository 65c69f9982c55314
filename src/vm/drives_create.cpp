// SPDX-License-Identifier: Apache-2.0
// Images that are made in nodes while the machine runs.
#include <fmt/format.h>

#include "backend/block/qcow2/create.h"
#include "vm/drives.h"

namespace kelvin::vm {

Result<> Drives::create_image(const std::string& node, const block::qcow2::CreateOptions& options) {
    Result<> outcome = ok();
    io_.call([&] { outcome = create_in_node(node, options); });
    return outcome;
}

Result<> Drives::create_in_node(const std::string& name, const block::qcow2::CreateOptions& options) {
    block::GraphNode& node = *KELVIN_TRY(graph_->get(name));
    if (node.file == nullptr) {
        return user_error(fmt::format("node '{}' is of driver {}; an image is made in a file", name, node.driver));
    }
    if (!node.users.empty()) {
        return user_error(fmt::format("node '{}' is in use by {}", name, node.users.front().title),
                          "what it holds would be lost");
    }
    KELVIN_TRY(block::qcow2::check_options(options, node.file->path()));
    KELVIN_TRY(graph_->claim(node, {&options, "the making of an image", block::Access::write}));
    const Result<> made = fill(node, options);
    graph_->release(node, &options);
    return made;
}

Result<> Drives::fill(block::GraphNode& node, const block::qcow2::CreateOptions& options) {
    block::IoContext& io = *KELVIN_TRY(graph_->io());
    int error = node.file->is_device() ? 0 : io.run(node.file->resize(0));
    if (error == 0) {
        const auto image = KELVIN_TRY(block::qcow2::create(io, node.file, options));
        error = io.run(image->close());
    }
    return error == 0 ? ok()
                      : Result<>(host_error(fmt::format("image '{}' cannot be written", node.file->path()), error));
}

}  // namespace kelvin::vm
