// SPDX-License-Identifier: Apache-2.0
// Makes nodes of their descriptions, with those that are described inside.
#pragma once

#include <string>
#include <vector>

#include "backend/block/graph/block_graph.h"
#include "backend/block/graph/node_options.h"

namespace kelvin::block {

/// The options of a node for the file or device at `path`.
state::Json describe_file(const std::string& path);

/// What the node around tells one that is described inside it, where that says nothing.
struct Inherited {
    DiscardMode discard = DiscardMode::ignore;
    bool read_only = false;
    bool auto_read_only = false;
    bool direct = false;
    bool no_flush = false;
    AioMode aio = AioMode::automatic;
    state::OnOffAuto locking = state::OnOffAuto::automatic;
};

class NodeOpener {
  public:
    /// `title` is what nodes without a name are made for.
    NodeOpener(BlockGraph& graph, IoContext& io, const std::string& title) : graph_(graph), io_(io), title_(title) {}

    /// Nodes that were made before an error stay in the graph.
    Result<GraphNode*> open(const state::Json& options, const Inherited& around);
    /// An empty image on `base`, in a file that has no name.
    Result<GraphNode*> open_temporary(GraphNode& base, const CommonOptions& options);

  private:
    /// A node with what all drivers have, in the graph, but not yet of use; and what those inside it inherit.
    struct Begun {
        GraphNode& node;
        Inherited inner;
    };
    Result<Begun> begin(const CommonOptions& common, const Inherited& around);
    GraphNode* finish(GraphNode& node);
    Result<GraphNode*> open_file(const state::Json& options, const Inherited& around);
    Result<GraphNode*> open_raw(const state::Json& options, const Inherited& around);
    Result<GraphNode*> open_qcow2(const state::Json& options, const Inherited& around);
    Result<GraphNode*> open_null(const state::Json& options, const Inherited& around);
    /// A node by its name or its options, to which `user` refers from here on.
    Result<GraphNode*> child(const state::Json& reference, const Inherited& around, GraphNode& user, Access access);
    Result<GraphNode*> find_or_open(const state::Json& reference, const Inherited& around, const GraphNode& user);
    Result<> open_backing(const state::Json* reference, const Inherited& inner, GraphNode& node);
    Result<state::Json> describe_backing(const GraphNode& node);
    Result<> note_file(const FileNode& file);

    BlockGraph& graph_;
    IoContext& io_;
    const std::string& title_;
    std::vector<FileIdentity> files_;  // that were opened
};

}  // namespace kelvin::block
