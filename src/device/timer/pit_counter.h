// SPDX-License-Identifier: Apache-2.0
// One counter of an Intel 8254 (order number 231164): what it counts and what its output is at any tick of its clock,
// computed from when it began. It knows no time of its own: every method is told the tick.
#pragma once

#include <optional>

#include "base/types.h"

namespace kelvin::device {

class PitCounter {
  public:
    /// Ticks of the counter's clock since the machine was created.
    using Tick = i64;

    struct State {
        u8 control = 0x30;      ///< bits 5-0 of the control word: RW, mode, BCD
        u16 count = 0;          ///< the count register
        u8 first_byte = 0;      ///< of a count of two bytes, the least significant
        u16 latched_count = 0;  ///< the output latch
        u8 latched_bytes = 0;   ///< of it, not yet read
        u8 latched_status = 0;
        u32 period = 0;           ///< what the counting element was loaded with; 0: nothing yet
        i64 age = 0;              ///< ticks since it was loaded, when it stood still if it does; -1: at the next one
        i64 reload_in = 0;        ///< ticks until it takes the count register, in modes 2 and 3; 0: it does not
        bool reload_low = false;  ///< and the output is low then; in mode 1, until it is loaded
        bool counting = false;    ///< the counting element goes on with the clock
        bool gate = true;         ///< the input
        bool written = false;     ///< there is a count
        bool null_count = true;   ///< the count register is not in the counting element yet
        bool status_latched = false;
        bool writes_high = false;  ///< the next byte written is the most significant one
        bool reads_high = false;   ///< the next byte read likewise

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("control", control);
            visit("count", count);
            visit("first_byte", first_byte);
            visit("latched_count", latched_count);
            visit("latched_bytes", latched_bytes);
            visit("latched_status", latched_status);
            visit("period", period);
            visit("age", age);
            visit("reload_in", reload_in);
            visit("reload_low", reload_low);
            visit("counting", counting);
            visit("gate", gate);
            visit("written", written);
            visit("null_count", null_count);
            visit("status_latched", status_latched);
            visit("writes_high", writes_high);
            visit("reads_high", reads_high);
        }
    };

    /// A control word for this counter, which is not a latch command.
    void control(u8 word);
    void write(u8 value, Tick now);
    u8 read(Tick now);
    void latch_count(Tick now);
    void latch_status(Tick now);
    void set_gate(bool level, Tick now);

    bool output(Tick now);
    /// When the output changes next if nobody writes, or, where that is for one tick, has changed back; none: never.
    std::optional<Tick> next_change(Tick now);

    bool gate() const { return state_.gate; }
    State save(Tick now);
    /// Takes of it what registers can hold.
    void restore(const State& state, Tick now);

  private:
    enum class Mode : u8 { terminal_count, one_shot, rate, square_wave, software_strobe, hardware_strobe };
    static constexpr Tick kNever = -1;

    Mode mode() const;
    bool is_periodic() const { return mode() == Mode::rate || mode() == Mode::square_wave; }
    bool is_triggered() const { return mode() == Mode::one_shot || mode() == Mode::hardware_strobe; }
    bool is_bcd() const { return (state_.control & 1) != 0; }
    u32 decoded_count() const;
    u16 encode(i64 value) const;
    /// Ticks since the counting element was loaded, negative before it is.
    i64 age(Tick now) const { return state_.counting ? now - start_ : state_.age; }
    i64 period() const { return state_.period; }
    i64 half() const { return (period() + 1) / 2; }
    i64 place(Tick now) const;

    void load(Tick at);
    void settle(Tick now);
    void count_written(Tick now);
    u16 current(Tick now);

    State state_;     // but age and reload_in, which these are while it counts:
    Tick start_ = 0;  // when it was loaded
    Tick reload_at_ = kNever;
};

}  // namespace kelvin::device
