// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/its_tables.h"

#include <array>
#include <cstring>

#include "base/bits.h"

namespace kelvin::device {

namespace {

constexpr u64 kValid = u64{1} << 63;

// A device: valid, the translation table's address in [51:8], its number of event bits less one in [4:0].
constexpr u64 kTranslationsMask = 0x000f'ffff'ffff'ff00;
// A translation: valid, the collection in [47:32], the interrupt in [31:0]. A collection: valid, the processor in
// [15:0].

std::optional<Gpa> event_entry(const ItsTables::Device& device, u32 event) {
    if (event >> device.event_bits != 0) {
        return std::nullopt;
    }
    return device.translations + u64{event} * ItsTables::kEntrySize;
}

}  // namespace

bool ItsTables::Base::valid() const {
    return bit(value, 63);
}

bool ItsTables::Base::indirect() const {
    return bit(value, 62);
}

u64 ItsTables::Base::page_size() const {
    constexpr std::array<u64, 4> kSizes{0x1000, 0x4000, 0x10000, 0x10000};  // 3 is reserved: as 64 KiB
    return kSizes[bits(value, 9, 8)];
}

u64 ItsTables::Base::bytes() const {
    return (bits(value, 7, 0) + 1) * page_size();
}

/// With pages of 64 KiB, bits [15:12] are the address' bits [51:48].
Gpa ItsTables::Base::address() const {
    const u64 low = value & 0x0000'ffff'ffff'f000;
    return Gpa{page_size() == 0x10000 ? (low & ~u64{0xf000}) | bits(value, 15, 12) << 48 : low};
}

/// 5.2.1: the first level of an indirect table is of eight-byte entries too, each with the address of a page and a
/// valid bit.
std::optional<Gpa> ItsTables::find(Base table, u32 id) const {
    if (!table.valid()) {
        return std::nullopt;
    }
    const u64 entries = table.bytes() / kEntrySize;
    if (!table.indirect()) {
        return id < entries ? std::optional(table.address() + u64{id} * kEntrySize) : std::nullopt;
    }
    const u64 in_page = table.page_size() / kEntrySize;
    if (id / in_page >= entries) {
        return std::nullopt;
    }
    const u64 page = load(table.address() + id / in_page * 8);
    if ((page & kValid) == 0) {
        return std::nullopt;
    }
    const u64 address = page & 0x000f'ffff'ffff'f000 & ~(table.page_size() - 1);
    return Gpa{address} + id % in_page * kEntrySize;
}

u64 ItsTables::load(std::optional<Gpa> entry) const {
    std::array<u8, kEntrySize> bytes{};
    u64 value = 0;
    if (entry && dma_->copy_in(*entry, bytes)) {
        std::memcpy(&value, bytes.data(), sizeof value);
    }
    return value;
}

bool ItsTables::store(std::optional<Gpa> entry, u64 value) const {
    std::array<u8, kEntrySize> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value);
    return entry && dma_->copy_out(*entry, bytes);
}

std::optional<ItsTables::Device> ItsTables::device(Base table, u32 id) const {
    const u64 entry = id >> kDeviceBits == 0 ? load(find(table, id)) : 0;
    const unsigned event_bits = static_cast<unsigned>(bits(entry, 4, 0)) + 1;
    if ((entry & kValid) == 0 || event_bits > kEventBits) {
        return std::nullopt;
    }
    return Device{Gpa{entry & kTranslationsMask}, event_bits};
}

std::optional<ItsTables::Translation> ItsTables::translation(const Device& device, u32 event) const {
    const u64 entry = load(event_entry(device, event));
    if ((entry & kValid) == 0) {
        return std::nullopt;
    }
    return Translation{static_cast<u32>(entry), static_cast<u16>(entry >> 32)};
}

std::optional<u16> ItsTables::collection(Base table, u32 id) const {
    const u64 entry = load(find(table, id));
    return (entry & kValid) != 0 ? std::optional(static_cast<u16>(entry)) : std::nullopt;
}

bool ItsTables::set_device(Base table, u32 id, const std::optional<Device>& device) const {
    const u64 entry = device ? kValid | device->translations.value | (device->event_bits - 1) : 0;
    return id >> kDeviceBits == 0 && store(find(table, id), entry);
}

bool ItsTables::set_translation(const Device& device, u32 event, const std::optional<Translation>& translation) const {
    const u64 entry = translation ? kValid | u64{translation->collection} << 32 | translation->intid : 0;
    return store(event_entry(device, event), entry);
}

bool ItsTables::set_collection(Base table, u32 id, std::optional<u16> processor) const {
    return store(find(table, id), processor ? kValid | *processor : 0);
}

}  // namespace kelvin::device
