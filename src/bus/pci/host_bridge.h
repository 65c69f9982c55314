// SPDX-License-Identifier: Apache-2.0
// A PCI Express root complex: configuration space by ECAM, and the windows through which CPUs reach what the guest has
// mapped.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "base/wire.h"
#include "bus/msi.h"
#include "bus/pci/legacy_vga.h"
#include "bus/pci/pci_bus.h"
#include "memory/mmio.h"

namespace kelvin::bus::pci {

/// PCI-to-PCI Bridge Architecture 1.2, 9.1: which of a bridge's pins `pin` of the device behind it becomes.
constexpr unsigned turned_pin(unsigned device, unsigned pin) {
    return (device + pin) % 4;
}

/// The host bridge as a function of its root bus.
class HostFunction : public Function {
  public:
    explicit HostFunction(const Identity& identity) : Function({}, identity) {}
    using Function::load_function;
    using Function::save_function;

    /// Where the guest has put configuration space among the windows, for bridges that let it. With the configuration
    /// lock held.
    virtual std::optional<Gpa> ecam_base() const { return {}; }
};

/// Lock order: the configuration lock, then the routes' lock, then any device's. Handlers of base address registers run
/// with the routes' lock shared, so that a function that is unplugged has nobody inside when that is done. They may
/// wait for the I/O loop, which therefore takes none of these locks.
class HostBridge : public Savable {
  public:
    /// Ports and windows as CPUs address them; what a window maps begins at `bus_base` on the bus.
    struct Window {
        Gpa base;
        u64 size = 0;
        u64 bus_base = 0;
        bool io = false;
    };
    static constexpr unsigned kInterrupts = 4;
    /// What a board does in its own way.
    struct Board {
        std::vector<Window> windows;
        std::vector<Wire> interrupts;
        /// Which of them interrupt pin `pin` (0: INTA) of a device of the root bus is.
        unsigned (*wire_of)(unsigned device, unsigned pin) = &turned_pin;
        MsiController* msi = nullptr;                 ///< null: messages are lost
        memory::AddressMap* memory = nullptr;         ///< where the windows are, for functions that have memory
        std::unique_ptr<HostFunction> function = {};  ///< null: QEMU's generic bridge
    };

    /// All wires, `msi` and `memory` outlive the bridge.
    explicit HostBridge(Board board);
    HostBridge(std::vector<Window> windows, const std::array<Wire, kInterrupts>& interrupts, MsiController* msi);
    ~HostBridge() override;
    HostBridge(const HostBridge&) = delete;
    HostBridge& operator=(const HostBridge&) = delete;

    PciBus& root() { return *root_; }
    /// For AddressMap::add_mmio with Locking::handler.
    memory::MmioHandler& ecam() { return ecam_; }
    HostFunction& function() { return *own_; }
    /// Of the first card on the bus that has them, for boards that have these places; ones if there is none.
    memory::MmioHandler& vga_memory() { return vga_memory_; }
    memory::MmioHandler& vga_ports() { return vga_ports_; }
    memory::MmioHandler& dispi_ports() { return dispi_ports_; }
    memory::MmioHandler& window(unsigned index) { return *windows_.at(index); }

    /// After a reset of functions, while no vCPU runs.
    void remap();

    /// Its own function; after functions are loaded, it finds where they are mapped.
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    // For buses:
    /// Before a function is plugged in, and after it was taken out.
    Result<> reserve_memory(const Function& function);
    void free_memory(const Function& function);
    unsigned wire_of(unsigned device, unsigned pin) const { return board_.wire_of(device, pin); }
    /// Changes which functions there are, with no vCPU in configuration space or in a handler.
    template <class Change>
    void change_topology(Change change) {
        const std::lock_guard config(config_lock_);
        const std::unique_lock routes(routes_lock_);
        change();
        build_routes();
    }
    /// Calls `work()` while no vCPU is in configuration space.
    template <class Work>
    void with_configuration(Work work) {
        const std::lock_guard config(config_lock_);
        work();
    }
    void set_interrupt(unsigned wire, bool level);
    void deliver(const Msi& message);

    /// One function a line: "00:01.0 1af4:1044 class 00ff00, BAR 1 at 0x10000000".
    std::string describe();

  private:
    struct Route {
        u64 start = 0;
        u64 size = 0;
        const Bar* bar = nullptr;
    };
    /// Configuration space's size of 256 buses.
    static constexpr u64 kEcamSize = u64{256} << 20;
    /// A range of a function's that is memory, and the number by which it is laid over the address map.
    struct MemoryBar {
        const Function* function;
        const Bar* bar;
        unsigned layer;
    };
    class Ecam final : public memory::MmioHandler {
      public:
        explicit Ecam(HostBridge& host) : host_(host) {}
        u64 read(u64 offset, unsigned size) override;
        void write(u64 offset, unsigned size, u64 value) override;

      private:
        HostBridge& host_;
    };
    class WindowHandler final : public memory::MmioHandler {
      public:
        WindowHandler(HostBridge& host, const Window& window) : host_(host), window_(window) {}
        u64 read(u64 offset, unsigned size) override;
        void write(u64 offset, unsigned size, u64 value) override;

      private:
        std::optional<u64> ecam_offset(u64 address) const;

        HostBridge& host_;
        const Window window_;
    };
    /// What of the video card answers at a place of old.
    class LegacyPlace final : public memory::MmioHandler {
      public:
        using Which = memory::MmioHandler& (LegacyVga::*)();
        LegacyPlace(HostBridge& host, Which which) : host_(host), which_(which) {}
        u64 read(u64 offset, unsigned size) override;
        void write(u64 offset, unsigned size, u64 value) override;

      private:
        HostBridge& host_;
        const Which which_;
    };
    struct Target {
        Function* function = nullptr;
        u32 offset = 0;
    };
    Target target_of(u64 offset);
    PciBus* find_bus(PciBus& from, u8 number);
    const Route* find_route(bool io, u64 address, unsigned size) const;
    void build_routes();
    void add_routes(PciBus& bus, std::vector<Bridge*>& path);
    void add_route(const Route& route);
    void lay_memory();

    const Board board_;
    Ecam ecam_{*this};
    std::atomic<u64> ecam_at_ = 0;  // where it is among the windows; 0: it is not
    std::vector<std::unique_ptr<WindowHandler>> windows_;
    LegacyPlace vga_memory_{*this, &LegacyVga::vga_memory};
    LegacyPlace vga_ports_{*this, &LegacyVga::vga_ports};
    LegacyPlace dispi_ports_{*this, &LegacyVga::dispi_ports};

    std::mutex config_lock_;
    std::shared_mutex routes_lock_;
    std::array<std::vector<Route>, 2> routes_;  // of memory and of ports, ascending
    LegacyVga* vga_ = nullptr;                  // the first
    std::vector<MemoryBar> memory_bars_;        // under the configuration lock, as the next
    /// Option ROMs of functions that are gone: a processor may be about to read one. Only functions that were there
    /// when the machine started have any.
    std::vector<std::shared_ptr<const memory::RamBlock>> retired_;

    std::mutex interrupt_lock_;  // guards the next; outside the interrupt controller's
    std::vector<unsigned> interrupt_counts_;

    std::unique_ptr<PciBus> root_;
    const std::unique_ptr<HostFunction> own_;
};

}  // namespace kelvin::bus::pci
