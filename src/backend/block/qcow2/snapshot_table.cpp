// SPDX-License-Identifier: Apache-2.0
#include "backend/block/qcow2/snapshot_table.h"

#include <fmt/format.h>

#include "backend/block/qcow2/format.h"
#include "base/bits.h"

namespace kelvin::block::qcow2 {

namespace {

constexpr u64 kFixed = 40;
constexpr u64 kKnownExtra = 16;
constexpr u32 kMaxExtra = 1024;

}  // namespace

Result<SnapshotTable> parse_snapshots(std::span<const u8> bytes, u32 count, u64 disk_size) {
    SnapshotTable table;
    u64 at = 0;
    for (u32 i = 0; i < count; ++i) {
        if (bytes.size() < at || bytes.size() - at < kFixed) {
            return user_error(fmt::format("the snapshot table ends within entry {}", i));
        }
        const auto entry = bytes.subspan(at);
        Snapshot snapshot;
        snapshot.l1_offset = load<u64>(entry, 0);
        snapshot.l1_size = load<u32>(entry, 8);
        const u64 id_size = load<u16>(entry, 12);
        const u64 name_size = load<u16>(entry, 14);
        snapshot.seconds = load<u32>(entry, 16);
        snapshot.nanoseconds = load<u32>(entry, 20);
        snapshot.guest_nanoseconds = load<u64>(entry, 24);
        snapshot.vm_state_size = load<u32>(entry, 32);
        const u64 extra = load<u32>(entry, 36);
        if (extra > kMaxExtra || entry.size() - kFixed < extra + id_size + name_size) {
            return user_error(fmt::format("entry {} of the snapshot table is damaged", i));
        }
        snapshot.disk_size = disk_size;
        if (extra >= 8) {
            snapshot.vm_state_size = load<u64>(entry, kFixed);
        }
        if (extra >= kKnownExtra) {
            snapshot.disk_size = load<u64>(entry, kFixed + 8);
        }
        const auto text = [&](u64 from, u64 size) {
            const auto part = entry.subspan(from, size);
            return std::string(part.begin(), part.end());
        };
        if (extra > kKnownExtra) {
            snapshot.more = text(kFixed + kKnownExtra, extra - kKnownExtra);
        }
        snapshot.id = text(kFixed + extra, id_size);
        snapshot.name = text(kFixed + extra + id_size, name_size);
        at += align_up(kFixed + extra + id_size + name_size, 8);
        table.snapshots.push_back(std::move(snapshot));
    }
    table.bytes = at;
    return table;
}

std::vector<u8> write_snapshots(std::span<const Snapshot> snapshots) {
    std::vector<u8> bytes;
    for (const Snapshot& snapshot : snapshots) {
        const u64 begin = bytes.size();
        const u64 extra = kKnownExtra + snapshot.more.size();
        bytes.resize(begin + kFixed + kKnownExtra);
        const auto entry = std::span(bytes).subspan(begin);
        store<u64>(entry, 0, snapshot.l1_offset);
        store<u32>(entry, 8, snapshot.l1_size);
        store<u16>(entry, 12, static_cast<u16>(snapshot.id.size()));
        store<u16>(entry, 14, static_cast<u16>(snapshot.name.size()));
        store<u32>(entry, 16, snapshot.seconds);
        store<u32>(entry, 20, snapshot.nanoseconds);
        store<u64>(entry, 24, snapshot.guest_nanoseconds);
        store<u32>(entry, 32, static_cast<u32>(std::min<u64>(snapshot.vm_state_size, ~u32{0})));
        store<u32>(entry, 36, static_cast<u32>(extra));
        store<u64>(entry, kFixed, snapshot.vm_state_size);
        store<u64>(entry, kFixed + 8, snapshot.disk_size);
        for (const std::string* text : {&snapshot.more, &snapshot.id, &snapshot.name}) {
            bytes.insert(bytes.end(), text->begin(), text->end());
        }
        bytes.resize(align_up(bytes.size(), 8));
    }
    return bytes;
}

}  // namespace kelvin::block::qcow2
