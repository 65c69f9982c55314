// SPDX-License-Identifier: Apache-2.0
// What of a processor programs and debuggers can see, whoever executes it (SDM volume 1, 3.2).
#pragma once

#include <array>

#include "base/types.h"

namespace kelvin::x86 {

/// A segment register with what the processor keeps of its descriptor (SDM volume 3, 3.4.3).
struct Segment {
    u64 base = 0;
    u32 limit = 0;  ///< in bytes
    u16 selector = 0;
    u16 attributes = 0;  ///< a descriptor's bits 55 to 40, its limit's four taken out (3.4.5)

    bool operator==(const Segment&) const = default;
};

struct DescriptorTable {
    u64 base = 0;
    u16 limit = 0;

    bool operator==(const DescriptorTable&) const = default;
};

/// x87 and SSE, as FXSAVE has them (SDM volume 1, 10.5.1).
struct FloatingPoint {
    std::array<std::array<u8, 16>, 8> st{};  ///< ten bytes each; ST0 is the first
    u16 control = 0x37f;
    u16 status = 0;
    u8 tags = 0;  ///< a bit a register: it is not empty
    u16 opcode = 0;
    u64 instruction = 0;
    u64 operand = 0;
    std::array<std::array<u8, 16>, 16> xmm{};
    u32 mxcsr = 0x1f80;

    bool operator==(const FloatingPoint&) const = default;
};

enum SegmentName : unsigned { es, cs, ss, ds, fs, gs };

struct State {
    std::array<u64, 16> general{};  ///< RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15, as instructions number them
    u64 rip = 0;
    u64 rflags = 2;
    std::array<Segment, 6> segments{};
    Segment ldt, task;
    DescriptorTable gdt, idt;
    u64 cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0, cr8 = 0;
    u64 efer = 0;
    u64 kernel_gs_base = 0;
    FloatingPoint fp;

    bool operator==(const State&) const = default;
};

}  // namespace kelvin::x86
