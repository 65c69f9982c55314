// SPDX-License-Identifier: Apache-2.0
// Nodes as QMP shows them (QAPI's BlockDeviceInfo and ImageInfo, as of QEMU 10).
#pragma once

#include "backend/block/graph/block_graph.h"

namespace kelvin::block {

/// `chain`: with the images behind it.
state::Json describe_node(const GraphNode& node, bool chain);

/// All nodes, the newest first.
state::Json describe_nodes(const BlockGraph& graph, bool chain);

/// Counters of a node and what is below it; devices' requests are counted by their drives, and are zero here.
state::Json describe_node_statistics(const GraphNode& node);
/// A set of counters that are all zero.
state::Json no_statistics();

}  // namespace kelvin::block
