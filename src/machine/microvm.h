// SPDX-License-Identifier: Apache-2.0
// The board "microvm": an x86 machine without legacy, made to start in milliseconds. Processors, interrupt controllers
// and the interval timer are the accelerator's; the rest is a serial port and virtio-mmio slots.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/char/character_device.h"
#include "base/clock.h"
#include "base/wire.h"
#include "machine/board.h"
#include "machine/x86_boot.h"
#include "memory/port_map.h"

namespace kelvin::machine {

struct MicrovmConfig {
    unsigned cpus = 1;
    u64 ram_size = 0;
    bool announces_devices = true;  ///< the kernel's command line says where virtio devices are
    bool may_be_empty = false;      ///< no kernel is needed: it is not to run, or not yet
    BootFiles boot;
};

class Microvm final : public Board {
  public:
    /// `interrupts` are the global system interrupts, from 0.
    static Result<std::unique_ptr<Microvm>> create(const MicrovmConfig& config, backend::CharacterBackend& console,
                                                   std::span<const Wire> interrupts);
    ~Microvm() override;

    memory::PortMap& ports();

    memory::AddressMap& memory() override;
    bus::pci::HostBridge* pci() override { return nullptr; }
    std::string note() const override { return {}; }
    std::string describe_memory() override;
    void disconnect_cpus() override {}
    void reset() override;
    Result<BootEntry> load() override;
    std::vector<bus::Bus*> buses() override;
    std::vector<bus::Part> parts() override;
    std::string firmware_path(const bus::Bus& bus) const override;
    Result<> set_boot_order(const std::string& lines) override;
    void press_power_key() override {}

  private:
    struct Devices;
    explicit Microvm(const MicrovmConfig& config);
    Result<> build(backend::CharacterBackend& console, std::span<const Wire> interrupts);
    Result<> build_memory();
    std::string device_arguments() const;

    const MicrovmConfig config_;
    std::optional<X86Boot> kernel_;
    firmware::RamView low_ram_;
    std::unique_ptr<Devices> devices_;
};

}  // namespace kelvin::machine
