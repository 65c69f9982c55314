// SPDX-License-Identifier: Apache-2.0
// The qcow2 image format on disk: numbers and tables, as QEMU's docs/interop/qcow2 specifies them. "Section" in
// comments is that document's. All numbers in it are big-endian.
#pragma once

#include <bit>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::block::qcow2 {

inline constexpr u32 kMagic = 0x514649FB;  // "QFI\xFB"

template <class T>
T load(std::span<const u8> bytes, u64 offset) {
    T value;
    std::memcpy(&value, bytes.subspan(offset, sizeof value).data(), sizeof value);
    return static_cast<T>(__builtin_bswap64(u64{value}) >> (64 - 8 * sizeof value));
}

template <class T>
void store(std::span<u8> bytes, u64 offset, T value) {
    const u64 swapped = __builtin_bswap64(u64{value} << (64 - 8 * sizeof value));
    std::memcpy(bytes.subspan(offset, sizeof value).data(), &swapped, sizeof value);
}

// Section "Header", incompatible, compatible and autoclear features.
inline constexpr u64 kDirty = 1U << 0;
inline constexpr u64 kCorrupt = 1U << 1;
inline constexpr u64 kExternalData = 1U << 2;
inline constexpr u64 kCompressionType = 1U << 3;
inline constexpr u64 kExtendedL2 = 1U << 4;
inline constexpr u64 kKnownIncompatible = kDirty | kCorrupt | kExternalData | kCompressionType | kExtendedL2;
inline constexpr u64 kLazyRefcounts = 1U << 0;

// Sections "Cluster mapping" and "Extended L2 entries".
inline constexpr u64 kCopied = u64{1} << 63;
inline constexpr u64 kCompressed = u64{1} << 62;
inline constexpr u64 kReadsAsZero = 1;
inline constexpr u64 kOffsetMask = 0x00FF'FFFF'FFFF'FE00;
inline constexpr u64 kReservedL1 = ~(kOffsetMask | kCopied);
inline constexpr u64 kReservedL2 = ~(kOffsetMask | kCopied | kCompressed | kReadsAsZero);

// Limits: tables of a hostile header may not take all of our memory. Those of the document's notes where it has any.
inline constexpr u64 kMaxL1Bytes = u64{32} << 20;
inline constexpr u64 kMaxRefcountTableBytes = u64{8} << 20;
inline constexpr u32 kMaxSnapshots = 65536;
inline constexpr u64 kMaxSnapshotTableBytes = u64{64} << 20;
inline constexpr u32 kMaxBackingName = 1023;
inline constexpr unsigned kMinClusterBits = 9;
inline constexpr unsigned kMaxClusterBits = 21;
inline constexpr u64 kMaxHeaderBytes = u64{1} << kMaxClusterBits;

enum class Compression : u8 { zlib = 0, zstd = 1 };

struct Header {
    u32 version = 3;
    unsigned cluster_bits = 16;
    u64 size = 0;
    u32 l1_size = 0;
    u64 l1_offset = 0;
    u64 refcount_table_offset = 0;
    u32 refcount_table_clusters = 0;
    u32 snapshot_count = 0;
    u64 snapshots_offset = 0;
    u64 incompatible = 0;
    u64 compatible = 0;
    u64 autoclear = 0;
    unsigned refcount_order = 4;
    Compression compression = Compression::zlib;
    std::string backing_name;
    std::string backing_format;

    struct Extension {
        u32 type = 0;
        std::string data;
    };
    std::vector<Extension> extensions;  ///< those that are kept as they are

    u64 cluster_size() const { return u64{1} << cluster_bits; }
    bool extended_l2() const { return (incompatible & kExtendedL2) != 0; }
    u64 l2_entry_size() const { return extended_l2() ? 16 : 8; }
    u64 l2_entries() const { return cluster_size() / l2_entry_size(); }
    u64 subclusters() const { return extended_l2() ? 32 : 1; }
    u64 subcluster_size() const { return cluster_size() / subclusters(); }
    u64 refcounts_per_block() const { return cluster_size() * 8 >> refcount_order; }
    u64 clusters_of(u64 bytes) const { return (bytes >> cluster_bits) + ((bytes & (cluster_size() - 1)) != 0); }
    /// Entries that an L1 table needs for a disk of `bytes`.
    u64 l1_entries_of(u64 bytes) const {
        const u64 clusters = clusters_of(bytes);
        return clusters / l2_entries() + (clusters % l2_entries() != 0);
    }
};

/// Reads and checks it all; `start` is the file's beginning, as much of a cluster as there is. `path` is for messages.
Result<Header> parse_header(std::span<const u8> start, const std::string& path);

/// The first cluster of the file; an error if it does not fit.
Result<std::vector<u8>> write_header(const Header& header, const std::string& path);

inline bool is_qcow2(std::span<const u8> start) {
    return start.size() >= 8 && load<u32>(start, 0) == kMagic;
}

}  // namespace kelvin::block::qcow2
