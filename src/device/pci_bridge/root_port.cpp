// SPDX-License-Identifier: Apache-2.0
#include "device/pci_bridge/root_port.h"

#include <fmt/format.h>

#include <utility>

#include "bus/pci/config_registers.h"
#include "bus/pci/express_registers.h"
#include "bus/pci/host_bridge.h"

namespace kelvin::device {

namespace pci = bus::pci;
namespace express = bus::pci::express;

namespace {

/// QEMU's generic port.
constexpr pci::Identity kIdentity = {.vendor = 0x1b36, .device = 0x000c};
constexpr unsigned kMsixBar = 0;
constexpr unsigned kPortNumberShift = 24;

}  // namespace

Result<std::unique_ptr<RootPort>> RootPort::create(const Options& options, const bus::Surroundings& surroundings) {
    if (options.slot.value_or(0) > express::kMaxSlotNumber) {
        return user_error(
            fmt::format("slot={} is too large: slots are numbered up to {}", *options.slot, express::kMaxSlotNumber));
    }
    return std::make_unique<RootPort>(options, surroundings.id);
}

RootPort::RootPort(const Options& options, std::string name)
    : Bridge(options.function, kIdentity),
      number_(options.slot),
      slot_(space(), add_express(space(), options.port), options.hotplug),
      bus_(*this) {
    add_interrupt_pin();
    add_msix(kMsixBar, 1);
    bus_.set_name(std::move(name));
}

RootPort::~RootPort() = default;

u32 RootPort::add_express(pci::ConfigSpace& config, u8 port) {
    const u32 at = config.add_capability(pci::reg::capability::kExpress, express::kSize);
    config.define<u16>(at + express::kFlags,
                       static_cast<u16>(express::kVersion2 | express::kRootPort | express::kSlotImplemented));
    config.define<u32>(at + express::kDeviceCapabilities, express::kRoleBasedErrors);
    config.define<u16>(at + express::kDeviceControl, express::kDeviceControlReset,
                       static_cast<u16>(express::kDeviceControlWritable & ~express::kInitiateReset));
    config.define<u16>(at + express::kDeviceStatus, 0, 0, express::kDeviceStatusErrors);
    config.define<u16>(at + express::kRootControl, 0, express::kRootControlWritable);
    config.define<u32>(at + express::kLinkCapabilities,
                       express::kLinkX1 | express::kReportsLinkActive | u32{port} << kPortNumberShift);
    return at;
}

/// Slots need numbers that differ, and so do places on the root bus.
void RootPort::placed(pci::Devfn devfn) {
    slot_.set_number(number_.value_or(devfn.value));
}

bool RootPort::has_card() const {
    return bus_.find({}) != nullptr;
}

/// While no vCPU runs. What the guest was asked to let go of it has let go of by starting anew.
void RootPort::reset() {
    Bridge::reset();
    pending_ = false;
    if (leaving_ != nullptr) {
        release_card();
        slot_.begin_with(false);
    } else {
        slot_.begin_with(has_card());
    }
}

bool RootPort::config_written(u32 offset, unsigned size) {
    const bool was_up = slot_.link_up();
    bool mapping = Bridge::config_written(offset, size);
    slot_.written(offset, size);
    if (was_up != slot_.link_up()) {
        mapping = true;
        reset_secondary();  // what is without power or link begins anew
    }
    if (leaving_ != nullptr && slot_.is_off()) {
        release_card();
        slot_.remove();
    }
    interrupt();
    return mapping;
}

void RootPort::release_card() {
    bus::DetachObserver& observer = *std::exchange(leaving_, nullptr);
    for (const auto& [devfn, function] : bus_.functions()) {
        observer.device_released(*function);
    }
}

/// 6.7.3.4: a message at each change from nothing to something, or a level.
void RootPort::interrupt() {
    const bool before = std::exchange(pending_, slot_.interrupt_pending());
    if (msix_enabled()) {
        set_intx(false);
        if (pending_ && !before) {
            raise(0);
        }
    } else {
        set_intx(pending_);
    }
}

Result<> RootPort::PortBus::accept(const pci::Function& function, bool hot) const {
    if (dynamic_cast<const Bridge*>(&function) != nullptr) {
        return user_error(fmt::format("bus '{}' is behind a port, where no other port can be", name()),
                          "use bus=pcie.0");
    }
    if (hot && !port_.slot_.hot_plug()) {
        return user_error(
            fmt::format("bus '{}' takes no device while the machine runs: its port has hotplug=off", name()),
            "start the machine without hotplug=off");
    }
    return ok();
}

/// The card is there when function 0 is; others may come before it, unseen.
void RootPort::PortBus::plugged(pci::Function&, bool hot) {
    if (port_.slot_.is_occupied() || !port_.has_card()) {
        return;
    }
    if (hot) {
        port_.slot_.insert();
        port_.interrupt();
    } else {
        port_.slot_.begin_with(true);
    }
}

void RootPort::PortBus::unplugged(pci::Function&) {
    if (port_.slot_.is_occupied() && !port_.has_card()) {
        port_.leaving_ = nullptr;
        port_.slot_.remove();
        port_.interrupt();
    }
}

Result<> RootPort::PortBus::request_detach(bus::Device&, bus::DetachObserver& observer) {
    if (!port_.slot_.hot_plug()) {
        return user_error(fmt::format("nothing can be taken out of bus '{}': its port has hotplug=off", name()));
    }
    Result<> outcome = ok();
    host().with_configuration([&] { outcome = ask_guest(observer); });
    return outcome;
}

Result<> RootPort::PortBus::ask_guest(bus::DetachObserver& observer) {
    Slot& slot = port_.slot_;
    if (slot.is_busy()) {
        return user_error(fmt::format("the guest is at work on bus '{}': the slot's power indicator blinks", name()),
                          "wait for the device's end, or try again in five seconds");
    }
    port_.leaving_ = &observer;
    if (slot.is_off()) {
        port_.release_card();
        slot.remove();
    } else {
        slot.press_button();
    }
    port_.interrupt();
    return ok();
}

Result<state::Json> RootPort::save() {
    if (leaving_ != nullptr) {
        return user_error(fmt::format(": the guest has been asked to let go of what is on bus '{}'", bus_.name()),
                          "wait until it has, or reset the machine");
    }
    return save_function();
}

/// The card is there or not by what this machine is made of.
void RootPort::config_loaded() {
    Bridge::config_loaded();
    leaving_ = nullptr;
    slot_.loaded(has_card());
    pending_ = slot_.interrupt_pending();
}

}  // namespace kelvin::device
