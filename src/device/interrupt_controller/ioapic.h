// SPDX-License-Identifier: Apache-2.0
// An I/O APIC, Intel's 82093AA (order number 290566), with the EOI register that later chipsets have (version 0x20). It
// writes its interrupts as messages to the local APICs' address (SDM volume 3, 11.11), which know nothing of it.
#pragma once

#include <array>
#include <mutex>

#include "base/wire.h"
#include "bus/msi.h"
#include "memory/mmio.h"

namespace kelvin::device {

/// Registers are used by vCPUs, pins are driven by any thread; the device's own lock guards all of it.
class Ioapic final : public memory::MmioHandler {
  public:
    static constexpr u64 kSize = 0x1000;
    static constexpr unsigned kPins = 24;

    struct State {
        u8 select = 0;
        u8 id = 0;
        u32 lines = 0;  ///< the pins' levels
        std::array<u64, kPins> redirections{};

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("select", select);
            visit("id", id);
            visit("lines", lines);
            visit("redirections", redirections);
        }
    };

    /// `messages` outlives the device. It is called with the device's lock held.
    explicit Ioapic(bus::MsiController& messages);

    Wire input(unsigned pin) { return pin < kPins ? wire_to<&Input::set>(inputs_[pin]) : Wire(); }
    /// A local APIC tells all of the end of a level-triggered interrupt. Not with a lock of the local APIC's held that
    /// delivering a message takes.
    void end_of_interrupt(u8 vector);

    /// The pins keep their levels: others drive them.
    void reset();
    State save() const;
    void restore(const State& state);

    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;

  private:
    struct Input {
        Ioapic* ioapic = nullptr;
        unsigned pin = 0;
        void set(bool level) { ioapic->drive(pin, level); }
    };

    void drive(unsigned pin, bool level);
    u32 read_register() const;
    void write_register(u32 value);
    void write_redirection(unsigned pin, bool high, u32 value);
    void send(unsigned pin);
    void send_level(unsigned pin);
    void end(u8 vector);

    bus::MsiController& messages_;
    mutable std::mutex lock_;  // outside the local APICs'
    State state_;
    std::array<Input, kPins> inputs_;
};

}  // namespace kelvin::device
