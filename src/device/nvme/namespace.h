// SPDX-License-Identifier: Apache-2.0
// A namespace: a disk as one of a controller's (NVM Express Base Specification 1.4, 1.6.23).
#pragma once

#include <optional>
#include <string>

#include "backend/block/block_device.h"
#include "bus/device_type.h"
#include "device/nvme/spec.h"

namespace kelvin::device::nvme {

/// What -device may say of a namespace, whether it is the controller's own or one that is plugged in.
struct NamespaceOptions {
    std::string drive;
    std::optional<i32> bootindex;
    u32 logical_block_size = 512;
    u32 physical_block_size = 512;
    u32 min_io_size = 0;
    u32 opt_io_size = 0;
    state::OnOffAuto write_cache = state::OnOffAuto::automatic;
    bool share_rw = false;
    u64 eui64 = 0;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("drive", drive, "the -drive or -blockdev that holds its data");
        visit("bootindex", bootindex, "where it is in the order in which firmware tries to boot, from 0");
        visit("logical_block_size", logical_block_size, "bytes, 512 to 4096");
        visit("physical_block_size", physical_block_size, "bytes, 512 to 32768");
        visit("min_io_size", min_io_size, "bytes; what requests are best a multiple of");
        visit("opt_io_size", opt_io_size, "bytes; what requests are best long");
        visit("write-cache", write_cache, "whether writes are cached at first");
        visit("share-rw", share_rw, "accepted, without effect");
        visit("eui64", eui64, "what the guest sees as the namespace's EUI-64; 0: none");
    }
    Result<> check() const;
};

/// I/O loop's thread.
class Namespace {
  public:
    /// `options` has been checked; `disk` outlives the namespace.
    Namespace(const NamespaceOptions& options, backend::BlockDevice& disk);

    backend::BlockDevice& disk() { return disk_; }
    u64 block_size() const { return options_.logical_block_size; }
    u64 blocks() const { return disk_.size() / block_size(); }
    bool holds(u64 first, u64 count) const { return first <= blocks() && count <= blocks() - first; }
    bool cached_at_first() const;
    /// Told of changes of the size, as namespace `id`; null for none.
    void set_listener(u32 id, void (*changed)(void* context, u32 id), void* context);

    /// Identify Namespace data structure (5.15.2.1) into 4096 zero bytes.
    void identify(std::span<u8> bytes) const;
    /// Namespace Identification Descriptors (5.15.2.3) likewise; `serial` is the controller's, `id` the namespace's.
    void describe(std::span<u8> bytes, const std::string& serial, u32 id) const;

  private:
    const NamespaceOptions options_;
    backend::BlockDevice& disk_;
    u32 id_ = 0;
    void (*changed_)(void*, u32) = nullptr;
    void* context_ = nullptr;
};

}  // namespace kelvin::device::nvme
