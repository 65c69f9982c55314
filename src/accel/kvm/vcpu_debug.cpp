// SPDX-License-Identifier: Apache-2.0
// A vCPU whose registers are read and changed, and which stops for a debugger (Linux, Documentation/virt/kvm/api.rst,
// 4.87).
#include <algorithm>

#include "accel/kvm/state.h"
#include "accel/kvm/vcpu.h"

namespace kelvin::kvm {

Result<x86::State> KvmVcpu::read_state() const {
    return kvm::read_state(fd_);
}

Result<> KvmVcpu::write_state(const x86::State& state) {
    is_changed_ = true;
    return kvm::write_state(fd_, state);
}

/// The kernel is told while a debugger wants something, and once afterwards.
void KvmVcpu::set_debug_orders(const accel::DebugOrders& orders) {
    const bool wants = orders.step || !orders.points.empty();
    if (!wants && !is_debugged_) {
        return;
    }
    orders_ = orders;
    debug_registers_ = DebugRegisters(orders);
    kvm_guest_debug debug{};
    if (wants) {
        debug.control = KVM_GUESTDBG_ENABLE;
        if (orders.step || !debug_registers_.all_fit()) {
            debug.control |= KVM_GUESTDBG_SINGLESTEP;
        }
        const unsigned known = static_cast<unsigned>(machine_.host().extension(KVM_CAP_SET_GUEST_DEBUG2));
        if (orders.step && !orders.step_interrupts) {
            debug.control |= known & KVM_GUESTDBG_BLOCKIRQ;
        }
        if (!debug_registers_.empty()) {
            debug.control |= KVM_GUESTDBG_USE_HW_BP;
            std::ranges::copy(debug_registers_.addresses(), std::begin(debug.arch.debugreg));
            debug.arch.debugreg[7] = debug_registers_.control();
        }
    }
    const int result = call(fd_, KVM_SET_GUEST_DEBUG, &debug);
    is_debugged_ = wants && result >= 0;
    if (result < 0) {
        ports_.board->processor_failed(index_, host_error("KVM: cannot do what the debugger wants", -result));
    }
}

/// A step that nobody has asked for looks for the breakpoints that have no register.
void KvmVcpu::stop_for_debugger() {
    using Kind = accel::DebugEvent::Kind;
    const auto& debug = run_->debug.arch;
    if (const auto event = debug_registers_.event(debug.dr6)) {
        debug_event_ = *event;
    } else if (orders_.step) {
        debug_event_ = {.kind = Kind::step, .address = 0, .watched = {}};
    } else if (std::ranges::binary_search(orders_.points.breakpoints, debug.pc)) {
        debug_event_ = {.kind = Kind::breakpoint, .address = 0, .watched = {}};
    } else {
        return;
    }
    stopped_for_debugger_ = true;
}

}  // namespace kelvin::kvm
