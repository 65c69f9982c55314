// SPDX-License-Identifier: Apache-2.0
#include "exercise/ports.h"

#include <algorithm>

namespace kelvin::exercise {

namespace {

constexpr std::array<unsigned, 4> kSizes = {1, 2, 4, 8};

// Configuration space.
constexpr u64 kCommand = 0x04;
constexpr u64 kBars = 0x10;
constexpr u64 kCapabilities = 0x34;
constexpr u8 kVendorSpecific = 9;
constexpr u8 kMsix = 0x11;

}  // namespace

void PciPort::set_up() {
    set_config(kCommand, 2, 0);
    next_address_ = Guest::kWindow;
    ranges_ = {};
    for (unsigned index = 0; index < ranges_.size(); ++index) {
        map_range(index);
    }
    set_config(kCommand, 2, 7);
    find_capabilities();
}

/// Where it is, for whoever wants to know; a wide one takes two.
void PciPort::map_range(unsigned& index) {
    const u64 at = kBars + 4 * index;
    set_config(at, 4, ~u32{0});
    const u32 mask = config(at, 4);
    if (mask == 0 || (mask & 1) != 0) {
        return;
    }
    const u64 size = u64{~(mask & ~u32{15})} + 1;
    if (size > Guest::kWindowSize / 8) {
        return;
    }
    next_address_ = (next_address_ + size - 1) / size * size;
    ranges_[index] = {next_address_, size};
    set_config(at, 4, next_address_);
    next_address_ += size;
    if ((mask & 6) == 4) {
        ++index;
        set_config(kBars + 4 * index, 4, 0);
    }
}

void PciPort::find_capabilities() {
    common_ = 0;
    notifications_ = 0;
    u64 at = config(kCapabilities, 1);
    for (int count = 0; at != 0 && count < 48; ++count) {
        const u32 head = config(at & ~u64{3}, 4);
        const u8 id = static_cast<u8>(head);
        if (id == kVendorSpecific && (config(0, 4) & 0xffff) == 0x1af4) {
            const u8 type = static_cast<u8>(head >> 24);
            const u64 range = config(at + 4, 1);
            const u64 start = range < ranges_.size() ? ranges_[range].start + config(at + 8, 4) : 0;
            if (type == 1) {
                common_ = start;
            } else if (type == 2) {
                notifications_ = start;
                multiplier_ = config(at + 16, 4);
            }
        } else if (id == kMsix && guest_.random.one_in(2)) {
            set_config(at + 2, 2, 0x8000);
        }
        at = static_cast<u8>(head >> 8);
    }
}

/// 4.1.2: modern ones have it in their number, transitional ones as their subsystem.
u16 PciPort::virtio_kind() {
    const u32 device = config(2, 2);
    return static_cast<u16>(device >= 0x1040 ? device - 0x1040 : config(0x2e, 2));
}

std::optional<u64> PciPort::nvme_registers() {
    const bool is_nvme = config(8, 4) >> 8 == 0x010802;
    return is_nvme && ranges_[0].size != 0 ? std::optional(ranges_[0].start) : std::nullopt;
}

std::optional<u64> PciPort::ahci_registers() {
    const bool is_ahci = config(8, 4) >> 8 == 0x010601;
    return is_ahci && ranges_[5].size != 0 ? std::optional(ranges_[5].start) : std::nullopt;
}

void PciPort::touch_config() {
    Random& random = guest_.random;
    const unsigned size = random.pick(kSizes);
    // Most of the space is empty.
    const u64 offset = random.below(random.one_in(4) ? 4096 : 256) / size * size;
    if (random.one_in(2)) {
        guest_.host->ecam().read(config_at_ + offset, size);
    } else {
        guest_.host->ecam().write(config_at_ + offset, size, random.number(Guest::kWindow + random.below(1 << 20)));
    }
}

void PciPort::touch_range() {
    Random& random = guest_.random;
    const Range& range = ranges_[random.below(ranges_.size())];
    if (range.size == 0) {
        return;
    }
    const unsigned size = random.pick(kSizes);
    const u64 near = std::min<u64>(range.size, random.one_in(2) ? 0x100 : range.size);
    const u64 address = range.start + random.below(near) / size * size;
    if (random.one_in(3)) {
        read(address, size);
    } else {
        write(address, size, random.number(guest_.ram_address()));
    }
}

void PciPort::touch() {
    guest_.random.one_in(6) ? touch_config() : touch_range();
}

u64 PciPort::features() {
    write(common_, 4, 0);
    const u64 low = read(common_ + 4, 4);
    write(common_, 4, 1);
    return low | read(common_ + 4, 4) << 32;
}

void PciPort::set_features(u64 features) {
    for (unsigned half = 0; half < 2; ++half) {
        write(common_ + 8, 4, half);
        write(common_ + 0xc, 4, static_cast<u32>(features >> (32 * half)));
    }
}

u16 PciPort::queue_limit(u16 index) {
    if (index >= read(common_ + 0x12, 2)) {
        return 0;
    }
    write(common_ + 0x16, 2, index);
    return static_cast<u16>(read(common_ + 0x18, 2));
}

void PciPort::set_queue(u16 index, const Queue& queue) {
    write(common_ + 0x16, 2, index);
    write(common_ + 0x18, 2, queue.size);
    write(common_ + 0x1a, 2, guest_.random.below(4));
    write(common_ + 0x20, 8, queue.descriptors);
    write(common_ + 0x28, 8, queue.driver);
    write(common_ + 0x30, 8, queue.device);
    write(common_ + 0x1c, 2, 1);
}

void PciPort::notify(u16 index) {
    write(notifications_ + u64{multiplier_} * index, 2, index);
}

void MmioPort::touch() {
    Random& random = guest_.random;
    const unsigned size = random.one_in(4) ? random.pick(kSizes) : 4;
    const u64 offset = random.below(0x200) / size * size;
    if (random.one_in(2)) {
        guest_.slot.read(offset, size);
    } else {
        guest_.slot.write(offset, size, random.number(guest_.ram_address()));
    }
}

u64 MmioPort::features() {
    guest_.slot.write(0x14, 4, 0);
    const u64 low = guest_.slot.read(0x10, 4);
    guest_.slot.write(0x14, 4, 1);
    return low | guest_.slot.read(0x10, 4) << 32;
}

void MmioPort::set_features(u64 features) {
    for (unsigned half = 0; half < 2; ++half) {
        guest_.slot.write(0x24, 4, half);
        guest_.slot.write(0x20, 4, static_cast<u32>(features >> (32 * half)));
    }
}

u16 MmioPort::queue_limit(u16 index) {
    guest_.slot.write(0x30, 4, index);
    return static_cast<u16>(guest_.slot.read(0x34, 4));
}

void MmioPort::set_queue(u16 index, const Queue& queue) {
    guest_.slot.write(0x30, 4, index);
    guest_.slot.write(0x38, 4, queue.size);
    const u64 areas[] = {queue.descriptors, queue.driver, queue.device};
    for (u64 area = 0; area < 3; ++area) {
        guest_.slot.write(0x80 + 0x10 * area, 4, static_cast<u32>(areas[area]));
        guest_.slot.write(0x84 + 0x10 * area, 4, areas[area] >> 32);
    }
    guest_.slot.write(0x44, 4, 1);
}

void IsaPort::touch() {
    Random& random = guest_.random;
    const unsigned size = 1U << random.below(3);
    const u64 offset = random.below(10);
    if (random.one_in(2)) {
        guest_.ports.read(static_cast<u16>(base_ + offset), size);
    } else {
        write(offset, size, random.any());
    }
}

}  // namespace kelvin::exercise
