// SPDX-License-Identifier: Apache-2.0
// The USB host controller xHCI on PCI, with QEMU's identity.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bus/device_type.h"
#include "bus/pci/function.h"
#include "bus/usb/function.h"
#include "device/xhci/spec.h"

namespace kelvin::device {

class Xhci;

/// Devices of USB 2 at ports 1 to 4; they come and go while the machine runs.
class XhciBus final : public bus::Bus {
  public:
    static constexpr const char* kKind = "usb-bus";

    XhciBus(EventLoop& io, Xhci& xhci) : Bus(kKind), io_(io), xhci_(xhci) {}

    bool has_free_place() const override { return free_port() != 0; }
    Result<> attach(bus::Device& device, bool hot) override;
    void detach(bus::Device& device) override;
    Result<> request_detach(bus::Device& device, bus::DetachObserver& observer) override;
    std::string place_of(const bus::Device& device) const override;

  private:
    unsigned free_port() const;  // counted from 1; 0: none
    unsigned port_of(const bus::Device& device) const;

    EventLoop& io_;
    Xhci& xhci_;
    std::array<bus::usb::Function*, xhci::kPorts2> places_{};
};

/// Handlers of registers change them and post what is to be done; rings, devices and contexts are the I/O loop's.
class Xhci final : public bus::pci::Function, private memory::MmioHandler, private bus::Savable {
  public:
    struct Options {
        bus::pci::FunctionOptions function = {};

        template <class Visitor>
        void fields(Visitor& visit) {
            function.fields(visit);
        }
    };
    static Result<std::unique_ptr<Xhci>> create(const Options& options, const bus::Surroundings& surroundings);

    /// All of it outlives the device. `name` is the bus's.
    Xhci(const Options& options, EventLoop& io, TimerService& timers, const memory::Dma& dma, const std::string& name);
    ~Xhci() override;

    void reset() override;
    Savable* savable() override { return this; }
    std::span<bus::Bus* const> buses() override { return {&bus_pointer_, 1}; }

    // I/O loop's thread; `number` counts from 0:
    void plug_in(unsigned number, bus::usb::Function& device);
    void pull_out(unsigned number);

  private:
    /// What guests make the I/O loop do in one go; it comes back for the rest.
    static constexpr unsigned kFuel = 64;
    /// Blocks of one transfer, links among them: a ring of links does not hold the loop for ever.
    static constexpr unsigned kMostBlocks = 1024;
    /// Bytes of one transfer: a guest does not make the host allocate without bounds.
    static constexpr u64 kMostBytes = u64{4} << 20;

    struct Ring {
        u64 at = 0;
        bool cycle = false;
        template <class Visitor>
        void fields(Visitor& visit) {
            visit("at", at);
            visit("cycle", cycle);
        }
    };
    struct Endpoint {
        u8 state = 0;  // EndpointState
        bool sends = false;
        Ring ring;
        template <class Visitor>
        void fields(Visitor& visit) {
            visit("state", state);
            visit("sends", sends);
            visit("ring", ring);
        }
        xhci::EndpointState is() const { return static_cast<xhci::EndpointState>(state); }
    };
    struct Slot {
        bool enabled = false;
        u8 port = 0;  // counted from 1; 0: none yet
        u64 context = 0;
        u32 rung = 0;  // doorbells
        std::array<Endpoint, xhci::kEndpoints> endpoints{};
        template <class Visitor>
        void fields(Visitor& visit) {
            visit("enabled", enabled);
            visit("port", port);
            visit("context", context);
            visit("rung", rung);
            visit("endpoints", endpoints);
        }
        Result<> check() const;
    };
    struct Interrupter {
        u32 management = 0;  // IMAN
        u32 moderation = 0;
        u32 table_size = 0;
        u64 table = 0;
        u64 dequeue = 0;  // ERDP
        u64 segment = 0;
        u32 segment_size = 0;  // blocks; 0: no ring
        u32 next = 0;
        bool cycle = true;
        template <class Visitor>
        void fields(Visitor& visit) {
            visit("management", management);
            visit("moderation", moderation);
            visit("table_size", table_size);
            visit("table", table);
            visit("dequeue", dequeue);
            visit("segment", segment);
            visit("segment_size", segment_size);
            visit("next", next);
            visit("cycle", cycle);
        }
        Result<> check() const;
    };
    struct Registers {
        u32 command = 0;
        u32 status = xhci::status::kHalted;
        u32 notifications = 0;
        u32 configure = 0;
        u64 contexts = 0;  // DCBAAP
        Ring commands;
        bool commands_run = false;
        bool command_rung = false;
        std::array<u32, xhci::kPorts> ports{};
        std::array<Interrupter, xhci::kInterrupters> interrupters{};
        std::array<Slot, xhci::kSlots + 1> slots{};  // by number; 0 is not used
        template <class Visitor>
        void fields(Visitor& visit) {
            visit("command", command);
            visit("status", status);
            visit("notifications", notifications);
            visit("configure", configure);
            visit("contexts", contexts);
            visit("commands", commands);
            visit("commands_run", commands_run);
            visit("command_rung", command_rung);
            visit("ports", ports);
            visit("interrupters", interrupters);
            visit("slots", slots);
        }
        Result<> check() const;
    };
    struct State {
        state::Json function;
        Registers registers;
        template <class Visitor>
        void fields(Visitor& visit) {
            visit("function", function);
            visit("registers", registers);
        }
    };
    /// A port's device tells that it has something.
    struct Place final : bus::usb::Host {
        void ready(unsigned number) override;
        Xhci* xhci = nullptr;
        u32 number = 0;
        bus::usb::Function* device = nullptr;
        u32 has = 0;  // endpoints that have something, by number
    };
    /// What a guest wants done, from its ring.
    struct Transfer {
        std::vector<xhci::Trb> blocks;
        Ring behind;
        u64 bytes = 0;
    };
    struct CommandResult {
        xhci::Code code = xhci::Code::success;
        u32 slot = 0;
    };

    // Registers, with the lock held:
    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;
    u32 read_word(u64 offset) const;
    static u32 read_capability(u64 offset);
    u32 read_operational(u64 offset) const;
    u32 read_runtime(u64 offset) const;
    void write_word(u64 offset, u32 value);
    void write_operational(u64 offset, u32 value);
    void write_command(u32 value);
    void write_commands_ring(u32 value);
    void write_port(unsigned number, u32 value);
    void write_interrupter(Interrupter& interrupter, unsigned index, u64 offset, u32 value);
    void ring_doorbell(unsigned slot, u32 value);
    void load_segment(Interrupter& interrupter);
    void schedule();
    void reset_locked();

    // Events, with the lock held:
    void send_event(unsigned interrupter, xhci::Trb event);
    void interrupt(unsigned index);
    void update_line();
    void port_changed(unsigned number, u32 changes);

    // I/O loop's thread, with the lock held:
    void run();
    void take_news();
    void reset_ports();
    unsigned run_commands(unsigned fuel);
    unsigned run_endpoints(unsigned fuel);
    bool read_block(u64 address, xhci::Trb& block) const;
    CommandResult execute(const xhci::Trb& command);
    CommandResult enable_slot();
    xhci::Code address_device(unsigned number, const xhci::Trb& command);
    xhci::Code configure(unsigned number, const xhci::Trb& command);
    xhci::Code evaluate(unsigned number, const xhci::Trb& command);
    xhci::Code endpoint_command(unsigned number, const xhci::Trb& command);
    xhci::Code reset_device(unsigned number);
    bool take_endpoint(Slot& slot, unsigned index, u64 context);
    void put_endpoint(Slot& slot, unsigned index);
    void drop_endpoints(Slot& slot, unsigned from);
    std::array<u32, 8> load_context(u64 address, bool& sound) const;
    void store_context(u64 address, const std::array<u32, 8>& words) const;
    bus::usb::Function* device_of(const Slot& slot) const;
    /// False: nothing whole is there, or it waits for the device.
    bool run_endpoint(unsigned number, unsigned index);
    enum class Found : u8 { nothing, whole, broken };
    Found collect(const Endpoint& endpoint, bool is_control, Transfer& transfer) const;
    bus::usb::Outcome move(bus::usb::Function& device, unsigned index, const Transfer& transfer, bool& memory_fault);
    bool gather(const Transfer& transfer, std::span<u8> data) const;
    bool scatter(const Transfer& transfer, std::span<const u8> data) const;
    void complete(unsigned number, unsigned index, const Transfer& transfer, u64 moved);
    void fail(unsigned number, unsigned index, const xhci::Trb& block, xhci::Code code);
    void transfer_event(unsigned number, unsigned index, const xhci::Trb& block, u32 left, xhci::Code code);

    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    EventLoop& io_;
    TimerService& timers_;
    const memory::Dma& dma_;

    std::mutex lock_;  // guards what follows; outside the interrupt controller's
    Registers registers_;
    bool scheduled_ = false;
    std::array<bool, xhci::kPorts2> wants_reset_{};

    std::array<Place, xhci::kPorts2> places_{};  // I/O loop's thread
    XhciBus bus_;
    bus::Bus* const bus_pointer_ = &bus_;
};

}  // namespace kelvin::device
