// SPDX-License-Identifier: Apache-2.0
// The I/O ports of an x86 machine: 64 Ki of them, a byte each, beside its memory.
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "memory/address_map.h"
#include "memory/mmio.h"

namespace kelvin::memory {

/// Ports that nobody answers read as all ones, and take what is written; that is how software finds out what there is.
/// Every method may be called from any thread. Lock order: the map's lock, then a device's. While a handler runs
/// nothing is moved, so that handlers may not move or remove anything themselves: they post it.
class PortMap {
  public:
    static constexpr u32 kPorts = 0x10000;

    PortMap();
    ~PortMap();
    PortMap(const PortMap&) = delete;
    PortMap& operator=(const PortMap&) = delete;

    /// `count` ports from `base`; `handler` gets offsets from there, and outlives the map or is removed. It is asked
    /// for 1, 2 or 4 bytes of its own ports at a time. Ports that others have are an error that names both.
    Result<> add(u16 base, u32 count, MmioHandler& handler, std::string name, Locking locking = Locking::region);
    void remove(const MmioHandler& handler);
    /// Answers ports of which nobody else does, by their number: what is mapped on an expansion bus. Null: nobody.
    void set_others(MmioHandler* handler);

    /// `size` is 1, 2 or 4. An access over ports of several devices goes to each as bytes;
    /// behind the last port is the first.
    u32 read(u16 port, unsigned size) const;
    void write(u16 port, unsigned size, u32 value) const;

    /// One line a device: "0x03f8-0x03ff serial0".
    std::string describe() const;

  private:
    struct Region;
    Region* find(u32 port, unsigned size) const;
    u32 read_locked(u32 port, unsigned size) const;
    void write_locked(u32 port, unsigned size, u32 value) const;

    mutable std::shared_mutex lock_;
    std::vector<std::unique_ptr<Region>> regions_;  // ascending
    MmioHandler* others_ = nullptr;
};

}  // namespace kelvin::memory
