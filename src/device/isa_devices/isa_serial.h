// SPDX-License-Identifier: Apache-2.0
// A further serial port of a PC, on its ISA bus.
#pragma once

#include "bus/device_type.h"
#include "bus/isa/isa_bus.h"
#include "bus/saved_registers.h"
#include "device/serial/uart_16550.h"

namespace kelvin::device {

class IsaSerial final : public bus::isa::Device {
  public:
    struct Options {
        std::string chardev;
        u32 index = 1;
        std::optional<u32> iobase;
        std::optional<u32> irq;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("chardev", chardev, "the -chardev at the other end");
            visit("index", index, "0 to 3: which of the places of COM1 to COM4 it has; the board has the first");
            visit("iobase", iobase, "its first port, if not by index");
            visit("irq", irq, "its interrupt, if not by index");
        }
    };
    static Result<std::unique_ptr<IsaSerial>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `line` may be null: nothing is connected. Else it outlives the device.
    IsaSerial(u16 base, unsigned interrupt, backend::CharacterBackend* line)
        : base_(base), interrupt_(interrupt), uart_(line, wire_to<&bus::isa::InterruptPin::set>(pin())) {}

    std::string_view title() const override { return "isa-serial"; }
    u16 base() const override { return base_; }
    bus::isa::Ports ports() override { return {Uart16550::kSize, &uart_}; }
    std::optional<unsigned> interrupt() const override { return interrupt_; }
    void reset() override { uart_.reset(); }
    bus::Savable* savable() override { return &saver_; }

  private:
    const u16 base_;
    const unsigned interrupt_;
    Uart16550 uart_;
    bus::SavedRegisters<Uart16550> saver_{uart_};
};

}  // namespace kelvin::device
