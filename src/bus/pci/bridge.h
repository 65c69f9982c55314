// SPDX-License-Identifier: Apache-2.0
// A function that has a bus behind it (PCI-to-PCI Bridge Architecture 1.2, 3.2): numbers of buses, and the ranges that
// it forwards.
#pragma once

#include "bus/pci/pci_bus.h"

namespace kelvin::bus::pci {

class Bridge : public Function {
  public:
    /// `identity` without a class and a subsystem: a bridge's header has other things there.
    Bridge(const FunctionOptions& options, const Identity& identity);

    virtual PciBus& secondary() = 0;
    /// False while what is behind it cannot be reached at all. With the host bridge's configuration lock held.
    virtual bool link_up() const { return true; }
    /// It is about to be plugged in there.
    virtual void placed(Devfn /*devfn*/) {}

    u8 secondary_number() const;
    u8 subordinate_number() const;
    /// True if an access to all of the range is passed on to the other side.
    bool forwards(Bar::Kind kind, u64 address, u64 size) const;

    void reset() override;

  protected:
    bool config_written(u32 offset, unsigned size) override;
    void config_loaded() override;
    /// What is behind it starts anew.
    void reset_secondary();

  private:
    bool resetting_ = false;  // Secondary Bus Reset is held
};

}  // namespace kelvin::bus::pci
