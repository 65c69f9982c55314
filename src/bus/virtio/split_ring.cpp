// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/split_ring.h"

#include <atomic>
#include <bit>

#include "base/assert.h"

namespace kelvin::bus::virtio {

namespace {

constexpr u64 kDescriptorSize = 16;
// Of the available and used rings: flags, index, then the entries, then one more index.
constexpr u64 kFlags = 0;
constexpr u64 kIndex = 2;
constexpr u64 kEntries = 4;
constexpr u64 kUsedEntrySize = 8;

constexpr u16 kNoInterrupt = 1;
constexpr u16 kNoNotify = 1;

u64 available_size(u16 size) {
    return kEntries + 2 * u64{size} + 2;
}

u64 used_size(u16 size) {
    return kEntries + kUsedEntrySize * size + 2;
}

}  // namespace

SplitRing::SplitRing(const memory::Dma& dma, const RingPlace& place, RingFeatures features)
    : dma_(&dma), place_(place), features_(features) {}

std::optional<SplitRing> SplitRing::open(const memory::Dma& dma, const RingPlace& place, RingFeatures features) {
    const bool aligned =
        place.descriptors.value % 16 == 0 && place.driver.value % 2 == 0 && place.device.value % 4 == 0;
    if (!std::has_single_bit(place.size) || place.size > Chain::kMaxBuffers || !aligned) {
        return std::nullopt;
    }
    SplitRing ring(dma, place, features);
    const auto descriptors = dma.slice(place.descriptors, kDescriptorSize * place.size);
    const auto available = dma.slice(place.driver, available_size(place.size));
    const auto used = dma.slice(place.device, used_size(place.size));
    if (!descriptors || !available || !used) {
        return std::nullopt;
    }
    ring.descriptors_ = *descriptors;
    ring.available_ = *available;
    ring.used_ = *used;
    return ring;
}

SplitRing::Descriptor SplitRing::load(const memory::RamSlice& table, u32 index) {
    const u64 at = kDescriptorSize * index;
    const u64 rest = table.load<u64>(at + 8);
    return {table.load<u64>(at), static_cast<u32>(rest), static_cast<u16>(rest >> 32), static_cast<u16>(rest >> 48)};
}

/// Follows a chain from `index` of a table of `count` descriptors. It is at most that long, or it is a loop.
bool SplitRing::walk(Chain& chain, const memory::RamSlice& table, u32 count, u32 index, bool may_be_indirect) const {
    for (u32 fuel = count; fuel != 0; --fuel) {
        if (index >= count) {
            return false;
        }
        const Descriptor descriptor = load(table, index);
        const bool has_next = (descriptor.flags & DescriptorFlags::kNext) != 0;
        if ((descriptor.flags & DescriptorFlags::kIndirect) != 0) {
            // 2.7.5.3.1: not with NEXT, not within another; a table is of whole descriptors.
            if (!may_be_indirect || !features_.indirect || has_next || descriptor.length == 0 ||
                descriptor.length % kDescriptorSize != 0) {
                return false;
            }
            const auto inner = dma_->slice({descriptor.address}, descriptor.length);
            return inner && walk(chain, *inner, static_cast<u32>(descriptor.length / kDescriptorSize), 0, false);
        }
        const bool writable = (descriptor.flags & DescriptorFlags::kWrite) != 0;
        if (!chain.add(*dma_, {descriptor.address}, descriptor.length, writable)) {
            return false;
        }
        if (!has_next) {
            return true;
        }
        index = descriptor.next;
    }
    return false;
}

u16 SplitRing::available_index() const {
    return available_.load_acquire<u16>(kIndex);
}

Taken SplitRing::take(Chain& chain) {
    const u16 offered = static_cast<u16>(available_index() - next_available_);
    if (offered == 0) {
        return Taken::none;
    }
    // A driver that offers places again which it has not got back would have the device remember requests without end.
    const u16 held = static_cast<u16>(next_available_ - next_used_);
    if (offered > place_.size || held >= place_.size) {
        return Taken::broken;
    }
    const u64 entry = kEntries + 2 * u64{static_cast<u16>(next_available_ % place_.size)};
    chain.clear();
    chain.id = available_.load<u16>(entry);
    if (!walk(chain, descriptors_, place_.size, chain.id, true)) {
        return Taken::broken;
    }
    ++next_available_;
    return Taken::chain;
}

void SplitRing::give_back(std::span<const Returned> chains) {
    u16 next = next_used_;
    for (const Returned& each : chains) {
        each.chain->announce(*dma_, each.written);
        const u64 entry = kEntries + kUsedEntrySize * static_cast<u16>(next++ % place_.size);
        used_.store<u32>(entry, each.chain->id);
        used_.store<u32>(entry + 4, each.written);
        dma_->announce_write(place_.device + entry, kUsedEntrySize);
    }
    next_used_ = next;
    used_.store_release<u16>(kIndex, next_used_);
    dma_->announce_write(place_.device + kIndex, 2);
}

void SplitRing::put_back(std::span<const Chain> chains) {
    KELVIN_ASSERT(chains.size() <= static_cast<u16>(next_available_ - next_used_));
    next_available_ = static_cast<u16>(next_available_ - chains.size());
}

RingState SplitRing::state() const {
    KELVIN_ASSERT(next_available_ == next_used_);
    return {next_available_, true};
}

bool SplitRing::restore(const RingState& state) {
    next_available_ = state.next;
    next_used_ = state.next;
    interrupted_at_ = state.next;
    return true;
}

bool SplitRing::wants_interrupt() {
    const u16 before = interrupted_at_;
    if (before == next_used_) {
        return false;
    }
    interrupted_at_ = next_used_;
    // The driver's word is read after it can see the chains: it sets the word before it looks for them.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (features_.event_index) {
        return passed(available_.load<u16>(kEntries + 2 * u64{place_.size}), next_used_, before);
    }
    return (available_.load<u16>(kFlags) & kNoInterrupt) == 0;
}

bool SplitRing::set_notifications(bool wanted) {
    if (features_.event_index) {
        if (!wanted) {
            return true;  // The driver tells once, when it passes the event that stands there.
        }
        const u64 event = kEntries + kUsedEntrySize * place_.size;
        used_.store<u16>(event, next_available_);
        dma_->announce_write(place_.device + event, 2);
    } else {
        used_.store<u16>(kFlags, wanted ? u16{0} : kNoNotify);
        dma_->announce_write(place_.device + kFlags, 2);
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return available_index() != next_available_;
}

}  // namespace kelvin::bus::virtio
