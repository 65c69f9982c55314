// SPDX-License-Identifier: Apache-2.0
#include "bus/pci/msix.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace kelvin::bus::pci {

namespace {

constexpr u64 kEntrySize = 16;
constexpr u64 kSmallest = 4096;
constexpr u32 kMaskBit = 1;

}  // namespace

Msix::Msix(u16 vectors, MessagePort& port)
    : port_(port), entries_(vectors), size_(std::max(kSmallest, 2 * std::bit_ceil(kEntrySize * vectors))) {}

void Msix::deliver(Entry& entry) {
    if (masked_ || (entry.control & kMaskBit) != 0) {
        entry.pending = true;
        return;
    }
    entry.pending = false;
    port_.send_message(u64{entry.address_high} << 32 | entry.address_low, entry.data);
}

void Msix::deliver_pending() {
    for (Entry& entry : entries_) {
        if (entry.pending) {
            deliver(entry);
        }
    }
}

void Msix::raise(u16 vector) {
    const std::lock_guard lock(lock_);
    if (enabled_ && vector < entries_.size()) {
        deliver(entries_[vector]);
    }
}

void Msix::set_control(bool enabled, bool masked) {
    const std::lock_guard lock(lock_);
    enabled_ = enabled;
    masked_ = masked;
    if (enabled_ && !masked_) {
        deliver_pending();
    }
}

bool Msix::enabled() const {
    const std::lock_guard lock(lock_);
    return enabled_;
}

void Msix::reset() {
    const std::lock_guard lock(lock_);
    std::ranges::fill(entries_, Entry{});
    enabled_ = false;
    masked_ = false;
}

u32 Msix::read_word(u64 offset) const {
    if (offset >= pending_offset()) {
        const u64 first = (offset - pending_offset()) * 8;
        u32 bits = 0;
        for (u64 i = 0; i < 32 && first + i < entries_.size(); ++i) {
            bits |= entries_[first + i].pending ? u32{1} << i : 0;
        }
        return bits;
    }
    if (offset / kEntrySize >= entries_.size()) {
        return 0;
    }
    const Entry& entry = entries_[offset / kEntrySize];
    const u32 words[] = {entry.address_low, entry.address_high, entry.data, entry.control};
    return words[offset / 4 % 4];
}

void Msix::write_word(u64 offset, u32 value) {
    // Pending bits are read-only.
    if (offset >= pending_offset() || offset / kEntrySize >= entries_.size()) {
        return;
    }
    Entry& entry = entries_[offset / kEntrySize];
    switch (offset / 4 % 4) {
        case 0:
            entry.address_low = value & ~u32{3};
            break;
        case 1:
            entry.address_high = value;
            break;
        case 2:
            entry.data = value;
            break;
        default:
            entry.control = value & kMaskBit;
            if (entry.pending && enabled_) {
                deliver(entry);
            }
            break;
    }
}

u64 Msix::read(u64 offset, unsigned size) {
    const std::lock_guard lock(lock_);
    // 6.8.2: aligned words and double words; others are undefined.
    if (size < 4 || offset % size != 0 || offset + size > size_) {
        return 0;
    }
    return size == 8 ? read_word(offset) | u64{read_word(offset + 4)} << 32 : read_word(offset);
}

void Msix::write(u64 offset, unsigned size, u64 value) {
    const std::lock_guard lock(lock_);
    if (size < 4 || offset % size != 0 || offset + size > size_) {
        return;
    }
    write_word(offset, static_cast<u32>(value));
    if (size == 8) {
        write_word(offset + 4, static_cast<u32>(value >> 32));
    }
}

std::vector<Msix::SavedEntry> Msix::save() const {
    const std::lock_guard lock(lock_);
    std::vector<SavedEntry> saved;
    for (const Entry& entry : entries_) {
        saved.push_back({entry.address_low | u64{entry.address_high} << 32, entry.data, entry.control, entry.pending});
    }
    return saved;
}

Result<> Msix::load(std::span<const SavedEntry> saved) {
    const std::lock_guard lock(lock_);
    if (saved.size() != entries_.size()) {
        return user_error(fmt::format(": {} vectors were saved, the function has {}", saved.size(), entries_.size()));
    }
    for (std::size_t index = 0; index < saved.size(); ++index) {
        const SavedEntry& entry = saved[index];
        if (entry.address % 4 != 0 || (entry.control & ~kMaskBit) != 0) {
            return user_error(fmt::format("[{}]: address {:#x} and control {:#x} are nothing that an entry can hold",
                                          index, entry.address, entry.control));
        }
        entries_[index] = {static_cast<u32>(entry.address), static_cast<u32>(entry.address >> 32), entry.data,
                           entry.control, entry.pending};
    }
    return ok();
}

}  // namespace kelvin::bus::pci
