// SPDX-License-Identifier: Apache-2.0
// The fixed hardware of ACPI (6.5, 4.8) as PC chipsets have it: PM1a events and control, the power management timer,
// one block of general purpose events, and the port by which systems ask firmware for ACPI mode.
#pragma once

#include <array>
#include <mutex>

#include "base/clock.h"
#include "base/wire.h"
#include "bus/byte_registers.h"

namespace kelvin::device {

/// What a guest does to its machine's power. Any thread; called with none of the device's locks held.
class SleepListener {
  public:
    virtual ~SleepListener() = default;
    /// SLP_EN was written with this SLP_TYPx: which state that is, the board's DSDT says.
    virtual void sleep_requested(u8 type) = 0;
};

/// Registers are used by vCPUs, events come from any thread; the device's own lock guards all of it.
class PowerManagement final {
  public:
    static constexpr i64 kTimerFrequency = 3'579'545;
    static constexpr u32 kBlockSize = 12;  ///< PM1a event 0-3, control 4-5, timer 8-11
    static constexpr unsigned kMostEventBytes = 8;

    struct Config {
        u8 acpi_enable = 0x02;     ///< what a system writes to SMI_CMD for ACPI mode
        u8 acpi_disable = 0x03;    ///< and for the other
        unsigned event_bytes = 8;  ///< of the general purpose events' status, and as many of their enables; 1 to 8
    };
    struct Wires {
        Wire sci;
        Wire smi;  ///< pulsed at each write of SMI_CMD
    };
    struct State {
        u16 status = 0;
        u16 enable = 0;
        u16 control = 0;
        u64 timer_halves = 0;  ///< of the timer's period, up to which its status is told
        u64 timer = 0;         ///< ticks so far
        std::array<u8, kMostEventBytes> events{};
        std::array<u8, kMostEventBytes> events_enabled{};
        std::array<u8, 2> command{};  ///< SMI_CMD and the scratch byte behind it

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("status", status);
            visit("enable", enable);
            visit("control", control);
            visit("timer_halves", timer_halves);
            visit("timer", timer);
            visit("events", events);
            visit("events_enabled", events_enabled);
            visit("command", command);
        }
    };

    /// `timers` and `listener` outlive the device; wires are driven with its lock held.
    PowerManagement(const Config& config, TimerService& timers, SleepListener& listener, const Wires& wires);
    ~PowerManagement();
    PowerManagement(const PowerManagement&) = delete;
    PowerManagement& operator=(const PowerManagement&) = delete;

    /// kBlockSize ports, 2 * event_bytes, and two at 0xb2. They lock by themselves.
    memory::MmioHandler& block() { return block_; }
    memory::MmioHandler& event_block() { return event_block_; }
    unsigned event_bytes() const { return config_.event_bytes; }
    memory::MmioHandler& command_ports() { return command_ports_; }

    /// Events of the board. Any thread.
    void press_power_button();
    void press_sleep_button();
    void clock_alarm();
    /// The machine has come back from a sleeping state.
    void wake();
    /// Event `number` of the general purpose ones has happened: its status stays until software clears it.
    void raise_event(unsigned number);

    /// The timer goes on.
    void reset();
    State save();
    void restore(const State& state);

  private:
    template <u8 (PowerManagement::*Read)(u64), void (PowerManagement::*Write)(u64, u8)>
    struct Ports final : bus::ByteRegisters {
        explicit Ports(PowerManagement& which) : owner(which) {}
        PowerManagement& owner;
        u8 read_byte(u64 offset) override { return (owner.*Read)(offset); }
        void write_byte(u64 offset, u8 value) override { (owner.*Write)(offset, value); }
    };

    u8 read_block(u64 offset);
    void write_block(u64 offset, u8 value);
    u8 read_event(u64 offset);
    void write_event(u64 offset, u8 value);
    u8 read_command(u64 offset);
    void write_command(u64 offset, u8 value);
    bool write_control(u64 offset, u8 value);

    u64 ticks() const;
    void set_status(u16 which);
    void look();
    void update();
    void alarm();

    const Config config_;
    TimerService& timers_;
    SleepListener& listener_;
    const Wires wires_;
    const TimerId timer_;

    std::mutex lock_;  // outside the timer service's and the interrupt controllers'
    State state_;
    u64 timer_offset_ = 0;  // ticks that the timer is ahead of virtual time
    bool sci_driven_ = false;
    Ports<&PowerManagement::read_block, &PowerManagement::write_block> block_{*this};
    Ports<&PowerManagement::read_event, &PowerManagement::write_event> event_block_{*this};
    Ports<&PowerManagement::read_command, &PowerManagement::write_command> command_ports_{*this};
};

}  // namespace kelvin::device
