// SPDX-License-Identifier: Apache-2.0
// Section "Snapshots": the table of an image's internal snapshots.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::block::qcow2 {

struct Snapshot {
    u64 l1_offset = 0;
    u32 l1_size = 0;
    std::string id;
    std::string name;
    u32 seconds = 0;  ///< since 1970
    u32 nanoseconds = 0;
    u64 guest_nanoseconds = 0;  ///< how long the guest had run
    u64 vm_state_size = 0;
    u64 disk_size = 0;
    std::string more;  ///< extra data that is not known here
};

struct SnapshotTable {
    std::vector<Snapshot> snapshots;
    u64 bytes = 0;  ///< its size in the file
};

/// `count` entries; `disk_size` is that of those which do not say. An error says which entry is damaged.
Result<SnapshotTable> parse_snapshots(std::span<const u8> bytes, u32 count, u64 disk_size);
std::vector<u8> write_snapshots(std::span<const Snapshot> snapshots);

}  // namespace kelvin::block::qcow2
