// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/system_instructions.h"

#include "base/bits.h"
#include "cpu/arm64/cpu.h"

namespace kelvin::arm64::system_instructions {
namespace {

constexpr unsigned kDze = 14, kUci = 26, kEnRctx = 10;

AccessVerdict enabled_at_el0(Cpu& cpu, unsigned control) {
    const bool allowed = cpu.state().el() != ExceptionLevel::el0 || bit(cpu.state().sctlr[1], control);
    return allowed ? AccessVerdict::allowed : AccessVerdict::trapped;
}

/// Cache maintenance by address: nothing to maintain, but it faults as an access would (D7.5.9). PAN does not apply.
bool probe_line(Cpu& cpu, u64 address, Access access) {
    const TranslationRegime regime = cpu.regime();
    if (!regime.enabled || cpu.ports().memory == nullptr) {
        return true;
    }
    const AccessType type{.access = access, .el = cpu.state().el(), .cache_maintenance = true};
    const TranslationResult result = translate(regime, *cpu.ports().memory, Gva{address}, type);
    if (result.faulted()) {
        cpu.take_abort(result.fault());
    }
    return !result.faulted();
}

bool is_broadcast(u16 encoding) {
    const u64 crm = bits(encoding, 6, 3);
    return crm != 7 && crm != 6;
}

u16 asid_of(Cpu& cpu, u64 argument) {
    return static_cast<u16>(bit(cpu.state().tcr[1], 36) ? argument >> 48 : bits(argument, 55, 48));
}

bool flush_page(Cpu& cpu, u64 argument, u16 encoding, std::optional<u16> asid) {
    const u64 page = static_cast<u64>(sign_extend(argument << 12, 56));
    const u64 size = granule_size(cpu.regime(), Gva{page});
    cpu.events().tlb_flush_pages(Gva{align_down(page, size)}, size, 1, asid, is_broadcast(encoding));
    return true;
}

/// Argument of the range forms: BaseADDR 36:0, NUM 43:39, SCALE 45:44, TG 47:46 (C5.5.61).
bool flush_range(Cpu& cpu, u64 argument, u16 encoding, std::optional<u16> asid) {
    constexpr u8 kGranuleBits[] = {0, 12, 14, 16};
    const unsigned shift = kGranuleBits[bits(argument, 47, 46)];
    if (shift == 0) {
        return true;
    }
    const Gva start{static_cast<u64>(sign_extend(argument, 37)) << shift};
    const u64 count = (bits(argument, 43, 39) + 1) << (5 * bits(argument, 45, 44) + 1);
    cpu.events().tlb_flush_pages(start, u64{1} << shift, count, asid, is_broadcast(encoding));
    return true;
}

/// PAR_EL1 after a translation (D23.2.115).
u64 describe_result(const TranslationResult& result) {
    constexpr u64 kRes1 = u64{1} << 11;
    constexpr u64 kNonSecure = u64{1} << 9;
    if (result.faulted()) {
        return kRes1 | u64{result.fault().status} << 1 | 1;
    }
    const Translation& t = result.translation();
    const bool uncached = t.device || t.attributes == 0x44;
    return kRes1 | kNonSecure | u64{t.attributes} << 56 | (t.physical.value & 0x000f'ffff'ffff'f000) |
           u64{uncached ? u8{2} : t.shareability} << 7;
}

}  // namespace

bool nothing(Cpu&, u64, u16) {
    return true;
}

bool maintain_line(Cpu& cpu, u64 address, u16) {
    return probe_line(cpu, address, Access::read);
}

bool invalidate_line(Cpu& cpu, u64 address, u16) {
    return probe_line(cpu, address, Access::write) && !cpu.check_invalidation_watchpoints(address);
}

bool translate_address(Cpu& cpu, u64 address, u16 encoding) {
    const bool pan = bits(encoding, 6, 3) == 9 && (cpu.state().pstate & pstate::kPan) != 0;
    const AccessType type{.access = bit(encoding, 0) ? Access::write : Access::read,
                          .el = bit(encoding, 1) ? ExceptionLevel::el0 : ExceptionLevel::el1,
                          .pan = pan,
                          .address_translate = true};
    if (cpu.ports().memory == nullptr) {
        return true;
    }
    const TranslationResult result = translate(cpu.regime(), *cpu.ports().memory, Gva{address}, type);
    // A fault is reported in PAR_EL1, but an external abort on the walk is taken (D8.10).
    if (result.faulted() && (result.fault().status & ~3u) == fault_status::kExternalOnWalk) {
        cpu.take_abort(result.fault());
        return false;
    }
    cpu.state().par = describe_result(result);
    return true;
}

bool invalidate_all(Cpu& cpu, u64, u16 encoding) {
    cpu.events().tlb_flush_all(is_broadcast(encoding));
    return true;
}

bool invalidate_asid(Cpu& cpu, u64 argument, u16 encoding) {
    cpu.events().tlb_flush_asid(asid_of(cpu, argument), is_broadcast(encoding));
    return true;
}

bool invalidate_page(Cpu& cpu, u64 argument, u16 encoding) {
    return flush_page(cpu, argument, encoding, asid_of(cpu, argument));
}

bool invalidate_page_any_asid(Cpu& cpu, u64 argument, u16 encoding) {
    return flush_page(cpu, argument, encoding, {});
}

bool invalidate_range(Cpu& cpu, u64 argument, u16 encoding) {
    return flush_range(cpu, argument, encoding, asid_of(cpu, argument));
}

bool invalidate_range_any_asid(Cpu& cpu, u64 argument, u16 encoding) {
    return flush_range(cpu, argument, encoding, {});
}

AccessVerdict guard_maintenance(Cpu& cpu, bool) {
    return enabled_at_el0(cpu, kUci);
}
AccessVerdict guard_zero(Cpu& cpu, bool) {
    return enabled_at_el0(cpu, kDze);
}
AccessVerdict guard_restriction(Cpu& cpu, bool) {
    return enabled_at_el0(cpu, kEnRctx);
}

}  // namespace kelvin::arm64::system_instructions
