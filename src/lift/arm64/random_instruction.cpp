// SPDX-License-Identifier: Apache-2.0
#include "lift/arm64/random_instruction.h"

namespace kelvin::arm64 {

u32 random_instruction(std::mt19937_64& random, const Instruction& instruction) {
    const Encoding& encoding = instruction.encoding;
    constexpr unsigned kAttempts = 1000;
    u32 word = encoding.value;
    for (unsigned attempt = 0; attempt < kAttempts; attempt++) {
        word = static_cast<u32>(random());
        for (unsigned i = 0; i < encoding.field_count; i++) {
            const Field& field = encoding.fields[i];
            const u32 ones = static_cast<u32>(low_mask(field.width)) << field.low;
            const u64 dice = random() % 8;
            if (dice == 0) {
                word &= ~ones;
            } else if (dice == 1) {
                word |= ones;
            }
        }
        word = (word & ~encoding.mask) | encoding.value;
        if (!instruction.excepts(word)) {
            break;
        }
    }
    return word;
}

}  // namespace kelvin::arm64
