// SPDX-License-Identifier: Apache-2.0
// External snapshots: what a drive writes from here on goes to another image, which has the former one behind it.
#include <fmt/format.h>

#include <filesystem>

#include "backend/block/graph/block_graph.h"
#include "backend/block/graph/node_opener.h"
#include "backend/block/qcow2/create.h"
#include "base/bits.h"

namespace kelvin::block {

Result<> BlockGraph::check_overlay(const GraphNode& base, const GraphNode& overlay, const void* user) const {
    const auto refuse = [&](const std::string& why, std::string cure = {}) -> Result<> {
        return user_error(fmt::format("node '{}' cannot be put on node '{}': {}", overlay.name, base.name, why),
                          std::move(cure));
    };
    if (overlay.image == nullptr) {
        return refuse(fmt::format("a node of driver {} cannot have another behind it", overlay.driver),
                      "driver qcow2 can");
    }
    if (overlay.backing != nullptr) {
        return refuse(fmt::format("node '{}' is behind it already", overlay.backing->name),
                      "blockdev-add with \"backing\": null opens it with nothing behind it");
    }
    if (overlay.block->read_only()) {
        return refuse("it is read-only");
    }
    if (!overlay.users.empty()) {
        return refuse(fmt::format("it is in use by {}", overlay.users.front().title), "an overlay begins unused");
    }
    for (const NodeUser& other : base.users) {
        if (other.key != user) {
            return refuse(fmt::format("{} refers to the latter too", other.title));
        }
    }
    if (overlay.storage == base.storage) {
        return refuse("both are in the same file");
    }
    if (overlay.block->size() != base.block->size() && overlay.block->size() != align_up(base.block->size(), 512)) {
        return refuse(fmt::format("it is of {} bytes, and the other of {}", overlay.block->size(), base.block->size()),
                      "an overlay is as large as what it is put on");
    }
    return ok();
}

Result<> BlockGraph::flush(GraphNode& node) {
    const int error = io_->run(node.block->flush());
    return error == 0 ? ok() : Result<>(host_error(fmt::format("node '{}' cannot be made durable", node.name), error));
}

void BlockGraph::put_on(GraphNode& base, GraphNode& overlay) {
    // What fails here is no more than room that a check gives back: all that was written is durable.
    static_cast<void>(io_->run(base.block->freeze()));
    overlay.users = std::exchange(base.users, {{&overlay, overlay.title, Access::read}});
    overlay.backing = &base;
    overlay.image->set_backing(base.block);
    if (base.image != nullptr) {
        static_cast<void>(change_access(*base.storage, &base, Access::read));  // less than before
    }
    static_cast<void>(apply_access(base));
}

Result<GraphNode*> BlockGraph::add_overlay(GraphNode& base, const NewOverlay& wanted, const std::string& title) {
    IoContext* const io = KELVIN_TRY(this->io());
    const GraphNode& storage = base.storage != nullptr ? *base.storage : base;
    state::Json file = describe_file(wanted.path);
    file["aio"] = state::write_value(storage.aio);
    file["locking"] = storage.locking ? "auto" : "off";
    const state::Json cache = {{"direct", base.cache_direct}, {"no-flush", base.no_flush}};
    file["cache"] = cache;
    if (!wanted.is_there) {
        KELVIN_TRY(create_overlay(base, wanted.path, *io));
    }
    state::Json options = {{"driver", "qcow2"},
                           {"file", file},
                           {"backing", nullptr},
                           {"cache", cache},
                           {"discard", base.discard ? "unmap" : "ignore"},
                           {"detect-zeroes", state::write_value(base.detect_zeroes)}};
    if (!wanted.name.empty()) {
        options["node-name"] = wanted.name;
    }
    return add_unowned(options, title);
}

Result<> BlockGraph::create_overlay(const GraphNode& base, const std::string& path, IoContext& io) {
    const bool is_part = base.driver == "raw" && base.block->size() != base.storage->block->size();
    if (is_part || (base.storage == nullptr && base.file == nullptr)) {
        return user_error(fmt::format("node '{}' is {}: an image cannot name it", base.name,
                                      is_part ? "a part of a file" : "no file"),
                          "blockdev-snapshot with an overlay that was added before does not need a name");
    }
    std::error_code failure;
    if (std::filesystem::file_size(path, failure) != 0 && !failure) {
        return user_error(fmt::format("'{}' is there, and not empty", path),
                          "mode=existing uses an image that is there; another name makes a new one");
    }
    qcow2::CreateOptions options;
    options.size = align_up(base.block->size(), 512);
    options.backing_name = std::filesystem::absolute(base.block->path(), failure);
    options.backing_format = base.image != nullptr ? "qcow2" : "raw";
    KELVIN_TRY(qcow2::check_options(options, path));
    auto file = KELVIN_TRY(FileNode::open(io, {.path = path, .lock = LockMode::writer, .create = true}));
    const auto image = KELVIN_TRY(qcow2::create(io, file, options));
    const int error = io.run(image->close());
    return error == 0 ? ok() : Result<>(host_error(fmt::format("image '{}' cannot be written", path), error));
}

}  // namespace kelvin::block
