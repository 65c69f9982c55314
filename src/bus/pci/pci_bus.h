// SPDX-License-Identifier: Apache-2.0
// A PCI bus: functions by number, behind a host bridge or another bridge.
#pragma once

#include <map>
#include <string>

#include "bus/device.h"
#include "bus/pci/function.h"

namespace kelvin::bus::pci {

class HostBridge;
class PciBus;

/// A function that has a bus behind it.
class Bridge : public Function {
  public:
    using Function::Function;

    virtual PciBus& secondary() = 0;
    u8 secondary_number() const;
    u8 subordinate_number() const;
    /// True if an access to all of the range is passed on to the other side.
    bool forwards(Bar::Kind kind, u64 address, u64 size) const;
};

/// The functions change only under the host bridge's locks; every method but the first three is the control loop's.
class PciBus : public bus::Bus {
  public:
    /// `bridge` is null for a root bus. Both outlive the bus.
    PciBus(HostBridge& host, Bridge* bridge);
    ~PciBus() override;

    Function* find(Devfn devfn) const;
    const std::map<Devfn, Function*>& functions() const { return functions_; }
    /// The bus's number, which is the guest's to choose but for a root bus.
    u8 number() const;

    bool has_free_place() const override;
    Result<> attach(bus::Device& device, bool hot) override;
    void detach(bus::Device& device) override;
    Result<> request_detach(bus::Device& device, bus::DetachObserver& observer) override;
    std::string place_of(const bus::Device& device) const override;

  protected:
    Bridge* bridge() const { return bridge_; }
    HostBridge& host() const { return host_; }
    /// Behind a port there is device 0 only.
    virtual unsigned device_limit() const { return 32; }
    /// A device may come while the machine runs.
    virtual Result<> allow_hot(const Function& function) const;
    virtual void plugged(Function& /*function*/, bool /*hot*/) {}

  private:
    class Port;
    unsigned pin_of(Devfn devfn) const;
    Result<Devfn> choose_place(const Function& function) const;
    Devfn devfn_of(const bus::Device& device) const;

    HostBridge& host_;
    Bridge* const bridge_;
    PciBus* parent_ = nullptr;  // the bus that the bridge is on
    std::map<Devfn, Function*> functions_;
    std::map<Devfn, std::unique_ptr<Port>> ports_;  // never shrinks: functions keep pointers
};

}  // namespace kelvin::bus::pci
