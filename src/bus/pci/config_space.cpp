// SPDX-License-Identifier: Apache-2.0
#include "bus/pci/config_space.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "bus/pci/config_registers.h"

namespace kelvin::bus::pci {

ConfigSpace::ConfigSpace() : content_(std::make_unique<Content>()), last_link_(reg::kCapabilities) {}

u32 ConfigSpace::add_capability(u8 id, u32 size) {
    constexpr u32 kEnd = 0x100;
    const u32 at = next_capability_;
    KELVIN_ASSERT(at + size <= kEnd);
    next_capability_ = (at + size + 3) / 4 * 4;
    define<u8>(at, id);
    define<u8>(at + 1, 0);
    define<u8>(last_link_, static_cast<u8>(at));
    last_link_ = at + 1;
    const u16 status = static_cast<u16>(get<u16>(reg::kStatus) | reg::status::kCapabilityList);
    define<u16>(reg::kStatus, status, 0, reg::status::kErrors);
    return at;
}

u32 ConfigSpace::read(u32 offset, unsigned size) const {
    u32 value = 0;
    for (u32 i = 0; i < size; ++i) {
        value |= u32{content_->bytes.at(offset + i)} << (8 * i);
    }
    return value;
}

void ConfigSpace::write(u32 offset, unsigned size, u32 value) {
    for (u32 i = 0; i < size; ++i) {
        const u8 written = static_cast<u8>(value >> (8 * i));
        const u8 writable = content_->writable.at(offset + i);
        u8& byte = content_->bytes.at(offset + i);
        byte = static_cast<u8>((byte & ~writable) | (written & writable));
        byte = static_cast<u8>(byte & ~(written & content_->clears.at(offset + i)));
    }
}

std::vector<ConfigSpace::SavedWord> ConfigSpace::save() const {
    std::vector<SavedWord> words;
    for (u32 offset = 0; offset < kSize; offset += 4) {
        if (const u32 mask = changeable(offset); mask != 0) {
            words.push_back({offset, get<u32>(offset) & mask});
        }
    }
    return words;
}

Result<> ConfigSpace::load(std::span<const SavedWord> words) {
    std::vector<SavedWord> expected = save();
    if (expected.size() != words.size()) {
        return user_error(fmt::format(": {} words can be written here, {} were saved", expected.size(), words.size()));
    }
    for (std::size_t index = 0; index < words.size(); ++index) {
        const auto [offset, value] = words[index];
        if (offset != expected[index].offset) {
            return user_error(fmt::format("[{}].offset: {:#x} was saved where the function has {:#x}", index, offset,
                                          expected[index].offset));
        }
        if ((value & ~changeable(offset)) != 0) {
            return user_error(fmt::format("[{}].value: {:#x} at offset {:#x} has bits set that nobody can write", index,
                                          value, offset));
        }
    }
    for (const auto& [offset, value] : words) {
        set<u32>(offset, (get<u32>(offset) & ~changeable(offset)) | value);
    }
    return ok();
}

u32 ConfigSpace::changeable(u32 offset) const {
    u32 mask = 0;
    for (u32 i = 0; i < 4; ++i) {
        mask |= u32{static_cast<u8>(content_->writable[offset + i] | content_->clears[offset + i])} << (8 * i);
    }
    return mask;
}

}  // namespace kelvin::bus::pci
