// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/assembler.h"

#include <algorithm>
#include <atomic>

#include "base/bits.h"

namespace kelvin::x64 {

void Assembler::mov_imm(Gpr dst, u64 imm) {
    u8* p = begin();
    if (imm == static_cast<u32>(imm)) {
        end(put32(put_plus(p, 0xb8, dst), static_cast<u32>(imm)));
    } else if (imm == static_cast<u64>(i64{static_cast<i32>(imm)})) {
        end(put32(put(p, {0xc7}, Width::w64, Digit{0}, dst), static_cast<u32>(imm)));
    } else {
        p = put8(p, 0x48 | number(dst) >> 3);
        end(put64(put8(p, 0xb8 | (number(dst) & 7)), imm));
    }
}

void Assembler::rotate_right(Width w, Gpr dst, Gpr src, u8 count) {
    if (has_vex()) {
        rorx(w, dst, src, count);
        return;
    }
    if (dst != src || count == 0) {
        mov(w, dst, src);
    }
    if (count != 0) {
        ror(w, dst, count);
    }
}

void Assembler::nop(unsigned count) {
    // The sequences recommended by the SDM, vol. 2B, "NOP".
    static constexpr u8 kNop[9][9] = {
        {0x90},
        {0x66, 0x90},
        {0x0f, 0x1f, 0x00},
        {0x0f, 0x1f, 0x40, 0x00},
        {0x0f, 0x1f, 0x44, 0x00, 0x00},
        {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
        {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
        {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
        {0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
    };
    while (count > 0) {
        const unsigned size = std::min(count, 9u);
        u8* p = begin();
        std::memcpy(p, kNop[size - 1], size);
        end(p + size);
        count -= size;
    }
}

void Assembler::align(unsigned alignment) {
    const u64 here = std::bit_cast<u64>(begin());
    nop(static_cast<unsigned>(align_up(here, alignment) - here));
}

void Assembler::pad_for_field(unsigned opcode_bytes) {
    nop(static_cast<unsigned>(-(std::bit_cast<u64>(begin()) + opcode_bytes) & 3));
}

void Assembler::call(const void* function, Gpr scratch) {
    u8* p = begin();
    if (reaches(p + 5, function)) {
        end(put_relative(put8(p, 0xe8), function));
    } else {
        mov_imm(scratch, std::bit_cast<u64>(function));
        call(scratch);
    }
}

void Assembler::jmp(Label& target) {
    u8* p = begin();
    const std::ptrdiff_t distance = target.bound() ? target.target() - (p + 2) : 0x80;
    if (distance == static_cast<i8>(distance)) {
        end(put8(put8(p, 0xeb), static_cast<u8>(distance)));
    } else {
        end(put_relative(put8(p, 0xe9), target));
    }
}

void Assembler::jcc(Cond c, Label& target) {
    u8* p = begin();
    const std::ptrdiff_t distance = target.bound() ? target.target() - (p + 2) : 0x80;
    if (distance == static_cast<i8>(distance)) {
        end(put8(put8(p, 0x70 | number(c)), static_cast<u8>(distance)));
    } else {
        end(put_relative(put_jcc(p, c), target));
    }
}

void Assembler::land(u8* short_jump) {
    if (!overflowed()) {
        const std::ptrdiff_t distance = cursor() - (short_jump + 1);
        KELVIN_ASSERT(distance >= 0 && distance <= 127);
        *short_jump = static_cast<u8>(distance);
    }
}

void Assembler::patch_jmp(u8* field, std::ptrdiff_t rw_to_rx, const u8* target) {
    const u64 next = std::bit_cast<u64>(field) + 4 + static_cast<u64>(rw_to_rx);
    const i64 distance = static_cast<i64>(std::bit_cast<u64>(target) - next);
    KELVIN_ASSERT(distance == static_cast<i32>(distance) && (std::bit_cast<u64>(field) & 3) == 0);
    // One aligned store: another core sees the old target or the new one, never a mixture (SDM vol. 3A, 9.1.1).
    std::atomic_ref<u32>(*std::bit_cast<u32*>(field)).store(static_cast<u32>(distance), std::memory_order_release);
}

}  // namespace kelvin::x64
