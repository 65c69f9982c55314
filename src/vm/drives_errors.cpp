// SPDX-License-Identifier: Apache-2.0
// What is told when the host's storage fails a machine's disk, and how requests that wait for it go on.
#include <cerrno>
#include <chrono>
#include <cstring>

#include "vm/drives.h"

namespace kelvin::vm {

namespace {

/// A disk whose every request fails is told of no more often: a guest could flood whoever listens.
constexpr std::chrono::seconds kReportInterval{1};

}  // namespace

void Drives::failed(Entry& entry, const block::Drive::Failure& failure) {
    const bool stops = failure.action == backend::ErrorAction::stop;
    const auto now = std::chrono::steady_clock::now();
    // Of requests that are kept the first is told of, after each time that the machine went on.
    const bool tell = stops ? !entry.drive->holds_requests()
                            : now - entry.reported.value_or(now - kReportInterval) >= kReportInterval;
    state::Json report;
    if (tell) {
        entry.reported = now;
        report = {{"qom-path", entry.device.path},
                  {"device", entry.id},
                  {"node-name", entry.node->name},
                  {"operation", failure.is_read ? "read" : "write"},
                  {"action", state::write_value(failure.action)},
                  {"reason", std::strerror(failure.error)}};
        if (entry.drive->error_policy().may_stop()) {
            report["nospace"] = failure.error == ENOSPC;
        }
    }
    observer_->disk_failed(std::move(report), stops);
}

void Drives::retry() {
    io_.call([this] {
        for (const auto& entry : entries_) {
            entry->drive->retry_held();
        }
    });
}

}  // namespace kelvin::vm
