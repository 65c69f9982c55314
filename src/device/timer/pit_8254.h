// SPDX-License-Identifier: Apache-2.0
// The PC's interval timer, an Intel 8254 (order number 231164) at 1.193182 MHz, and port 0x61 with the second counter's
// gate and output (82371SB, 2.5.6: NMI status and control). Nobody hears the speaker.
#pragma once

#include <array>
#include <mutex>

#include "base/clock.h"
#include "base/wire.h"
#include "bus/byte_registers.h"
#include "device/timer/pit_counter.h"

namespace kelvin::device {

/// Registers are used by vCPUs, the output by the timer's thread; the device's own lock guards both.
class Pit8254 final {
  public:
    static constexpr i64 kFrequency = 1'193'182;
    static constexpr u32 kPorts = 4;

    struct State {
        std::array<PitCounter::State, 3> counters{};
        u8 speaker_control = 0;  ///< bits 3-0 of port 0x61

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("counters", counters);
            visit("speaker_control", speaker_control);
        }
    };

    /// `timers` outlives the device; `interrupt` is counter 0's output, driven with the device's lock held.
    Pit8254(TimerService& timers, Wire interrupt);
    ~Pit8254();
    Pit8254(const Pit8254&) = delete;
    Pit8254& operator=(const Pit8254&) = delete;

    /// kPorts from 0x40, and one at 0x61. They lock by themselves.
    memory::MmioHandler& ports() { return ports_; }
    memory::MmioHandler& speaker_port() { return speaker_port_; }

    void reset();
    State save();
    void restore(const State& state);

  private:
    struct Ports final : bus::ByteRegisters {
        Pit8254* pit = nullptr;
        u8 read_byte(u64 offset) override { return pit->read(offset); }
        void write_byte(u64 offset, u8 value) override { pit->write(offset, value); }
    };
    struct SpeakerPort final : bus::ByteRegisters {
        Pit8254* pit = nullptr;
        u8 read_byte(u64) override { return pit->read_speaker(); }
        void write_byte(u64, u8 value) override { pit->write_speaker(value); }
    };

    PitCounter::Tick now() const;
    u8 read(u64 offset);
    void write(u64 offset, u8 value);
    void control(u8 word);
    void read_back(u8 word);
    u8 read_speaker();
    void write_speaker(u8 value);
    void alarm();
    void drive();
    void arm();
    void start_anew();

    TimerService& timers_;
    const Wire interrupt_;
    const TimerId timer_;

    std::mutex lock_;  // outside the timer service's and the interrupt controller's
    std::array<PitCounter, 3> counters_;
    u8 speaker_control_ = 0;
    bool driven_ = false;
    PitCounter::Tick expected_ = 0;  // the change that the timer waits for
    i64 earliest_alarm_ns_ = 0;
    Ports ports_;
    SpeakerPort speaker_port_;
};

}  // namespace kelvin::device
