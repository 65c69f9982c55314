// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/registers_pmu.h"

#include "base/bits.h"
#include "cpu/arm64/cpu.h"
#include "cpu/arm64/pmu.h"

namespace kelvin::arm64::pmu_registers {
namespace {

// PMUSERENR_EL0: what EL0 may do.
constexpr u64 kAll = 1, kIncrement = 2, kReadCycles = 4, kReadEvents = 8;

constexpr u16 kControl = system_register_encoding(3, 3, 9, 12, 0);
constexpr u64 kCycleCounter = 31;  // in PMSELR_EL0

AccessVerdict allowed_by(Cpu& cpu, u64 any_of) {
    const bool allowed = cpu.state().el() != ExceptionLevel::el0 || (cpu.state().pmuserenr & any_of) != 0;
    return allowed ? AccessVerdict::allowed : AccessVerdict::trapped;
}

/// Set and clear registers come in pairs: CRm and op2 say of what.
enum class Pair { enabled, overflowed, interrupts };
Pair pair_of(u16 encoding) {
    if (bits(encoding, 13, 11) == 0) {
        return Pair::interrupts;
    }
    return (encoding & 7) == 3 ? Pair::overflowed : Pair::enabled;
}

void change(Cpu& cpu, u64 value, u16 encoding, bool set) {
    switch (pair_of(encoding)) {
        case Pair::enabled:
            return cpu.pmu().change_enabled(value, set);
        case Pair::overflowed:
            return cpu.pmu().change_overflowed(value, set);
        case Pair::interrupts:
            return cpu.pmu().change_interrupts_enabled(value, set);
    }
}

}  // namespace

u64 read(Cpu& cpu, u16 encoding) {
    return encoding == kControl ? cpu.pmu().control() : cpu.pmu().cycles();
}

void write(Cpu& cpu, u64 value, u16 encoding) {
    encoding == kControl ? cpu.pmu().set_control(value) : cpu.pmu().set_cycles(value);
}

u64 read_set(Cpu& cpu, u16 encoding) {
    switch (pair_of(encoding)) {
        case Pair::enabled:
            return cpu.pmu().enabled();
        case Pair::overflowed:
            return cpu.pmu().overflowed();
        default:
            return cpu.pmu().interrupts_enabled();
    }
}

void write_set(Cpu& cpu, u64 value, u16 encoding) {
    change(cpu, value, encoding, true);
}
void write_clear(Cpu& cpu, u64 value, u16 encoding) {
    change(cpu, value, encoding, false);
}

u64 read_selected_type(Cpu& cpu, u16) {
    return cpu.state().pmselr == kCycleCounter ? cpu.state().pmccfiltr : 0;
}

void write_selected_type(Cpu& cpu, u64 value, u16) {
    if (cpu.state().pmselr == kCycleCounter) {
        cpu.state().pmccfiltr = value & kFilterBits;
    }
}

AccessVerdict guard(Cpu& cpu, bool) {
    return allowed_by(cpu, kAll);
}
AccessVerdict guard_increment(Cpu& cpu, bool) {
    return allowed_by(cpu, kAll | kIncrement);
}
AccessVerdict guard_cycles(Cpu& cpu, bool write) {
    return allowed_by(cpu, write ? kAll : kAll | kReadCycles);
}
AccessVerdict guard_selection(Cpu& cpu, bool) {
    return allowed_by(cpu, kAll | kReadEvents);
}
AccessVerdict guard_event(Cpu& cpu, bool write) {
    return allowed_by(cpu, write ? kAll : kAll | kReadEvents);
}

}  // namespace kelvin::arm64::pmu_registers
