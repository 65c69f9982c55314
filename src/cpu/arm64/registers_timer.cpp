// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/registers_timer.h"

#include "base/bits.h"
#include "cpu/arm64/cpu.h"
#include "cpu/arm64/generic_timer.h"

namespace kelvin::arm64::timer_registers {
namespace {

// CNTKCTL_EL1: what EL0 may access.
constexpr u64 kPhysicalCounter = 1u << 0, kVirtualCounter = 1u << 1, kVirtualTimer = 1u << 8, kPhysicalTimer = 1u << 9;

AccessVerdict guard(Cpu& cpu, u64 any_of) {
    const bool allowed = cpu.state().el() != ExceptionLevel::el0 || (cpu.state().cntkctl & any_of) != 0;
    return allowed ? AccessVerdict::allowed : AccessVerdict::trapped;
}

CompareTimer& timer_of(Cpu& cpu, u16 encoding) {
    return bits(encoding, 6, 3) == 2 ? cpu.timers().physical_timer : cpu.timers().virtual_timer;
}

enum : u64 { kTimerValue, kControl, kCompareValue };  // by op2

}  // namespace

u64 frequency(const Model& model) {
    return model.id.cntfrq;
}

u64 read_counter(Cpu& cpu, u16) {
    return cpu.counter();
}

u64 read_timer(Cpu& cpu, u16 encoding) {
    const CompareTimer& timer = timer_of(cpu, encoding);
    switch (encoding & 7) {
        case kTimerValue:
            return timer.timer_value();
        case kControl:
            return timer.control();
        default:
            return timer.compare_value();
    }
}

void write_timer(Cpu& cpu, u64 value, u16 encoding) {
    CompareTimer& timer = timer_of(cpu, encoding);
    switch (encoding & 7) {
        case kTimerValue:
            return timer.set_timer_value(value);
        case kControl:
            return timer.set_control(value);
        default:
            return timer.set_compare_value(value);
    }
}

AccessVerdict guard_frequency(Cpu& cpu, bool) {
    return guard(cpu, kPhysicalCounter | kVirtualCounter);
}
AccessVerdict guard_physical_counter(Cpu& cpu, bool) {
    return guard(cpu, kPhysicalCounter);
}
AccessVerdict guard_virtual_counter(Cpu& cpu, bool) {
    return guard(cpu, kVirtualCounter);
}
AccessVerdict guard_physical_timer(Cpu& cpu, bool) {
    return guard(cpu, kPhysicalTimer);
}
AccessVerdict guard_virtual_timer(Cpu& cpu, bool) {
    return guard(cpu, kVirtualTimer);
}

}  // namespace kelvin::arm64::timer_registers
