// SPDX-License-Identifier: Apache-2.0
// Arm PrimeCell UART PL011, revision r1p4 (DDI 0183): 16-deep FIFOs. A character takes no time to send, so that the
// transmit FIFO is always empty; baud rates, DMA and IrDA are registers without effect. What is written is sent, and
// what arrives is received, even while UARTCR has the UART off: bare-metal programs rely on it.
#pragma once

#include <array>
#include <mutex>
#include <span>

#include "backend/char/character_device.h"
#include "base/wire.h"
#include "bus/register_table.h"

namespace kelvin::device {

/// Registers are used by vCPUs, the receiver's side by the back end's thread; the device's own lock guards both.
class Pl011 final : public bus::WordRegisters, public backend::CharacterReceiver {
  public:
    static constexpr u64 kSize = 0x1000;
    static constexpr u32 kFifoDepth = 16;

    struct State {
        u32 receive_status = 0;
        u32 low_power = 0;
        u32 integer_baud = 0;
        u32 fractional_baud = 0;
        u32 line_control = 0;
        u32 control = 0;
        u32 fifo_levels = 0;
        u32 interrupt_mask = 0;
        u32 raw_interrupts = 0;
        u32 dma_control = 0;
        std::array<u16, kFifoDepth> received{};  ///< a ring: UARTDR with its error bits
        u32 first = 0;
        u32 count = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("receive_status", receive_status);
            visit("low_power", low_power);
            visit("integer_baud", integer_baud);
            visit("fractional_baud", fractional_baud);
            visit("line_control", line_control);
            visit("control", control);
            visit("fifo_levels", fifo_levels);
            visit("interrupt_mask", interrupt_mask);
            visit("raw_interrupts", raw_interrupts);
            visit("dma_control", dma_control);
            visit("received", received);
            visit("first", first);
            visit("count", count);
        }
    };

    /// `line` may be null: nothing is connected. `interrupt` is UARTINTR, driven with the device's lock held.
    Pl011(backend::CharacterBackend* line, Wire interrupt);
    ~Pl011() override;

    void reset();
    State save() const;
    void restore(const State& state);

    size_t space() override;
    void receive(std::span<const u8> bytes) override;
    void receive_break() override;

  private:
    static std::span<const bus::Register<Pl011>> registers();
    u32 read_word(u64 offset) override;
    void write_word(u64 offset, u32 value, u32 mask) override;

    u32 read_data();
    void write_data(u32 value);
    void clear_receive_status(u32 value);
    u32 read_flags();
    void line_control_written(u32 value);
    void levels_changed(u32 value);
    u32 masked_interrupts();
    void clear_interrupts(u32 value);

    u32 depth() const;
    u32 receive_level() const;
    void push(u16 entry);
    void notice_room();
    void drive_interrupt();

    backend::CharacterBackend* const line_;
    const Wire interrupt_;

    mutable std::mutex lock_;  // inside the back end's, outside the interrupt controller's
    State state_;
    bool input_waits_ = false;       // the back end was told that there is no space
    bool interrupt_driven_ = false;  // the level last driven
};

}  // namespace kelvin::device
