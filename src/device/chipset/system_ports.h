// SPDX-License-Identifier: Apache-2.0
// Small ports of a PC's board that end its day: system control port A with the fast reset (92), and the reset control
// register (CF9) beside PCI's configuration ports (CF8, CFC).
#pragma once

#include <atomic>
#include <mutex>

#include "base/wire.h"
#include "bus/byte_registers.h"
#include "memory/mmio.h"

namespace kelvin::device {

/// Intel ICH9 13.7.1. Any thread.
class ControlPortA final : public bus::ByteRegisters {
  public:
    static constexpr u16 kPort = 0x92;
    struct State {
        u8 value = kA20;
        template <class Visitor>
        void fields(Visitor& visit) {
            visit("value", value);
        }
    };

    /// `reset` is pulsed.
    explicit ControlPortA(Wire reset) : reset_(reset) {}
    void reset() { value_ = kA20; }
    State save() const { return {value_}; }
    void restore(const State& state) { value_ = state.value & (kA20 | kReset); }

  private:
    static constexpr u8 kReset = 1;
    static constexpr u8 kA20 = 2;  ///< address line 20; processors here have it always
    u8 read_byte(u64) override { return value_; }
    void write_byte(u64, u8 value) override;

    const Wire reset_;
    std::atomic<u8> value_ = kA20;
};

/// CF8 to CFF: configuration mechanism #1 (PCI Local Bus 3.0, 3.2.2.3.2), and ICH9's RST_CNT (13.7.5). Any thread.
class ConfigPorts final : public memory::MmioHandler {
  public:
    static constexpr u16 kPort = 0xcf8;
    static constexpr u32 kPorts = 8;
    struct State {
        u32 address = 0;
        u8 reset_control = 0;
        template <class Visitor>
        void fields(Visitor& visit) {
            visit("address", address);
            visit("reset_control", reset_control);
        }
    };

    /// `ecam` is configuration space as memory; it outlives the ports. `reset` is pulsed.
    ConfigPorts(memory::MmioHandler& ecam, Wire reset) : ecam_(ecam), reset_(reset) {}

    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;

    void reset();
    State save() const;
    void restore(const State& state);

  private:
    void write_reset_control(u8 value);

    memory::MmioHandler& ecam_;
    const Wire reset_;
    mutable std::mutex lock_;  // guards the next; not held while others are called
    State state_;
};

}  // namespace kelvin::device
