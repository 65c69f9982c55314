// SPDX-License-Identifier: Apache-2.0
#include "bus/pci/pci_bus.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "bus/pci/bridge.h"
#include "bus/pci/config_registers.h"
#include "bus/pci/host_bridge.h"

namespace kelvin::bus::pci {

/// Knows who sends, and which of the host bridge's wires INTA is: each bridge turns the pins by the device's number.
class PciBus::Port final : public FunctionPort {
  public:
    Port(PciBus& bus, Devfn devfn) : bus_(bus), devfn_(devfn), pin_(bus.wire_of(devfn, 0)) {}

    void set_intx(bool level) override {
        if (level != level_) {
            level_ = level;
            bus_.host().set_interrupt(pin_, level);
        }
    }
    void send_msi(u64 address, u32 data) override {
        if (bus_.passes_messages()) {
            bus_.host().deliver({address, data, u32{bus_.number()} << 8 | devfn_.value});
        }
    }

  private:
    PciBus& bus_;
    const Devfn devfn_;
    const unsigned pin_;
    bool level_ = false;
};

unsigned PciBus::wire_of(Devfn devfn, unsigned pin) const {
    if (bridge_ == nullptr) {
        return host_->wire_of(devfn.device(), pin);
    }
    return parent_->wire_of(parent_->devfn_of(*bridge_), turned_pin(devfn.device(), pin));
}

/// Every bridge on the way up passes writes on: Bus Master Enable of 7.5.1.1.3.
bool PciBus::passes_messages() const {
    const PciBus* bus = this;
    while (bus->bridge_ != nullptr && bus->bridge_->is_bus_master()) {
        bus = bus->parent_;
    }
    return bus->bridge_ == nullptr;
}

PciBus::PciBus(HostBridge& host) : Bus("PCI"), host_(&host) {}

PciBus::PciBus(Bridge& bridge) : Bus("PCI"), bridge_(&bridge) {}

PciBus::~PciBus() = default;

Function* PciBus::find(Devfn devfn) const {
    const auto found = functions_.find(devfn);
    return found == functions_.end() ? nullptr : found->second;
}

bool PciBus::has_free_place() const {
    for (unsigned device = 0; device < device_limit(); ++device) {
        if (find({static_cast<u8>(device << 3)}) == nullptr) {
            return true;
        }
    }
    return false;
}

Result<> PciBus::accept(const Function&, bool hot) const {
    if (!hot) {
        return ok();
    }
    return user_error(fmt::format("bus '{}' takes no device while the machine runs", name()),
                      "start the machine with -device pcie-root-port,id=port1 and use bus=port1");
}

Result<Devfn> PciBus::choose_place(const Function& function) const {
    if (const std::optional<Devfn> wanted = function.placement().addr) {
        if (wanted->device() >= device_limit()) {
            return user_error(fmt::format("bus '{}' has no device {:x}: they end at {:x}", name(), wanted->device(),
                                          device_limit() - 1));
        }
        if (find(*wanted) != nullptr) {
            return user_error(fmt::format("addr={} of bus '{}' is taken", wanted->text(), name()),
                              "leave addr out: a free place is taken then");
        }
        const Function* const first = find({static_cast<u8>(wanted->device() << 3)});
        if (wanted->function() != 0 && first != nullptr && !first->placement().multifunction) {
            return user_error(fmt::format("addr={}: function 0 of that device stands alone", wanted->text()),
                              "give the device with function 0 multifunction=on");
        }
        return *wanted;
    }
    for (unsigned device = 0; device < device_limit(); ++device) {
        const Devfn devfn{static_cast<u8>(device << 3)};
        if (find(devfn) == nullptr) {
            return devfn;
        }
    }
    return user_error(fmt::format("bus '{}' is full", name()));
}

Result<> PciBus::attach(bus::Device& device, bool hot) {
    auto* const function = dynamic_cast<Function*>(&device);
    KELVIN_ASSERT(function != nullptr);
    KELVIN_TRY(accept(*function, hot));
    if (hot && function->has_memory()) {
        return user_error("such a device cannot come while the machine runs", "give it with -device");
    }
    const Devfn devfn = KELVIN_TRY(choose_place(*function));
    std::unique_ptr<Port>& port = ports_[devfn];
    if (port == nullptr) {
        port = std::make_unique<Port>(*this, devfn);
    }
    if (auto* const bridge = dynamic_cast<Bridge*>(function); bridge != nullptr) {
        bridge->secondary().parent_ = this;
        bridge->secondary().host_ = host_;
        bridge->placed(devfn);
    }
    KELVIN_TRY(host_->reserve_memory(*function));
    host_->change_topology([&] {
        functions_[devfn] = function;
        function->set_port(port.get(), bridge_ == nullptr);
        plugged(*function, hot);
    });
    return ok();
}

Devfn PciBus::devfn_of(const bus::Device& device) const {
    const auto found = std::ranges::find_if(functions_, [&](const auto& each) { return each.second == &device; });
    KELVIN_ASSERT(found != functions_.end());
    return found->first;
}

void PciBus::detach(bus::Device& device) {
    const Devfn devfn = devfn_of(device);
    Function& function = *functions_.at(devfn);
    host_->change_topology([&] {
        function.set_port(nullptr, false);
        functions_.erase(devfn);
        ports_.at(devfn)->set_intx(false);
        unplugged(function);
    });
    host_->free_memory(function);
}

Result<> PciBus::request_detach(bus::Device& device, bus::DetachObserver&) {
    return user_error(fmt::format("the device at {} of bus '{}' cannot be taken away while the machine runs",
                                  place_of(device), name()),
                      "only devices behind a pcie-root-port can");
}

std::string PciBus::place_of(const bus::Device& device) const {
    return fmt::format("addr {}", devfn_of(device).text());
}

/// Open Firmware's PCI Bus Binding, 2.2.1.3 and 2.5: a name by the class, or by the identity.
std::string PciBus::firmware_node(const bus::Device& device) const {
    const Devfn place = devfn_of(device);
    const ConfigSpace& config = find(place)->config();
    std::string name;
    switch (config.get<u32>(reg::kRevision) >> 16) {
        case 0x0100:
            name = "scsi";
            break;
        case 0x0101:
            name = "ide";
            break;
        case 0x0200:
            name = "ethernet";
            break;
        case 0x0604:
            name = "pci-bridge";
            break;
        default:
            name = fmt::format("pci{:x},{:x}", config.get<u16>(reg::kVendorId), config.get<u16>(reg::kDeviceId));
    }
    const std::string slot = fmt::format("{}@{:x}", name, place.device());
    return place.function() == 0 ? slot : fmt::format("{},{:x}", slot, place.function());
}

}  // namespace kelvin::bus::pci
