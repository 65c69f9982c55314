// SPDX-License-Identifier: Apache-2.0
// The nodes of a machine's disks, by name: files, formats on them, images behind images.
//
// Nodes refer downwards: a format to what holds it and to what is behind it. Whoever refers to a node, another node or
// a guest's disk, is a user of it, with an access: many may read, or one writes and nobody else uses it. A host file is
// locked as its users need.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/block/drive.h"
#include "backend/block/file_node.h"
#include "backend/block/graph/node_options.h"
#include "backend/block/qcow2/image.h"
#include "state/json.h"

namespace kelvin::block {

enum class Access : u8 { none, read, write };

/// Who refers to a node.
struct NodeUser {
    const void* key = nullptr;  ///< names the user, and nobody else
    std::string title;          ///< for messages: "node 'a'", "drive 'hd0'", "device 'disk1'"
    Access access = Access::none;
};

/// Made, changed and destroyed by BlockGraph only.
struct GraphNode {
    std::string name;
    std::string title;  ///< for messages; a node that was not named is called what it was made for
    std::string driver;
    bool owned = false;  ///< by the user, who added it by itself and may take it away

    bool discard = false;
    DetectZeroes detect_zeroes = DetectZeroes::off;
    bool cache_direct = false;
    bool no_flush = false;
    bool locking = true;  ///< of a file, as the next
    AioMode aio = AioMode::automatic;

    std::shared_ptr<BlockNode> block;
    std::shared_ptr<FileNode> file;       ///< block, if it is a file
    std::shared_ptr<qcow2::Image> image;  ///< block, if it is an image
    GraphNode* storage = nullptr;         ///< what holds it
    GraphNode* backing = nullptr;         ///< what is behind it

    std::vector<NodeUser> users;
    Access access() const;
};

/// An image that is to be put on a node.
struct NewOverlay {
    std::string path;
    std::string name;       ///< its node's; empty: any
    bool is_there = false;  ///< it is not made
};

/// All of it on one thread, that of the I/O loop if there is one.
class BlockGraph {
  public:
    /// Disks work when `loop` runs, which outlives this object; null: while somebody waits for them.
    explicit BlockGraph(EventLoop* loop) : loop_(loop) {}
    /// Nothing may be in flight.
    ~BlockGraph();
    BlockGraph(const BlockGraph&) = delete;
    BlockGraph& operator=(const BlockGraph&) = delete;

    /// `options` are those of -blockdev, which must have a node-name. Nothing has changed on an error.
    Result<GraphNode*> add(const state::Json& options);
    /// A node that goes when its last user has let go of it; `title` is what it is made for, "drive 'hd0'".
    Result<GraphNode*> add_unowned(const state::Json& options, const std::string& title);
    /// The same with an empty image on it, which takes what is written and is gone with its node.
    Result<GraphNode*> add_temporary(const state::Json& options, const std::string& title,
                                     const CommonOptions& overlay);
    /// The same with an image that takes what would be written to `base`, opened without `base` behind it.
    Result<GraphNode*> add_overlay(GraphNode& base, const NewOverlay& wanted, const std::string& title);
    /// An error says why `overlay` cannot be put on `base`, which `user` uses, and nobody else may; null: nobody.
    Result<> check_overlay(const GraphNode& base, const GraphNode& overlay, const void* user) const;
    /// After check_overlay() and flush(), while nothing is in flight: who used `base` uses `overlay`, which has `base`
    /// behind it.
    void put_on(GraphNode& base, GraphNode& overlay);
    Result<> flush(GraphNode& node);
    /// Takes a node away again that add_overlay() has made and nobody uses.
    void forget(GraphNode& node) { destroy(node); }

    /// An error names who uses it.
    Result<> remove(std::string_view name);

    GraphNode* find(std::string_view name) const;
    /// As find(), or an error with the nearest name.
    Result<GraphNode*> get(std::string_view name) const;
    /// In the order in which they were made.
    const std::vector<std::unique_ptr<GraphNode>>& nodes() const { return nodes_; }

    /// From here until release() the node stays. An error says who is in the way.
    Result<> claim(GraphNode& node, NodeUser user);
    void release(GraphNode& node, const void* key);

    /// Made when it is first asked for.
    Result<IoContext*> io();

  private:
    friend class NodeOpener;

    Result<GraphNode*> keep(Result<GraphNode*> made, std::size_t before);
    Result<> change_access(GraphNode& node, const void* key, Access access);
    Result<> apply_access(GraphNode& node);
    static Result<> create_overlay(const GraphNode& base, const std::string& path, IoContext& io);
    Result<> check_same_file(const GraphNode& node, Access access) const;
    void destroy(GraphNode& node);
    void destroy_from(std::size_t first);
    std::string new_name();

    EventLoop* const loop_;
    std::unique_ptr<IoContext> io_;
    std::vector<std::unique_ptr<GraphNode>> nodes_;
    unsigned names_made_ = 0;
};

}  // namespace kelvin::block
