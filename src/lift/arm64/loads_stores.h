// SPDX-License-Identifier: Apache-2.0
// What the chapters of loads and stores share: addressing.
#pragma once

#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

enum class Indexing { offset, post, pre };

/// Where an access goes, and what the base becomes once nothing can fault any more.
struct Place {
    RegSp base;
    ir::Value address;
    i32 offset = 0;
    ir::Value written_back = ir::kNoValue;

    void write_back(Lifter& t) const {
        if (written_back != ir::kNoValue) {
            t.set(base, written_back);
        }
    }
};

inline Place place_of(Lifter& t, RegSp base, i64 offset, Indexing indexing) {
    Place place{base, t.get(base), static_cast<i32>(indexing == Indexing::post ? 0 : offset)};
    if (indexing != Indexing::offset) {
        place.written_back = t.ir.add(ir::Type::i64, place.address, t.ir.i64c(static_cast<u64>(offset)));
    }
    return place;
}

/// Register offset: option 010 UXTW, 011 LSL, 110 SXTW, 111 SXTX; others are unallocated.
inline bool extend_allocated(Imm<3> option) {
    return (option.value & 2) != 0;
}

inline Place place_of(Lifter& t, RegSp base, Reg index, Imm<3> option, unsigned shift) {
    ir::Value offset = t.get(index);
    if (option.value == 2) {
        offset = t.ir.zero_extend(ir::Type::i64, offset, 32);
    } else if (option.value == 6) {
        offset = t.ir.sign_extend(ir::Type::i64, offset, 32);
    }
    if (shift != 0) {
        offset = t.ir.shl(ir::Type::i64, offset, shift);
    }
    return {base, t.ir.add(ir::Type::i64, t.get(base), offset)};
}

/// Attributes of an access relative to the code.
inline ir::MemInfo literal_memory(const Lifter& t, unsigned size_log2) {
    ir::MemInfo info;
    info.size_log2 = static_cast<u8>(size_log2);
    info.aligned = t.mode().has(Mode::kAlign);
    return info;
}

}  // namespace kelvin::arm64
