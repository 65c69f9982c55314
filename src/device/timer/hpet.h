// SPDX-License-Identifier: Apache-2.0
// High Precision Event Timers (IA-PC HPET 1.0a): a counter of 64 bits at 100 MHz and three timers, all of which can be
// periodic. Interrupts go by wires; there is no FSB delivery.
#pragma once

#include <array>
#include <mutex>

#include "base/clock.h"
#include "base/wire.h"
#include "memory/mmio.h"

namespace kelvin::device {

/// Registers are used by vCPUs, comparators fire on the timer's thread; the device's own lock guards both.
class Hpet final : public memory::MmioHandler {
  public:
    static constexpr u64 kSize = 0x400;
    static constexpr unsigned kTimers = 3;
    static constexpr i64 kTickNs = 10;

    struct Timer {
        u32 config = 0;      ///< what of the low half software can write
        u64 comparator = 0;  ///< of a periodic timer, the accumulator
        u64 period = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("config", config);
            visit("comparator", comparator);
            visit("period", period);
        }
    };
    struct State {
        u64 config = 0;
        u64 status = 0;
        u64 counter = 0;  ///< while it stands still, or when it was saved
        std::array<Timer, kTimers> timers{};

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("config", config);
            visit("status", status);
            visit("counter", counter);
            visit("timers", timers);
        }
    };

    /// Outputs, driven with the device's lock held. Of `routes`, those are used that `possible_routes` has a bit for.
    struct Wires {
        std::array<Wire, 32> routes{};
        u32 possible_routes = 0;
        Wire timer;            ///< in place of the interval timer's: timer 0 in legacy replacement
        Wire clock;            ///< in place of the real-time clock's: timer 1
        Wire replaces_legacy;  ///< high: the interval timer's and the clock's own interrupts are cut off
    };
    Hpet(TimerService& timers, const Wires& wires);
    ~Hpet() override;

    void reset();
    State save() const;
    void restore(const State& state);

    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;

  private:
    struct Alarm {
        Hpet* hpet = nullptr;
        unsigned index = 0;
        TimerId timer{};
        i64 match_ns = 0;              ///< virtual time of the next match; kNever: none
        i64 earliest_ns = 0;           ///< not to be woken before
        const Wire* driven = nullptr;  ///< the output that is high
    };

    bool enabled() const { return (state_.config & 1) != 0; }
    bool is_periodic(unsigned index) const;
    u64 width_mask(unsigned index) const;
    u64 counter() const;
    u64 read_register(u64 offset) const;
    void write_register(u64 offset, u64 value, u64 mask);
    void write_config(u64 value);
    void write_timer_config(unsigned index, u32 value);
    void write_comparator(unsigned index, u64 value, u64 mask);
    const Wire& output(unsigned index) const;
    void expect(unsigned index);
    void expect_all();
    void wait(Alarm& alarm);
    void fire(unsigned index);
    void drive(unsigned index);

    TimerService& timers_;
    const Wires wires_;
    mutable std::mutex lock_;  // outside the timer service's and the interrupt controllers'
    State state_;
    i64 base_ns_ = 0;  // virtual time at which the counter was state_.counter, while it runs
    std::array<Alarm, kTimers> alarms_;
};

}  // namespace kelvin::device
