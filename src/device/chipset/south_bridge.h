// SPDX-License-Identifier: Apache-2.0
// The chip behind the host bridge of a PC as PCI functions: the bridge to what was ISA with the routes of PCI's
// interrupts, and where power management is. Q35 has ICH9's one function for both (Intel document 316972, 13.1), the
// older board PIIX3's (290550, 2.2) and PIIX4's (290562, 7.1).
#pragma once

#include <atomic>

#include "bus/pci/function.h"
#include "device/acpi/power_management.h"
#include "device/chipset/pirq_router.h"

namespace kelvin::device {

/// The ports of power management, for an address that the guest chooses: ACPI's registers, and of the chip's own only
/// which events make system management interrupts, of which there are none. Any thread.
class PowerPorts final : public memory::MmioHandler {
  public:
    PowerPorts(PowerManagement& power, u32 events_at) : power_(power), events_at_(events_at) {}

    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;

  private:
    memory::MmioHandler* handler_of(u64& offset, unsigned size) const;

    PowerManagement& power_;
    const u32 events_at_;
};

/// A range of ports that configuration space places. Any thread.
class MovablePorts {
  public:
    /// `size` is a power of two.
    MovablePorts(memory::MmioHandler& handler, u32 size) : handler_(handler), size_(size) {}
    /// 0: nowhere.
    void place(u16 base) { base_ = base; }
    /// Null if `port` is not within; else `port` becomes the offset.
    memory::MmioHandler* find(u64& port) const;

  private:
    memory::MmioHandler& handler_;
    const u32 size_;
    std::atomic<u16> base_ = 0;
};

/// ICH9's LPC bridge, at 1f.0.
class Ich9Lpc final : public bus::pci::Function {
  public:
    static constexpr u8 kDevfn = 0x1f << 3;
    static constexpr unsigned kInterrupts = 8;
    static constexpr u32 kEvents = 0x20;  ///< where general purpose events are behind PMBASE
    static constexpr unsigned kEventBytes = 8;

    /// All outlive the function.
    Ich9Lpc(PirqRouter& router, MovablePorts& power);
    void reset() override;
    /// What firmware sets, for a machine that starts without: `route` is the ISA interrupt of each PCI interrupt.
    void set_up(u16 power_base, std::span<const u8> routes);
    using Function::load_function;
    using Function::save_function;

  private:
    bool config_written(u32 offset, unsigned size) override;
    void config_loaded() override { apply(); }
    void apply();

    PirqRouter& router_;
    MovablePorts& power_;
};

/// PIIX3's ISA bridge, at 1.0.
class Piix3Isa final : public bus::pci::Function {
  public:
    static constexpr u8 kDevfn = 1 << 3;
    static constexpr unsigned kInterrupts = 4;

    explicit Piix3Isa(PirqRouter& router);
    void reset() override;
    void set_up(std::span<const u8> routes);
    using Function::load_function;
    using Function::save_function;

  private:
    bool config_written(u32 offset, unsigned size) override;
    void config_loaded() override { apply(); }
    void apply();

    PirqRouter& router_;
};

/// PIIX4's power management, at 1.3.
class Piix4Power final : public bus::pci::Function {
  public:
    static constexpr u8 kDevfn = 1 << 3 | 3;
    static constexpr u32 kEvents = 0x0c;
    static constexpr unsigned kEventBytes = 2;

    explicit Piix4Power(MovablePorts& power);
    void reset() override;
    void set_up(u16 power_base);
    using Function::load_function;
    using Function::save_function;

  private:
    bool config_written(u32 offset, unsigned size) override;
    void config_loaded() override { apply(); }
    void apply();

    MovablePorts& power_;
};

}  // namespace kelvin::device
