// SPDX-License-Identifier: Apache-2.0
// Bochs's debug port: what firmware writes there is text for whoever looks for faults; reading it says that it is
// there.
#pragma once

#include "backend/char/character_device.h"
#include "bus/byte_registers.h"
#include "bus/device_type.h"
#include "bus/isa/isa_bus.h"
#include "bus/saved_by_its_bus.h"

namespace kelvin::device {

/// It has no state. Any thread.
class IsaDebugConsole final : public bus::isa::Device, private bus::ByteRegisters, private bus::SavedByItsBus {
  public:
    struct Options {
        std::string chardev;
        u32 iobase = 0xe9;
        u8 readback = 0xe9;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("chardev", chardev, "the -chardev that gets the text");
            visit("iobase", iobase, "its port");
            visit("readback", readback, "what it reads as");
        }
    };
    static Result<std::unique_ptr<IsaDebugConsole>> create(const Options& options,
                                                           const bus::Surroundings& surroundings);

    /// `line` may be null: nobody reads it. Else it outlives the device.
    IsaDebugConsole(u16 base, u8 readback, backend::CharacterBackend* line)
        : base_(base), readback_(readback), line_(line) {}

    std::string_view title() const override { return "isa-debugcon"; }
    u16 base() const override { return base_; }
    bus::isa::Ports ports() override { return {1, this}; }
    void reset() override {}
    bus::Savable* savable() override { return this; }

  private:
    u8 read_byte(u64) override { return readback_; }
    void write_byte(u64, u8 value) override {
        if (line_ != nullptr) {
            line_->write({&value, 1});
        }
    }

    const u16 base_;
    const u8 readback_;
    backend::CharacterBackend* const line_;
};

}  // namespace kelvin::device
