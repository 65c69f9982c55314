// SPDX-License-Identifier: Apache-2.0
#include "accel/kvm/registers.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "accel/kvm/counted.h"

namespace kelvin::kvm {

namespace {

/// KVM_GET_MSRS and KVM_SET_MSRS of all that the vCPU has: returns those, in order. A call ends at the first that it
/// does not have, or not for that value (4.18).
std::vector<kvm_msr_entry> move_msrs(const Fd& vcpu, unsigned long request, std::span<const kvm_msr_entry> wanted) {
    std::vector<kvm_msr_entry> moved;
    while (!wanted.empty()) {
        Counted<kvm_msrs, kvm_msr_entry> list(wanted.size());
        list.header()->nmsrs = static_cast<u32>(wanted.size());
        list.set(wanted);
        const size_t count = static_cast<size_t>(std::max(0, call(vcpu, request, list.header())));
        const std::vector<kvm_msr_entry> some = list.entries(std::min(count, wanted.size()));
        moved.insert(moved.end(), some.begin(), some.end());
        wanted = wanted.subspan(std::min(count + 1, wanted.size()));
    }
    return moved;
}

std::string describe(const char* name, const kvm_segment& segment) {
    return fmt::format("{:4}={:04x} {:016x} {:08x} type {:x} s {} dpl {} p {} l {} db {} g {}\n", name,
                       segment.selector, segment.base, segment.limit, segment.type, segment.s, segment.dpl,
                       segment.present, segment.l, segment.db, segment.g);
}

}  // namespace

std::optional<u64> read_msr(const Fd& vcpu, u32 index) {
    const kvm_msr_entry entry{.index = index, .reserved = 0, .data = 0};
    const std::vector<kvm_msr_entry> read = move_msrs(vcpu, KVM_GET_MSRS, {&entry, 1});
    return read.empty() ? std::nullopt : std::optional(read.front().data);
}

bool write_msr(const Fd& vcpu, kvm_msr_entry entry) {
    return !move_msrs(vcpu, KVM_SET_MSRS, {&entry, 1}).empty();
}

Result<Registers> Registers::read(const Fd& vcpu, const Host& host) {
    Registers all;
    all.extended.resize(host.extended_size());
    KELVIN_TRY(try_call(vcpu, KVM_GET_REGS, &all.general, "read general registers"));
    KELVIN_TRY(try_call(vcpu, KVM_GET_SREGS, &all.special, "read special registers"));
    // 4.134: more than the old call's 4 KiB only if the guest may have AMX.
    const bool is_large = all.extended.size() > sizeof(kvm_xsave);
    KELVIN_TRY(try_call(vcpu, is_large ? KVM_GET_XSAVE2 : KVM_GET_XSAVE, all.extended.data(),
                        "read floating-point registers"));
    KELVIN_TRY(try_call(vcpu, KVM_GET_XCRS, &all.extended_control, "read extended control registers"));
    KELVIN_TRY(try_call(vcpu, KVM_GET_DEBUGREGS, &all.debug, "read debug registers"));
    KELVIN_TRY(try_call(vcpu, KVM_GET_VCPU_EVENTS, &all.events, "read pending events"));
    KELVIN_TRY(try_call(vcpu, KVM_GET_LAPIC, &all.local_apic, "read a local APIC"));
    KELVIN_TRY(try_call(vcpu, KVM_GET_MP_STATE, &all.activity, "read a processor's activity"));
    std::vector<kvm_msr_entry> wanted;
    for (const u32 index : KELVIN_TRY(host.msr_indices())) {
        wanted.push_back({.index = index, .reserved = 0, .data = 0});
    }
    all.model_specific = move_msrs(vcpu, KVM_GET_MSRS, wanted);
    return all;
}

/// The local APIC's mode is in a model-specific register, which must be there before the APIC's own; what is pending is
/// last.
Result<> Registers::write(const Fd& vcpu) const {
    KELVIN_TRY(try_call(vcpu, KVM_SET_MP_STATE, &activity, "set a processor's activity"));
    KELVIN_TRY(try_call(vcpu, KVM_SET_REGS, &general, "set general registers"));
    KELVIN_TRY(try_call(vcpu, KVM_SET_XCRS, &extended_control, "set extended control registers"));
    KELVIN_TRY(try_call(vcpu, KVM_SET_XSAVE, extended.data(), "set floating-point registers"));
    KELVIN_TRY(try_call(vcpu, KVM_SET_SREGS, &special, "set special registers"));
    // Some can be read but not written; they do not change.
    move_msrs(vcpu, KVM_SET_MSRS, model_specific);
    KELVIN_TRY(try_call(vcpu, KVM_SET_LAPIC, &local_apic, "set a local APIC"));
    KELVIN_TRY(try_call(vcpu, KVM_SET_DEBUGREGS, &debug, "set debug registers"));
    KELVIN_TRY(try_call(vcpu, KVM_SET_VCPU_EVENTS, &events, "set pending events"));
    return ok();
}

Result<> Registers::write_basic(const Fd& vcpu) const {
    KELVIN_TRY(try_call(vcpu, KVM_SET_SREGS, &special, "set special registers"));
    KELVIN_TRY(try_call(vcpu, KVM_SET_REGS, &general, "set general registers"));
    return ok();
}

std::string describe(const kvm_regs& general, const kvm_sregs& special) {
    std::string text;
    const std::pair<const char*, u64> named[] = {
        {"RAX", general.rax}, {"RBX", general.rbx}, {"RCX", general.rcx}, {"RDX", general.rdx},
        {"RSI", general.rsi}, {"RDI", general.rdi}, {"RBP", general.rbp}, {"RSP", general.rsp},
        {"R8 ", general.r8},  {"R9 ", general.r9},  {"R10", general.r10}, {"R11", general.r11},
        {"R12", general.r12}, {"R13", general.r13}, {"R14", general.r14}, {"R15", general.r15},
    };
    unsigned column = 0;
    for (const auto& [name, value] : named) {
        text += fmt::format("{}={:016x}{}", name, value, ++column % 4 == 0 ? '\n' : ' ');
    }
    text += fmt::format("RIP={:016x} RFL={:08x} CPL={}\n", general.rip, general.rflags, special.ss.dpl);
    text += describe("CS", special.cs) + describe("SS", special.ss) + describe("DS", special.ds) +
            describe("ES", special.es) + describe("FS", special.fs) + describe("GS", special.gs) +
            describe("TR", special.tr) + describe("LDT", special.ldt);
    text += fmt::format("GDT={:016x} {:04x} IDT={:016x} {:04x}\n", special.gdt.base, special.gdt.limit,
                        special.idt.base, special.idt.limit);
    return text + fmt::format("CR0={:08x} CR2={:016x} CR3={:016x} CR4={:08x} EFER={:x}\n", special.cr0, special.cr2,
                              special.cr3, special.cr4, special.efer);
}

}  // namespace kelvin::kvm
