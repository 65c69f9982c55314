// SPDX-License-Identifier: Apache-2.0
#include "backend/block/graph/graph_query.h"

#include <ranges>

#include "backend/block/chain/open_image.h"

namespace kelvin::block {

using state::Json;

namespace {

u64 allocated_size(const GraphNode& node) {
    return node.file != nullptr      ? node.file->allocated_size()
           : node.storage != nullptr ? allocated_size(*node.storage)
                                     : 0;
}

Json describe_snapshots(const qcow2::Image& image) {
    constexpr u64 kSecond = 1'000'000'000;
    Json list = Json::array();
    for (const qcow2::Snapshot& snapshot : image.snapshots()) {
        list.push_back({{"id", snapshot.id},
                        {"name", snapshot.name},
                        {"vm-state-size", snapshot.vm_state_size},
                        {"date-sec", snapshot.seconds},
                        {"date-nsec", snapshot.nanoseconds},
                        {"vm-clock-sec", snapshot.guest_nanoseconds / kSecond},
                        {"vm-clock-nsec", snapshot.guest_nanoseconds % kSecond}});
    }
    return list;
}

void describe_qcow2(const qcow2::Image& image, Json& info) {
    const qcow2::Header& header = image.header();
    Json data = {{"compat", header.version == 2 ? "0.10" : "1.1"},
                 {"compression-type", header.compression == qcow2::Compression::zstd ? "zstd" : "zlib"},
                 {"refcount-bits", 1U << header.refcount_order}};
    if (header.version > 2) {
        data["lazy-refcounts"] = (header.compatible & qcow2::kLazyRefcounts) != 0;
        data["corrupt"] = (header.incompatible & qcow2::kCorrupt) != 0;
        data["extended-l2"] = header.extended_l2();
    }
    info["format-specific"] = {{"type", "qcow2"}, {"data", data}};
    info["cluster-size"] = header.cluster_size();
    info["dirty-flag"] = (header.incompatible & qcow2::kDirty) != 0;
    if (!image.snapshots().empty()) {
        info["snapshots"] = describe_snapshots(image);
    }
    if (!header.backing_name.empty()) {
        info["backing-filename"] = header.backing_name;
        if (const auto path = backing_path(image.path(), header.backing_name)) {
            info["full-backing-filename"] = *path;
        }
        if (!header.backing_format.empty()) {
            info["backing-filename-format"] = header.backing_format;
        }
    }
}

Json describe_image(const GraphNode& node, bool chain) {
    Json info = {{"filename", node.block->path()},
                 {"format", node.driver},
                 {"virtual-size", node.block->size()},
                 {"actual-size", allocated_size(node)},
                 {"dirty-flag", false}};
    if (node.file != nullptr) {
        info["format-specific"] = {{"type", "file"}, {"data", Json::object()}};
    }
    if (node.image != nullptr) {
        describe_qcow2(*node.image, info);
    }
    if (chain && node.backing != nullptr) {
        info["backing-image"] = describe_image(*node.backing, true);
    }
    return info;
}

unsigned depth_of(const GraphNode& node) {
    unsigned depth = 0;
    for (const GraphNode* each = node.backing; each != nullptr; each = each->backing) {
        ++depth;
    }
    return depth;
}

}  // namespace

Json describe_node(const GraphNode& node, bool chain) {
    Json info = {{"node-name", node.name},
                 {"drv", node.driver},
                 {"file", node.block->path()},
                 {"ro", node.block->read_only()},
                 {"encrypted", false},
                 {"active", true},
                 {"detect_zeroes", state::name_of(node.detect_zeroes)},
                 {"backing_file_depth", depth_of(node)},
                 {"write_threshold", 0},
                 {"cache", {{"writeback", true}, {"direct", node.cache_direct}, {"no-flush", node.no_flush}}},
                 {"image", describe_image(node, chain)}};
    for (const char* const limit : {"bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"}) {
        info[limit] = 0;
    }
    if (node.backing != nullptr) {
        info["backing_file"] = node.backing->block->path();
    }
    return info;
}

Json describe_nodes(const BlockGraph& graph, bool chain) {
    Json list = Json::array();
    for (const auto& node : graph.nodes() | std::views::reverse) {
        list.push_back(describe_node(*node, chain));
    }
    return list;
}

Json no_statistics() {
    Json counters = {{"timed_stats", Json::array()},
                     {"account_invalid", false},
                     {"account_failed", false},
                     {"wr_highest_offset", 0}};
    for (const std::string kind : {"rd", "wr", "unmap", "zone_append"}) {
        counters[kind + "_bytes"] = 0;
        counters[kind + "_merged"] = 0;
    }
    for (const std::string kind : {"rd", "wr", "unmap", "zone_append", "flush"}) {
        counters[kind + "_operations"] = 0;
        counters["failed_" + kind + "_operations"] = 0;
        counters["invalid_" + kind + "_operations"] = 0;
        counters[kind + "_total_time_ns"] = 0;
    }
    return counters;
}

Json describe_node_statistics(const GraphNode& node) {
    Json entry = {{"node-name", node.name}, {"stats", no_statistics()}};
    if (node.file != nullptr) {
        entry["stats"]["wr_highest_offset"] = node.file->highest_write();
        entry["driver-specific"] = {
            {"driver", node.driver}, {"discard-nb-ok", 0}, {"discard-nb-failed", 0}, {"discard-bytes-ok", 0}};
    }
    if (node.storage != nullptr) {
        entry["parent"] = describe_node_statistics(*node.storage);
    }
    if (node.backing != nullptr) {
        entry["backing"] = describe_node_statistics(*node.backing);
    }
    return entry;
}

}  // namespace kelvin::block
