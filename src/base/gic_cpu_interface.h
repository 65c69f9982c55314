// SPDX-License-Identifier: Apache-2.0
// The contract between an Arm CPU and a GICv3: the CPU interface's system registers (IHI 0069, chapter 12.2).
// It lives here because neither side may see the other: cpu/ and accel/ cannot include device/, nor device/ them.
#pragma once

#include "base/types.h"

namespace kelvin {

/// The 16 bits that name a system register in MRS and MSR: op0 (2 bits), op1 (3), CRn (4), CRm (4), op2 (3).
constexpr u16 system_register_encoding(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
    return static_cast<u16>(op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2);
}

/// The values are the registers' encodings, so that decoding an MRS is a cast once `is_icc_register` says yes.
enum class IccRegister : u16 {
    pmr_el1 = system_register_encoding(3, 0, 4, 6, 0),
    iar0_el1 = system_register_encoding(3, 0, 12, 8, 0),
    eoir0_el1 = system_register_encoding(3, 0, 12, 8, 1),
    hppir0_el1 = system_register_encoding(3, 0, 12, 8, 2),
    bpr0_el1 = system_register_encoding(3, 0, 12, 8, 3),
    ap0r0_el1 = system_register_encoding(3, 0, 12, 8, 4),
    ap0r1_el1 = system_register_encoding(3, 0, 12, 8, 5),
    ap0r2_el1 = system_register_encoding(3, 0, 12, 8, 6),
    ap0r3_el1 = system_register_encoding(3, 0, 12, 8, 7),
    ap1r0_el1 = system_register_encoding(3, 0, 12, 9, 0),
    ap1r1_el1 = system_register_encoding(3, 0, 12, 9, 1),
    ap1r2_el1 = system_register_encoding(3, 0, 12, 9, 2),
    ap1r3_el1 = system_register_encoding(3, 0, 12, 9, 3),
    dir_el1 = system_register_encoding(3, 0, 12, 11, 1),
    rpr_el1 = system_register_encoding(3, 0, 12, 11, 3),
    sgi1r_el1 = system_register_encoding(3, 0, 12, 11, 5),
    asgi1r_el1 = system_register_encoding(3, 0, 12, 11, 6),
    sgi0r_el1 = system_register_encoding(3, 0, 12, 11, 7),
    iar1_el1 = system_register_encoding(3, 0, 12, 12, 0),
    eoir1_el1 = system_register_encoding(3, 0, 12, 12, 1),
    hppir1_el1 = system_register_encoding(3, 0, 12, 12, 2),
    bpr1_el1 = system_register_encoding(3, 0, 12, 12, 3),
    ctlr_el1 = system_register_encoding(3, 0, 12, 12, 4),
    sre_el1 = system_register_encoding(3, 0, 12, 12, 5),
    igrpen0_el1 = system_register_encoding(3, 0, 12, 12, 6),
    igrpen1_el1 = system_register_encoding(3, 0, 12, 12, 7),
};

constexpr bool is_icc_register(u16 encoding) {
    const unsigned op2 = encoding & 7;
    switch (encoding & ~7U) {
        case system_register_encoding(3, 0, 4, 6, 0):
            return op2 == 0;
        case system_register_encoding(3, 0, 12, 8, 0):
        case system_register_encoding(3, 0, 12, 12, 0):
            return true;
        case system_register_encoding(3, 0, 12, 9, 0):
            return op2 <= 3;
        case system_register_encoding(3, 0, 12, 11, 0):
            return op2 == 1 || op2 == 3 || op2 >= 5;
        default:
            return false;
    }
}

/// One per CPU. Called only from that CPU's own thread; takes the GIC's lock. The CPU's irq and fiq wires are up to
/// date when a call returns. Access rights (which registers trap, are write-only or undefined at which EL) are the
/// caller's business.
class GicCpuInterface {
  public:
    virtual ~GicCpuInterface() = default;

    /// A write-only register reads as zero. Reading IAR0 or IAR1 acknowledges the interrupt.
    virtual u64 read(IccRegister which) = 0;
    /// A write to a read-only register is ignored.
    virtual void write(IccRegister which, u64 value) = 0;
};

}  // namespace kelvin
