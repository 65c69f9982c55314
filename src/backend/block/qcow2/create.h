// SPDX-License-Identifier: Apache-2.0
// Makes an empty qcow2 image.
#pragma once

#include <memory>

#include "backend/block/qcow2/image.h"

namespace kelvin::block::qcow2 {

enum class Preallocation : u8 { off, metadata, falloc, full };

struct CreateOptions {
    u64 size = 0;
    u32 version = 3;
    unsigned cluster_bits = 16;
    unsigned refcount_order = 4;
    bool lazy_refcounts = false;
    bool extended_l2 = false;
    Compression compression = Compression::zlib;
    Preallocation preallocation = Preallocation::off;
    std::string backing_name;
    std::string backing_format;
};

/// Says why the options do not fit together.
Result<> check_options(const CreateOptions& options, const std::string& path);

/// Fills the empty `file`.
Result<std::shared_ptr<Image>> create(IoContext& io, std::shared_ptr<FileNode> file, const CreateOptions& options);

/// Bytes of the file for a disk of `size` of which `used` bytes have clusters.
u64 file_size_for(const CreateOptions& options, u64 used);

}  // namespace kelvin::block::qcow2
