// SPDX-License-Identifier: Apache-2.0
// The board "virt", built: RAM, devices and the wires between them.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "accel/accelerator.h"
#include "backend/char/character_device.h"
#include "backend/flash/flash_image.h"
#include "base/clock.h"
#include "bus/device.h"
#include "bus/pci/host_bridge.h"
#include "bus/saved_parts.h"
#include "firmware/smbios.h"
#include "machine/arm64_boot.h"
#include "machine/board.h"
#include "machine/firmware_boot.h"
#include "machine/virt_arm64_map.h"
#include "machine/virt_device_tree.h"
#include "memory/address_map.h"

namespace kelvin::machine {

struct VirtConfig {
    unsigned cpus = 1;
    virt::Topology topology;
    std::string cpu_compatible;
    bool pmu = true;
    unsigned gic_version = 2;
    bool its = true;   ///< of a GICv3
    bool acpi = true;  ///< firmware gets tables
    FirmwareMenu menu;
    firmware::Smbios smbios;                                              ///< but for its memory
    std::vector<std::pair<std::string, std::vector<u8>>> firmware_files;  ///< the user's own, by name
    u64 ram_size = 0;
    bool repeatable = false;    ///< each start is the same: fixed seeds, and a time of day that does not ask the host
    i64 clock_offset = 0;       ///< seconds that its time of day is ahead of the host's
    bool may_be_empty = false;  ///< neither a kernel nor firmware is needed: it is not to run, or not yet
    BootFiles boot;
    /// What the banks hold; null: erased, and forgotten at the end. Outlives the board. With firmware in the first bank
    /// that is where the first CPU begins.
    std::array<backend::FlashImage*, 2> flash{};
};

class VirtArm64 final : public Board {
  public:
    static Result<std::unique_ptr<VirtArm64>> create(const VirtConfig& config, backend::CharacterBackend& console,
                                                     TimerService& timers);
    ~VirtArm64() override;

    memory::AddressMap& memory() override;
    bus::pci::HostBridge* pci() override;
    std::string note() const override;

    /// What CPU `index` is connected to; the firmware interface is the caller's to add.
    accel::Arm64Ports cpu_ports(unsigned index);
    void connect_cpu(unsigned index, Wire irq, Wire fiq);
    void disconnect_cpus() override;
    void reset() override;
    /// Kernel, initrd and device tree into RAM.
    Result<BootEntry> load() override;
    std::vector<bus::Bus*> buses() override;
    std::vector<bus::Part> parts() override;
    std::string firmware_path(const bus::Bus& bus) const override;
    Result<> set_boot_order(const std::string& lines) override;
    void press_power_key() override;

  private:
    struct Devices;
    explicit VirtArm64(const VirtConfig& config);

    Result<> build(backend::CharacterBackend& console, TimerService& timers);
    Result<> describe_to_firmware();
    Result<> describe_to_guest();
    Result<> build_gic();
    Result<> build_gicv3();
    Result<bus::MsiController*> build_messages();
    Result<> build_virtio();
    Result<> build_pcie();
    Result<> add_flash(virt::Range range, unsigned bank, const char* name);
    Result<> build_devices(backend::CharacterBackend& console, TimerService& timers);

    const VirtConfig config_;
    std::optional<Arm64Boot> kernel_;  ///< one of the two
    std::optional<FirmwareBoot> firmware_;
    firmware::RamView ram_;
    std::unique_ptr<Devices> devices_;
};

/// The tree that the board describes itself with, with fresh random seeds unless it is to be repeatable.
Result<std::vector<u8>> make_device_tree(const VirtConfig& config, const BootFacts& facts);

}  // namespace kelvin::machine
