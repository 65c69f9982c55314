// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/stubs.h"

#include "emit/x64/vector_ops.h"

namespace kelvin::x64 {

namespace {

using enum Gpr;

constexpr auto kCalleeSaved = std::to_array<Gpr>({rbx, rbp, r12, r13, r14, r15});
constexpr auto kArgumentGprs = std::to_array<Gpr>({rdi, rsi, rdx, rcx, r8, r9});
/// MXCSR's sticky bits but for denormal operands, which Arm only reports when it flushes them.
constexpr i32 kMxcsrReported = 0x3d;
constexpr i32 kMxcsrSticky = 0x3f;

Mem runtime(std::size_t offset) {
    return mem(kState, runtime_displacement(offset));
}
#define RT(field) runtime(offsetof(Runtime, field))

constexpr i32 kRuntimeStart = runtime_displacement(0);

}  // namespace

Stubs::Stubs(CodeBuffer buffer, const Pins& pins, const RuntimeCalls& calls, const HostFeatures& features,
             SlotUse slot_use, Metering metering)
    : a_(buffer, features.encoding()),
      pins_(pins),
      calls_(calls),
      features_(features),
      slot_use_(slot_use),
      metering_(metering) {
    make_enter();
    make_exits();
    make_resume();
    for (u32 type = 0; type < kBranchTypes; type++) {
        make_second_jump(type);
    }
    make_memory_call();
    make_misses();
    slow_load_ = make_slow(reinterpret_cast<const void*>(calls_.load));
    slow_store_ = make_slow(reinterpret_cast<const void*>(calls_.store));
    make_evaluate();
    make_evaluate_preserving();
    make_arithmetic_of_nans();
    KELVIN_ASSERT(!a_.overflowed());
}

void Stubs::make_enter() {
    a_.align(16);
    enter_ = reinterpret_cast<Enter>(reinterpret_cast<std::uintptr_t>(a_.execution_address()));
    for (const Gpr reg : kCalleeSaved) {
        a_.push(reg);
    }
    // Six pushes and the return address: 8 more make rsp a multiple of 16 inside regions.
    a_.sub(Width::w64, rsp, 8);
    a_.mov(Width::w64, rax, rsi);
    a_.lea(Width::w64, kState, mem(rdi, kStateBias));
    a_.stmxcsr(RT(host_mxcsr));
    a_.ldmxcsr(RT(guest_mxcsr));
    pins_.load(a_, true);
    a_.jmp(rax);
}

void Stubs::fold_exceptions() {
    Label done;
    a_.stmxcsr(RT(guest_mxcsr));
    a_.mov(Width::w32, rcx, RT(guest_mxcsr));
    a_.test(Width::w32, rcx, kMxcsrReported);
    a_.jcc(Cond::e, done);
    // IE is FPSR.IOC's bit; ZE OE UE PE are one above DZC OFC UFC IXC.
    a_.mov(Width::w32, rdx, rcx);
    a_.and_(Width::w32, RT(guest_mxcsr), ~kMxcsrSticky);
    a_.and_(Width::w32, rcx, 1);
    a_.shr(Width::w32, rdx, 1);
    a_.and_(Width::w32, rdx, 0x1e);
    a_.or_(Width::w32, rcx, rdx);
    a_.or_(Width::w32, mem(kState, state_displacement(pins_.guest().fp_status_offset)), rcx);
    a_.ldmxcsr(RT(guest_mxcsr));
    a_.bind(done);
}

/// Code is left, perhaps before what it has taken off the budget was executed. Overwrites rcx.
void Stubs::give_back_unexecuted() {
    if (metering_ == Metering::on) {
        a_.mov(Width::w32, rcx, RT(budget.unexecuted));
        a_.add(Width::w32, RT(budget.left), rcx);
        clear_unexecuted();
    }
}

void Stubs::clear_unexecuted() {
    if (metering_ == Metering::on) {
        a_.mov(Width::w32, RT(budget.unexecuted), 0);
    }
}

void Stubs::position_into_pc() {
    a_.mov(Width::w32, rcx, RT(page_offset));
    a_.add(Width::w64, rcx, RT(page));
    a_.mov(Width::w64, mem(kState, state_displacement(pins_.guest().pc_offset)), rcx);
}

void Stubs::make_exits() {
    a_.align(16);
    retired_entry_ = a_.execution_address();
    a_.pop(rax);
    a_.movzx(Width::w16, rax, mem(rax));
    a_.mov(Width::w32, rcx, rax);
    a_.and_(Width::w32, rcx, kBranchTypes - 1);
    a_.xor_(Width::w32, rax, rcx);
    a_.mov(Width::w32, RT(page_offset), rax);
    a_.shl(Width::w32, rcx, pins_.guest().branch_type_shift);
    a_.or_(Width::w32, mem(kState, state_displacement(pins_.guest().branch_type_offset)), rcx);
    exit_position_ = a_.execution_address();
    position_into_pc();
    exit_ = a_.execution_address();
    pins_.save(a_, true);
    exit_saved_ = a_.execution_address();
    give_back_unexecuted();
    fold_exceptions();
    a_.ldmxcsr(RT(host_mxcsr));
    a_.add(Width::w64, rsp, 8);
    for (auto reg = kCalleeSaved.rbegin(); reg != kCalleeSaved.rend(); ++reg) {
        a_.pop(*reg);
    }
    a_.ret();
    exit_unlinked_ = a_.execution_address();
    a_.mov(Width::w32, RT(exit_link), rax);
    a_.mov(Width::w32, RT(page_offset), rcx);
    a_.jmp(exit_position_);
}

void Stubs::make_resume() {
    const ir::GuestDesc& guest = pins_.guest();
    a_.align(16);
    resume_ = a_.execution_address();
    give_back_unexecuted();
    a_.cmp(Width::w32, RT(kick), 0);
    a_.jcc(Cond::ne, exit_);
    a_.test(Width::w32, mem(kState, state_displacement(guest.branch_type_offset)),
            static_cast<i32>((kBranchTypes - 1) << guest.branch_type_shift));
    a_.jcc(Cond::ne, exit_);
    a_.mov(Width::w64, rax, mem(kState, state_displacement(guest.pc_offset)));
    a_.mov(Width::w64, rcx, rax);
    a_.shr(Width::w64, rcx, 12);
    a_.xor_(Width::w32, rcx, rax);
    a_.and_(Width::w32, rcx, 0x3ffc);
    a_.mov(Width::w64, rdx, RT(jump_cache));
    static_assert(sizeof(JumpEntry) == 16);
    Label second, unknown;
    a_.cmp(Width::w64, rax, mem(rdx, rcx, 4, offsetof(JumpEntry, va)));
    a_.jcc(Cond::ne, second);
    a_.and_(Width::w64, rax, -4096);
    a_.mov(Width::w64, RT(page), rax);
    a_.mov(Width::w32, mem(kState, state_displacement(guest.exception_offset)), 0);
    a_.jmp(mem(rdx, rcx, 4, offsetof(JumpEntry, code)));
    a_.bind(second);
    look_up_second_jump(0, unknown);
    a_.mov(Width::w32, mem(kState, state_displacement(guest.exception_offset)), 0);
    a_.jmp(mem(rcx, offsetof(SecondJump, code)));
    a_.bind(unknown);
    a_.jmp(exit_);
}

/// The guest address is in rax, and rdx + rcx * 4 is where the first cache has it for branches without type. If it is
/// found, it takes that place, rcx points to the entry, and its page runs.
void Stubs::look_up_second_jump(u32 branch_type, Label& unknown) {
    static_assert(sizeof(SecondJump) == 32);
    const auto first = [](std::size_t field) { return mem(r10, static_cast<i32>(field)); };
    Label empty;
    a_.lea(Width::w64, r10, mem(rdx, rcx, 4, static_cast<i32>(sizeof(JumpEntry) * branch_type)));
    a_.mov(Width::w64, rcx, rax);
    a_.shr(Width::w64, rcx, 12);
    a_.xor_(Width::w32, rcx, rax);
    a_.and_(Width::w32, rcx, static_cast<i32>(4 * (kSecondJumps - 1)));
    a_.shl(Width::w32, rcx, 3);
    a_.add(Width::w64, rcx, RT(second_jumps));
    a_.cmp(Width::w64, rax, mem(rcx, offsetof(SecondJump, va)));
    a_.jcc(Cond::ne, unknown);
    a_.mov(Width::w64, rdx, RT(jump_generation));
    a_.mov(Width::w64, rdx, mem(rdx));
    if (branch_type != 0) {
        a_.add(Width::w64, rdx, static_cast<i32>(branch_type));
    }
    a_.cmp(Width::w64, rdx, mem(rcx, offsetof(SecondJump, generation)));
    a_.jcc(Cond::ne, unknown);
    // An empty place may not be known to be in use: who empties the first cache must know which are.
    a_.cmp(Width::w64, first(offsetof(JumpEntry, code)), 0);
    a_.jcc(Cond::e, empty);
    a_.mov(Width::w64, rdx, mem(rcx, offsetof(SecondJump, code)));
    a_.mov(Width::w64, first(offsetof(JumpEntry, va)), rax);
    a_.mov(Width::w64, first(offsetof(JumpEntry, code)), rdx);
    a_.bind(empty);
    a_.and_(Width::w64, rax, -4096);
    a_.mov(Width::w64, RT(page), rax);
}

void Stubs::make_second_jump(u32 branch_type) {
    const ir::GuestDesc& guest = pins_.guest();
    a_.align(16);
    second_jumps_[branch_type] = a_.execution_address();
    Label leave;
    a_.cmp(Width::w32, RT(kick), 0);
    a_.jcc(Cond::ne, leave);
    look_up_second_jump(branch_type, leave);
    a_.jmp(mem(rcx, offsetof(SecondJump, code)));
    a_.bind(leave);
    a_.mov(Width::w64, mem(kState, state_displacement(guest.pc_offset)), rax);
    if (branch_type != 0) {
        a_.or_(Width::w32, mem(kState, state_displacement(guest.branch_type_offset)),
               static_cast<i32>(branch_type << guest.branch_type_shift));
    }
    a_.jmp(exit_);
}

void Stubs::save_all() {
    pins_.save(a_, true);
    a_.mov(Width::w64, RT(saved[0]), r10);
    a_.mov(Width::w64, RT(saved[1]), r11);
    a_.mov(Width::w64, RT(saved[2]), rcx);
    a_.mov(Width::w64, RT(saved[3]), rdx);
    for (unsigned i = 0; i < kLocalXmms.size(); i++) {
        a_.vex(vop::vmovaps_store, runtime(offsetof(Runtime, saved_vectors) + 16u * i), kLocalXmms[i]);
    }
}

void Stubs::restore_all() {
    pins_.load(a_, false);
    a_.mov(Width::w64, r10, RT(saved[0]));
    a_.mov(Width::w64, r11, RT(saved[1]));
    a_.mov(Width::w64, rcx, RT(saved[2]));
    a_.mov(Width::w64, rdx, RT(saved[3]));
    for (unsigned i = 0; i < kLocalXmms.size(); i++) {
        a_.vex(vop::vmovaps, kLocalXmms[i], runtime(offsetof(Runtime, saved_vectors) + 16u * i));
    }
}

void Stubs::call_aligned() {
    a_.sub(Width::w64, rsp, 8);
    a_.call(rax);
    a_.add(Width::w64, rsp, 8);
}

void Stubs::make_memory_call() {
    a_.align(16);
    memory_call_ = a_.execution_address();
    save_all();
    // The C++ may raise an exception, for which the pc must be exact.
    a_.mov(Width::w32, rdi, rcx);
    position_into_pc();
    a_.mov(Width::w64, rsi, rdx);
    a_.mov(Width::w32, rdx, rdi);
    a_.lea(Width::w64, rdi, mem(kState, kRuntimeStart));
    call_aligned();
    Label raised;
    a_.test(Width::w32, rax, rax);
    a_.jcc(Cond::ne, raised);
    restore_all();
    clear_unexecuted();
    a_.mov(Width::w64, rax, RT(result));
    a_.ret();
    a_.bind(raised);
    a_.add(Width::w64, rsp, 8);
    a_.jmp(exit_saved_);
}

unsigned Stubs::miss_index(ir::MemInfo memory, bool write, bool watched) {
    return memory.size_log2 | unsigned{memory.aligned} << 3 | unsigned{memory.unprivileged} << 4 |
           unsigned{write} << 5 | unsigned{watched} << 6;
}

const u8* Stubs::miss(ir::MemInfo memory, bool write, bool watched) const {
    return miss_[miss_index(memory, write, watched)];
}

void Stubs::make_misses() {
    for (const bool write : {false, true}) {
        for (unsigned bits = 0; bits < 8; bits++) {
            for (u8 size_log2 = 0; size_log2 <= 5; size_log2++) {
                ir::MemInfo memory;
                memory.size_log2 = size_log2;
                memory.aligned = (bits & 1) != 0;
                memory.unprivileged = (bits & 2) != 0;
                const bool watched = (bits & 4) != 0;
                miss_[miss_index(memory, write, watched)] = make_miss(memory, write, watched);
            }
        }
    }
}

/// The slot at rbp + rax serves the page of the address in rdx with the addend in rcx, in the other direction too if
/// the entry at r11 says so. Overwrites r10.
void Stubs::fill_slot(bool write) {
    const auto slot_field = [](std::size_t offset) { return mem(kState, rax, 1, static_cast<i32>(offset)); };
    const Mem other = slot_field(write ? offsetof(PageSlot, read_tag) : offsetof(PageSlot, write_tag));
    Label unknown, done;
    a_.mov(Width::w64, r10, rdx);
    a_.and_(Width::w64, r10, -4096);
    a_.mov(Width::w64, slot_field(write ? offsetof(PageSlot, write_tag) : offsetof(PageSlot, read_tag)), r10);
    a_.mov(Width::w64, slot_field(offsetof(PageSlot, addend)), rcx);
    a_.cmp(Width::w64, r10, mem(r11, offsetof(TlbEntry, tag)));
    a_.jcc(Cond::ne, unknown);
    a_.cmp(Width::w64, rcx, mem(r11, offsetof(TlbEntry, addend)));
    a_.jcc(Cond::ne, unknown);
    a_.mov(Width::w64, other, r10);
    a_.jmp(done);
    a_.bind(unknown);
    // The new addend must not serve another page.
    a_.cmp(Width::w64, r10, other);
    a_.jcc(Cond::e, done);
    a_.mov(Width::w64, r10, RT(invalid_tag));
    a_.mov(Width::w64, other, r10);
    a_.bind(done);
}

/// Counts a miss of the stub's caller; goes to `often` when its counter overflows. Overwrites r10.
void Stubs::count_site(Label& often) {
    a_.mov(Width::w32, r10, mem(rsp, 0));
    a_.and_(Width::w32, r10, kSlotSites - 1);
    a_.add(Width::w8, mem(kState, r10, 1, runtime_displacement(offsetof(Runtime, site_misses))), 1);
    a_.jcc(Cond::b, often);
}

/// One at a time.
void Stubs::report_site(Label& counted) {
    a_.cmp(Width::w64, RT(missing_site), 0);
    a_.jcc(Cond::ne, counted);
    a_.mov(Width::w64, r10, mem(rsp, 0));
    a_.mov(Width::w64, RT(missing_site), r10);
    a_.mov(Width::w32, RT(kick), 1);
}

const u8* Stubs::make_miss(ir::MemInfo memory, bool write, bool watched) {
    const bool user = memory.unprivileged;
    a_.align(16);
    const u8* entry = a_.execution_address();
    Label slow, often, counted;
    a_.mov(Width::w64, RT(saved[4]), rcx);
    a_.mov(Width::w64, RT(saved[5]), r10);
    // The mask clears what is left of the offset within the page.
    static_assert(sizeof(TlbEntry) == 16);
    a_.mov(Width::w64, rcx, rdx);
    a_.shr(Width::w64, rcx, 8);
    a_.and_(Width::w64, rcx, user ? RT(tlb_mask_unprivileged) : RT(tlb_mask));
    const auto table = [&](bool of_writes) {
        return of_writes ? (user ? RT(tlb_write_unprivileged) : RT(tlb_write))
                         : (user ? RT(tlb_read_unprivileged) : RT(tlb_read));
    };
    a_.add(Width::w64, rcx, table(write));
    // As inline: another page, an access that leaves its page, or a misaligned one that must be aligned.
    a_.mov(Width::w64, r10, mem(rcx, offsetof(TlbEntry, tag)));
    a_.xor_(Width::w64, r10, rdx);
    if (memory.aligned && memory.size_log2 != 0) {
        a_.rotate_right(Width::w64, r10, r10, memory.size_log2);
        a_.cmp(Width::w64, r10, 4096 >> memory.size_log2);
        a_.jcc(Cond::ae, slow);
    } else {
        a_.cmp(Width::w64, r10, 4096 - (1 << memory.size_log2));
        a_.jcc(Cond::a, slow);
    }
    if (watched) {
        count_site(often);
        a_.bind(counted);
    }
    if (slot_use_ == SlotUse::normal) {
        a_.mov(Width::w64, RT(saved[9]), r11);
        a_.mov(Width::w64, r11, rcx);
        a_.sub(Width::w64, r11, table(write));
        a_.add(Width::w64, r11, table(!write));
        a_.mov(Width::w64, rcx, mem(rcx, offsetof(TlbEntry, addend)));
        fill_slot(write);
        a_.mov(Width::w64, r11, RT(saved[9]));
    } else {
        a_.mov(Width::w64, rcx, mem(rcx, offsetof(TlbEntry, addend)));
    }
    a_.mov(Width::w64, rax, rcx);
    a_.mov(Width::w64, rcx, RT(saved[4]));
    a_.mov(Width::w64, r10, RT(saved[5]));
    a_.ret();
    a_.bind(slow);
    a_.mov(Width::w64, rcx, RT(saved[4]));
    a_.mov(Width::w64, r10, RT(saved[5]));
    a_.add(Width::w64, mem(rsp, 0), static_cast<i32>(kSkip));
    a_.ret();
    if (watched) {
        a_.bind(often);
        report_site(counted);
        a_.jmp(counted);
    }
    return entry;
}

const u8* Stubs::make_slow(const void* function) {
    a_.align(16);
    const u8* entry = a_.execution_address();
    save_all();
    position_into_pc();
    a_.mov(Width::w64, rsi, rdx);
    a_.mov(Width::w32, rdx, rax);
    a_.lea(Width::w64, rdi, mem(kState, kRuntimeStart));
    a_.mov_imm(rax, reinterpret_cast<u64>(function));
    call_aligned();
    Label raised;
    a_.test(Width::w32, rax, rax);
    a_.jcc(Cond::ne, raised);
    restore_all();
    clear_unexecuted();
    a_.mov(Width::w64, rax, RT(result));
    a_.ret();
    a_.bind(raised);
    a_.add(Width::w64, rsp, 8);
    a_.jmp(exit_saved_);
    return entry;
}

const u8* Stubs::vector_constant(const V128& value) {
    for (const Constant& known : constants_) {
        if (known.value == value) {
            return known.address;
        }
    }
    a_.align(16);
    constants_.push_back({value, a_.execution_address()});
    a_.data(&value, sizeof value);
    KELVIN_ASSERT(!a_.overflowed());
    return constants_.back().address;
}

const u8* Stubs::helper_call(const ir::Helper& helper) {
    u64 key = u64{helper.takes_state} | u64{helper.effects} << 1 | static_cast<u64>(helper.result) << 8 |
              u64{helper.argument_count} << 12;
    for (unsigned i = 0; i < helper.argument_count; i++) {
        key |= u64{helper.arguments[i] == ir::Type::v128} << (16 + i);
    }
    for (const Signature& known : signatures_) {
        if (known.key == key) {
            return known.code;
        }
    }
    signatures_.push_back({key, make_helper_call(helper)});
    KELVIN_ASSERT(!a_.overflowed());
    return signatures_.back().code;
}

const u8* Stubs::make_helper_call(const ir::Helper& helper) {
    const bool sees_state = helper.effects != ir::kHelperPure;
    const bool changes_state = (helper.effects & ir::kHelperWritesState) != 0;
    a_.align(16);
    const u8* entry = a_.execution_address();
    pins_.save(a_, sees_state);
    if (sees_state) {
        position_into_pc();
        fold_exceptions();
    }
    unsigned next = 0;
    if (helper.takes_state) {
        a_.lea(Width::w64, kArgumentGprs[next++], mem(kState, -kStateBias));
    }
    for (unsigned i = 0; i < helper.argument_count; i++) {
        KELVIN_ASSERT(next < kArgumentGprs.size());
        const Mem argument = runtime(offsetof(Runtime, arguments) + sizeof(ir::Datum) * i);
        if (helper.arguments[i] == ir::Type::v128) {
            a_.lea(Width::w64, kArgumentGprs[next++], argument);
        } else {
            a_.mov(Width::w64, kArgumentGprs[next++], argument);
        }
    }
    call_aligned();
    if (helper.result == ir::Type::v128) {
        a_.mov(Width::w64, runtime(offsetof(Runtime, result)), rax);
        a_.mov(Width::w64, runtime(offsetof(Runtime, result) + 8), rdx);
    }
    pins_.load(a_, changes_state);
    a_.ret();
    return entry;
}

#undef RT

}  // namespace kelvin::x64
