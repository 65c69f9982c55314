// SPDX-License-Identifier: Apache-2.0
// A machine that a debugger looks at from outside.
#include "base/assert.h"
#include "vm/vm.h"

namespace kelvin::vm {

void Vm::set_debug_observer(DebugObserver* observer) {
    debug_observer_ = observer;
    if (observer == nullptr) {
        const bool running = running_;
        stop_cpus();
        debug_points_ = {};
        clear_debug_orders();
        if (running) {
            allow_cpus();
        }
    }
}

void Vm::resume_debugged(const accel::DebugPoints& points, std::span<const DebugAction> actions) {
    KELVIN_ASSERT(!running_ && actions.size() == cpus_.size());
    debug_points_ = points;
    if (off_) {
        return;
    }
    held_.assign(cpus_.size(), false);
    for (unsigned index = 0; index < cpus_.size(); index++) {
        const DebugAction& action = actions[index];
        held_[index] = !action.run;
        cpu(index).set_debug_orders({points, action.step, action.step_interrupts, action.pass_watchpoints});
    }
    running_ = true;
    go_on_after_disk();
    allow_cpus();
}

/// All run, and stop at the points only.
void Vm::clear_debug_orders() {
    held_.clear();
    for (const auto& cpu : cpus_) {
        cpu->vcpu().set_debug_orders({.points = debug_points_});
    }
}

void Vm::cpu_stopped_itself() {
    loop_.post(call_method<&Vm::notice_stopped_cpu, Vm>, this);
}

/// One is told of. What others have come to, nothing of which has happened yet, they come to again.
void Vm::notice_stopped_cpu() {
    for (unsigned index = 0; running_ && index < cpus_.size(); index++) {
        if (cpus_[index]->has_stopped_itself()) {
            running_ = false;
            stop_cpus();
            if (debug_observer_ != nullptr) {
                debug_observer_->cpu_stopped(index, cpu(index).debug_event());
            }
        }
    }
}

}  // namespace kelvin::vm
