// SPDX-License-Identifier: Apache-2.0
// Arm PrimeCell General Purpose Input/Output PL061 (DDI 0190): eight lines.
#pragma once

#include <array>
#include <mutex>

#include "base/wire.h"
#include "bus/register_table.h"

namespace kelvin::device {

/// Registers are used by vCPUs, the inputs by anyone; the device's own lock guards both.
class Pl061 final : public bus::WordRegisters {
  public:
    static constexpr u64 kSize = 0x1000;
    static constexpr unsigned kLines = 8;

    struct State {
        u32 data = 0;  ///< of the output latch
        u32 direction = 0;
        u32 level_sense = 0;
        u32 both_edges = 0;
        u32 event = 0;
        u32 interrupt_enable = 0;
        u32 edges_seen = 0;
        u32 alternate_function = 0;
        u32 inputs = 0;  ///< levels of the pins

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("data", data);
            visit("direction", direction);
            visit("level_sense", level_sense);
            visit("both_edges", both_edges);
            visit("event", event);
            visit("interrupt_enable", interrupt_enable);
            visit("edges_seen", edges_seen);
            visit("alternate_function", alternate_function);
            visit("inputs", inputs);
        }
    };

    /// The wires are driven with the device's lock held; an output is low while its line is an input.
    Pl061(Wire interrupt, std::array<Wire, kLines> outputs);

    /// Drives line `number` (0 to 7) from outside.
    Wire input(unsigned number);

    void reset();
    State save() const;
    void restore(const State& state);

  private:
    struct Pin {
        Pl061* device;
        unsigned number;
        void set(bool level) { device->drive(number, level); }
    };

    static std::span<const bus::Register<Pl061>> registers();
    u32 read_word(u64 offset) override;
    void write_word(u64 offset, u32 value, u32 mask) override;

    void drive(unsigned number, bool level);
    u32 lines() const;
    u32 raw_interrupts();
    u32 masked_interrupts();
    void clear_edges(u32 value);
    void sense_written(u32 value);
    void drive_wires();

    const Wire interrupt_;
    const std::array<Wire, kLines> outputs_;
    std::array<Pin, kLines> pins_;

    mutable std::mutex lock_;  // outside the interrupt controller's
    State state_;
    u32 outputs_driven_ = 0;
    bool interrupt_driven_ = false;
};

}  // namespace kelvin::device
