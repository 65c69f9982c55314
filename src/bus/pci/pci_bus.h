// SPDX-License-Identifier: Apache-2.0
// A PCI bus: functions by number, behind a host bridge or another bridge.
#pragma once

#include <atomic>
#include <map>
#include <string>

#include "bus/device.h"
#include "bus/pci/function.h"

namespace kelvin::bus::pci {

class Bridge;
class HostBridge;

/// The functions change only under the host bridge's locks; every method but the first four is the control loop's.
class PciBus : public bus::Bus {
  public:
    /// A root bus; `host` outlives it.
    explicit PciBus(HostBridge& host);
    /// The bus behind `bridge`, which outlives it. It takes devices when the bridge itself is plugged in.
    explicit PciBus(Bridge& bridge);
    ~PciBus() override;

    Function* find(Devfn devfn) const;
    const std::map<Devfn, Function*>& functions() const { return functions_; }
    /// The bus's number, which is the guest's to choose but for a root bus. Any thread.
    u8 number() const { return number_; }
    void set_number(u8 number) { number_ = number; }

    bool has_free_place() const override;
    Result<> attach(bus::Device& device, bool hot) override;
    void detach(bus::Device& device) override;
    Result<> request_detach(bus::Device& device, bus::DetachObserver& observer) override;
    std::string place_of(const bus::Device& device) const override;
    std::string firmware_node(const bus::Device& device) const override;

  protected:
    HostBridge& host() const { return *host_; }
    /// Behind a port there is device 0 only.
    virtual unsigned device_limit() const { return 32; }
    /// Refuses what cannot be here, or cannot come while the machine runs.
    virtual Result<> accept(const Function& function, bool hot) const;
    // With the host bridge's locks held:
    virtual void plugged(Function& /*function*/, bool /*hot*/) {}
    virtual void unplugged(Function& /*function*/) {}

  private:
    class Port;
    Bridge* bridge() const { return bridge_; }
    bool passes_messages() const;
    /// Of the host bridge's, where interrupt pin `pin` of that function ends.
    unsigned wire_of(Devfn devfn, unsigned pin) const;
    Result<Devfn> choose_place(const Function& function) const;
    Devfn devfn_of(const bus::Device& device) const;

    HostBridge* host_ = nullptr;  // set while the bridge is plugged in
    Bridge* const bridge_ = nullptr;
    PciBus* parent_ = nullptr;  // the bus that the bridge is on
    std::atomic<u8> number_ = 0;
    std::map<Devfn, Function*> functions_;
    std::map<Devfn, std::unique_ptr<Port>> ports_;  // never shrinks: functions keep pointers
};

}  // namespace kelvin::bus::pci
