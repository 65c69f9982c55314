// SPDX-License-Identifier: Apache-2.0
#include "bus/word_registers.h"

#include "base/bits.h"

namespace kelvin::bus {

u64 WordRegisters::read(u64 offset, unsigned size) {
    const u64 first = align_down(offset, 4);
    const unsigned skipped = static_cast<unsigned>(offset - first) * 8;
    u128 all = 0;
    for (u64 word = first; word < offset + size; word += 4) {
        all |= u128{read_word(word)} << ((word - first) * 8);
    }
    return static_cast<u64>(all >> skipped) & low_mask(size * 8);
}

void WordRegisters::write(u64 offset, unsigned size, u64 value) {
    const u64 first = align_down(offset, 4);
    const unsigned skipped = static_cast<unsigned>(offset - first) * 8;
    const u128 mask = u128{low_mask(size * 8)} << skipped;
    const u128 all = (u128{value} << skipped) & mask;
    for (u64 word = first; word < offset + size; word += 4) {
        const u64 shift = (word - first) * 8;
        write_word(word, static_cast<u32>(all >> shift), static_cast<u32>(mask >> shift));
    }
}

}  // namespace kelvin::bus
