// SPDX-License-Identifier: Apache-2.0
// What every board is to the machine that has it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "bus/device.h"
#include "bus/pci/host_bridge.h"
#include "bus/saved_parts.h"
#include "machine/arm64_boot.h"
#include "memory/address_map.h"

namespace kelvin::machine {

/// Built before the CPUs and alive as long as them.
class Board {
  public:
    virtual ~Board() = default;

    virtual memory::AddressMap& memory() = 0;
    /// Null if it has no PCI.
    virtual bus::pci::HostBridge* pci() = 0;
    /// Lines for the user about files that are accepted but may not be what was meant.
    virtual std::string note() const = 0;
    /// A line for each region of each address space.
    virtual std::string describe_memory() { return memory().describe(); }

    /// When it returns no CPU's inputs are driven any more.
    virtual void disconnect_cpus() = 0;

    // While no CPU runs:

    /// The board's devices to their state after power-on; those on its buses before. RAM keeps its content, but code
    /// made from it is dropped: load() is next.
    virtual void reset() = 0;
    /// What the first CPU begins with into RAM, and where it begins.
    virtual Result<BootEntry> load() = 0;

    /// Where devices are plugged in, first those that are tried first.
    virtual std::vector<bus::Bus*> buses() = 0;
    /// The board's own devices, for bus::save_parts(), after what is on its buses. Good until the next call.
    virtual std::vector<bus::Part> parts() = 0;
    /// How Open Firmware calls one of buses(): "/pci@4010000000".
    virtual std::string firmware_path(const bus::Bus& bus) const = 0;
    /// The file in which firmware finds what to start from, one path a line; empty: none. While no CPU runs.
    virtual Result<> set_boot_order(const std::string& lines) = 0;

    /// Any thread.
    virtual void press_power_key() = 0;
};

}  // namespace kelvin::machine
