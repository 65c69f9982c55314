// SPDX-License-Identifier: Apache-2.0
// A PCI Express function as its device's author sees it: identity, base address registers, interrupts.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/types.h"
#include "bus/device.h"
#include "bus/pci/config_space.h"
#include "bus/pci/msix.h"
#include "memory/address_map.h"
#include "memory/mmio.h"
#include "state/options.h"

namespace kelvin::bus::pci {

/// Device and function number, as addresses of configuration space have it: device << 3 | function.
struct Devfn {
    u8 value = 0;
    unsigned device() const { return value >> 3; }
    unsigned function() const { return value & 7U; }
    std::string text() const;
    auto operator<=>(const Devfn&) const = default;
};
/// "5", "0x2.0x1", "1f.7": device in hexadecimal, and function.
Result<> read_value(const state::Json& value, Devfn& field);
state::Json write_value(Devfn field);

/// What -device may say about any PCI device; part of its Options.
struct FunctionOptions {
    std::optional<Devfn> addr;
    bool multifunction = false;
    std::optional<std::string> romfile = {};
    u32 rombar = 1;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("addr", addr, "device and function number on its bus, like 0x5.0x0");
        visit("multifunction", multifunction, "other functions share its device number");
        visit("romfile", romfile, "the option ROM for firmware, a file; empty: none");
        visit("rombar", rombar, "0: the option ROM is not there");
    }
};

struct Identity {
    u16 vendor = 0;
    u16 device = 0;
    u8 revision = 0;
    u32 class_code = 0;  ///< base class, sub-class, interface in bits [23:0]
    u16 subsystem_vendor = 0;
    u16 subsystem = 0;
};

/// What a bus gives a function that is plugged in; lives as long as the bus. Any thread.
class FunctionPort {
  public:
    virtual ~FunctionPort() = default;
    virtual void set_intx(bool level) = 0;
    virtual void send_msi(u64 address, u32 data) = 0;
};

/// A range of addresses that the guest may put somewhere.
struct Bar {
    enum class Kind : u8 { none, io, memory32, memory32_prefetchable, memory64, memory64_prefetchable };
    Kind kind = Kind::none;
    u64 size = 0;
    memory::MmioHandler* handler = nullptr;  ///< does its own locking; null: it is memory
    u8* memory = nullptr;                    ///< the host's, of `size` bytes, that the guest uses as RAM
    bool read_only = false;                  ///< or as ROM

    bool is_wide() const { return kind == Kind::memory64 || kind == Kind::memory64_prefetchable; }
};

/// Configuration space belongs to the host bridge's lock; ranges of base address registers and interrupts are used by
/// any thread.
class Function : public Device, private MessagePort {
  public:
    static constexpr unsigned kBars = 6;
    static constexpr unsigned kRom = kBars;  ///< the option ROM's, among all ranges
    static constexpr unsigned kRanges = kBars + 1;

    Function(const FunctionOptions& options, const Identity& identity);
    ~Function() override;

    const FunctionOptions& placement() const { return placement_; }
    const ConfigSpace& config() const { return config_; }

    /// From the guest: aligned accesses of 1, 2 and 4 bytes within the space. True if a mapping may have changed.
    u32 read_config(u32 offset, unsigned size);
    bool write_config(u32 offset, unsigned size, u32 value);

    /// Any thread: it may write to memory, which messages are.
    bool is_bus_master() const { return bus_master_; }

    /// By the bus: while plugged in, then null. `integrated`: on a root bus.
    void set_port(FunctionPort* port, bool integrated);
    void set_multifunction();

    /// It has memory of its own that the guest changes: it stays while the machine runs.
    bool has_memory() const;
    /// The file of the option ROM that such a function usually has; empty: none.
    virtual std::string_view default_rom() const { return {}; }
    /// Gives it an option ROM, before it is plugged in; `content` is not empty.
    Result<> set_rom(std::span<const u8> content);
    /// Null: it has none.
    const std::shared_ptr<const memory::RamBlock>& rom() const { return rom_; }
    const Bar& bar(unsigned index) const { return bars_.at(index); }
    /// Where the guest has put it; none while the command register has it off, or nothing was written.
    std::optional<u64> bar_address(unsigned index) const;

    /// With everything behind it, as the function-level reset does, too.
    void reset() override;

  protected:
    ConfigSpace& space() { return config_; }

    // While it is being made:
    /// A 64-bit register takes two places. `size` is a power of two.
    void add_bar(unsigned index, Bar::Kind kind, u64 size, memory::MmioHandler& handler);
    /// Memory as RAM is, which lives as long as the function; at least a page.
    void add_memory_bar(unsigned index, Bar::Kind kind, const memory::RamBlock& block);
    /// With its table and pending bits in a range of their own, base address register `bar`.
    void add_msix(unsigned bar, u16 vectors);
    /// The Express capability: an endpoint, integrated or behind a port, as it is plugged in.
    void add_express_endpoint();
    /// INTA.
    void add_interrupt_pin();

    // Any thread:
    /// For a driver that has not enabled MSI-X.
    void set_intx(bool level);
    /// Raises MSI-X vector `vector`; kept pending while masked. Nothing happens if MSI-X is off or there is no such
    /// vector.
    void raise(u16 vector);
    bool msix_enabled() const { return msix_ != nullptr && msix_->enabled(); }
    u16 msix_vectors() const { return msix_ != nullptr ? msix_->vectors() : u16{0}; }

    /// It was plugged in, on a root bus or behind a port: the last moment to change what it is. Before guests see it.
    virtual void placed(bool /*integrated*/) {}

    // While no vCPU runs:
    /// Configuration space, interrupt line and MSI-X, for savable().
    state::Json save_function();
    /// The host bridge has to be told afterwards: HostBridge::load().
    Result<> load_function(const state::Json& saved);

    /// The guest has written to configuration space, with the host bridge's lock held. True if a mapping may have
    /// changed by what the function itself does with it.
    virtual bool config_written(u32 /*offset*/, unsigned /*size*/) { return false; }
    /// Configuration space was loaded: what is kept besides follows from it. Nothing is reset.
    virtual void config_loaded() {}
    /// The guest is about to read, likewise.
    virtual void config_reading(u32 /*offset*/, unsigned /*size*/) {}

  private:
    void put_bar(unsigned index, const Bar& bar);
    void send_message(u64 address, u32 data) override;
    void drive_intx();
    void command_written();
    void update_msix();

    FunctionOptions placement_;
    ConfigSpace config_;
    std::array<Bar, kRanges> bars_{};
    std::shared_ptr<const memory::RamBlock> rom_;
    std::unique_ptr<Msix> msix_;
    u32 msix_at_ = 0;     // of the capability; 0: none
    u32 express_at_ = 0;  // likewise
    std::atomic<FunctionPort*> port_ = nullptr;
    std::atomic<bool> bus_master_ = false;

    std::mutex intx_lock_;  // guards the next two; outside the interrupt controller's
    bool intx_ = false;
    bool intx_disabled_ = false;
};

}  // namespace kelvin::bus::pci
