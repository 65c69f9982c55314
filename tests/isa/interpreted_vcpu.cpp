// SPDX-License-Identifier: Apache-2.0
#include "isa/interpreted_vcpu.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/bits.h"
#include "support/atomics.h"

namespace kelvin::isa {

namespace {

constexpr u64 kPage = 4096;

arm64::Cpu::Ports cpu_ports(const accel::Arm64Ports& ports, const memory::AddressMap& memory) {
    arm64::Cpu::Ports result;
    result.clock = ports.clock;
    result.timers = ports.timers;
    result.memory = &memory;
    result.timer_virtual = ports.timer_virtual;
    result.timer_physical = ports.timer_physical;
    return result;
}

bool exception_taken(void* state) {
    return static_cast<arm64::State*>(state)->exception_taken != 0;
}

unsigned size_of(ir::MemInfo info) {
    return 1u << info.size_log2;
}

}  // namespace

InterpretedVcpu::InterpretedVcpu(memory::AddressMap& memory, const arm64::Model& model, const accel::Arm64Ports& ports)
    : memory_(memory),
      model_(model),
      cpu_(state_, model_, 0x80000000, cpu_ports(ports, memory), *this),
      decoder_(model.features),
      interpreter_(&state_, &state_, *this),
      clock_(*ports.clock),
      instructions_(ports.instructions) {
    if (instructions_ != nullptr) {
        instructions_->attach(budget_, {});
    }
}

InterpretedVcpu::~InterpretedVcpu() {
    if (instructions_ != nullptr) {
        instructions_->detach();
    }
}

void InterpretedVcpu::reset(u64 entry, u64 argument) {
    cpu_.reset(entry);
    state_.x[0] = argument;
}

std::string InterpretedVcpu::describe_registers() const {
    return "pc " + std::to_string(state_.pc);
}

accel::StopReason InterpretedVcpu::run() {
    if (instructions_ != nullptr) {
        instructions_->begin();
    }
    while (!stop_.exchange(false)) {
        if (instructions_ != nullptr) {
            instructions_->settle();
        }
        if (clock_.now_ns() < wait_until_ && !cpu_.interrupt_pending()) {
            wait();
            continue;
        }
        wait_until_ = 0;
        cpu_.take_pending_interrupt();
        state_.exception_taken = 0;
        run_region();
    }
    return accel::StopReason::requested;
}

void InterpretedVcpu::wait() {
    const i64 deadline =
        instructions_ == nullptr ? InstructionClock::kNever : std::min(instructions_->next_deadline_ns(), wait_until_);
    if (deadline == InstructionClock::kNever) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    } else {
        instructions_->skip_to(deadline);
    }
}

void InterpretedVcpu::run_region() {
    arm64::Mode now = arm64::current_mode(state_);
    if (instructions_ != nullptr) {
        instructions_->spend_one();
        now.bits |= arm64::Mode::kMetered | arm64::Mode::kSingle;
    }
    state_.pc = arm64::canonical_address(cpu_.regime(), state_.pc, true);
    if (state_.pc % 4 != 0) {
        return cpu_.take_pc_alignment_fault();
    }
    arm64::AccessType type;
    type.access = arm64::Access::execute;
    type.el = state_.el();
    arm64::Translation found;
    if (!translate(state_.pc, type, found)) {
        return;
    }
    u8 page[kPage];
    if (!memory_.copy_in(found.physical.page(), page)) {
        return raise(arm64::fault_status::kExternal, state_.pc, type);
    }
    const u64 offset = state_.pc % kPage;
    const u32 branch_type = (state_.pstate & arm64::pstate::kBtypeMask) >> arm64::pstate::kBtypeShift;
    u32 first = 0;
    std::memcpy(&first, page + offset, sizeof first);
    const arm64::Mode mode = arm64::entry_mode(now, found.guarded, branch_type, first);
    state_.pstate &= ~arm64::pstate::kBtypeMask;
    arm64::lift_region(region_, decoder_, model_, mode, page, static_cast<unsigned>(offset), {}, {false, false, false});
    const ir::RegionExit exit = interpreter_.run(region_, align_down(state_.pc, kPage), &exception_taken);
    if (exit.kind == ir::RegionExit::Kind::direct || exit.kind == ir::RegionExit::Kind::indirect) {
        state_.pc = exit.pc;
    }
}

bool InterpretedVcpu::translate(u64 address, arm64::AccessType type, arm64::Translation& found, ir::MemInfo info) {
    const arm64::TranslationResult result = arm64::translate(cpu_.regime(), memory_, Gva{address}, type);
    if (result.faulted()) {
        take_abort(result.fault(), info);
        return false;
    }
    found = result.translation();
    return true;
}

void InterpretedVcpu::raise(u8 status, u64 address, arm64::AccessType type, ir::MemInfo info) {
    arm64::Fault fault;
    fault.status = status;
    fault.address = Gva{address};
    fault.type = type;
    take_abort(fault, info);
}

/// DC ZVA reports the address that it was given, not that of its block.
void InterpretedVcpu::take_abort(arm64::Fault fault, ir::MemInfo info) {
    if (info.zeroes) {
        fault.address = Gva{info.base == ir::MemInfo::kNoBase ? 0 : state_.x[info.base]};
    }
    cpu_.take_abort(fault);
}

/// What does not depend on the translation.
bool InterpretedVcpu::check(u64 address, ir::MemInfo info, arm64::Access access, bool atomic) {
    constexpr unsigned kA = 1, kNoAlignedAcquire = 6;
    if (info.stack && state_.sp % 16 != 0) {
        cpu_.take_sp_alignment_fault();
        return false;
    }
    // Of accesses that must be aligned FEAT_LSE2 asks only that they lie within 16 bytes, and nAA less.
    const bool near = address % 16 + size_of(info) <= 16 || (!atomic && bit(state_.sctlr[1], kNoAlignedAcquire));
    const bool allowed = model_.has(arm64::Feature::lse2) && !bit(state_.sctlr[1], kA) && near;
    if (info.aligned && address % size_of(info) != 0 && !allowed) {
        raise(arm64::fault_status::kAlignment, address, {access, state_.el()});
        return false;
    }
    return true;
}

bool InterpretedVcpu::transfer(u64 address, ir::MemInfo info, arm64::Access access, u8* bytes, bool atomic) {
    if (!check(address, info, access, atomic)) {
        return false;
    }
    arm64::AccessType type;
    type.access = access;
    type.el = info.unprivileged ? arm64::ExceptionLevel::el0 : state_.el();
    type.pan = (state_.pstate & arm64::pstate::kPan) != 0;
    const bool write = access == arm64::Access::write;
    arm64::Translation last;
    const u64 head = std::min<u64>(size_of(info), kPage - address % kPage);
    // Faults come before anything is written.
    arm64::Translation first;
    const u64 end = head < size_of(info) ? address + head : address;
    if (!translate(address, type, first, info) || !translate(end, type, last, info)) {
        return false;
    }
    if (cpu_.check_watchpoints(address, size_of(info), type, false)) {
        return false;
    }
    if (first.device && (info.zeroes || address % size_of(info) != 0)) {
        raise(arm64::fault_status::kAlignment, address, type, info);
        return false;
    }
    const bool ram = memory_.find_page(first.physical).host != nullptr;
    // A device sees the access as it was made; RAM does not care.
    const unsigned step = ram ? 1 : std::min(size_of(info), 8u);
    for (unsigned done = 0; done < size_of(info); done += step) {
        const Gpa place = done < head ? first.physical + done : last.physical.page() + (done - head);
        u64 value = 0;
        std::memcpy(&value, bytes + done, step);
        if (!(write ? memory_.write(place, step, value) : memory_.read(place, step, value))) {
            // Of an access that crosses pages, the part that is not answered.
            raise(arm64::fault_status::kExternal, head < size_of(info) ? address + done : address, type, info);
            return false;
        }
        std::memcpy(bytes + done, &value, step);
    }
    return true;
}

bool InterpretedVcpu::load(u64 address, ir::MemInfo info, V128& value) {
    return transfer(address, info, arm64::Access::read, value.b, false);
}

bool InterpretedVcpu::store(u64 address, ir::MemInfo info, const V128& value) {
    V128 copy = value;
    return transfer(address, info, arm64::Access::write, copy.b, false);
}

bool InterpretedVcpu::load_part(u64 address, ir::MemInfo info, V128& value) {
    return transfer(address, info, arm64::Access::read, value.b, true);
}

bool InterpretedVcpu::store_part(u64 address, ir::MemInfo info, const V128& value) {
    V128 copy = value;
    return transfer(address, info, arm64::Access::write, copy.b, true);
}

bool InterpretedVcpu::load_exclusive(u64 address, ir::MemInfo info, V128& value) {
    value = V128{};
    exclusive_ = load_part(address, info, value);
    exclusive_address_ = address;
    exclusive_value_ = value;
    return exclusive_;
}

bool InterpretedVcpu::store_exclusive(u64 address, ir::MemInfo info, const V128& value, u32& failed) {
    V128 now{};
    if (!load_part(address, info, now)) {
        return false;
    }
    failed = !exclusive_ || exclusive_address_ != address || !(now == exclusive_value_);
    exclusive_ = false;
    return failed != 0 || store_part(address, info, value);
}

bool InterpretedVcpu::atomic_rmw(u64 address, ir::MemInfo info, ir::AtomicKind kind, u64 operand, u64& old) {
    V128 value{};
    if (!load_part(address, info, value)) {
        return false;
    }
    old = value.d[0];
    return store_part(address, info, v128(testing::combine(kind, old, operand, 8u << info.size_log2)));
}

bool InterpretedVcpu::compare_and_swap(u64 address, ir::MemInfo info, const V128& expected, const V128& desired,
                                       V128& old) {
    old = V128{};
    // Where it may not store it faults, even if it would not have stored.
    return load_part(address, info, old) && store_part(address, info, old == expected ? desired : old);
}

}  // namespace kelvin::isa
