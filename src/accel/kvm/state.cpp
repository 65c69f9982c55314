// SPDX-License-Identifier: Apache-2.0
#include "accel/kvm/state.h"

#include <cstring>
#include <utility>

#include "accel/kvm/registers.h"

namespace kelvin::kvm {

namespace {

constexpr u32 kKernelGsBase = 0xc000'0102;  // SDM volume 4: IA32_KERNEL_GS_BASE

constexpr std::pair<__u64 kvm_regs::*, unsigned> kGeneral[] = {
    {&kvm_regs::rax, 0},  {&kvm_regs::rcx, 1},  {&kvm_regs::rdx, 2},  {&kvm_regs::rbx, 3},
    {&kvm_regs::rsp, 4},  {&kvm_regs::rbp, 5},  {&kvm_regs::rsi, 6},  {&kvm_regs::rdi, 7},
    {&kvm_regs::r8, 8},   {&kvm_regs::r9, 9},   {&kvm_regs::r10, 10}, {&kvm_regs::r11, 11},
    {&kvm_regs::r12, 12}, {&kvm_regs::r13, 13}, {&kvm_regs::r14, 14}, {&kvm_regs::r15, 15}};

constexpr std::pair<kvm_segment kvm_sregs::*, x86::SegmentName> kSegments[] = {
    {&kvm_sregs::es, x86::es}, {&kvm_sregs::cs, x86::cs}, {&kvm_sregs::ss, x86::ss},
    {&kvm_sregs::ds, x86::ds}, {&kvm_sregs::fs, x86::fs}, {&kvm_sregs::gs, x86::gs}};

x86::Segment from_kvm(const kvm_segment& segment) {
    const u32 attributes = u32{segment.type} | u32{segment.s} << 4 | u32{segment.dpl} << 5 | u32{segment.present} << 7 |
                           u32{segment.avl} << 12 | u32{segment.l} << 13 | u32{segment.db} << 14 | u32{segment.g} << 15;
    return {segment.base, segment.limit, segment.selector, static_cast<u16>(attributes)};
}

kvm_segment to_kvm(const x86::Segment& segment) {
    const auto bits = [&](unsigned from, unsigned count) {
        return static_cast<u8>(segment.attributes >> from & ((1u << count) - 1));
    };
    kvm_segment made{};
    made.base = segment.base;
    made.limit = segment.limit;
    made.selector = segment.selector;
    made.type = bits(0, 4);
    made.s = bits(4, 1);
    made.dpl = bits(5, 2);
    made.present = bits(7, 1);
    made.avl = bits(12, 1);
    made.l = bits(13, 1);
    made.db = bits(14, 1);
    made.g = bits(15, 1);
    made.unusable = made.present == 0 ? 1 : 0;
    return made;
}

x86::DescriptorTable from_kvm(const kvm_dtable& table) {
    return {table.base, table.limit};
}

void set_table(kvm_dtable& table, const x86::DescriptorTable& from) {
    table.base = from.base;
    table.limit = from.limit;
}

/// The lists of x87's and SSE's registers have the same layout in both.
template <class To, class From>
void copy_registers(To& to, const From& from) {
    static_assert(sizeof to == sizeof from);
    std::memcpy(&to, &from, sizeof to);
}

x86::FloatingPoint from_kvm(const kvm_fpu& fpu) {
    x86::FloatingPoint fp;
    copy_registers(fp.st, fpu.fpr);
    fp.control = fpu.fcw;
    fp.status = fpu.fsw;
    fp.tags = fpu.ftwx;
    fp.opcode = fpu.last_opcode;
    fp.instruction = fpu.last_ip;
    fp.operand = fpu.last_dp;
    copy_registers(fp.xmm, fpu.xmm);
    fp.mxcsr = fpu.mxcsr;
    return fp;
}

kvm_fpu to_kvm(const x86::FloatingPoint& fp) {
    kvm_fpu fpu{};
    copy_registers(fpu.fpr, fp.st);
    fpu.fcw = fp.control;
    fpu.fsw = fp.status;
    fpu.ftwx = fp.tags;
    fpu.last_opcode = fp.opcode;
    fpu.last_ip = fp.instruction;
    fpu.last_dp = fp.operand;
    copy_registers(fpu.xmm, fp.xmm);
    fpu.mxcsr = fp.mxcsr;
    return fpu;
}

Result<kvm_sregs> read_special(const Fd& vcpu) {
    kvm_sregs special{};
    KELVIN_TRY(try_call(vcpu, KVM_GET_SREGS, &special, "read special registers"));
    return special;
}

}  // namespace

Result<x86::State> read_state(const Fd& vcpu) {
    kvm_regs general{};
    kvm_fpu fpu{};
    KELVIN_TRY(try_call(vcpu, KVM_GET_REGS, &general, "read general registers"));
    KELVIN_TRY(try_call(vcpu, KVM_GET_FPU, &fpu, "read floating-point registers"));
    const kvm_sregs special = KELVIN_TRY(read_special(vcpu));
    x86::State state;
    for (const auto& [from, number] : kGeneral) {
        state.general[number] = general.*from;
    }
    state.rip = general.rip;
    state.rflags = general.rflags;
    for (const auto& [from, name] : kSegments) {
        state.segments[name] = from_kvm(special.*from);
    }
    state.ldt = from_kvm(special.ldt);
    state.task = from_kvm(special.tr);
    state.gdt = from_kvm(special.gdt);
    state.idt = from_kvm(special.idt);
    state.cr0 = special.cr0;
    state.cr2 = special.cr2;
    state.cr3 = special.cr3;
    state.cr4 = special.cr4;
    state.cr8 = special.cr8;
    state.efer = special.efer;
    state.kernel_gs_base = read_msr(vcpu, kKernelGsBase).value_or(0);
    state.fp = from_kvm(fpu);
    return state;
}

Result<> write_state(const Fd& vcpu, const x86::State& state) {
    kvm_sregs special = KELVIN_TRY(read_special(vcpu));
    kvm_regs general{};
    for (const auto& [to, number] : kGeneral) {
        general.*to = state.general[number];
    }
    general.rip = state.rip;
    general.rflags = state.rflags;
    for (const auto& [to, name] : kSegments) {
        special.*to = to_kvm(state.segments[name]);
    }
    special.ldt = to_kvm(state.ldt);
    special.tr = to_kvm(state.task);
    set_table(special.gdt, state.gdt);
    set_table(special.idt, state.idt);
    special.cr0 = state.cr0;
    special.cr2 = state.cr2;
    special.cr3 = state.cr3;
    special.cr4 = state.cr4;
    special.cr8 = state.cr8;
    special.efer = state.efer;
    const kvm_fpu fpu = to_kvm(state.fp);
    KELVIN_TRY(try_call(vcpu, KVM_SET_SREGS, &special, "set special registers"));
    KELVIN_TRY(try_call(vcpu, KVM_SET_FPU, &fpu, "set floating-point registers"));
    KELVIN_TRY(try_call(vcpu, KVM_SET_REGS, &general, "set general registers"));
    write_msr(vcpu, {.index = kKernelGsBase, .reserved = 0, .data = state.kernel_gs_base});
    return ok();
}

}  // namespace kelvin::kvm
