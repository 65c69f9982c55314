// SPDX-License-Identifier: Apache-2.0
// A parallel port as the PC/AT has it (IBM PC/AT Technical Reference, "Parallel Printer Adapter"; IEEE 1284,
// compatibility mode), and a printer behind it that takes each byte at once.
#pragma once

#include <mutex>

#include "backend/char/character_device.h"
#include "bus/byte_registers.h"
#include "bus/device_type.h"
#include "bus/isa/isa_bus.h"
#include "bus/saved_registers.h"

namespace kelvin::device {

class IsaParallel final : public bus::isa::Device, private bus::ByteRegisters {
  public:
    struct Options {
        std::string chardev;
        u32 index = 0;
        std::optional<u32> iobase;
        std::optional<u32> irq;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("chardev", chardev, "the -chardev that gets what is printed");
            visit("index", index, "0 to 2: which of the places of LPT1 to LPT3 it has");
            visit("iobase", iobase, "its first port, if not by index");
            visit("irq", irq, "its interrupt, if not by index");
        }
    };
    static Result<std::unique_ptr<IsaParallel>> create(const Options& options, const bus::Surroundings& surroundings);

    struct State {
        u8 data = 0;
        u8 control = 0;
        template <class Visitor>
        void fields(Visitor& visit) {
            visit("data", data);
            visit("control", control);
        }
    };

    /// `line` may be null: no printer. Else it outlives the device.
    IsaParallel(u16 base, unsigned interrupt, backend::CharacterBackend* line)
        : base_(base), interrupt_(interrupt), line_(line) {}

    std::string_view title() const override { return "isa-parallel"; }
    u16 base() const override { return base_; }
    bus::isa::Ports ports() override { return {kPorts, this}; }
    std::optional<unsigned> interrupt() const override { return interrupt_; }
    void reset() override;
    bus::Savable* savable() override { return &saver_; }

    State save() const;
    void restore(const State& state);

  private:
    static constexpr u32 kPorts = 3;
    u8 read_byte(u64 offset) override;
    void write_byte(u64 offset, u8 value) override;
    bool control(u8 value);

    const u16 base_;
    const unsigned interrupt_;
    backend::CharacterBackend* const line_;
    mutable std::mutex lock_;  // guards the next
    State state_;
    bus::SavedRegisters<IsaParallel> saver_{*this};
};

}  // namespace kelvin::device
