// SPDX-License-Identifier: Apache-2.0
#include "exercise/virtio_driver.h"

#include <algorithm>

#include "bus/virtio/features.h"
#include "exercise/requests.h"

namespace kelvin::exercise {

namespace feature = bus::virtio::feature;
namespace status = bus::virtio::status;

namespace {

/// Rings are in the first half of RAM, what they point at in the second.
constexpr u64 kRings = Guest::kRam;
constexpr u64 kData = Guest::kRam + Guest::kRamSize / 2;
constexpr u64 kHalf = Guest::kRamSize / 2;

constexpr u16 kNext = 1;
constexpr u16 kWrite = 2;
constexpr u16 kIndirect = 4;
constexpr u16 kPackedAvailable = 0x80;
constexpr u16 kPackedUsed = 0x8000;

/// Headers of requests that there are, sectors, pages, borders.
constexpr std::array<u32, 14> kLengths = {1, 2, 4, 8, 10, 12, 16, 24, 51, 108, 512, 1526, 4096, 65536};

}  // namespace

u64 VirtioDriver::allocate(u64 size) {
    const u64 at = next_ring_;
    next_ring_ = (next_ring_ + size + 63) / 64 * 64;
    if (next_ring_ > kHalf) {
        // The rings of many queues share their places.
        next_ring_ = 0;
        return kRings;
    }
    return kRings + at;
}

void VirtioDriver::place_queue(u16 index, u16 limit) {
    static constexpr std::array<u16, 5> kQueueSizes = {2, 8, 16, 64, 256};
    Ring& ring = rings_.emplace_back();
    u16 size = std::min(guest_.random.pick(kQueueSizes), limit);
    size = guest_.random.one_in(20) ? static_cast<u16>(guest_.random.any()) : size;
    ring.place = {size, allocate(16 * u64{size}), allocate(6 + 2 * u64{size}), allocate(6 + 8 * u64{size})};
    for (u64* const area : {&ring.place.descriptors, &ring.place.driver, &ring.place.device}) {
        if (guest_.random.one_in(60)) {
            *area = guest_.random.number(guest_.ram_address());
        }
    }
    const auto clear = [&](u64 at, u64 bytes) {
        const std::vector<u8> zeros(bytes);
        guest_.memory.copy_out({at}, zeros);
    };
    clear(ring.place.descriptors, 16 * u64{size});
    clear(ring.place.driver, 6 + 2 * u64{size});
    clear(ring.place.device, 6 + 8 * u64{size});
    port_.set_queue(index, ring.place);
}

void VirtioDriver::start() {
    Random& random = guest_.random;
    kind_ = port_.virtio_kind();
    port_.set_status(0);
    port_.set_status(status::kAcknowledge | status::kDriver);
    u64 features = port_.features();
    if (random.one_in(2)) {
        features &= random.any() | random.any();
    }
    if (!random.one_in(20)) {
        features |= feature::kVersion1;
    }
    packed_ = (features & feature::kPackedRing) != 0;
    port_.set_features(features);
    port_.set_status(status::kAcknowledge | status::kDriver | status::kFeaturesOk);
    rings_.clear();
    next_ring_ = 0;
    for (u16 index = 0; index < 16; ++index) {
        const u16 limit = port_.queue_limit(index);
        if (limit == 0) {
            break;
        }
        place_queue(index, limit);
    }
    port_.set_status(status::kAcknowledge | status::kDriver | status::kFeaturesOk | status::kDriverOk);
}

u32 VirtioDriver::length() {
    return guest_.random.one_in(30) ? static_cast<u32>(guest_.random.number(4096)) : guest_.random.pick(kLengths);
}

void VirtioDriver::write_descriptor(u64 at, bool writable, u16 flags, u16 last, bool flags_first) {
    Random& random = guest_.random;
    u64 address = kData + random.below(kHalf - 65536);
    if (random.one_in(100)) {
        address = random.number(guest_.ram_address());
    }
    // What requests begin with is a small number, more often than not.
    if (!writable && address - kData < kHalf - 65536 && random.one_in(2)) {
        guest_.memory.copy_out({address}, make_request(kind_, random));
    } else if (!writable && address - kData < kHalf - 65536 && random.one_in(2)) {
        guest_.store<u64>(address, random.below(16) | (random.one_in(2) ? random.below(64) << 32 : 0));
        guest_.store<u64>(address + 8, random.below(600));
    }
    flags = static_cast<u16>(flags | (writable ? kWrite : 0));
    flags = random.one_in(100) ? static_cast<u16>(random.any()) : flags;
    guest_.store<u64>(at, address);
    guest_.store<u32>(at + 8, length());
    guest_.store<u16>(at + (flags_first ? 12 : 14), flags);
    guest_.store<u16>(at + (flags_first ? 14 : 12), last);
}

void VirtioDriver::offer_split(Ring& ring, unsigned readable, unsigned writable) {
    const auto descriptors = guest_.memory.slice({ring.place.descriptors}, 16 * u64{ring.place.size});
    const auto driver = guest_.memory.slice({ring.place.driver}, 6 + 2 * u64{ring.place.size});
    if (!descriptors || !driver || ring.place.size == 0) {
        return;
    }
    const u16 head = static_cast<u16>(ring.descriptor % ring.place.size);
    for (unsigned i = 0; i < readable + writable; ++i) {
        const u16 here = static_cast<u16>(ring.descriptor++ % ring.place.size);
        const u16 next = static_cast<u16>(ring.descriptor % ring.place.size);
        const bool more = i + 1 < readable + writable;
        u16 flags = more ? kNext : 0;
        flags = guest_.random.one_in(40) ? kIndirect : flags;
        write_descriptor(ring.place.descriptors + 16 * u64{here}, i >= readable, flags, next, true);
    }
    driver->store<u16>(4 + 2 * u64{static_cast<u16>(ring.next % ring.place.size)},
                       guest_.random.one_in(100) ? static_cast<u16>(guest_.random.any()) : head);
    ring.next = static_cast<u16>(ring.next + (guest_.random.one_in(200) ? 1000 : 1));
    driver->store_release<u16>(2, ring.next);
}

void VirtioDriver::offer_packed(Ring& ring, unsigned readable, unsigned writable) {
    if (!guest_.memory.slice({ring.place.descriptors}, 16 * u64{ring.place.size}) || ring.place.size == 0) {
        return;
    }
    const u16 id = ring.next;
    for (unsigned i = 0; i < readable + writable; ++i) {
        u16 flags = ring.wrap ? kPackedAvailable : kPackedUsed;
        flags = static_cast<u16>(flags | (i + 1 < readable + writable ? kNext : 0));
        write_descriptor(ring.place.descriptors + 16 * u64{ring.next}, i >= readable, flags, id, false);
        if (++ring.next >= ring.place.size) {
            ring.next = 0;
            ring.wrap = !ring.wrap;
        }
    }
}

void VirtioDriver::offer() {
    if (rings_.empty()) {
        return;
    }
    Random& random = guest_.random;
    const u16 index = static_cast<u16>(random.below(rings_.size()));
    for (u64 count = random.below(6); count != 0; --count) {
        const unsigned readable = static_cast<unsigned>(random.below(4));
        const unsigned writable = static_cast<unsigned>(random.below(3)) + (readable == 0 ? 1 : 0);
        if (packed_) {
            offer_packed(rings_[index], readable, writable);
        } else {
            offer_split(rings_[index], readable, writable);
        }
    }
    port_.notify(index);
}

}  // namespace kelvin::exercise
