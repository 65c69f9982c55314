// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/registers_control.h"

#include "base/bits.h"
#include "cpu/arm64/cpu.h"

namespace kelvin::arm64::control_registers {
namespace {

constexpr u64 ones(std::initializer_list<unsigned> positions) {
    u64 mask = 0;
    for (const unsigned position : positions) {
        mask |= u64{1} << position;
    }
    return mask;
}

/// Bits of a control register that exist with a feature.
struct FeatureBits {
    Feature feature;
    u64 mask;
};

u64 collect(const Model& model, u64 mask, std::span<const FeatureBits> optional) {
    for (const FeatureBits& row : optional) {
        mask |= model.has(row.feature) ? row.mask : 0;
    }
    return mask;
}

/// The PSTATE bit that SPSel's neighbours PAN, UAO, DIT and SSBS name; by op1:op2 as all have CRn 4, CRm 2.
u32 pstate_bit(u16 encoding) {
    switch (encoding & 7) {
        case 3:
            return pstate::kPan;
        case 4:
            return pstate::kUao;
        case 5:
            return pstate::kDit;
        default:
            return pstate::kSsbs;
    }
}

constexpr unsigned kUma = 9;

}  // namespace

u64 sctlr_mask(const Model& model) {
    // M A C SA SA0 UMA I DZE UCT nTWI nTWE WXN E0E EE UCI
    constexpr u64 kAlways = ones({0, 1, 2, 3, 4, 9, 12, 14, 15, 16, 18, 19, 24, 25, 26});
    constexpr FeatureBits kOptional[] = {
        {Feature::lse2, ones({6})},                // nAA
        {Feature::specres, ones({10})},            // EnRCTX
        {Feature::ras, ones({21})},                // IESB
        {Feature::pan, ones({23})},                // SPAN
        {Feature::pan3, ones({57})},               // EPAN
        {Feature::pauth, ones({13, 27, 30, 31})},  // EnDB EnDA EnIB EnIA
        {Feature::bti, ones({35, 36})},            // BT0 BT1
        {Feature::ssbs, ones({44})},               // DSSBS
    };
    return collect(model, kAlways, kOptional);
}

u64 sctlr_reset(const Model&) {
    // RES1 where AArch32 and FEAT_ExS, FEAT_CSV2_2, FEAT_LSMAOC are missing: ITD SED EOS TSCXT EIS nTLSMD LSMAOE;
    // SPAN, and what resets to an unknown value: SA SA0 nTWI nTWE.
    return ones({3, 4, 7, 8, 11, 16, 18, 20, 22, 23, 28, 29});
}

u64 tcr_mask(const Model& model) {
    constexpr u64 kAlways = 0x77'ffff'ffbf;
    constexpr FeatureBits kOptional[] = {
        {Feature::hafdbs, ones({39, 40})},
        {Feature::hpds, u64{0x3ff} << 41},  // HPDn, HWUn
        {Feature::pauth, ones({51, 52})},   // TBIDn
        {Feature::e0pd, ones({55, 56})},
    };
    return collect(model, kAlways, kOptional);
}

u64 fpcr_mask(const Model& model) {
    return 0x07c00000 | (model.has(Feature::fp16) ? u64{1} << 19 : 0);
}

u64 read_current_el(Cpu& cpu, u16) {
    return cpu.state().pstate & pstate::kElMask;
}

u64 read_spsel(Cpu& cpu, u16) {
    return cpu.state().pstate & pstate::kSp;
}

void write_spsel(Cpu& cpu, u64 value, u16) {
    cpu.select_stack(cpu.state().el(), bit(value, 0));
    cpu.events().mode_changed();
}

u64 read_nzcv(Cpu& cpu, u16) {
    return cpu.state().nzcv();
}

void write_nzcv(Cpu& cpu, u64 value, u16) {
    cpu.state().set_nzcv(static_cast<u32>(value) & 0xf0000000);
}

u64 read_daif(Cpu& cpu, u16) {
    return cpu.state().pstate & pstate::kDaif;
}

void write_daif(Cpu& cpu, u64 value, u16) {
    const u32 old = cpu.state().pstate;
    const u32 now = (old & ~pstate::kDaif) | (static_cast<u32>(value) & pstate::kDaif);
    cpu.state().pstate = now;
    if (((old ^ now) & pstate::kD) != 0) {
        cpu.events().mode_changed();
    }
    if ((old & ~now & pstate::kDaif) != 0) {
        cpu.events().interrupts_unmasked();
    }
}

u64 read_pstate_bit(Cpu& cpu, u16 encoding) {
    return cpu.state().pstate & pstate_bit(encoding);
}

void write_pstate_bit(Cpu& cpu, u64 value, u16 encoding) {
    const u32 mask = pstate_bit(encoding);
    const u32 now = (cpu.state().pstate & ~mask) | (static_cast<u32>(value) & mask);
    if (cpu.state().pstate != now) {
        cpu.state().pstate = now;
        cpu.events().mode_changed();
    }
}

u64 read_fpcr(Cpu& cpu, u16) {
    return cpu.state().fpcr;
}

void write_fpcr(Cpu& cpu, u64 value, u16) {
    const auto now = static_cast<u32>(value & fpcr_mask(cpu.model()));
    if (cpu.state().fpcr != now) {
        cpu.state().fpcr = now;
        cpu.events().mode_changed();
    }
}

u64 read_fpsr(Cpu& cpu, u16) {
    return cpu.state().fpsr;
}

void write_fpsr(Cpu& cpu, u64 value, u16) {
    constexpr u32 kFlags = 0x0800009f;  // QC IDC IXC UFC OFC DZC IOC
    cpu.state().fpsr = static_cast<u32>(value) & kFlags;
}

u64 read_isr(Cpu& cpu, u16) {
    return u64{cpu.interrupt_level(Interrupt::serror)} << 8 | u64{cpu.interrupt_level(Interrupt::irq)} << 7 |
           u64{cpu.interrupt_level(Interrupt::fiq)} << 6;
}

AccessVerdict guard_sp_el0(Cpu& cpu, bool) {
    const bool selected = (cpu.state().pstate & pstate::kSp) == 0;
    return selected ? AccessVerdict::undefined : AccessVerdict::allowed;
}

AccessVerdict guard_daif(Cpu& cpu, bool) {
    const bool allowed = cpu.state().el() != ExceptionLevel::el0 || bit(cpu.state().sctlr[1], kUma);
    return allowed ? AccessVerdict::allowed : AccessVerdict::trapped;
}

AccessVerdict guard_fp(Cpu& cpu, bool) {
    const u64 fpen = bits(cpu.state().cpacr, 21, 20);
    const bool allowed = fpen == 3 || (fpen == 1 && cpu.state().el() != ExceptionLevel::el0);
    return allowed ? AccessVerdict::allowed : AccessVerdict::fp_trapped;
}

}  // namespace kelvin::arm64::control_registers
