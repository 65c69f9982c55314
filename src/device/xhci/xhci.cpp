// SPDX-License-Identifier: Apache-2.0
// What the controller is, its bus, and what is saved of it.
#include "device/xhci/xhci.h"

#include <fmt/format.h>

#include <algorithm>

#include "state/saved_state.h"

namespace kelvin::device {

using namespace xhci;

namespace {

constexpr bus::pci::Identity kIdentity = {.vendor = 0x1b36,
                                          .device = 0x000d,
                                          .revision = 1,
                                          .class_code = 0x0c0330,
                                          .subsystem_vendor = 0x1af4,
                                          .subsystem = 0x1100};
constexpr unsigned kMessageBar = 2;
/// SBRN (5.2.3): USB 3.0.
constexpr u32 kReleaseAt = 0x60;
constexpr u8 kRelease = 0x30;

}  // namespace

unsigned XhciBus::free_port() const {
    const auto* const found = std::ranges::find(places_, nullptr);
    return found == places_.end() ? 0 : static_cast<unsigned>(found - places_.begin()) + 1;
}

unsigned XhciBus::port_of(const bus::Device& device) const {
    const auto* const found = std::ranges::find(places_, &device);
    KELVIN_ASSERT(found != places_.end());
    return static_cast<unsigned>(found - places_.begin()) + 1;
}

Result<> XhciBus::attach(bus::Device& device, bool) {
    auto* const added = dynamic_cast<bus::usb::Function*>(&device);
    KELVIN_ASSERT(added != nullptr);
    const unsigned port = added->wanted_port().value_or(free_port());
    if (added->wanted_port() && (port == 0 || port > kPorts2)) {
        return user_error(fmt::format("bus '{}' has no port {} for such a device", name(), port),
                          fmt::format("its ports go from 1 to {}", kPorts2));
    }
    if (port == 0) {
        return user_error(fmt::format("bus '{}' is full", name()));
    }
    if (places_.at(port - 1) != nullptr) {
        return user_error(fmt::format("port {} of bus '{}' is taken", port, name()),
                          "leave port out: a free one is taken then");
    }
    places_.at(port - 1) = added;
    io_.call([&] { xhci_.plug_in(port - 1, *added); });
    return ok();
}

void XhciBus::detach(bus::Device& device) {
    const unsigned port = port_of(device);
    io_.call([&] { xhci_.pull_out(port - 1); });
    places_.at(port - 1) = nullptr;
}

/// Cables are pulled: USB asks nobody.
Result<> XhciBus::request_detach(bus::Device& device, bus::DetachObserver& observer) {
    observer.device_released(device);
    return ok();
}

std::string XhciBus::place_of(const bus::Device& device) const {
    return fmt::format("port {}", port_of(device));
}

Result<std::unique_ptr<Xhci>> Xhci::create(const Options& options, const bus::Surroundings& surroundings) {
    const std::string name = surroundings.id.empty() ? "usb-bus.0" : surroundings.id + ".0";
    return std::make_unique<Xhci>(options, surroundings.io, surroundings.timers, surroundings.dma, name);
}

Xhci::Xhci(const Options& options, EventLoop& io, TimerService& timers, const memory::Dma& dma, const std::string& name)
    : Function(options.function, kIdentity), io_(io), timers_(timers), dma_(dma), bus_(io, *this) {
    add_interrupt_pin();
    add_bar(0, bus::pci::Bar::Kind::memory64, kSize, *this);
    add_msix(kMessageBar, kInterrupters);
    add_express_endpoint();
    space().define<u8>(kReleaseAt, kRelease);
    bus_.set_name(name);
    for (unsigned number = 0; number < kPorts2; ++number) {
        places_.at(number).xhci = this;
        places_.at(number).number = number;
    }
    reset_locked();
}

Xhci::~Xhci() {
    io_.cancel(this);
}

void Xhci::Place::ready(unsigned endpoint) {
    has |= 1U << endpoint;
    xhci->io_.post(call_method<&Xhci::run, Xhci>, xhci);
}

void Xhci::plug_in(unsigned number, bus::usb::Function& device) {
    Place& place = places_.at(number);
    place.device = &device;
    place.has = 0;
    device.set_host(&place);
    const std::lock_guard lock(lock_);
    u32& port = registers_.ports.at(number);
    port = (port & (port::kChanges | port::kWakes)) | port::kPower | port::kConnected |
           port::kLinkPolling << port::kLinkAt | static_cast<u32>(device.speed()) << port::kSpeedAt;
    port_changed(number, port::kConnectChange);
}

void Xhci::pull_out(unsigned number) {
    Place& place = places_.at(number);
    place.device->set_host(nullptr);
    place.device = nullptr;
    const std::lock_guard lock(lock_);
    u32& port = registers_.ports.at(number);
    port = (port & (port::kChanges | port::kWakes)) | port::kPower | port::kLinkNothing << port::kLinkAt;
    wants_reset_.at(number) = false;
    port_changed(number, port::kConnectChange);
    // What waits for the device fails.
    for (Slot& slot : registers_.slots) {
        if (slot.enabled && slot.port == number + 1) {
            slot.rung = ~u32{1};
        }
    }
    schedule();
}

/// To power-on; ports find again what is plugged in.
void Xhci::reset_locked() {
    registers_ = {};
    wants_reset_ = {};
    for (unsigned number = 0; number < kPorts; ++number) {
        u32& port = registers_.ports.at(number);
        const bus::usb::Function* const device = number < kPorts2 ? places_.at(number).device : nullptr;
        port = port::kPower | port::kLinkNothing << port::kLinkAt;
        if (device != nullptr) {
            port = port::kPower | port::kConnected | port::kConnectChange | port::kLinkPolling << port::kLinkAt |
                   static_cast<u32>(device->speed()) << port::kSpeedAt;
        }
    }
    update_line();
}

void Xhci::reset() {
    io_.call([this] {
        const std::lock_guard lock(lock_);
        reset_locked();
    });
    Function::reset();
}

Result<> Xhci::Slot::check() const {
    const bool sound = port <= kPorts2 && context % 64 == 0 && (enabled || (port == 0 && rung == 0)) &&
                       std::ranges::all_of(endpoints, [](const Endpoint& endpoint) {
                           return endpoint.state <= static_cast<u8>(EndpointState::error) && endpoint.ring.at % 16 == 0;
                       });
    return sound ? ok() : Result<>(user_error("a slot cannot be so"));
}

Result<> Xhci::Interrupter::check() const {
    const bool sound = management <= 3 && table % 64 == 0 && segment % 64 == 0 && segment_size <= 4096 &&
                       (segment_size == 0 ? next == 0 : segment_size >= 16 && next < segment_size);
    return sound ? ok() : Result<>(user_error("an interrupter cannot be so"));
}

Result<> Xhci::Registers::check() const {
    const bool sound = (command & ~command::kStored) == 0 && (status & ~(status::kHalted | status::kClearable)) == 0 &&
                       ((command & command::kRun) == 0) == ((status & status::kHalted) != 0) && contexts % 64 == 0 &&
                       commands.at % 16 == 0 && configure <= 0xff;
    return sound ? ok() : Result<>(user_error("these are values that the controller's registers cannot have"));
}

Result<state::Json> Xhci::save() {
    const std::lock_guard lock(lock_);
    reset_ports();  // none is left half done
    State saved{save_function(), registers_};
    return state::save_state(saved);
}

Result<> Xhci::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    for (unsigned number = 0; number < kPorts; ++number) {
        const bool is_there = number < kPorts2 && places_.at(number).device != nullptr;
        const u32 port = saved.registers.ports.at(number);
        if (((port & port::kConnected) != 0) != is_there || (port & port::kReset) != 0) {
            return user_error(fmt::format(".registers.ports[{}]: another device was there", number));
        }
    }
    if (const auto function = load_function(saved.function); !function) {
        return state::in_front(".function", function.error());
    }
    const std::lock_guard lock(lock_);
    registers_ = saved.registers;
    wants_reset_ = {};
    for (Slot& slot : registers_.slots) {
        slot.rung = slot.enabled ? ~u32{1} : 0;  // what waits for a device asks it again
    }
    update_line();
    schedule();
    return ok();
}

}  // namespace kelvin::device
