// SPDX-License-Identifier: Apache-2.0
// The boards "q35" and "pc": a PC with PCI Express (82Q35 and ICH9), and one without (82441FX, PIIX3 and PIIX4).
// Processors, interrupt controllers and the interval timer are the accelerator's.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backend/char/character_device.h"
#include "backend/input/input.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "base/wire.h"
#include "bus/msi.h"
#include "firmware/acpi_tables.h"
#include "firmware/smbios.h"
#include "machine/board.h"
#include "machine/pc_map.h"
#include "machine/virt_arm64.h"
#include "machine/x86_boot.h"
#include "memory/port_map.h"

namespace kelvin::device {
class NorthBridge;
}  // namespace kelvin::device

namespace kelvin::machine {

struct PcConfig {
    pc::Chipset chipset = pc::Chipset::q35;
    unsigned cpus = 1;
    u64 ram_size = 0;
    i64 clock_offset = 0;  ///< seconds that the clock is ahead of the host's
    /// What processors begin with at the end of the first 4 GiB, a multiple of 64 KiB long; empty: the kernel of `boot`
    /// is started at once, as firmware would.
    std::vector<u8> firmware;
    bool serial_console = false;  ///< firmware's screen and keyboard are the serial port's
    FirmwareMenu menu;
    firmware::Smbios smbios;
    std::vector<std::pair<std::string, std::vector<u8>>> firmware_files;
    BootFiles boot;
};

/// What the guest does to the machine as a whole. Any thread; called with none of the board's locks held.
class PowerSwitch {
  public:
    virtual ~PowerSwitch() = default;
    virtual void switch_off() = 0;
    virtual void reset_machine() = 0;
};

/// All of it outlives the board.
struct PcPorts {
    backend::CharacterBackend& console;
    TimerService& timers;
    EventLoop& io;  ///< what disk controllers do their work on
    backend::Input& input;
    PowerSwitch& power;
    std::span<const Wire> interrupts;  ///< global system interrupts, from 0; pc::kInterrupts
    bus::MsiController* messages = nullptr;
};

class Pc final : public Board {
  public:
    static Result<std::unique_ptr<Pc>> create(const PcConfig& config, const PcPorts& ports);
    ~Pc() override;

    memory::PortMap& ports();

    memory::AddressMap& memory() override;
    bus::pci::HostBridge* pci() override;
    std::string note() const override { return {}; }
    std::string describe_memory() override;
    void disconnect_cpus() override {}
    void reset() override;
    Result<BootEntry> load() override;
    std::vector<bus::Bus*> buses() override;
    std::vector<bus::Part> parts() override;
    std::string firmware_path(const bus::Bus& bus) const override;
    Result<> set_boot_order(const std::string& lines) override;
    void press_power_key() override;

  private:
    struct Devices;
    explicit Pc(const PcConfig& config);
    bool is_q35() const { return config_.chipset == pc::Chipset::q35; }
    Result<> build(const PcPorts& ports);
    Result<> build_memory();
    Result<> build_firmware();
    Result<> build_pci(const PcPorts& ports);
    Result<> build_chipset(const PcPorts& ports);
    Result<> build_clock(const PcPorts& ports);
    Result<> build_ports(const PcPorts& ports);
    Result<> build_keyboard(const PcPorts& ports);
    Result<> build_disks(const PcPorts& ports);
    Result<> describe_to_firmware();
    std::vector<MemoryRange> memory_ranges() const;
    firmware::AcpiFiles::Content acpi() const;
    void set_up_as_firmware();
    Result<BootEntry> load_kernel();

    const PcConfig config_;
    std::unique_ptr<device::NorthBridge> north_;  // until the host bridge has it
    std::optional<X86Boot> kernel_;
    u64 low_ram_ = 0;
    u64 high_ram_ = 0;
    firmware::RamView ram_;  // all of the RAM below 4 GiB, what is shadowed included
    std::unique_ptr<Devices> devices_;
};

}  // namespace kelvin::machine
