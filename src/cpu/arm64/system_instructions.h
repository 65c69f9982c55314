// SPDX-License-Identifier: Apache-2.0
// SYS instructions: cache and TLB maintenance, address translation (ARM ARM C5.3, C5.4, C5.5).
#pragma once

#include "cpu/arm64/system_registers.h"

namespace kelvin::arm64::system_instructions {

bool nothing(Cpu& cpu, u64, u16);
bool maintain_line(Cpu& cpu, u64 address, u16);
bool invalidate_line(Cpu& cpu, u64 address, u16);
bool translate_address(Cpu& cpu, u64 address, u16 encoding);
bool invalidate_all(Cpu& cpu, u64, u16 encoding);
bool invalidate_asid(Cpu& cpu, u64 argument, u16 encoding);
bool invalidate_page(Cpu& cpu, u64 argument, u16 encoding);
bool invalidate_page_any_asid(Cpu& cpu, u64 argument, u16 encoding);
bool invalidate_range(Cpu& cpu, u64 argument, u16 encoding);
bool invalidate_range_any_asid(Cpu& cpu, u64 argument, u16 encoding);
AccessVerdict guard_maintenance(Cpu& cpu, bool);
AccessVerdict guard_zero(Cpu& cpu, bool);
AccessVerdict guard_restriction(Cpu& cpu, bool);

// Instruction caches need no action: the accelerator sees every write to code.
// clang-format off
inline constexpr SystemRegister kRows[] = {
    instruction("IC IALLUIS", {1, 0, 7, 1, 0}, 1, nothing),
    instruction("IC IALLU", {1, 0, 7, 5, 0}, 1, nothing),
    instruction("IC IVAU", {1, 3, 7, 5, 1}, 0, maintain_line).guarded(guard_maintenance),
    instruction("DC IVAC", {1, 0, 7, 6, 1}, 1, invalidate_line),
    instruction("DC ISW", {1, 0, 7, 6, 2}, 1, nothing),
    instruction("DC CSW", {1, 0, 7, 10, 2}, 1, nothing),
    instruction("DC CISW", {1, 0, 7, 14, 2}, 1, nothing),
    instruction("DC CVAC", {1, 3, 7, 10, 1}, 0, maintain_line).guarded(guard_maintenance),
    instruction("DC CVAU", {1, 3, 7, 11, 1}, 0, maintain_line).guarded(guard_maintenance),
    instruction("DC CVAP", {1, 3, 7, 12, 1}, 0, maintain_line).guarded(guard_maintenance).with(Feature::dpb),
    instruction("DC CVADP", {1, 3, 7, 13, 1}, 0, maintain_line).guarded(guard_maintenance).with(Feature::dpb2),
    instruction("DC CIVAC", {1, 3, 7, 14, 1}, 0, maintain_line).guarded(guard_maintenance),
    // The zeroing is the lifter's; this row has the trap.
    instruction("DC ZVA", {1, 3, 7, 4, 1}, 0, nothing).guarded(guard_zero),
    instruction("CFP RCTX", {1, 3, 7, 3, 4}, 0, nothing).guarded(guard_restriction).with(Feature::specres),
    instruction("DVP RCTX", {1, 3, 7, 3, 5}, 0, nothing).guarded(guard_restriction).with(Feature::specres),
    instruction("CPP RCTX", {1, 3, 7, 3, 7}, 0, nothing).guarded(guard_restriction).with(Feature::specres),

    instruction("AT S1E1R", {1, 0, 7, 8, 0}, 1, translate_address),
    instruction("AT S1E1W", {1, 0, 7, 8, 1}, 1, translate_address),
    instruction("AT S1E0R", {1, 0, 7, 8, 2}, 1, translate_address),
    instruction("AT S1E0W", {1, 0, 7, 8, 3}, 1, translate_address),
    instruction("AT S1E1RP", {1, 0, 7, 9, 0}, 1, translate_address).with(Feature::pan2),
    instruction("AT S1E1WP", {1, 0, 7, 9, 1}, 1, translate_address).with(Feature::pan2),

    instruction("TLBI VMALLE1", {1, 0, 8, 7, 0}, 1, invalidate_all),
    instruction("TLBI VAE1", {1, 0, 8, 7, 1}, 1, invalidate_page),
    instruction("TLBI ASIDE1", {1, 0, 8, 7, 2}, 1, invalidate_asid),
    instruction("TLBI VAAE1", {1, 0, 8, 7, 3}, 1, invalidate_page_any_asid),
    instruction("TLBI VALE1", {1, 0, 8, 7, 5}, 1, invalidate_page),
    instruction("TLBI VAALE1", {1, 0, 8, 7, 7}, 1, invalidate_page_any_asid),
    instruction("TLBI VMALLE1IS", {1, 0, 8, 3, 0}, 1, invalidate_all),
    instruction("TLBI VAE1IS", {1, 0, 8, 3, 1}, 1, invalidate_page),
    instruction("TLBI ASIDE1IS", {1, 0, 8, 3, 2}, 1, invalidate_asid),
    instruction("TLBI VAAE1IS", {1, 0, 8, 3, 3}, 1, invalidate_page_any_asid),
    instruction("TLBI VALE1IS", {1, 0, 8, 3, 5}, 1, invalidate_page),
    instruction("TLBI VAALE1IS", {1, 0, 8, 3, 7}, 1, invalidate_page_any_asid),
    instruction("TLBI VMALLE1OS", {1, 0, 8, 1, 0}, 1, invalidate_all).with(Feature::tlb_os),
    instruction("TLBI VAE1OS", {1, 0, 8, 1, 1}, 1, invalidate_page).with(Feature::tlb_os),
    instruction("TLBI ASIDE1OS", {1, 0, 8, 1, 2}, 1, invalidate_asid).with(Feature::tlb_os),
    instruction("TLBI VAAE1OS", {1, 0, 8, 1, 3}, 1, invalidate_page_any_asid).with(Feature::tlb_os),
    instruction("TLBI VALE1OS", {1, 0, 8, 1, 5}, 1, invalidate_page).with(Feature::tlb_os),
    instruction("TLBI VAALE1OS", {1, 0, 8, 1, 7}, 1, invalidate_page_any_asid).with(Feature::tlb_os),
    instruction("TLBI RVAE1", {1, 0, 8, 6, 1}, 1, invalidate_range).with(Feature::tlb_range),
    instruction("TLBI RVAAE1", {1, 0, 8, 6, 3}, 1, invalidate_range_any_asid).with(Feature::tlb_range),
    instruction("TLBI RVALE1", {1, 0, 8, 6, 5}, 1, invalidate_range).with(Feature::tlb_range),
    instruction("TLBI RVAALE1", {1, 0, 8, 6, 7}, 1, invalidate_range_any_asid).with(Feature::tlb_range),
    instruction("TLBI RVAE1IS", {1, 0, 8, 2, 1}, 1, invalidate_range).with(Feature::tlb_range),
    instruction("TLBI RVAAE1IS", {1, 0, 8, 2, 3}, 1, invalidate_range_any_asid).with(Feature::tlb_range),
    instruction("TLBI RVALE1IS", {1, 0, 8, 2, 5}, 1, invalidate_range).with(Feature::tlb_range),
    instruction("TLBI RVAALE1IS", {1, 0, 8, 2, 7}, 1, invalidate_range_any_asid).with(Feature::tlb_range),
    instruction("TLBI RVAE1OS", {1, 0, 8, 5, 1}, 1, invalidate_range).with(Feature::tlb_range),
    instruction("TLBI RVAAE1OS", {1, 0, 8, 5, 3}, 1, invalidate_range_any_asid).with(Feature::tlb_range),
    instruction("TLBI RVALE1OS", {1, 0, 8, 5, 5}, 1, invalidate_range).with(Feature::tlb_range),
    instruction("TLBI RVAALE1OS", {1, 0, 8, 5, 7}, 1, invalidate_range_any_asid).with(Feature::tlb_range),
};
// clang-format on

}  // namespace kelvin::arm64::system_instructions
