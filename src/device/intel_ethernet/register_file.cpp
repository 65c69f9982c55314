// SPDX-License-Identifier: Apache-2.0
#include "device/intel_ethernet/register_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "bus/word_registers.h"

namespace kelvin::device::intel {

RegisterLayout::RegisterLayout(std::initializer_list<std::span<const RegisterRow>> tables) : words_(kSpace / 4) {
    for (const auto table : tables) {
        for (const RegisterRow& row : table) {
            KELVIN_ASSERT(row.offset % 4 == 0 && row.offset + 4 * row.count <= kSpace);
            std::fill_n(words_.begin() + row.offset / 4, row.count, Word{row.reset, row.writable, row.changing});
        }
    }
}

void RegisterFile::write(u32 offset, u32 value, u32 mask) {
    set(offset, bus::merge(get(offset), value, mask & layout_.writable(offset)));
}

void RegisterFile::reset() {
    for (u32 offset = 0; offset < RegisterLayout::kSpace; offset += 4) {
        set(offset, layout_.reset(offset));
    }
}

void RegisterFile::count(u32 offset, u64 amount) {
    constexpr u64 kMost = std::numeric_limits<u32>::max();
    set(offset, static_cast<u32>(std::min(kMost, get(offset) + amount)));
}

void RegisterFile::count_wide(u32 offset, u64 amount) {
    const u64 now = get(offset) | u64{get(offset + 4)} << 32;
    const u64 then = now + std::min(amount, std::numeric_limits<u64>::max() - now);
    set(offset, static_cast<u32>(then));
    set(offset + 4, static_cast<u32>(then >> 32));
}

std::vector<RegisterFile::SavedWord> RegisterFile::save() const {
    std::vector<SavedWord> saved;
    for (u32 offset = 0; offset < RegisterLayout::kSpace; offset += 4) {
        if (get(offset) != layout_.reset(offset)) {
            saved.push_back({offset, get(offset)});
        }
    }
    return saved;
}

Result<> RegisterFile::load(std::span<const SavedWord> saved) {
    u64 next = 0;
    for (std::size_t index = 0; index < saved.size(); ++index) {
        const auto [offset, value] = saved[index];
        if (offset % 4 != 0 || offset >= RegisterLayout::kSpace || offset < next) {
            return user_error(fmt::format("[{}].offset: {:#x} is no register behind the one before", index, offset));
        }
        if (((value ^ layout_.reset(offset)) & ~layout_.changeable(offset)) != 0) {
            return user_error(
                fmt::format("[{}].value: {:#x} is not what the register at {:#x} can hold", index, value, offset));
        }
        next = offset + u64{4};
    }
    reset();
    for (const auto& [offset, value] : saved) {
        set(offset, value);
    }
    return ok();
}

}  // namespace kelvin::device::intel
