// SPDX-License-Identifier: Apache-2.0
// The ISA bus of a PC: devices with fixed ports and an interrupt of their own.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/wire.h"
#include "bus/device.h"
#include "memory/mmio.h"
#include "memory/port_map.h"

namespace kelvin::bus::isa {

inline constexpr unsigned kInterrupts = 16;

/// A device's end of an interrupt wire, which its bus connects. Any thread.
class InterruptPin {
  public:
    void set(bool level) {
        const std::lock_guard lock(lock_);
        level_ = level;
        wire_.set(level);
    }
    void connect(Wire wire) {
        const std::lock_guard lock(lock_);
        wire_.set(false);
        wire_ = wire;
        wire_.set(level_);
    }

  private:
    std::mutex lock_;  // outside the interrupt controllers'
    Wire wire_;
    bool level_ = false;
};

/// A row of ports; the handler locks by itself.
struct Ports {
    u32 count = 0;
    memory::MmioHandler* handler = nullptr;
};

class Device : public bus::Device {
  public:
    /// What messages call it: "isa-serial".
    virtual std::string_view title() const = 0;
    /// The first of its ports.
    virtual u16 base() const = 0;
    virtual Ports ports() = 0;
    virtual std::optional<unsigned> interrupt() const { return {}; }
    InterruptPin& pin() { return pin_; }

  private:
    InterruptPin pin_;
};

class IsaBus final : public Bus {
  public:
    /// `interrupts` are inputs 0 to 15 of the interrupt controllers; `ports` outlives the bus.
    IsaBus(std::string name, memory::PortMap& ports, std::span<const Wire> interrupts);

    /// The board has that interrupt's wire itself.
    void reserve(unsigned interrupt, std::string owner) { owners_.at(interrupt) = std::move(owner); }

    bool has_free_place() const override { return true; }
    Result<> attach(bus::Device& device, bool hot) override;
    void detach(bus::Device& device) override;
    Result<> request_detach(bus::Device& device, DetachObserver& observer) override;
    std::string place_of(const bus::Device& device) const override;

  private:
    Result<> check_interrupt(Device& device, unsigned interrupt) const;

    memory::PortMap& ports_;
    std::array<Wire, kInterrupts> interrupts_;
    std::array<std::string, kInterrupts> owners_{};  // empty: nobody
};

}  // namespace kelvin::bus::isa
