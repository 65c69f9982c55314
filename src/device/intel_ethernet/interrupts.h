// SPDX-License-Identifier: Apache-2.0
// Causes, masks, and when the host is told: at once, later (RDTR, TIDV and their kin), not too often (ITR, EITR).
#pragma once

#include <array>
#include <mutex>

#include "base/clock.h"
#include "device/intel_ethernet/register_file.h"

namespace kelvin::device::intel {

/// The bus, as a controller sees it. Any thread, with the controller's lock held.
class ControllerPort {
  public:
    virtual ~ControllerPort() = default;
    /// Only then it may reach memory.
    virtual bool is_bus_master() const = 0;
    /// True while the host has MSI-X enabled; else the line is used.
    virtual bool uses_messages() const = 0;
    virtual void send_message(u16 vector) = 0;
    virtual void set_line(bool level) = 0;
};

/// Every method but constructor and destructor with the controller's lock held, which `lock` is. Timers take it.
class Interrupts {
  public:
    static constexpr unsigned kVectors = 5;

    /// All outlive it. `extended`: as the 82574 has them.
    Interrupts(RegisterFile& registers, ControllerPort& port, TimerService& timers, std::mutex& lock, bool extended);
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    void raise(u32 causes);
    /// Of a frame that came or went: delayed as the registers say unless `now`.
    void raise_received(unsigned queue, u32 others);
    void raise_transmitted(unsigned queue, bool now);
    /// RDTR and TIDV with "flush": what waits comes now.
    void flush_received() { fire(receive_); }
    void flush_transmitted() { fire(transmit_); }

    // What the host does:
    u32 read_causes();
    void clear_causes(u32 causes);
    void set_mask(u32 causes);
    void clear_mask(u32 causes);
    /// A register that all this depends on was written, or the port uses other interrupts now.
    void update();

    /// Nothing waits any more: what was delayed or held back is told now.
    void settle();
    void reset();
    /// Registers were loaded: the host knows of all causes.
    void loaded();

  private:
    /// A cause that waits for others of its kind.
    struct Delayed {
        Interrupts* owner = nullptr;
        TimerId timer{};
        u32 causes = 0;
        i64 first_ns = 0;
    };
    void delay(Delayed& delayed, u32 causes, u32 units, u32 most_units);
    void fire(Delayed& delayed);
    void update_line();
    void send_messages();
    void send(u32 cause, unsigned vector);
    bool uses_messages() const { return extended_ && port_.uses_messages(); }
    static void delay_is_over(void* delayed);
    static void throttle_is_over(void* interrupts);

    RegisterFile& registers_;
    ControllerPort& port_;
    TimerService& timers_;
    std::mutex& lock_;
    const bool extended_;
    Delayed receive_;
    Delayed transmit_;
    TimerId throttle_;
    bool line_ = false;
    u32 sent_ = 0;                         // causes that the host was sent a message for, and has not cleared
    std::array<i64, kVectors> next_ns_{};  // when a vector, or the line, may be used again
};

}  // namespace kelvin::device::intel
