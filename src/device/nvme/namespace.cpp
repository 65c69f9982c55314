// SPDX-License-Identifier: Apache-2.0
#include "device/nvme/namespace.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace kelvin::device::nvme {

namespace {

constexpr u32 kLargestLogical = 4096;
constexpr u32 kLargestPhysical = 32768;

Result<> check_size(const char* name, u32 size, u32 largest) {
    if (!std::has_single_bit(size) || size < 512 || size > largest) {
        return user_error(fmt::format("{}={} is not a power of two from 512 to {}", name, size, largest));
    }
    return ok();
}

/// In blocks, counted from 0, as the structure has it.
u16 zero_based(u64 bytes, u64 block) {
    return static_cast<u16>(std::clamp<u64>(bytes / block, 1, 0x10000) - 1);
}

/// FNV-1a.
u64 hash(std::string_view text, u64 seed) {
    for (const char letter : text) {
        seed = (seed ^ static_cast<u8>(letter)) * 0x100000001b3;
    }
    return seed;
}

}  // namespace

Result<> NamespaceOptions::check() const {
    if (drive.empty()) {
        return user_error("it has no drive", "add drive=ID, with -drive if=none,id=ID,file=FILE");
    }
    KELVIN_TRY(check_size("logical_block_size", logical_block_size, kLargestLogical));
    KELVIN_TRY(check_size("physical_block_size", physical_block_size, kLargestPhysical));
    return ok();
}

Namespace::Namespace(const NamespaceOptions& options, backend::BlockDevice& disk) : options_(options), disk_(disk) {}

bool Namespace::cached_at_first() const {
    return options_.write_cache == state::OnOffAuto::automatic ? disk_.limits().write_cache
                                                               : options_.write_cache == state::OnOffAuto::on;
}

void Namespace::set_listener(u32 id, void (*changed)(void* context, u32 id), void* context) {
    id_ = id;
    changed_ = changed;
    context_ = context;
    const auto tell = [](void* self) {
        const auto& space = *static_cast<Namespace*>(self);
        space.changed_(space.context_, space.id_);
    };
    disk_.set_size_handler(changed != nullptr ? static_cast<void (*)(void*)>(tell) : nullptr, this);
}

void Namespace::identify(std::span<u8> bytes) const {
    const backend::BlockLimits& limits = disk_.limits();
    const bool discards = limits.discards && !disk_.read_only();
    const u64 write_unit = std::max(options_.physical_block_size, options_.min_io_size);
    const u64 discard_unit = std::max<u64>(limits.discard_granularity, block_size());
    const u64 optimum = options_.opt_io_size != 0 ? options_.opt_io_size : limits.optimal_transfer;
    put<u64>(bytes, 0, blocks());   // NSZE
    put<u64>(bytes, 8, blocks());   // NCAP
    put<u64>(bytes, 16, blocks());  // NUSE
    bytes[24] = 1 << 4;             // NSFEAT: NPWG to NOWS mean something
    // DLFEAT: what was given back reads as zeroes, and Write Zeroes may give back.
    bytes[33] = discards ? 0x09 : 0x00;
    put<u16>(bytes, 64, zero_based(write_unit, block_size()));    // NPWG
    put<u16>(bytes, 66, zero_based(write_unit, block_size()));    // NPWA
    put<u16>(bytes, 68, zero_based(discard_unit, block_size()));  // NPDG
    put<u16>(bytes, 70, zero_based(discard_unit, block_size()));  // NPDA
    put<u16>(bytes, 72, zero_based(optimum, block_size()));       // NOWS
    bytes[99] = disk_.read_only() ? 1 : 0;                        // NSATTR: write protected
    for (unsigned i = 0; i < 8; ++i) {
        bytes[120 + i] = static_cast<u8>(options_.eui64 >> (56 - 8 * i));
    }
    // The one LBA format.
    bytes[130] = static_cast<u8>(std::countr_zero(block_size()));
}

void Namespace::describe(std::span<u8> bytes, const std::string& serial, u32 id) const {
    std::size_t at = 0;
    if (options_.eui64 != 0) {
        bytes[at] = 1;
        bytes[at + 1] = 8;
        for (unsigned i = 0; i < 8; ++i) {
            bytes[at + 4 + i] = static_cast<u8>(options_.eui64 >> (56 - 8 * i));
        }
        at += 12;
    }
    // A namespace must have a name of this kind. It is a UUID of version 8 (RFC 9562, 5.8), made of what the user calls
    // the disk, so that it is the same at each start.
    bytes[at] = 3;
    bytes[at + 1] = 16;
    const std::span<u8> uuid = bytes.subspan(at + 4, 16);
    put<u64>(uuid, 0, hash(serial, 0xcbf29ce484222325 + id));
    put<u64>(uuid, 8, hash(serial, 0x9e3779b97f4a7c15 - id));
    uuid[6] = static_cast<u8>((uuid[6] & 0x0f) | 0x80);
    uuid[8] = static_cast<u8>((uuid[8] & 0x3f) | 0x80);
}

}  // namespace kelvin::device::nvme
