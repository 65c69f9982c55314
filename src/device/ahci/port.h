// SPDX-License-Identifier: Apache-2.0
// A port of an AHCI controller: its registers, the commands that the host has put into its slots, its drive.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "bus/ata/ata.h"
#include "device/ahci/spec.h"
#include "memory/dma.h"
#include "state/json.h"

namespace kelvin::device::ahci {

/// What a controller gives its ports.
class PortListener {
  public:
    virtual ~PortListener() = default;
    /// A port has an interrupt for its host, or none any more. Any thread, with the port's lock held.
    virtual void port_changed(unsigned number, bool wants_interrupt) = 0;
};

/// Registers belong to any vCPU's thread, commands to the I/O loop's.
class Port final : private bus::ata::CableListener {
  public:
    /// `io`, `dma` and `listener` outlive it.
    Port(unsigned number, EventLoop& io, const memory::Dma& dma, PortListener& listener, const std::string& bus_name);
    ~Port() override;

    bus::ata::IdeBus& bus() { return bus_; }

    // Any thread that holds no lock of the I/O loop's:
    u32 read(u64 offset) const;
    void write(u64 offset, u32 value);

    // I/O loop's thread:
    /// As the reset of the controller does.
    void reset();
    void settle();
    state::Json save() const;
    Result<> load(const state::Json& saved);

  private:
    struct Slot;
    struct Header;
    struct Registers {
        u64 command_list = 0;
        u64 frames = 0;
        u32 interrupts = 0;
        u32 enabled = 0;
        u32 command = 0;
        u32 task_file = 0x7f;
        u32 signature = ~u32{0};
        u32 sata_control = 0;
        u32 sata_error = 0;
        u32 active = 0;
        u32 issued = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("command_list", command_list);
            visit("frames", frames);
            visit("interrupts", interrupts);
            visit("enabled", enabled);
            visit("command", command);
            visit("task_file", task_file);
            visit("signature", signature);
            visit("sata_control", sata_control);
            visit("sata_error", sata_error);
            visit("active", active);
            visit("issued", issued);
        }
        Result<> check() const;
    };
    struct State;

    void unit_attached(unsigned place, bus::ata::Unit& unit, bool hot) override;
    void unit_detached(unsigned place) override;

    // With the lock held:
    void write_register(u64 offset, u32 value);
    void write_command(u32 value);
    void schedule();
    void raise(u32 interrupts);
    void changed() { listener_.port_changed(number_, (registers_.interrupts & registers_.enabled) != 0); }
    void link_changed();
    void put_frame(u64 offset, std::span<const u8> frame);
    void put_registers(const bus::ata::Registers& registers, bool interrupts);
    void put_pio_setup(const bus::ata::Registers& registers, u64 bytes);
    void put_device_bits(const bus::ata::Registers& registers, u32 finished);
    void set_task_file(const bus::ata::Registers& registers);
    void send_signature();
    void halt(u32 interrupts);

    // Commands. I/O loop's thread:
    void run();
    int next_slot() const;
    void issue(unsigned index, std::unique_lock<std::mutex>& lock);
    Slot& slot(unsigned index);
    bool prepare(Slot& slot, const Header& header, std::span<const u8> table);
    void control(const Header& header, u8 value);
    bool map(const Header& header, bus::ata::DataArea& data, u64 limit);
    void ended(Slot& slot, u64 transferred);
    void finish(Slot& slot, u64 transferred);
    void finish_queued(Slot& slot);
    /// Lets commands end, and forgets what they do then.
    void stop();
    void restart_link();

    const unsigned number_;
    EventLoop& io_;
    const memory::Dma& dma_;
    PortListener& listener_;

    mutable std::mutex lock_;  // guards what follows; outside the controller's and the interrupt controller's. What
                               // only the I/O loop changes, it reads without it
    Registers registers_;
    bool halted_ = false;          // by an error, until the host stops the list
    bool owes_signature_ = false;  // the frame after a reset, to a host that did not receive frames
    bool scheduled_ = false;       // run() is posted

    bus::ata::Unit* unit_ = nullptr;
    std::array<std::unique_ptr<Slot>, kSlots> slots_;
    u32 running_ = 0;    // slots whose commands the unit has
    u32 queued_ = 0;     // of them
    unsigned next_ = 0;  // the slot behind the one that was issued last, which is first now; 0: none was
    bool in_soft_reset_ = false;
    bool stopping_ = false;

    bus::ata::IdeBus bus_;
};

}  // namespace kelvin::device::ahci
