// SPDX-License-Identifier: Apache-2.0
#include "device/chipset/south_bridge.h"

#include <array>

#include "base/bits.h"

namespace kelvin::device {

namespace {

using bus::pci::FunctionOptions;
using bus::pci::Identity;

constexpr u16 kIntel = 0x8086;
constexpr u16 kRedHat = 0x1af4;
constexpr u16 kQemu = 0x1100;
constexpr u32 kIsaBridge = 0x060100;
constexpr u32 kOtherBridge = 0x068000;

// Configuration space. The two kinds of chips have the routes of A to D at one place.
constexpr u32 kRoutes = 0x60;
constexpr u32 kMoreRoutes = 0x68;  // ICH9's E to H
constexpr u8 kRouteBits = 0x8f;
constexpr u32 kPowerBase = 0x40;
constexpr u32 kIch9AcpiControl = 0x44;
constexpr u8 kAcpiEnable = 0x80;
constexpr u8 kAcpiInterrupt = 7;  // which, but only 9 (0) is wired
constexpr u32 kIch9PowerBits = 0xff80;
constexpr u32 kPiix4PowerBits = 0xffc0;
constexpr u32 kPiix4Enable = 0x80;
constexpr u32 kPiix4DeviceActivity = 0x58;
constexpr u32 kPortBar = 1;

// Behind PMBASE of ICH9 (13.8.3.7). APM_EN: there is no system management mode, and with this bit set firmware finds
// that it has been seen to.
constexpr u64 kManagementEnable = 0x30;
constexpr u32 kApmEnable = 1 << 5;
constexpr u32 kPiix4ApmEnable = 1U << 25;

Identity bridge(u16 device, u32 class_code, u8 revision = 0) {
    return {.vendor = kIntel,
            .device = device,
            .revision = revision,
            .class_code = class_code,
            .subsystem_vendor = kRedHat,
            .subsystem = kQemu};
}

FunctionOptions at(u8 devfn, bool multifunction) {
    FunctionOptions options;
    options.addr = bus::pci::Devfn{devfn};
    options.multifunction = multifunction;
    return options;
}

bool touches(u32 offset, unsigned size, u32 first, u32 bytes) {
    return offset < first + bytes && first < offset + size;
}

}  // namespace

/// Null: nothing of ACPI's is there.
memory::MmioHandler* PowerPorts::handler_of(u64& offset, unsigned size) const {
    if (offset + size <= PowerManagement::kBlockSize && offset < events_at_) {
        return &power_.block();
    }
    if (offset >= events_at_ && offset + size <= events_at_ + 2 * power_.event_bytes()) {
        offset -= events_at_;
        return &power_.event_block();
    }
    return nullptr;
}

u64 PowerPorts::read(u64 offset, unsigned size) {
    if (offset >= kManagementEnable && offset < kManagementEnable + 4) {
        return kApmEnable >> (offset - kManagementEnable) * 8 & low_mask(size * 8);
    }
    memory::MmioHandler* const handler = handler_of(offset, size);
    return handler != nullptr ? handler->read(offset, size) : 0;
}

void PowerPorts::write(u64 offset, unsigned size, u64 value) {
    if (memory::MmioHandler* const handler = handler_of(offset, size)) {
        handler->write(offset, size, value);
    }
}

memory::MmioHandler* MovablePorts::find(u64& port) const {
    const u16 base = base_.load(std::memory_order_relaxed);
    if (base == 0 || port - base >= size_) {
        return nullptr;
    }
    port -= base;
    return &handler_;
}

Ich9Lpc::Ich9Lpc(PirqRouter& router, MovablePorts& power)
    : Function(at(kDevfn, true), bridge(0x2918, kIsaBridge, 2)), router_(router), power_(power) {
    space().define<u32>(kPowerBase, kPortBar, kIch9PowerBits);
    space().define<u8>(kIch9AcpiControl, 0, kAcpiEnable | kAcpiInterrupt);
    for (u32 number = 0; number < kInterrupts; ++number) {
        space().define<u8>((number < 4 ? kRoutes : kMoreRoutes - 4) + number, PirqRouter::kOff, kRouteBits);
    }
    apply();
}

void Ich9Lpc::reset() {
    Function::reset();
    apply();
}

void Ich9Lpc::set_up(u16 power_base, std::span<const u8> routes) {
    space().set<u32>(kPowerBase, power_base | kPortBar);
    space().set<u8>(kIch9AcpiControl, kAcpiEnable);
    for (u32 number = 0; number < kInterrupts; ++number) {
        space().set<u8>((number < 4 ? kRoutes : kMoreRoutes - 4) + number, routes[number % routes.size()]);
    }
    apply();
}

bool Ich9Lpc::config_written(u32 offset, unsigned size) {
    if (touches(offset, size, kPowerBase, kMoreRoutes + 4 - kPowerBase)) {
        apply();
    }
    return false;
}

void Ich9Lpc::apply() {
    for (u32 number = 0; number < kInterrupts; ++number) {
        router_.set_route(number, config().get<u8>((number < 4 ? kRoutes : kMoreRoutes - 4) + number));
    }
    const bool enabled = (config().get<u8>(kIch9AcpiControl) & kAcpiEnable) != 0;
    power_.place(enabled ? static_cast<u16>(config().get<u32>(kPowerBase) & kIch9PowerBits) : u16{0});
}

Piix3Isa::Piix3Isa(PirqRouter& router) : Function(at(kDevfn, true), bridge(0x7000, kIsaBridge)), router_(router) {
    for (u32 number = 0; number < kInterrupts; ++number) {
        space().define<u8>(kRoutes + number, PirqRouter::kOff, kRouteBits);
    }
    apply();
}

void Piix3Isa::reset() {
    Function::reset();
    apply();
}

void Piix3Isa::set_up(std::span<const u8> routes) {
    for (u32 number = 0; number < kInterrupts; ++number) {
        space().set<u8>(kRoutes + number, routes[number % routes.size()]);
    }
    apply();
}

bool Piix3Isa::config_written(u32 offset, unsigned size) {
    if (touches(offset, size, kRoutes, kInterrupts)) {
        apply();
    }
    return false;
}

void Piix3Isa::apply() {
    for (u32 number = 0; number < kInterrupts; ++number) {
        router_.set_route(number, config().get<u8>(kRoutes + number));
    }
}

Piix4Power::Piix4Power(MovablePorts& power)
    : Function(at(kDevfn, false), bridge(0x7113, kOtherBridge, 3)), power_(power) {
    add_interrupt_pin();
    space().define<u32>(kPowerBase, kPortBar, kPiix4PowerBits);
    space().define<u8>(kPiix4Enable, 0, 1);
    space().define<u32>(kPiix4DeviceActivity, kPiix4ApmEnable);
    apply();
}

void Piix4Power::reset() {
    Function::reset();
    apply();
}

void Piix4Power::set_up(u16 power_base) {
    space().set<u32>(kPowerBase, power_base | kPortBar);
    space().set<u8>(kPiix4Enable, 1);
    apply();
}

bool Piix4Power::config_written(u32 offset, unsigned size) {
    if (touches(offset, size, kPowerBase, 4) || touches(offset, size, kPiix4Enable, 1)) {
        apply();
    }
    return false;
}

void Piix4Power::apply() {
    const bool enabled = (config().get<u8>(kPiix4Enable) & 1) != 0;
    power_.place(enabled ? static_cast<u16>(config().get<u32>(kPowerBase) & kPiix4PowerBits) : u16{0});
}

}  // namespace kelvin::device
