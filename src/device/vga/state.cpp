// SPDX-License-Identifier: Apache-2.0
// What is saved of a card: its registers, and of its memory the pages that are not all zero.
#include <algorithm>

#include "device/vga/core.h"

namespace kelvin::device::vga {

namespace {

/// So that indexes stay within what they are of.
void limit(Registers& registers) {
    registers.sequencer_index &= 7;
    registers.graphics_index &= 15;
    registers.attribute_index &= 0x3f;
    registers.palette_part %= 3;
}

}  // namespace

Core::State Core::save() const {
    const Snapshot now = snapshot();
    State state{now.registers, now.dispi, {}};
    for (u64 offset = 0; offset < memory_.size(); offset += MemoryPage::kSize) {
        const std::span<const u8> page = memory_.subspan(offset, MemoryPage::kSize);
        if (std::ranges::any_of(page, [](u8 byte) { return byte != 0; })) {
            state.memory.push_back({offset, {page.begin(), page.end()}});
        }
    }
    return state;
}

void Core::restore(const State& state) {
    const std::lock_guard lock(lock_);
    registers_ = state.registers;
    limit(registers_);
    dispi_ = state.dispi;
    if (dispi_.enabled()) {
        limit_dispi();
    }
    std::ranges::fill(memory_, u8{0});
    for (const MemoryPage& page : state.memory) {
        const bool fits = page.offset % MemoryPage::kSize == 0 && page.offset < memory_.size() &&
                          page.bytes.size() == MemoryPage::kSize;
        if (fits) {
            std::ranges::copy(page.bytes, memory_.begin() + static_cast<std::ptrdiff_t>(page.offset));
        }
    }
}

}  // namespace kelvin::device::vga
