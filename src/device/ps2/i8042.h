// SPDX-License-Identifier: Apache-2.0
// The PC's keyboard controller, an Intel 8042 with IBM's program (IBM PS/2 Hardware Interface Technical Reference),
// with a keyboard and a mouse behind it.
#pragma once

#include <mutex>
#include <optional>

#include "backend/input/input.h"
#include "base/wire.h"
#include "bus/byte_registers.h"
#include "device/ps2/keyboard.h"
#include "device/ps2/mouse.h"

namespace kelvin::device {

/// Registers are used by vCPUs, input comes on the I/O loop's thread; the device's own lock guards all of it.
class I8042 final : public backend::InputReceiver {
  public:
    struct State {
        u8 config = 0x03;         ///< the command byte: both interrupts
        u8 status = 0x18;         ///< system flag and what was written last; not locked
        u8 output = 0;            ///< the output buffer, full if status says so
        u8 output_port = 0x03;    ///< A20 and no reset; the other lines are computed
        u8 command = 0;           ///< that waits for its data; 0: none
        bool released = false;    ///< the keyboard has sent F0, which translation holds back
        ByteQueue replies;        ///< of the controller's own
        ByteQueue mouse_replies;  ///< likewise, as if they were the mouse's
        Ps2Keyboard keyboard;
        Ps2Mouse mouse;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("config", config);
            visit("status", status);
            visit("output", output);
            visit("output_port", output_port);
            visit("command", command);
            visit("released", released);
            visit("replies", replies);
            visit("mouse_replies", mouse_replies);
            visit("keyboard", keyboard);
            visit("mouse", mouse);
        }
    };
    struct Wires {
        Wire keyboard;  ///< IRQ 1
        Wire mouse;     ///< IRQ 12
        Wire a20;       ///< high: the processor's address line 20 is not forced low
        Wire reset;     ///< pulsed: the processor's reset
    };

    /// Wires are driven with the device's lock held, but for that of reset.
    explicit I8042(const Wires& wires);

    /// One port each: 0x60 and 0x64. They lock by themselves.
    memory::MmioHandler& data_port() { return data_port_; }
    memory::MmioHandler& command_port() { return command_port_; }

    void reset();
    State save() const;
    void restore(const State& state);

    Kinds kinds() const override { return {.keys = true, .relative = true}; }
    void key(u16 code, bool down) override;
    void button(backend::Button which, bool down) override;
    void move(i32 right, i32 down) override;
    void turn(i32 down) override;
    void end_of_frame() override;

  private:
    struct DataPort final : bus::ByteRegisters {
        I8042* controller = nullptr;
        u8 read_byte(u64) override { return controller->read_data(); }
        void write_byte(u64, u8 value) override { controller->write_data(value); }
    };
    struct CommandPort final : bus::ByteRegisters {
        I8042* controller = nullptr;
        u8 read_byte(u64) override { return controller->read_status(); }
        void write_byte(u64, u8 value) override { controller->write_command(value); }
    };

    u8 read_data();
    u8 read_status();
    void write_data(u8 value);
    void write_command(u8 value);
    void pulse_reset(bool wanted) const;
    void carry_out(u8 command);
    void finish(u8 command, u8 data);
    void set_output_port(u8 value);
    void reply(u8 value) { state_.replies.push({&value, 1}); }
    std::optional<u8> keyboard_byte();
    void fill(u8 value, bool from_mouse);
    void update();
    void drive();

    const Wires wires_;
    mutable std::mutex lock_;  // outside the interrupt controllers'
    State state_;
    bool resets_ = false;  // while a register is written: the reset line is to be pulsed
    bool keyboard_driven_ = false;
    bool mouse_driven_ = false;
    DataPort data_port_;
    CommandPort command_port_;
};

}  // namespace kelvin::device
