// SPDX-License-Identifier: Apache-2.0
// Translation control, exception state, PSTATE as registers, thread identification, pointer authentication keys.
#pragma once

#include "cpu/arm64/system_registers.h"

namespace kelvin::arm64::control_registers {

u64 sctlr_mask(const Model& model);
u64 sctlr_reset(const Model& model);
u64 tcr_mask(const Model& model);
u64 fpcr_mask(const Model& model);

u64 read_current_el(Cpu& cpu, u16);
u64 read_spsel(Cpu& cpu, u16);
void write_spsel(Cpu& cpu, u64 value, u16);
u64 read_nzcv(Cpu& cpu, u16);
void write_nzcv(Cpu& cpu, u64 value, u16);
u64 read_daif(Cpu& cpu, u16);
void write_daif(Cpu& cpu, u64 value, u16);
u64 read_pstate_bit(Cpu& cpu, u16 encoding);
void write_pstate_bit(Cpu& cpu, u64 value, u16 encoding);
u64 read_fpcr(Cpu& cpu, u16);
void write_fpcr(Cpu& cpu, u64 value, u16);
u64 read_fpsr(Cpu& cpu, u16);
void write_fpsr(Cpu& cpu, u64 value, u16);
u64 read_isr(Cpu& cpu, u16);
AccessVerdict guard_sp_el0(Cpu& cpu, bool write);
AccessVerdict guard_daif(Cpu& cpu, bool write);
AccessVerdict guard_fp(Cpu& cpu, bool write);

// clang-format off
inline constexpr SystemRegister kRows[] = {
    stored("SCTLR_EL1", {3, 0, 1, 0, 0}, 1, offsetof(State, sctlr[1])).by_model(sctlr_mask, sctlr_reset).affects(kControlEffect),
    stored("ACTLR_EL1", {3, 0, 1, 0, 1}, 1, offsetof(State, actlr[1])).writable(0),
    stored("CPACR_EL1", {3, 0, 1, 0, 2}, 1, offsetof(State, cpacr)).writable(0x300000).affects(kModeEffect),
    stored("TTBR0_EL1", {3, 0, 2, 0, 0}, 1, offsetof(State, ttbr0[1])).affects(kTranslationEffect),
    stored("TTBR1_EL1", {3, 0, 2, 0, 1}, 1, offsetof(State, ttbr1[1])).affects(kTranslationEffect),
    stored("TCR_EL1", {3, 0, 2, 0, 2}, 1, offsetof(State, tcr[1])).by_model(tcr_mask).affects(kControlEffect),
    stored("MAIR_EL1", {3, 0, 10, 2, 0}, 1, offsetof(State, mair[1])).affects(kTranslationEffect),
    stored("AMAIR_EL1", {3, 0, 10, 3, 0}, 1, offsetof(State, amair[1])).writable(0),
    stored("CONTEXTIDR_EL1", {3, 0, 13, 0, 1}, 1, offsetof(State, contextidr[1])).writable(0xffffffff),
    raz_wi("LORSA_EL1", {3, 0, 10, 4, 0}, 1).with(Feature::lor),
    raz_wi("LOREA_EL1", {3, 0, 10, 4, 1}, 1).with(Feature::lor),
    raz_wi("LORN_EL1", {3, 0, 10, 4, 2}, 1).with(Feature::lor),
    raz_wi("LORC_EL1", {3, 0, 10, 4, 3}, 1).with(Feature::lor),
    read_only("LORID_EL1", {3, 0, 10, 4, 7}, 1).with(Feature::lor),

    stored("APIAKeyLo_EL1", {3, 0, 2, 1, 0}, 1, offsetof(State, apkey[0][0])).with(Feature::pauth),
    stored("APIAKeyHi_EL1", {3, 0, 2, 1, 1}, 1, offsetof(State, apkey[0][1])).with(Feature::pauth),
    stored("APIBKeyLo_EL1", {3, 0, 2, 1, 2}, 1, offsetof(State, apkey[1][0])).with(Feature::pauth),
    stored("APIBKeyHi_EL1", {3, 0, 2, 1, 3}, 1, offsetof(State, apkey[1][1])).with(Feature::pauth),
    stored("APDAKeyLo_EL1", {3, 0, 2, 2, 0}, 1, offsetof(State, apkey[2][0])).with(Feature::pauth),
    stored("APDAKeyHi_EL1", {3, 0, 2, 2, 1}, 1, offsetof(State, apkey[2][1])).with(Feature::pauth),
    stored("APDBKeyLo_EL1", {3, 0, 2, 2, 2}, 1, offsetof(State, apkey[3][0])).with(Feature::pauth),
    stored("APDBKeyHi_EL1", {3, 0, 2, 2, 3}, 1, offsetof(State, apkey[3][1])).with(Feature::pauth),
    stored("APGAKeyLo_EL1", {3, 0, 2, 3, 0}, 1, offsetof(State, apkey[4][0])).with(Feature::pauth),
    stored("APGAKeyHi_EL1", {3, 0, 2, 3, 1}, 1, offsetof(State, apkey[4][1])).with(Feature::pauth),

    stored("SPSR_EL1", {3, 0, 4, 0, 0}, 1, offsetof(State, spsr[1])),
    stored("ELR_EL1", {3, 0, 4, 0, 1}, 1, offsetof(State, elr[1])),
    stored("SP_EL0", {3, 0, 4, 1, 0}, 1, offsetof(State, sp_el[0])).guarded(guard_sp_el0),
    stored("AFSR0_EL1", {3, 0, 5, 1, 0}, 1, offsetof(State, afsr0[1])).writable(0),
    stored("AFSR1_EL1", {3, 0, 5, 1, 1}, 1, offsetof(State, afsr1[1])).writable(0),
    stored("ESR_EL1", {3, 0, 5, 2, 0}, 1, offsetof(State, esr[1])),
    stored("FAR_EL1", {3, 0, 6, 0, 0}, 1, offsetof(State, far[1])),
    stored("PAR_EL1", {3, 0, 7, 4, 0}, 1, offsetof(State, par)),
    stored("VBAR_EL1", {3, 0, 12, 0, 0}, 1, offsetof(State, vbar[1])).writable(~u64{0x7ff}),
    read_only("RVBAR_EL1", {3, 0, 12, 0, 1}, 1),
    read_only("ISR_EL1", {3, 0, 12, 1, 0}, 1).on_read(read_isr),

    // The RAS extension with no error records (ERRIDR_EL1.NUM = 0).
    read_only("ERRIDR_EL1", {3, 0, 5, 3, 0}, 1).with(Feature::ras),
    raz_wi("ERRSELR_EL1", {3, 0, 5, 3, 1}, 1).with(Feature::ras),
    read_only("ERXFR_EL1", {3, 0, 5, 4, 0}, 1).with(Feature::ras),
    raz_wi("ERXCTLR_EL1", {3, 0, 5, 4, 1}, 1).with(Feature::ras),
    raz_wi("ERXSTATUS_EL1", {3, 0, 5, 4, 2}, 1).with(Feature::ras),
    raz_wi("ERXADDR_EL1", {3, 0, 5, 4, 3}, 1).with(Feature::ras),
    raz_wi("ERXMISC0_EL1", {3, 0, 5, 5, 0}, 1).with(Feature::ras),
    raz_wi("ERXMISC1_EL1", {3, 0, 5, 5, 1}, 1).with(Feature::ras),
    stored("DISR_EL1", {3, 0, 12, 1, 1}, 1, offsetof(State, disr)).with(Feature::ras).writable(0x81ffffff),

    read_only("CurrentEL", {3, 0, 4, 2, 2}, 1).on_read(read_current_el),
    hooked("SPSel", {3, 0, 4, 2, 0}, 1).hooks(read_spsel, write_spsel).affects(kModeEffect),
    hooked("PAN", {3, 0, 4, 2, 3}, 1).hooks(read_pstate_bit, write_pstate_bit).with(Feature::pan).affects(kModeEffect),
    hooked("UAO", {3, 0, 4, 2, 4}, 1).hooks(read_pstate_bit, write_pstate_bit).with(Feature::uao).affects(kModeEffect),
    hooked("DIT", {3, 3, 4, 2, 5}, 0).hooks(read_pstate_bit, write_pstate_bit).with(Feature::dit),
    hooked("SSBS", {3, 3, 4, 2, 6}, 0).hooks(read_pstate_bit, write_pstate_bit).with(Feature::ssbs),
    hooked("NZCV", {3, 3, 4, 2, 0}, 0).hooks(read_nzcv, write_nzcv),
    hooked("DAIF", {3, 3, 4, 2, 1}, 0).hooks(read_daif, write_daif).guarded(guard_daif).affects(kModeEffect),
    hooked("FPCR", {3, 3, 4, 4, 0}, 0).hooks(read_fpcr, write_fpcr).guarded(guard_fp).affects(kModeEffect),
    hooked("FPSR", {3, 3, 4, 4, 1}, 0).hooks(read_fpsr, write_fpsr).guarded(guard_fp),

    stored("TPIDR_EL0", {3, 3, 13, 0, 2}, 0, offsetof(State, tpidr[0])),
    stored("TPIDRRO_EL0", {3, 3, 13, 0, 3}, 0, offsetof(State, tpidrro_el0)).written_from(1),
    stored("TPIDR_EL1", {3, 0, 13, 0, 4}, 1, offsetof(State, tpidr[1])),

    // IMPLEMENTATION DEFINED registers: as after reset in their manuals, writes without effect.
    raz_wi("L2CTLR_EL1", {3, 1, 11, 0, 2}, 1).with(Feature::impdef_cortex_a),
    raz_wi("L2ECTLR_EL1", {3, 1, 11, 0, 3}, 1).with(Feature::impdef_cortex_a),
    raz_wi("L2ACTLR_EL1", {3, 1, 15, 0, 0}, 1).with(Feature::impdef_cortex_a),
    raz_wi("CPUACTLR_EL1", {3, 1, 15, 2, 0}, 1).with(Feature::impdef_cortex_a),
    raz_wi("CPUECTLR_EL1", {3, 1, 15, 2, 1}, 1).with(Feature::impdef_cortex_a),
    raz_wi("CPUMERRSR_EL1", {3, 1, 15, 2, 2}, 1).with(Feature::impdef_cortex_a),
    raz_wi("L2MERRSR_EL1", {3, 1, 15, 2, 3}, 1).with(Feature::impdef_cortex_a),
    read_only("CBAR_EL1", {3, 1, 15, 3, 0}, 1).with(Feature::impdef_cortex_a),
    read_only("CPUCFR_EL1", {3, 0, 15, 0, 0}, 1).with(Feature::impdef_neoverse),
    raz_wi("CPUACTLR_EL1", {3, 0, 15, 1, 0}, 1).with(Feature::impdef_neoverse),
    raz_wi("CPUACTLR2_EL1", {3, 0, 15, 1, 1}, 1).with(Feature::impdef_neoverse),
    raz_wi("CPUACTLR3_EL1", {3, 0, 15, 1, 2}, 1).with(Feature::impdef_neoverse),
    raz_wi("CPUECTLR_EL1", {3, 0, 15, 1, 4}, 1).with(Feature::impdef_neoverse),
    read_only("ERXPFGF_EL1", {3, 0, 15, 2, 0}, 1).with(Feature::impdef_neoverse),
    raz_wi("ERXPFGCTL_EL1", {3, 0, 15, 2, 1}, 1).with(Feature::impdef_neoverse),
    raz_wi("ERXPFGCDN_EL1", {3, 0, 15, 2, 2}, 1).with(Feature::impdef_neoverse),
    raz_wi("ATCR_EL1", {3, 0, 15, 7, 0}, 1).with(Feature::impdef_neoverse),
    raz_wi("CPUPWRCTLR_EL1", {3, 0, 15, 2, 7}, 1).with(Feature::impdef_neoverse),
};
// clang-format on

}  // namespace kelvin::arm64::control_registers
