// SPDX-License-Identifier: Apache-2.0
#include "bus/isa/isa_bus.h"

#include <fmt/format.h>

#include <algorithm>

namespace kelvin::bus::isa {

IsaBus::IsaBus(std::string name, memory::PortMap& ports, std::span<const Wire> interrupts) : Bus("ISA"), ports_(ports) {
    KELVIN_ASSERT(interrupts.size() == kInterrupts);
    std::ranges::copy(interrupts, interrupts_.begin());
    set_name(std::move(name));
}

Result<> IsaBus::check_interrupt(Device& device, unsigned interrupt) const {
    if (interrupt >= kInterrupts) {
        return user_error(fmt::format("{}: there is no interrupt {}", device.title(), interrupt),
                          fmt::format("irq= goes from 0 to {}", kInterrupts - 1));
    }
    const std::string& owner = owners_[interrupt];
    return owner.empty() ? ok()
                         : user_error(fmt::format("{}: interrupt {} is {}'s", device.title(), interrupt, owner),
                                      "each device of an ISA bus has an interrupt of its own: irq=N");
}

Result<> IsaBus::attach(bus::Device& plugged, bool hot) {
    Device& device = static_cast<Device&>(plugged);
    if (hot) {
        return user_error("an ISA bus has its devices from the beginning",
                          fmt::format("start the machine with -device {}", device.title()));
    }
    const std::optional<unsigned> interrupt = device.interrupt();
    if (interrupt) {
        KELVIN_TRY(check_interrupt(device, *interrupt));
    }
    const Ports ports = device.ports();
    KELVIN_TRY(
        ports_.add(device.base(), ports.count, *ports.handler, std::string(device.title()), memory::Locking::handler));
    if (interrupt) {
        owners_[*interrupt] = device.title();
        device.pin().connect(interrupts_[*interrupt]);
    }
    return ok();
}

void IsaBus::detach(bus::Device& plugged) {
    Device& device = static_cast<Device&>(plugged);
    ports_.remove(*device.ports().handler);
    if (const std::optional<unsigned> interrupt = device.interrupt()) {
        device.pin().connect(Wire());
        owners_[*interrupt].clear();
    }
}

Result<> IsaBus::request_detach(bus::Device& /*device*/, DetachObserver& /*observer*/) {
    return user_error("devices of an ISA bus stay as long as the machine");
}

std::string IsaBus::place_of(const bus::Device& device) const {
    return fmt::format("iobase {:#x}", static_cast<const Device&>(device).base());
}

}  // namespace kelvin::bus::isa
