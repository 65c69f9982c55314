// SPDX-License-Identifier: Apache-2.0
// A channel of a parallel ATA controller: a cable with two drives, the ports that reach their registers (ATA/ATAPI-7,
// 5), and the bus master that moves their data (Programming Interface for Bus Master IDE Controller, 1.0).
#pragma once

#include <array>
#include <mutex>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/wire.h"
#include "bus/ata/ata.h"
#include "memory/dma.h"
#include "memory/mmio.h"
#include "state/json.h"
#include "state/option_types.h"

namespace kelvin::device::ide {

/// Where a command is. A host that looks sees BSY in those where it has to wait.
enum class Phase : u8 {
    idle,
    begin,      ///< the command was written; the I/O loop has not looked at it
    packet,     ///< its packet is awaited
    execute,    ///< all of it has come; the I/O loop has not looked at it
    await_dma,  ///< the bus master has not been started
    run,        ///< the drive has it
    data_in,
    data_out,
};
std::span<const state::EnumName<Phase>> enum_names(Phase);
inline std::string_view enum_type_name(Phase) {
    return "str";
}

/// Ports belong to any vCPU's thread, commands to the I/O loop's.
class Channel final : private bus::ata::CableListener {
  public:
    /// `io`, `dma` and what `interrupt` leads to outlive it.
    Channel(unsigned number, EventLoop& io, const memory::Dma& dma, Wire interrupt, const std::string& bus_name);
    ~Channel() override;

    bus::ata::IdeBus& bus() { return bus_; }
    static constexpr u16 kCommandPorts = 8;
    /// Eight ports, 1f0 to 1f7 of the first channel, and one, 3f6. They lock by themselves.
    memory::MmioHandler& command_block() { return command_block_; }
    memory::MmioHandler& control_block() { return control_block_; }

    // Any thread that holds no lock of the I/O loop's:
    /// A byte of the bus master's registers, 0 to 7.
    u8 read_bus_master(u64 offset) const;
    void write_bus_master(u64 offset, u8 value);

    // I/O loop's thread:
    void reset();
    void settle();
    Result<state::Json> save() const;
    Result<> load(const state::Json& saved);

  private:
    class CommandBlock final : public memory::MmioHandler {
      public:
        explicit CommandBlock(Channel& channel) : channel_(channel) {}
        u64 read(u64 offset, unsigned size) override;
        void write(u64 offset, unsigned size, u64 value) override;

      private:
        Channel& channel_;
    };
    class ControlBlock final : public memory::MmioHandler {
      public:
        explicit ControlBlock(Channel& channel) : channel_(channel) {}
        u64 read(u64 offset, unsigned size) override;
        void write(u64 offset, unsigned size, u64 value) override;

      private:
        Channel& channel_;
    };
    struct Request final : bus::ata::Request {
        Channel* channel = nullptr;

      private:
        void ended(u64 transferred) override { channel->ended(transferred); }
    };
    struct State {
        std::array<bool, 2> has_unit{};
        std::array<bus::ata::Registers, 2> drives{};
        u8 selected = 0;
        u8 control = 0;
        bool interrupt = false;
        Phase phase = Phase::idle;
        u8 active = 0;           ///< the drive whose command it is
        std::vector<u8> buffer;  ///< data by PIO, or a packet
        u64 position = 0;        ///< of it, what has been moved
        u64 block_end = 0;       ///< and up to where the drive does not ask again
        u64 block = 0;
        u8 master_command = 0;
        u8 master_status = 0;
        u32 master_table = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("has_unit", has_unit);
            visit("drives", drives);
            visit("selected", selected);
            visit("control", control);
            visit("interrupt", interrupt);
            visit("phase", phase);
            visit("active", active);
            visit("buffer", buffer);
            visit("position", position);
            visit("block_end", block_end);
            visit("block", block);
            visit("master_command", master_command);
            visit("master_status", master_status);
            visit("master_table", master_table);
        }
        Result<> check() const;
    };

    void unit_attached(unsigned place, bus::ata::Unit& unit, bool hot) override;
    void unit_detached(unsigned place) override;

    // With the lock held:
    u8 read_register(u64 offset);
    void write_register(u64 offset, u8 value);
    u8 read_status() const;
    u64 read_data(unsigned size);
    void write_data(unsigned size, u64 value);
    void write_command(u8 code);
    void diagnose();
    void show_signature(unsigned place);
    void set_interrupt(bool level);
    void drive_line();
    void ask_for_block();
    void block_done();
    void post_run();
    bool is_packet() const { return active().command == bus::ata::command::kPacket; }
    bus::ata::Registers& active() { return state_.drives.at(state_.active); }
    const bus::ata::Registers& active() const { return state_.drives.at(state_.active); }
    bus::ata::Unit* selected_unit() const { return units_.at(state_.selected); }

    void write_control(u8 value);
    void write_master_command(u8 value);

    // Commands. I/O loop's thread:
    void run();
    bool begin();
    bool prepare_data(const bus::ata::Plan& plan);
    bool prepare_packet();
    bool map_regions(u64 limit);
    void fail();
    void ended(u64 transferred);
    void data_has_come(u64 transferred);
    void finish(u64 transferred);
    void stop();

    EventLoop& io_;
    const memory::Dma& dma_;
    const Wire interrupt_;
    CommandBlock command_block_{*this};
    ControlBlock control_block_{*this};

    mutable std::mutex lock_;  // guards what follows; outside the interrupt controller's. What only the I/O loop
                               // changes, it reads without it
    State state_;
    std::array<bus::ata::Unit*, 2> units_{};
    bool posted_ = false;  // run() is

    Request request_;  // the I/O loop's, as what follows
    bus::ata::Protocol protocol_ = bus::ata::Protocol::none;
    bool by_master_ = false;
    bool regions_left_ = false;  // the bus master's are more than the command moves
    bool stopping_ = false;

    bus::ata::IdeBus bus_;
};

}  // namespace kelvin::device::ide
