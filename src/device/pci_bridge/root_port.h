// SPDX-License-Identifier: Apache-2.0
// A PCI Express root port: the way from the root bus to one device, which may come and go while the machine runs.
#pragma once

#include <memory>
#include <optional>

#include "bus/device_type.h"
#include "bus/pci/bridge.h"
#include "device/pci_bridge/slot.h"

namespace kelvin::device {

/// The host bridge's configuration lock guards all but what Function says of itself.
class RootPort final : public bus::pci::Bridge, private bus::Savable {
  public:
    struct Options {
        bus::pci::FunctionOptions function = {};
        u8 port = 0;
        u8 chassis = 0;
        std::optional<u16> slot = {};
        bool hotplug = true;

        template <class Visitor>
        void fields(Visitor& visit) {
            function.fields(visit);
            visit("port", port, "the number of the port that its link registers show");
            visit("chassis", chassis, "accepted, without effect: guests cannot see it");
            visit("slot", slot, "what guests call the slot; made of the port's address if left out");
            visit("hotplug", hotplug, "a device may come and go while the machine runs");
        }
    };
    static Result<std::unique_ptr<RootPort>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `name` is its bus's.
    RootPort(const Options& options, std::string name);
    ~RootPort() override;

    bus::pci::PciBus& secondary() override { return bus_; }
    std::span<bus::Bus* const> buses() override { return buses_; }
    bool link_up() const override { return slot_.link_up(); }
    void placed(bus::pci::Devfn devfn) override;
    void reset() override;
    Savable* savable() override { return this; }

  private:
    class PortBus final : public bus::pci::PciBus {
      public:
        explicit PortBus(RootPort& port) : PciBus(port), port_(port) {}
        Result<> request_detach(bus::Device& device, bus::DetachObserver& observer) override;

      private:
        unsigned device_limit() const override { return 1; }
        Result<> accept(const bus::pci::Function& function, bool hot) const override;
        void plugged(bus::pci::Function& function, bool hot) override;
        void unplugged(bus::pci::Function& function) override;
        Result<> ask_guest(bus::DetachObserver& observer);

        RootPort& port_;
    };

    static u32 add_express(bus::pci::ConfigSpace& config, u8 port);
    bool config_written(u32 offset, unsigned size) override;
    void config_loaded() override;
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override { return load_function(saved); }
    bool has_card() const;
    void release_card();
    void interrupt();

    const std::optional<u16> number_;
    Slot slot_;
    PortBus bus_;
    bus::Bus* const buses_[1] = {&bus_};
    bus::DetachObserver* leaving_ = nullptr;  // who waits for the guest to let go of the card
    bool pending_ = false;                    // what the interrupt line shows
};

}  // namespace kelvin::device
