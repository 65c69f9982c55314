// SPDX-License-Identifier: Apache-2.0
// The serial port of a PC, National's PC16550D (TL/C/8652): 16-deep FIFOs. A character takes no time to send, so that
// the transmitter is always empty; the divisor and the frame's format are registers without effect.
#pragma once

#include <array>
#include <mutex>
#include <span>

#include "backend/char/character_device.h"
#include "base/wire.h"
#include "bus/byte_registers.h"

namespace kelvin::device {

/// Registers are used by vCPUs, the receiver's side by the back end's thread; the device's own lock guards both.
class Uart16550 final : public bus::ByteRegisters, public backend::CharacterReceiver {
  public:
    static constexpr u32 kSize = 8;
    static constexpr u32 kFifoDepth = 16;

    struct State {
        u8 interrupt_enable = 0;
        u8 fifo_control = 0;
        u8 line_control = 0;
        u8 modem_control = 0;
        u8 modem_changes = 0;  ///< the delta bits of the modem status
        u8 line_errors = 0;    ///< overrun and break, until the line status is read
        u8 scratch = 0;
        u16 divisor = 12;  ///< 9600 baud, as firmware leaves it
        bool transmitter_interrupt = false;
        std::array<u8, kFifoDepth> received{};  ///< a ring
        u32 first = 0;
        u32 count = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("interrupt_enable", interrupt_enable);
            visit("fifo_control", fifo_control);
            visit("line_control", line_control);
            visit("modem_control", modem_control);
            visit("modem_changes", modem_changes);
            visit("line_errors", line_errors);
            visit("scratch", scratch);
            visit("divisor", divisor);
            visit("transmitter_interrupt", transmitter_interrupt);
            visit("received", received);
            visit("first", first);
            visit("count", count);
        }
    };

    /// `line` may be null: nothing is connected. `interrupt` is INTR, driven with the device's lock held.
    Uart16550(backend::CharacterBackend* line, Wire interrupt);
    ~Uart16550() override;

    void reset();
    State save() const;
    void restore(const State& state);

    size_t space() override;
    void receive(std::span<const u8> bytes) override;
    void receive_break() override;

  private:
    u8 read_byte(u64 offset) override;
    void write_byte(u64 offset, u8 value) override;

    u8 take_received();
    void transmit(u8 value);
    u8 identify_interrupt() const;
    u8 read_identification();
    u8 read_line_status();
    u8 modem_lines() const;
    void control_modem(u8 value);
    void control_fifos(u8 value);
    void clear_received();
    void push(u8 value);
    void notice_room();
    void drive_interrupt();

    bool has_fifos() const { return (state_.fifo_control & 1) != 0; }
    bool is_looped() const;
    u32 depth() const { return has_fifos() ? kFifoDepth : 1; }
    u32 trigger_level() const;

    backend::CharacterBackend* const line_;
    const Wire interrupt_;

    mutable std::mutex lock_;  // inside the back end's, outside the interrupt controller's
    State state_;
    bool input_waits_ = false;       // the back end was told that there is no space
    bool interrupt_driven_ = false;  // the level last driven
};

}  // namespace kelvin::device
