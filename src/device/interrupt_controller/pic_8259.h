// SPDX-License-Identifier: Apache-2.0
// The PC's two Intel 8259A (order number 231468), the second at the first one's input 2, and the chipset's registers
// that choose edge or level for each input (82371SB, 2.5.10: ELCR).
#pragma once

#include <array>
#include <mutex>

#include "base/wire.h"
#include "bus/byte_registers.h"

namespace kelvin::device {

/// Registers are used by vCPUs, inputs are driven by any thread; the device's own lock guards all of it.
class Pic8259 final {
  public:
    static constexpr unsigned kInputs = 16;
    static constexpr unsigned kCascade = 2;  ///< the second chip's place; nothing else is connected there

    struct Chip {
        u8 requests = 0;  ///< IRR
        u8 in_service = 0;
        u8 mask = 0;
        u8 lines = 0;  ///< the inputs' levels
        u8 level_triggered = 0;
        u8 vector = 0;           ///< ICW2
        u8 lowest = 7;           ///< the input of the lowest priority
        u8 expected_word = 0;    ///< the next of the initialization, 2 to 4; 0: it is over
        bool all_level = false;  ///< ICW1's LTIM
        bool single = false;
        bool wants_word4 = false;
        bool reads_in_service = false;
        bool polled = false;
        bool special_mask = false;
        bool special_fully_nested = false;
        bool automatic_end = false;
        bool rotates_on_automatic_end = false;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("requests", requests);
            visit("in_service", in_service);
            visit("mask", mask);
            visit("lines", lines);
            visit("level_triggered", level_triggered);
            visit("vector", vector);
            visit("lowest", lowest);
            visit("expected_word", expected_word);
            visit("all_level", all_level);
            visit("single", single);
            visit("wants_word4", wants_word4);
            visit("reads_in_service", reads_in_service);
            visit("polled", polled);
            visit("special_mask", special_mask);
            visit("special_fully_nested", special_fully_nested);
            visit("automatic_end", automatic_end);
            visit("rotates_on_automatic_end", rotates_on_automatic_end);
        }
    };
    struct State {
        std::array<Chip, 2> chips{};

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("chips", chips);
        }
    };

    /// `interrupt` is INTR, driven with the device's lock held.
    explicit Pic8259(Wire interrupt);
    Pic8259(const Pic8259&) = delete;
    Pic8259& operator=(const Pic8259&) = delete;

    /// Two ports each: 0x20, 0xa0 and 0x4d0 on a PC. They lock by themselves.
    memory::MmioHandler& ports(unsigned chip) { return ports_.at(chip); }
    memory::MmioHandler& edge_or_level() { return edge_or_level_; }

    /// Input `number`, 0 to 15; a wire to nothing for the cascade.
    Wire input(unsigned number);
    bool interrupts() const;
    /// What the processor does when it takes the interrupt: two INTA cycles, which give the vector. Without any request
    /// left it is input 7's (the datasheet's "IR7 routine"), with nothing in service.
    u8 acknowledge();

    /// The inputs keep their levels: others drive them.
    void reset();
    State save() const;
    void restore(const State& state);

  private:
    struct Ports final : bus::ByteRegisters {
        Pic8259* pic = nullptr;
        unsigned chip = 0;
        u8 read_byte(u64 offset) override { return pic->read(chip, offset); }
        void write_byte(u64 offset, u8 value) override { pic->write(chip, offset, value); }
    };
    struct EdgeOrLevel final : bus::ByteRegisters {
        Pic8259* pic = nullptr;
        u8 read_byte(u64 offset) override { return pic->read_edge_or_level(offset); }
        void write_byte(u64 offset, u8 value) override { pic->write_edge_or_level(offset, value); }
    };
    struct Input {
        Pic8259* pic = nullptr;
        unsigned number = 0;
        void set(bool level) { pic->drive(number, level); }
    };

    void drive(unsigned number, bool level);
    u8 read(unsigned chip, u64 offset);
    void write(unsigned chip, u64 offset, u8 value);
    u8 read_edge_or_level(u64 offset);
    void write_edge_or_level(u64 offset, u8 value);
    void update();

    mutable std::mutex lock_;  // outside what INTR leads to
    State state_;
    const Wire interrupt_;
    bool interrupt_driven_ = false;
    std::array<Ports, 2> ports_;
    EdgeOrLevel edge_or_level_;
    std::array<Input, kInputs> inputs_;
};

}  // namespace kelvin::device
