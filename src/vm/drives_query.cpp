// SPDX-License-Identifier: Apache-2.0
// Drives as QMP shows them (QAPI's BlockInfo and BlockStats, as of QEMU 10).
#include <ctime>

#include "backend/block/graph/graph_query.h"
#include "vm/drives.h"

namespace kelvin::vm {

using state::Json;

namespace {

u64 idle_ns(const block::Drive::Statistics& statistics) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec) - statistics.last_ns;
}

Json describe_counters(const block::Drive::Statistics& statistics) {
    Json all = block::no_statistics();
    const auto put = [&](const std::string& kind, const block::Drive::Statistics::Counters& counters) {
        all[kind + "_operations"] = counters.operations;
        all["failed_" + kind + "_operations"] = counters.failed;
        all["invalid_" + kind + "_operations"] = counters.invalid;
        all[kind + "_total_time_ns"] = counters.time_ns;
        if (kind != "flush") {
            all[kind + "_bytes"] = counters.bytes;
        }
    };
    put("rd", statistics.reads);
    put("wr", statistics.writes);
    put("flush", statistics.flushes);
    put("unmap", statistics.discards);
    all["account_invalid"] = true;
    all["account_failed"] = true;
    if (statistics.last_ns != 0) {
        all["idle_time_ns"] = idle_ns(statistics);
    }
    return all;
}

}  // namespace

Json Drives::query_block() {
    Json list = Json::array();
    io_.call([&] {
        for (const auto& entry : entries_) {
            const bool removable = entry->is_cdrom || entry->device.removable;
            const backend::Tray* const tray = entry->drive->tray();
            Json info = {{"device", entry->id},
                         {"type", "unknown"},
                         {"locked", tray != nullptr && tray->is_locked()},
                         {"removable", removable}};
            if (entry->node != nullptr) {
                Json inserted = block::describe_node(*entry->node, true);
                inserted["ro"] = entry->drive->read_only();
                inserted["cache"]["writeback"] = !entry->drive->options().write_through;
                info["inserted"] = std::move(inserted);
            }
            if (removable) {
                info["tray_open"] = tray != nullptr && tray->is_open();
            }
            if (!entry->device.key.empty()) {
                info["qdev"] = entry->device.path;
                if (entry->drive->error_policy().may_stop()) {
                    const int error = entry->drive->held_error();
                    info["io-status"] = error == 0 ? "ok" : error == ENOSPC ? "nospace" : "failed";
                }
            }
            list.push_back(std::move(info));
        }
    });
    return list;
}

Json Drives::query_nodes(bool flat) {
    Json list;
    io_.call([&] { list = block::describe_nodes(*graph_, !flat); });
    return list;
}

Json Drives::query_statistics(bool of_nodes) {
    Json list = Json::array();
    io_.call([&] {
        if (of_nodes) {
            for (auto node = graph_->nodes().rbegin(); node != graph_->nodes().rend(); ++node) {
                list.push_back(block::describe_node_statistics(**node));
            }
            return;
        }
        for (const auto& entry : entries_) {
            Json info = entry->node != nullptr ? block::describe_node_statistics(*entry->node) : Json::object();
            info.erase("driver-specific");
            info["device"] = entry->id;
            info["stats"] = describe_counters(entry->drive->statistics());
            if (!entry->device.key.empty()) {
                info["qdev"] = entry->device.path;
            }
            list.push_back(std::move(info));
        }
    });
    return list;
}

}  // namespace kelvin::vm
