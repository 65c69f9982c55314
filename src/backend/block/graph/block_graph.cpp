// SPDX-License-Identifier: Apache-2.0
#include "backend/block/graph/block_graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/block/graph/node_opener.h"
#include "base/assert.h"
#include "base/nearest_name.h"

namespace kelvin::block {

namespace {

Access access_of(const std::vector<NodeUser>& users) {
    Access access = Access::none;
    for (const NodeUser& user : users) {
        access = std::max(access, user.access);
    }
    return access;
}

/// Why `user` cannot come to those that are there; empty: it can.
std::string obstacle(const GraphNode& node, const NodeUser& user) {
    for (const NodeUser& other : node.users) {
        const bool shared = user.access != Access::write && other.access != Access::write;
        if (other.key != user.key && other.access != Access::none && user.access != Access::none && !shared) {
            return other.title;
        }
    }
    return {};
}

Error in_the_way(const GraphNode& node, const NodeUser& user, const std::string& other) {
    return user_error(fmt::format("node '{}' is used by {} and {}", node.name, other, user.title),
                      "whoever writes to a node has it alone: read-only=on for both, or a node and an image for each");
}

}  // namespace

Access GraphNode::access() const {
    return access_of(users);
}

BlockGraph::~BlockGraph() {
    destroy_from(0);
    if (io_ != nullptr) {
        io_->detach();
    }
}

Result<IoContext*> BlockGraph::io() {
    if (io_ == nullptr) {
        io_ = KELVIN_TRY(IoContext::create());
        if (loop_ != nullptr) {
            io_->attach(*loop_);
        }
    }
    return io_.get();
}

GraphNode* BlockGraph::find(std::string_view name) const {
    const auto found = std::ranges::find(nodes_, name, [](const auto& node) -> std::string_view { return node->name; });
    return found == nodes_.end() ? nullptr : found->get();
}

Result<GraphNode*> BlockGraph::get(std::string_view name) const {
    if (GraphNode* const node = find(name); node != nullptr) {
        return node;
    }
    std::vector<std::string_view> known;
    for (const auto& node : nodes_) {
        known.push_back(node->name);
    }
    return user_error(fmt::format("there is no block node '{}'{}", name, did_you_mean(name, known)),
                      "-blockdev and blockdev-add make nodes; those that are referred to come first");
}

Result<GraphNode*> BlockGraph::add(const state::Json& options) {
    const auto name = options.is_object() ? options.find("node-name") : options.end();
    if (!options.is_object() || name == options.end() || !name->is_string()) {
        return user_error("a block node needs a name", "add node-name=NAME");
    }
    IoContext* const io = KELVIN_TRY(this->io());
    const std::string title = fmt::format("node '{}'", name->get<std::string>());
    const std::size_t before = nodes_.size();
    auto made = keep(NodeOpener(*this, *io, title).open(options, {}), before);
    if (made) {
        (*made)->owned = true;
    }
    return made;
}

Result<GraphNode*> BlockGraph::add_unowned(const state::Json& options, const std::string& title) {
    IoContext* const io = KELVIN_TRY(this->io());
    const std::size_t before = nodes_.size();
    return keep(NodeOpener(*this, *io, title).open(options, {}), before);
}

Result<GraphNode*> BlockGraph::add_temporary(const state::Json& options, const std::string& title,
                                             const CommonOptions& overlay) {
    IoContext* const io = KELVIN_TRY(this->io());
    const std::size_t before = nodes_.size();
    NodeOpener opener(*this, *io, title);
    const auto base = opener.open(options, {});
    return keep(base ? opener.open_temporary(**base, overlay) : base, before);
}

/// `made`; on an error without the nodes that there are more than `before`.
Result<GraphNode*> BlockGraph::keep(Result<GraphNode*> made, std::size_t before) {
    if (!made) {
        destroy_from(before);
    }
    return made;
}

Result<> BlockGraph::remove(std::string_view name) {
    GraphNode* const node = KELVIN_TRY(get(name));
    if (!node->users.empty()) {
        return user_error(fmt::format("node '{}' is in use by {}", name, node->users.front().title),
                          "take that away first");
    }
    if (!node->owned) {
        return user_error(fmt::format("node '{}' belongs to {}, and goes with it", name, node->title));
    }
    destroy(*node);
    return ok();
}

/// The nodes from `first` on, which nobody else uses. Users first: nodes refer downwards.
void BlockGraph::destroy_from(std::size_t first) {
    while (nodes_.size() > first) {
        const auto unused = std::find_if(nodes_.begin() + static_cast<std::ptrdiff_t>(first), nodes_.end(),
                                         [](const auto& node) { return node->users.empty(); });
        KELVIN_ASSERT(unused != nodes_.end());
        destroy(**unused);
    }
}

/// What it refers to and nobody else needs goes with it.
void BlockGraph::destroy(GraphNode& node) {
    const auto found = std::ranges::find(nodes_, &node, [](const auto& each) { return each.get(); });
    const std::unique_ptr<GraphNode> gone = std::move(*found);
    nodes_.erase(found);
    if (gone->block != nullptr) {
        // An image that cannot be given back in order has said so when it was flushed.
        static_cast<void>(io_->run(gone->block->close()));
    }
    for (GraphNode* const child : {gone->storage, gone->backing}) {
        if (child != nullptr) {
            release(*child, gone.get());
        }
    }
}

Result<> BlockGraph::claim(GraphNode& node, NodeUser user) {
    const Access access = std::exchange(user.access, Access::none);
    const void* const key = user.key;
    node.users.push_back(std::move(user));
    if (auto changed = change_access(node, key, access); !changed) {
        std::erase_if(node.users, [&](const NodeUser& each) { return each.key == key; });
        return changed;
    }
    return ok();
}

void BlockGraph::release(GraphNode& node, const void* key) {
    std::erase_if(node.users, [&](const NodeUser& user) { return user.key == key; });
    if (node.users.empty() && !node.owned) {
        destroy(node);
    } else {
        static_cast<void>(apply_access(node));  // asks for less than before
    }
}

Result<> BlockGraph::change_access(GraphNode& node, const void* key, Access access) {
    NodeUser& user = *std::ranges::find(node.users, key, &NodeUser::key);
    const Access before = std::exchange(user.access, access);
    if (const std::string other = obstacle(node, user); !other.empty()) {
        user.access = before;
        return in_the_way(node, user, other);
    }
    if (auto applied = apply_access(node); !applied) {
        user.access = before;
        static_cast<void>(apply_access(node));
        return applied;
    }
    return ok();
}

/// Asks of what holds `node`, or of the host, what its users need.
Result<> BlockGraph::apply_access(GraphNode& node) {
    const Access access = node.access();
    if (access == Access::write && node.block->read_only()) {
        return user_error(fmt::format("node '{}' is read-only, and was to be written to", node.name));
    }
    if (node.driver == "raw") {
        return change_access(*node.storage, &node, access);
    }
    if (node.file == nullptr) {
        return ok();
    }
    KELVIN_TRY(check_same_file(node, access));
    return node.file->lock(!node.locking || access == Access::none ? LockMode::none
                           : access == Access::read                ? LockMode::reader
                                                                   : LockMode::writer);
}

Result<> BlockGraph::check_same_file(const GraphNode& node, Access access) const {
    for (const auto& other : nodes_) {
        const Access others = other->access();
        if (other.get() == &node || other->file == nullptr || others == Access::none || access == Access::none ||
            !(other->file->identity() == node.file->identity()) || (access == Access::read && others == Access::read)) {
            continue;
        }
        return user_error(
            fmt::format("image '{}' is used by {} and {}", node.file->path(), other->title, node.title),
            "a file can be one disk only, unless both are read-only; an overlay for each lets them share it");
    }
    return ok();
}

std::string BlockGraph::new_name() {
    std::string name;
    do {
        name = fmt::format("#block{}", 100 + names_made_++);
    } while (find(name) != nullptr);
    return name;
}

}  // namespace kelvin::block
