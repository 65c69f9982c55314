// SPDX-License-Identifier: Apache-2.0
#include "backend/block/qcow2/create.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bits.h"

namespace kelvin::block::qcow2 {

namespace {

Header header_of(const CreateOptions& options) {
    Header header;
    header.version = options.version;
    header.cluster_bits = options.cluster_bits;
    header.size = options.size;
    header.refcount_order = options.refcount_order;
    header.compression = options.compression;
    header.compatible = options.lazy_refcounts ? kLazyRefcounts : 0;
    header.incompatible =
        (options.extended_l2 ? kExtendedL2 : 0) | (options.compression == Compression::zlib ? 0 : kCompressionType);
    header.backing_name = options.backing_name;
    header.backing_format = options.backing_format;
    header.l1_size = static_cast<u32>(header.l1_entries_of(header.size));
    return header;
}

/// Clusters: header, refcount table, refcount blocks, L1 table.
struct Layout {
    u64 blocks = 0;
    u64 table_clusters = 0;
    u64 l1_clusters = 0;
    u64 clusters() const { return 1 + table_clusters + blocks + l1_clusters; }
};

Layout layout_of(const Header& header) {
    Layout layout;
    layout.table_clusters = 1;
    layout.l1_clusters = std::max<u64>(1, header.clusters_of(u64{header.l1_size} * 8));
    do {
        layout.blocks = (layout.clusters() + header.refcounts_per_block() - 1) / header.refcounts_per_block();
        layout.table_clusters = header.clusters_of(std::max<u64>(layout.blocks * 8, 1));
    } while (layout.blocks * header.refcounts_per_block() < layout.clusters());
    return layout;
}

Result<> preallocate(IoContext& io, Image& image, const CreateOptions& options) {
    if (options.preallocation == Preallocation::off) {
        return ok();
    }
    int error = io.run(image.preallocate(0, options.size));
    error = error != 0 ? error : io.run(image.flush());
    const u64 end = image.file().file_size();
    if (error == 0 && options.preallocation == Preallocation::falloc) {
        error = io.run(image.file().allocate(0, end));
    } else if (error == 0 && options.preallocation == Preallocation::full) {
        for (u64 at = 0; at < options.size && error == 0;) {
            const auto extent = io.run(image.extent(at, options.size - at));
            const u64 step = extent ? extent->length : 0;
            error = !extent ? extent.error() : io.run(image.file().write_data_zeroes(*extent->host_offset, step));
            at += step;
        }
    }
    if (error != 0) {
        return host_error(fmt::format("image '{}' cannot be given its storage", image.path()), error);
    }
    return ok();
}

}  // namespace

Result<> check_options(const CreateOptions& options, const std::string& path) {
    const Header header = header_of(options);
    const auto refuse = [&](const char* what, const char* cure) {
        return user_error(fmt::format("image '{}': {}", path, what), cure);
    };
    if (options.cluster_bits < kMinClusterBits || options.cluster_bits > kMaxClusterBits) {
        return refuse("cluster_size must be a power of two from 512 to 2M", "cluster_size=64k is usual");
    }
    if (options.version == 2 && (options.refcount_order != 4 || options.lazy_refcounts || options.extended_l2 ||
                                 options.compression != Compression::zlib)) {
        return refuse("version 2 (compat=0.10) has no refcount_bits, lazy_refcounts, extended_l2 or compression_type",
                      "compat=1.1 has them");
    }
    if (options.extended_l2 && options.cluster_bits < 14) {
        return refuse("extended_l2 needs clusters of 16k at least", "cluster_size=128k is a good choice");
    }
    if (header.l1_entries_of(options.size) * 8 > kMaxL1Bytes) {
        return refuse("the disk is too large for its clusters", "a larger cluster_size");
    }
    if (!options.backing_name.empty() && options.preallocation != Preallocation::off) {
        return refuse("preallocation would hide the backing file", "leave out one of them");
    }
    return ok();
}

Result<std::shared_ptr<Image>> create(IoContext& io, std::shared_ptr<FileNode> file, const CreateOptions& options) {
    KELVIN_TRY(check_options(options, file->path()));
    Header header = header_of(options);
    const Layout layout = layout_of(header);
    header.refcount_table_offset = header.cluster_size();
    header.refcount_table_clusters = static_cast<u32>(layout.table_clusters);
    const u64 first_block = 1 + layout.table_clusters;
    header.l1_offset = (first_block + layout.blocks) << header.cluster_bits;
    std::vector<u8> bytes = KELVIN_TRY(write_header(header, file->path()));
    bytes.resize(layout.clusters() << header.cluster_bits);
    const std::span<u8> all(bytes);
    for (u64 i = 0; i < layout.blocks; ++i) {
        const u64 at = (first_block + i) << header.cluster_bits;
        store<u64>(all, header.refcount_table_offset + i * 8, at);
        for (u64 j = 0; j < header.refcounts_per_block(); ++j) {
            if (i * header.refcounts_per_block() + j < layout.clusters()) {
                write_refcount(all.subspan(at, header.cluster_size()), j, header.refcount_order, 1);
            }
        }
    }
    const SingleBuffer buffer(all);
    if (const int error = io.run(file->write(0, buffer.buffers())); error != 0) {
        return host_error(fmt::format("image '{}' cannot be written", file->path()), error);
    }
    auto image = KELVIN_TRY(Image::open(io, std::move(file), {}));
    KELVIN_TRY(preallocate(io, *image, options));
    return image;
}

u64 file_size_for(const CreateOptions& options, u64 used) {
    const Header header = header_of(options);
    const u64 data = header.clusters_of(used);
    const u64 tables = (header.clusters_of(options.size) + header.l2_entries() - 1) / header.l2_entries();
    const u64 l1 = header.clusters_of(u64{header.l1_size} * 8);
    u64 clusters = 1 + data + tables + l1;
    u64 blocks = 0;
    u64 table = 0;
    for (u64 before = ~u64{0}; before != blocks + table;) {
        before = blocks + table;
        blocks = (clusters + before + header.refcounts_per_block() - 1) / header.refcounts_per_block();
        table = header.clusters_of(blocks * 8);
    }
    clusters += blocks + table;
    return clusters << header.cluster_bits;
}

}  // namespace kelvin::block::qcow2
