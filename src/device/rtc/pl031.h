// SPDX-License-Identifier: Apache-2.0
// Arm PrimeCell Real Time Clock PL031 (DDI 0224): seconds, and an interrupt at a match.
#pragma once

#include <mutex>

#include "base/clock.h"
#include "base/wire.h"
#include "bus/register_table.h"
#include "device/rtc/wall_clock.h"

namespace kelvin::device {

/// Registers are used by vCPUs, the alarm by the timer's thread; the device's own lock guards both.
class Pl031 final : public bus::WordRegisters {
  public:
    static constexpr u64 kSize = 0x1000;

    struct State {
        u32 match = 0;
        u32 load = 0;
        u32 control = 0;
        u32 interrupt_mask = 0;
        u32 raw_interrupt = 0;
        i64 offset = 0;  ///< what the guest's clock is ahead of the wall clock, in seconds

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("match", match);
            visit("load", load);
            visit("control", control);
            visit("interrupt_mask", interrupt_mask);
            visit("raw_interrupt", raw_interrupt);
            visit("offset", offset);
        }
    };

    /// `wall` and `timers` must outlive the device; `interrupt` is RTCINTR, driven with the device's lock held.
    Pl031(const WallClock& wall, TimerService& timers, Wire interrupt);
    ~Pl031() override;

    void reset();
    State save() const;
    void restore(const State& state);

  private:
    static std::span<const bus::Register<Pl031>> registers();
    u32 read_word(u64 offset) override;
    void write_word(u64 offset, u32 value, u32 mask) override;

    u32 now() const;
    u32 read_time();
    void match_written(u32 value);
    void load_written(u32 value);
    u32 masked_interrupt();
    void clear_interrupt(u32 value);
    void set_alarm();
    void alarm();
    void drive_interrupt();

    const WallClock& wall_;
    TimerService& timers_;
    const Wire interrupt_;
    const TimerId timer_;

    mutable std::mutex lock_;  // outside the timer service's and the interrupt controller's
    State state_;
    bool match_ahead_ = false;
    u32 looked_at_ = 0;  // the guest's time when the alarm was set
    u32 wait_ = 0;       // seconds from then to the match
    bool interrupt_driven_ = false;
};

}  // namespace kelvin::device
