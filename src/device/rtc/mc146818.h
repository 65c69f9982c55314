// SPDX-License-Identifier: Apache-2.0
// The PC's clock on a battery and its CMOS memory, Motorola's MC146818A (ADI1204), at ports 0x70 and 0x71: the time and
// an alarm, three causes of an interrupt, 128 bytes. Bit 7 of the first port masks the processor's NMI.
#pragma once

#include <array>
#include <mutex>

#include "base/clock.h"
#include "base/wire.h"
#include "bus/byte_registers.h"
#include "device/rtc/wall_clock.h"

namespace kelvin::device {

/// Registers are used by vCPUs, the interrupts by the timer's thread; the device's own lock guards both.
class Mc146818 final : public bus::ByteRegisters {
  public:
    static constexpr u32 kPorts = 2;
    static constexpr unsigned kBytes = 128;
    static constexpr u8 kCentury = 0x32;  ///< where a PC's firmware keeps it

    struct State {
        std::array<u8, kBytes> bytes{};  ///< registers and memory; the time's only count while it stands still
        u8 index = 0;                    ///< port 0x70
        i64 offset = 0;                  ///< nanoseconds that the guest's time is ahead of the wall clock's
        i64 seen = 0;                    ///< nanoseconds of the guest's time up to which causes were looked at
        i64 periodic = 0;                ///< nanoseconds that have passed of the periodic interrupt's period

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("bytes", bytes);
            visit("index", index);
            visit("offset", offset);
            visit("seen", seen);
            visit("periodic", periodic);
        }
    };

    struct Wires {
        Wire interrupt;  ///< IRQ, high while it is asserted
        Wire nmi_mask;   ///< high while NMI is masked
    };

    /// `wall` and `timers` outlive the device; wires are driven with its lock held.
    Mc146818(const WallClock& wall, TimerService& timers, const Wires& wires);
    ~Mc146818() override;

    /// The board's part of the memory, behind the clock's registers: `index` is 14 to 127, and not the century's.
    void set_byte(u8 index, u8 value);
    u8 byte(u8 index) const;

    /// Time and memory survive, as on the battery.
    void reset();
    State save();
    void restore(const State& state);

  private:
    u8 read_byte(u64 offset) override;
    void write_byte(u64 offset, u8 value) override;

    u8 read_register(u8 index);
    void write_register(u8 index, u8 value);
    bool is_running() const;
    i64 time() const { return wall_.nanoseconds() + state_.offset; }
    i64 periodic_ns() const;
    u8 encode(i64 value) const;
    i64 decode(u8 value) const;
    u8 encode_hour(i64 hour) const;
    i64 decode_hour(u8 value) const;
    bool is_update_near() const;
    void show(i64 now);
    void set_time(i64 fraction);
    void write_a(u8 value);
    void write_b(u8 value);
    u8 read_c();
    bool alarm_between(i64 first, i64 last) const;
    void look();
    void drive();
    void arm();
    void alarm();

    const WallClock& wall_;
    TimerService& timers_;
    const Wires wires_;
    const TimerId timer_;

    mutable std::mutex lock_;  // outside the timer service's and the interrupt controller's
    State state_;
    i64 period_start_ = 0;  // virtual time: of the periodic interrupt's period under way
    bool interrupt_driven_ = false;
};

}  // namespace kelvin::device
