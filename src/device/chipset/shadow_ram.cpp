// SPDX-License-Identifier: Apache-2.0
#include "device/chipset/shadow_ram.h"

#include "base/assert.h"

namespace kelvin::device {

namespace {

constexpr u64 kFirstSegment = 0x20000;  // behind ShadowRam::kBase
constexpr u64 kSegment = 0x4000;
constexpr u64 kLastSegment = 0x10000;  // the size of it

}  // namespace

Result<std::unique_ptr<ShadowRam>> ShadowRam::create(memory::AddressMap& memory, std::span<u8> ram, std::span<u8> rom) {
    KELVIN_ASSERT(ram.size() == kSize && rom.size() <= kSize - kFirstSegment && rom.size() % kSegment == 0);
    std::unique_ptr<ShadowRam> made(new ShadowRam(memory, ram, rom));
    for (unsigned& layer : made->layers_) {
        layer = KELVIN_TRY(memory.reserve_layer());
    }
    made->management_layer_ = KELVIN_TRY(memory.reserve_layer());
    return made;
}

void ShadowRam::set_segment(unsigned segment, u8 attributes) {
    const u64 offset = kFirstSegment + segment * kSegment;
    u8* const ram = ram_.data() + offset;
    // The ROM is seen at the end of the range; below it nothing answers.
    const u64 rom_begin = kSize - rom_.size();
    u8* const rom = offset >= rom_begin && !rom_.empty() ? rom_.data() + (offset - rom_begin) : nullptr;
    memory::Layer layer = {kBase + offset, segment + 1 == kSegments ? kLastSegment : kSegment};
    layer.host = (attributes & kReads) != 0 ? ram : rom;
    layer.stores = (attributes & kWrites) != 0 ? ram : nullptr;
    memory_.lay(layers_.at(segment), layer.host != nullptr ? layer : memory::Layer{});
}

void ShadowRam::open_management_ram(bool open) {
    const memory::Layer layer = {kBase, kFirstSegment, ram_.data(), ram_.data()};
    memory_.lay(management_layer_, open ? layer : memory::Layer{});
}

}  // namespace kelvin::device
