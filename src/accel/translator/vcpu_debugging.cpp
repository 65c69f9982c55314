// SPDX-License-Identifier: Apache-2.0
// A vCPU that a debugger looks at from outside of the machine.
#include "accel/translator/vcpu.h"

namespace kelvin::translator {

void TranslatorVcpu::set_debug_orders(const accel::DebugOrders& orders) {
    const bool wanted = orders.step || orders.pass_watchpoints || !orders.points.empty();
    if (!wanted && debugging_ == nullptr) {
        return;
    }
    const accel::DebugPoints before = debugging_ == nullptr ? accel::DebugPoints{} : debugging_->orders().points;
    debugging_ = wanted ? std::make_unique<Debugging>(orders) : nullptr;
    if (before.watchpoints != orders.points.watchpoints) {
        spaces_.flush_all();
    }
    // Who is alone must not go on by what is known of the next.
    if (orders.step || orders.pass_watchpoints || before.breakpoints != orders.points.breakpoints) {
        spaces_.flush_jumps();
    }
    // A wait may end at any time (ARM ARM D1.6), and a step must.
    waiting_ = waiting_ && !orders.step;
}

const accel::DebugEvent& TranslatorVcpu::debug_event() const {
    static constexpr accel::DebugEvent kNone;
    return debugging_ == nullptr ? kNone : debugging_->event();
}

const u8* TranslatorVcpu::debugged_code_for(CodeSource& source, const FetchEntry& entry) {
    source.mode.bits |= arm64::Mode::kDebugged;
    return code_for(source, entry, 0);
}

bool TranslatorVcpu::is_page_watched(u64 address) {
    return cpu_.is_page_watched(address) ||
           (debugging_ != nullptr &&
            debugging_->is_page_watched(arm64::canonical_address(spaces_.regime(cpu_), address, false)));
}

bool TranslatorVcpu::stops_for_debugger(u64 address, unsigned size, bool reads, bool writes) {
    if (debugging_ == nullptr) {
        return false;
    }
    const u64 canonical = arm64::canonical_address(spaces_.regime(cpu_), address, false);
    if (!debugging_->stops_access(canonical, size, reads, writes)) {
        return false;
    }
    if (instructions_ != nullptr) {
        runtime().budget.unexecuted++;
    }
    return true;
}

}  // namespace kelvin::translator
