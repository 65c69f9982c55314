// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "device/virtio_console/virtio_console.h"

namespace kelvin::device {

Result<u32> SerialBus::choose_number(const SerialPort& port) const {
    // Drivers without PORT_ADD and its kin have port 0 only, and for them it is a console (5.3.5).
    const u32 first = port.is_console() ? 0 : 1;
    if (const auto wanted = port.wanted_number()) {
        if (*wanted >= most_ports_) {
            return user_error(fmt::format("nr={}: bus '{}' has ports 0 to {}", *wanted, name(), most_ports_ - 1),
                              "give its device a larger max_ports");
        }
        if (*wanted < first) {
            return user_error("port 0 is for a virtconsole", "leave nr out: a free port is taken then");
        }
        if (ports_.contains(*wanted)) {
            return user_error(fmt::format("port {} of bus '{}' is taken", *wanted, name()),
                              "leave nr out: a free one is taken then");
        }
        return *wanted;
    }
    for (u32 number = first; number < most_ports_; ++number) {
        if (!ports_.contains(number)) {
            return number;
        }
    }
    return user_error(fmt::format("bus '{}' has no port left", name()), "give its device a larger max_ports");
}

Result<> SerialBus::attach(bus::Device& device, bool) {
    auto* const port = dynamic_cast<SerialPort*>(&device);
    KELVIN_ASSERT(port != nullptr);
    const u32 number = KELVIN_TRY(choose_number(*port));
    ports_[number] = port;
    io_.call([&] { holder_.plug(number, *port); });
    return ok();
}

u32 SerialBus::number_of(const bus::Device& device) const {
    const auto found = std::ranges::find_if(ports_, [&](const auto& each) { return each.second == &device; });
    KELVIN_ASSERT(found != ports_.end());
    return found->first;
}

void SerialBus::detach(bus::Device& device) {
    const u32 number = number_of(device);
    io_.call([&] { holder_.unplug(number); });
    ports_.erase(number);
}

Result<> SerialBus::request_detach(bus::Device& device, bus::DetachObserver& observer) {
    observer.device_released(device);
    return ok();
}

std::string SerialBus::place_of(const bus::Device& device) const {
    return fmt::format("port {}", number_of(device));
}

}  // namespace kelvin::device
