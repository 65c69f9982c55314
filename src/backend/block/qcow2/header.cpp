// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "backend/block/qcow2/format.h"
#include "base/bits.h"

namespace kelvin::block::qcow2 {

namespace {

constexpr u32 kEndOfExtensions = 0;
constexpr u32 kBackingFormat = 0xE2792ACA;
constexpr u32 kFeatureNames = 0x6803F857;
constexpr u32 kEncryptionHeader = 0x0537BE77;
constexpr u64 kHeaderV2 = 72;
constexpr u64 kHeaderV3 = 104;
constexpr u64 kHeaderWritten = 112;

Error damaged(const std::string& path, const std::string& what) {
    return user_error(
        fmt::format("image '{}': the qcow2 header is damaged: {}", path, what),
        fmt::format("nothing was written to it; `kelvin-img check '{}'` says more once the header is whole", path));
}

Error unsupported(const std::string& path, const std::string& what, std::string cure = {}) {
    return user_error(fmt::format("image '{}': {}", path, what), std::move(cure));
}

Result<> check_features(const Header& header, u32 encryption, const std::string& path) {
    if (encryption != 0) {
        return unsupported(path,
                           encryption == 2 ? "it is encrypted with LUKS, which is not supported"
                                           : "it is encrypted with AES, which is not supported",
                           "a program that knows the key can convert it to an image without encryption");
    }
    if ((header.incompatible & kExternalData) != 0) {
        return unsupported(path, "its data is in another file (data_file), which is not supported",
                           "qemu-img convert -O qcow2 makes one file of it");
    }
    if (const u64 unknown = header.incompatible & ~kKnownIncompatible; unknown != 0) {
        return unsupported(path, fmt::format("it needs features that are not known here (bits {:#x})", unknown));
    }
    return ok();
}

Result<> check_tables(const Header& header, const std::string& path) {
    const u64 inside = header.cluster_size() - 1;
    if (header.l1_size * u64{8} > kMaxL1Bytes) {
        return damaged(path, fmt::format("its L1 table has {} entries, which is too many", header.l1_size));
    }
    if (header.l1_entries_of(header.size) > header.l1_size) {
        return damaged(path, fmt::format("its L1 table has {} entries, too few for a disk of {} bytes", header.l1_size,
                                         header.size));
    }
    if ((header.l1_offset & inside) != 0 || (header.l1_size != 0 && header.l1_offset == 0)) {
        return damaged(path, fmt::format("its L1 table cannot be at {:#x}", header.l1_offset));
    }
    if ((header.refcount_table_offset & inside) != 0 || header.refcount_table_offset == 0) {
        return damaged(path, fmt::format("its refcount table cannot be at {:#x}", header.refcount_table_offset));
    }
    if (header.refcount_table_clusters == 0 ||
        header.refcount_table_clusters > kMaxRefcountTableBytes >> header.cluster_bits) {
        return damaged(path, fmt::format("its refcount table of {} clusters", header.refcount_table_clusters));
    }
    if (header.snapshot_count > kMaxSnapshots || (header.snapshots_offset & inside) != 0) {
        return damaged(
            path, fmt::format("{} snapshots, in a table at {:#x}", header.snapshot_count, header.snapshots_offset));
    }
    for (const u64 offset : {header.l1_offset, header.refcount_table_offset, header.snapshots_offset}) {
        if (offset > u64{INT64_MAX} / 2) {
            return damaged(path, fmt::format("a table at {:#x} would be behind the end of any file", offset));
        }
    }
    return ok();
}

Result<> read_extensions(std::span<const u8> start, u64 offset, u64 end, Header& header, const std::string& path) {
    while (offset + 8 <= end) {
        const u32 type = load<u32>(start, offset);
        const u64 length = load<u32>(start, offset + 4);
        offset += 8;
        if (type == kEndOfExtensions) {
            return ok();
        }
        if (length > end - offset) {
            return damaged(path, fmt::format("extension {:#x} at {:#x} is longer than the header", type, offset - 8));
        }
        std::string data(start.begin() + static_cast<i64>(offset), start.begin() + static_cast<i64>(offset + length));
        if (type == kBackingFormat) {
            header.backing_format = std::move(data);
        } else if (type == kEncryptionHeader) {
            return unsupported(path, "it is encrypted, which is not supported");
        } else if (type != kFeatureNames) {
            header.extensions.push_back({type, std::move(data)});
        }
        offset += align_up(length, 8);
    }
    return ok();
}

Result<> read_backing_name(std::span<const u8> start, Header& header, const std::string& path) {
    const u64 offset = load<u64>(start, 8);
    const u64 length = load<u32>(start, 16);
    if (offset == 0) {
        return ok();
    }
    if (length > kMaxBackingName || offset > start.size() || length > start.size() - offset ||
        offset + length > header.cluster_size()) {
        return damaged(path, fmt::format("the backing file's name of {} bytes at {:#x}", length, offset));
    }
    header.backing_name.assign(start.begin() + static_cast<i64>(offset),
                               start.begin() + static_cast<i64>(offset + length));
    if (header.backing_name.find('\0') != std::string::npos) {
        return damaged(path, "the backing file's name has a zero byte");
    }
    return ok();
}

Result<u64> read_version_3(std::span<const u8> start, Header& header, const std::string& path) {
    if (start.size() < kHeaderV3) {
        return damaged(path, "the file ends within it");
    }
    header.incompatible = load<u64>(start, 72);
    header.compatible = load<u64>(start, 80);
    header.autoclear = load<u64>(start, 88);
    header.refcount_order = load<u32>(start, 96);
    const u64 length = load<u32>(start, 100);
    if (header.refcount_order > 6) {
        return damaged(path, fmt::format("refcounts of 2^{} bits", header.refcount_order));
    }
    if (length < kHeaderV3 || length > header.cluster_size() || length > start.size()) {
        return damaged(path, fmt::format("its length of {} bytes", length));
    }
    const u8 compression = length > kHeaderV3 ? start[kHeaderV3] : u8{0};
    if (compression > 1 || (compression != 0) != ((header.incompatible & kCompressionType) != 0)) {
        return unsupported(path, fmt::format("compression type {} is not known", compression));
    }
    header.compression = static_cast<Compression>(compression);
    return length;
}

}  // namespace

Result<Header> parse_header(std::span<const u8> start, const std::string& path) {
    if (!is_qcow2(start)) {
        return unsupported(path, "it is not a qcow2 image", "format=raw, if its bytes are the disk's");
    }
    Header header;
    header.version = load<u32>(start, 4);
    if (header.version != 2 && header.version != 3) {
        return unsupported(path, fmt::format("qcow2 version {} is not known", header.version));
    }
    if (start.size() < kHeaderV2) {
        return damaged(path, "the file ends within it");
    }
    header.cluster_bits = load<u32>(start, 20);
    if (header.cluster_bits < kMinClusterBits || header.cluster_bits > kMaxClusterBits) {
        return damaged(path, fmt::format("clusters of 2^{} bytes", header.cluster_bits));
    }
    header.size = load<u64>(start, 24);
    header.l1_size = load<u32>(start, 36);
    header.l1_offset = load<u64>(start, 40);
    header.refcount_table_offset = load<u64>(start, 48);
    header.refcount_table_clusters = load<u32>(start, 56);
    header.snapshot_count = load<u32>(start, 60);
    header.snapshots_offset = load<u64>(start, 64);
    const u64 length = header.version == 3 ? KELVIN_TRY(read_version_3(start, header, path)) : kHeaderV2;
    KELVIN_TRY(check_features(header, load<u32>(start, 32), path));
    if (header.extended_l2() && header.cluster_bits < 14) {
        return damaged(path, fmt::format("extended L2 entries with clusters of 2^{} bytes", header.cluster_bits));
    }
    KELVIN_TRY(check_tables(header, path));
    KELVIN_TRY(read_backing_name(start, header, path));
    const u64 backing_offset = load<u64>(start, 8);
    const u64 end =
        std::min<u64>({backing_offset != 0 ? backing_offset : start.size(), start.size(), header.cluster_size()});
    KELVIN_TRY(read_extensions(start, length, end, header, path));
    return header;
}

Result<std::vector<u8>> write_header(const Header& header, const std::string& path) {
    std::vector<Header::Extension> extensions = header.extensions;
    if (!header.backing_format.empty()) {
        extensions.push_back({kBackingFormat, header.backing_format});
    }
    const u64 length = header.version == 2 ? kHeaderV2 : kHeaderWritten;
    std::vector<u8> bytes(header.cluster_size());
    u64 needed = length + 8 + header.backing_name.size();
    for (const auto& extension : extensions) {
        needed += 8 + align_up(extension.data.size(), 8);
    }
    if (needed > bytes.size() || header.backing_name.size() > kMaxBackingName) {
        return user_error(fmt::format("image '{}': the backing file's name is too long for its header", path),
                          "a shorter or relative name, or larger clusters");
    }
    store<u32>(bytes, 0, kMagic);
    store<u32>(bytes, 4, header.version);
    store<u32>(bytes, 20, header.cluster_bits);
    store<u64>(bytes, 24, header.size);
    store<u32>(bytes, 36, header.l1_size);
    store<u64>(bytes, 40, header.l1_offset);
    store<u64>(bytes, 48, header.refcount_table_offset);
    store<u32>(bytes, 56, header.refcount_table_clusters);
    store<u32>(bytes, 60, header.snapshot_count);
    store<u64>(bytes, 64, header.snapshots_offset);
    if (header.version == 3) {
        store<u64>(bytes, 72, header.incompatible);
        store<u64>(bytes, 80, header.compatible);
        store<u64>(bytes, 88, header.autoclear);
        store<u32>(bytes, 96, header.refcount_order);
        store<u32>(bytes, 100, static_cast<u32>(length));
        bytes[104] = static_cast<u8>(header.compression);
    }
    u64 at = length;
    for (const auto& extension : extensions) {
        store<u32>(bytes, at, extension.type);
        store<u32>(bytes, at + 4, static_cast<u32>(extension.data.size()));
        std::ranges::copy(extension.data, bytes.begin() + static_cast<i64>(at + 8));
        at += 8 + align_up(extension.data.size(), 8);
    }
    at += 8;  // the end of extensions
    if (!header.backing_name.empty()) {
        store<u64>(bytes, 8, at);
        store<u32>(bytes, 16, static_cast<u32>(header.backing_name.size()));
        std::ranges::copy(header.backing_name, bytes.begin() + static_cast<i64>(at));
    }
    return bytes;
}

}  // namespace kelvin::block::qcow2
