// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/packed_ring.h"

#include <atomic>

#include "base/assert.h"

namespace kelvin::bus::virtio {

namespace {

constexpr u64 kDescriptorSize = 16;
constexpr u64 kLengthOffset = 8;
constexpr u64 kIdOffset = 12;
constexpr u64 kFlagsOffset = 14;
constexpr u16 kAvailable = 1U << 7;
constexpr u16 kUsed = 1U << 15;

// Event suppression structures (2.8.10): an offset with a wrap counter above it, and flags.
constexpr u64 kEventOffset = 0;
constexpr u64 kEventFlags = 2;
constexpr u64 kEventSize = 4;
constexpr u16 kEnable = 0;
constexpr u16 kDisable = 1;
constexpr u16 kAtDescriptor = 2;
constexpr u16 kWrapBit = 1U << 15;

}  // namespace

PackedRing::PackedRing(const memory::Dma& dma, const RingPlace& place, RingFeatures features)
    : dma_(&dma), place_(place), features_(features) {}

std::optional<PackedRing> PackedRing::open(const memory::Dma& dma, const RingPlace& place, RingFeatures features) {
    const bool aligned =
        place.descriptors.value % 16 == 0 && place.driver.value % 4 == 0 && place.device.value % 4 == 0;
    if (place.size == 0 || place.size > Chain::kMaxBuffers || !aligned) {
        return std::nullopt;
    }
    PackedRing ring(dma, place, features);
    const auto descriptors = dma.slice(place.descriptors, kDescriptorSize * place.size);
    const auto driver = dma.slice(place.driver, kEventSize);
    const auto device = dma.slice(place.device, kEventSize);
    if (!descriptors || !driver || !device) {
        return std::nullopt;
    }
    ring.ring_ = *descriptors;
    ring.driver_ = *driver;
    ring.device_ = *device;
    return ring;
}

PackedRing::Descriptor PackedRing::load(const memory::RamSlice& table, u32 index) {
    const u64 at = kDescriptorSize * index;
    const u64 rest = table.load<u64>(at + kLengthOffset);
    return {table.load<u64>(at), static_cast<u32>(rest), static_cast<u16>(rest >> 32), static_cast<u16>(rest >> 48)};
}

bool PackedRing::is_available() const {
    const u16 flags = ring_.load_acquire<u16>(kDescriptorSize * next_available_.index + kFlagsOffset);
    const bool available = (flags & kAvailable) != 0;
    const bool used = (flags & kUsed) != 0;
    return available == next_available_.wrap && used != next_available_.wrap;
}

void PackedRing::advance(Cursor& cursor, u16 places) const {
    const u32 index = u32{cursor.index} + places;
    cursor.wrap = cursor.wrap != (index >= place_.size);
    cursor.index = static_cast<u16>(index >= place_.size ? index - place_.size : index);
}

bool PackedRing::add_indirect(Chain& chain, const Descriptor& descriptor) const {
    if (!features_.indirect || descriptor.length == 0 || descriptor.length % kDescriptorSize != 0 ||
        descriptor.length / kDescriptorSize > Chain::kMaxBuffers) {
        return false;
    }
    const auto table = dma_->slice({descriptor.address}, descriptor.length);
    if (!table) {
        return false;
    }
    for (u32 index = 0; index < descriptor.length / kDescriptorSize; ++index) {
        const Descriptor inner = load(*table, index);
        const bool writable = (inner.flags & DescriptorFlags::kWrite) != 0;
        if (!chain.add(*dma_, {inner.address}, inner.length, writable)) {
            return false;
        }
    }
    return true;
}

Taken PackedRing::take(Chain& chain) {
    if (!is_available()) {
        return Taken::none;
    }
    chain.clear();
    Cursor cursor = next_available_;
    for (u16 count = 1; count <= place_.size; ++count) {
        const Descriptor descriptor = load(ring_, cursor.index);
        const bool indirect = (descriptor.flags & DescriptorFlags::kIndirect) != 0;
        const bool has_next = (descriptor.flags & DescriptorFlags::kNext) != 0;
        if (indirect) {
            // 2.8.7: an indirect descriptor is a chain of its own.
            if (has_next || count != 1 || !add_indirect(chain, descriptor)) {
                return Taken::broken;
            }
        } else if (!chain.add(*dma_, {descriptor.address}, descriptor.length,
                              (descriptor.flags & DescriptorFlags::kWrite) != 0)) {
            return Taken::broken;
        }
        advance(cursor, 1);
        if (!has_next && held_ + count > place_.size) {
            // Places that the driver has not got back: it would have the device remember requests without end.
            return Taken::broken;
        }
        if (!has_next) {
            held_ = static_cast<u16>(held_ + count);
            chain.id = descriptor.id;
            chain.descriptors = count;
            next_available_ = cursor;
            return Taken::chain;
        }
    }
    return Taken::broken;
}

void PackedRing::give_back(std::span<const Returned> chains) {
    if (chains.empty()) {
        return;
    }
    // The driver goes from one to the next: it sees none of them before the first is marked, which is done last.
    Cursor cursor = next_used_;
    advance(cursor, chains.front().chain->descriptors);
    for (const Returned& each : chains.subspan(1)) {
        mark_used(cursor, each);
        advance(cursor, each.chain->descriptors);
    }
    mark_used(next_used_, chains.front());
    next_used_ = cursor;
}

void PackedRing::put_back(std::span<const Chain> chains) {
    for (const Chain& chain : chains) {
        KELVIN_ASSERT(chain.descriptors <= held_);
        held_ = static_cast<u16>(held_ - chain.descriptors);
        // Back by a part of a round is on by the rest of it, in the round before.
        advance(next_available_, static_cast<u16>(place_.size - chain.descriptors));
        next_available_.wrap = !next_available_.wrap;
    }
}

RingState PackedRing::state() const {
    KELVIN_ASSERT(held_ == 0);
    return {next_available_.index, next_available_.wrap};
}

bool PackedRing::restore(const RingState& state) {
    if (state.next >= place_.size) {
        return false;
    }
    next_available_ = {state.next, state.wrap};
    next_used_ = next_available_;
    held_ = 0;
    unreported_ = 0;
    return true;
}

void PackedRing::mark_used(const Cursor& cursor, const Returned& returned) {
    returned.chain->announce(*dma_, returned.written);
    const u64 at = kDescriptorSize * cursor.index;
    ring_.store<u32>(at + kLengthOffset, returned.written);
    ring_.store<u16>(at + kIdOffset, returned.chain->id);
    const u16 wrap = cursor.wrap ? u16{kAvailable | kUsed} : u16{0};
    const u16 flags = static_cast<u16>(wrap | (returned.written != 0 ? DescriptorFlags::kWrite : 0));
    ring_.store_release<u16>(at + kFlagsOffset, flags);
    dma_->announce_write(place_.descriptors + at, kDescriptorSize);
    held_ = static_cast<u16>(held_ - returned.chain->descriptors);
    unreported_ = static_cast<u16>(unreported_ + returned.chain->descriptors);
}

bool PackedRing::wants_interrupt() {
    const u16 places = unreported_;
    if (places == 0) {
        return false;
    }
    unreported_ = 0;
    // The driver's word is read after it can see the chains: it sets the word before it looks for them.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const u16 flags = driver_.load<u16>(kEventFlags);
    if (flags != kAtDescriptor || !features_.event_index) {
        return flags != kDisable;
    }
    const u16 place = driver_.load<u16>(kEventOffset);
    u16 event = static_cast<u16>(place & ~kWrapBit);
    if (((place & kWrapBit) != 0) != next_used_.wrap) {
        event = static_cast<u16>(event - place_.size);
    }
    return passed(event, next_used_.index, static_cast<u16>(next_used_.index - places));
}

bool PackedRing::set_notifications(bool wanted) {
    u16 flags = wanted ? kEnable : kDisable;
    if (wanted && features_.event_index) {
        const u16 wrap = next_available_.wrap ? kWrapBit : u16{0};
        device_.store<u16>(kEventOffset, static_cast<u16>(next_available_.index | wrap));
        flags = kAtDescriptor;
    }
    device_.store_release<u16>(kEventFlags, flags);
    dma_->announce_write(place_.device, kEventSize);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return is_available();
}

}  // namespace kelvin::bus::virtio
