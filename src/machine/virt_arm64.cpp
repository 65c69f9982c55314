// SPDX-License-Identifier: Apache-2.0
#include "machine/virt_arm64.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <cerrno>
#include <deque>
#include <numeric>

#include "bus/saved_registers.h"
#include "device/firmware_config/fw_cfg.h"
#include "device/flash/cfi_flash.h"
#include "device/gpio/pl061.h"
#include "device/gpio/power_key.h"
#include "device/interrupt_controller/gicv2.h"
#include "device/interrupt_controller/gicv2m.h"
#include "device/interrupt_controller/gicv3.h"
#include "device/interrupt_controller/its.h"
#include "device/rtc/pl031.h"
#include "device/serial/pl011.h"
#include "device/virtio_mmio/virtio_mmio_slots.h"
#include "machine/cpu_affinity.h"
#include "machine/cpu_pins.h"
#include "machine/virt_acpi.h"

namespace kelvin::machine {

namespace {

constexpr unsigned kFirstSpi = 32;
constexpr unsigned kFirstPpi = 16;
constexpr u64 kPage = 4096;
constexpr i64 kRepeatableDate = 1735689600;  // 2025-01-01 00:00:00 UTC

Result<> make_seed(bool repeatable, std::span<u8> seed) {
    if (repeatable) {
        std::iota(seed.begin(), seed.end(), u8{1});
        return ok();
    }
    if (::getrandom(seed.data(), seed.size(), 0) != static_cast<ssize_t>(seed.size())) {
        return host_error("cannot get random numbers for the guest", errno);
    }
    return ok();
}

virt::Description describe(const VirtConfig& config) {
    virt::Description board;
    board.cpus = config.cpus;
    board.topology = config.topology;
    board.cpu_compatible = config.cpu_compatible;
    board.pmu = config.pmu;
    board.gic_version = config.gic_version;
    board.its = config.its;
    board.ram_size = config.ram_size;
    return board;
}

}  // namespace

/// Wires point at what stands before them.
struct VirtArm64::Devices {
    std::deque<CpuPins> pins;
    memory::AddressMap memory;
    std::unique_ptr<device::Gicv2> gicv2;
    std::unique_ptr<device::Gicv3> gicv3;
    device::InterruptController* gic = nullptr;
    std::unique_ptr<device::WallClock> wall_clock;
    std::unique_ptr<device::Pl011> uart;
    std::unique_ptr<device::Pl031> rtc;
    std::unique_ptr<device::FwCfg> fw_cfg;
    std::unique_ptr<device::Pl061> gpio;
    std::unique_ptr<device::PowerKey> power_key;
    std::unique_ptr<device::VirtioMmioSlots> virtio;
    std::unique_ptr<device::Gicv2m> gicv2m;
    std::unique_ptr<device::Its> its;
    std::unique_ptr<bus::pci::HostBridge> pcie;
    struct FlashBank {
        memory::AddressMap* memory;
        Gpa base;
        std::unique_ptr<device::CfiFlash> chips;
        void set_direct_reads(bool direct) { memory->set_direct_reads(base, direct); }
    };
    std::array<FlashBank, 2> flash;
    std::vector<std::unique_ptr<bus::Savable>> savers;
};

VirtArm64::VirtArm64(const VirtConfig& config) : config_(config), devices_(std::make_unique<Devices>()) {}

VirtArm64::~VirtArm64() = default;

Result<std::unique_ptr<VirtArm64>> VirtArm64::create(const VirtConfig& config, backend::CharacterBackend& console,
                                                     TimerService& timers) {
    std::unique_ptr<VirtArm64> board(new VirtArm64(config));
    if (config.flash.front() != nullptr) {
        board->firmware_ = KELVIN_TRY(FirmwareBoot::open(config.boot));
    } else if (!config.boot.kernel.empty() || !config.may_be_empty) {
        board->kernel_ = KELVIN_TRY(Arm64Boot::open(config.boot));
    }
    KELVIN_TRY(board->build(console, timers));
    return board;
}

Result<> VirtArm64::build(backend::CharacterBackend& console, TimerService& timers) {
    Devices& d = *devices_;
    memory::RamBlock block = KELVIN_TRY(memory::RamBlock::allocate(config_.ram_size));
    ram_ = {virt::kRamBase, {block.data(), block.size()}};
    KELVIN_TRY(d.memory.add_ram(virt::kRamBase, std::move(block), "ram"));
    KELVIN_TRY(build_gic());
    KELVIN_TRY(build_devices(console, timers));
    KELVIN_TRY(firmware_ ? describe_to_firmware() : ok());
    return describe_to_guest();
}

/// What guests may read without firmware, too.
Result<> VirtArm64::describe_to_guest() {
    device::FwCfg& config = *devices_->fw_cfg;
    firmware::Smbios smbios = config_.smbios;
    smbios.ram_base = virt::kRamBase.value;
    smbios.ram_size = config_.ram_size;
    firmware::SmbiosFiles files = KELVIN_TRY(firmware::build_smbios(smbios));
    KELVIN_TRY(config.add_file(firmware::kSmbiosTablesName, std::move(files.tables)));
    KELVIN_TRY(config.add_file(firmware::kSmbiosAnchorName, std::move(files.anchor)));
    for (const auto& [name, content] : config_.firmware_files) {
        KELVIN_TRY(config.add_file(name, content));
    }
    return ok();
}

/// Firmware gives its operating system either the tables or, if there are none, the device tree.
Result<> VirtArm64::describe_to_firmware() {
    device::FwCfg& config = *devices_->fw_cfg;
    KELVIN_TRY(firmware_->describe(config));
    KELVIN_TRY(describe_menu(config, config_.menu));
    if (!config_.acpi) {
        return ok();
    }
    using firmware::AcpiFiles;
    AcpiFiles::Content content = virt::build_acpi(describe(config_));
    KELVIN_TRY(config.add_file(AcpiFiles::kRootName, std::move(content.root)));
    KELVIN_TRY(config.add_file(AcpiFiles::kTablesName, std::move(content.tables)));
    return config.add_file(AcpiFiles::kScriptName, std::move(content.script));
}

Result<> VirtArm64::build_devices(backend::CharacterBackend& console, TimerService& timers) {
    Devices& d = *devices_;
    const auto spi = [&](unsigned number) { return d.gic->shared_input(kFirstSpi + number); };
    d.uart = std::make_unique<device::Pl011>(&console, spi(virt::kUartSpi));
    if (config_.repeatable) {
        d.wall_clock = std::make_unique<device::VirtualWallClock>(timers, kRepeatableDate);
    } else {
        d.wall_clock = std::make_unique<device::HostWallClock>(config_.clock_offset);
    }
    d.rtc = std::make_unique<device::Pl031>(*d.wall_clock, timers, spi(virt::kRtcSpi));
    d.fw_cfg = std::make_unique<device::FwCfg>(d.memory);
    d.gpio = std::make_unique<device::Pl061>(spi(virt::kGpioSpi), std::array<Wire, device::Pl061::kLines>{});
    d.power_key = std::make_unique<device::PowerKey>(
        std::vector<Wire>{d.gpio->input(virt::kPowerKeyPin), spi(virt::kEventSpi)}, timers);
    using memory::Locking;
    KELVIN_TRY(d.memory.add_mmio(virt::kUart.base, virt::kUart.size, *d.uart, "uart", Locking::handler));
    KELVIN_TRY(d.memory.add_mmio(virt::kRtc.base, virt::kRtc.size, *d.rtc, "rtc", Locking::handler));
    KELVIN_TRY(d.memory.add_mmio(virt::kFwCfg.base, kPage, *d.fw_cfg, "fw-cfg"));
    KELVIN_TRY(d.memory.add_mmio(virt::kGpio.base, virt::kGpio.size, *d.gpio, "gpio", Locking::handler));
    KELVIN_TRY(build_virtio());
    KELVIN_TRY(build_pcie());
    KELVIN_TRY(add_flash(virt::kFlash0, 0, "flash0"));
    return add_flash(virt::kFlash1, 1, "flash1");
}

Result<> VirtArm64::build_virtio() {
    Devices& d = *devices_;
    std::vector<Wire> interrupts;
    for (unsigned slot = 0; slot < virt::kVirtioMmioSlots; ++slot) {
        interrupts.push_back(d.gic->shared_input(kFirstSpi + virt::kVirtioMmioSpi + slot));
    }
    d.virtio = std::make_unique<device::VirtioMmioSlots>(interrupts);
    return d.memory.add_mmio(virt::kVirtioMmio.base, virt::kVirtioMmioSlots * virt::kVirtioMmio.size, *d.virtio,
                             "virtio-mmio", memory::Locking::handler);
}

/// Null if there is none.
Result<bus::MsiController*> VirtArm64::build_messages() {
    using memory::Locking;
    Devices& d = *devices_;
    switch (virt::message_controller(config_.gic_version, config_.its)) {
        case virt::MessageController::gicv2m:
            d.gicv2m = std::make_unique<device::Gicv2m>(*d.gic, virt::kGicV2m.base, kFirstSpi + virt::kGicV2mSpi,
                                                        virt::kGicV2mSpis);
            KELVIN_TRY(
                d.memory.add_mmio(virt::kGicV2m.base, virt::kGicV2m.size, *d.gicv2m, "gic-v2m", Locking::handler));
            return d.gicv2m.get();
        case virt::MessageController::its:
            d.its = std::make_unique<device::Its>(*d.gicv3, d.memory, virt::kIts.base);
            KELVIN_TRY(d.memory.add_mmio(virt::kIts.base, virt::kIts.size, *d.its, "gic-its", Locking::handler));
            return d.its.get();
        case virt::MessageController::none:
            break;
    }
    return nullptr;
}

Result<> VirtArm64::build_pcie() {
    using memory::Locking;
    using Window = bus::pci::HostBridge::Window;
    Devices& d = *devices_;
    bus::MsiController* const messages = KELVIN_TRY(build_messages());
    const virt::HighRanges high = virt::high_ranges(config_.ram_size);
    std::vector<Window> windows;
    windows.push_back({virt::kPciePorts.base, virt::kPciePorts.size, 0, true});
    for (const virt::Range& range : {virt::kPcieMemory, high.pcie_memory}) {
        windows.push_back({range.base, range.size, range.base.value, false});
    }
    std::array<Wire, bus::pci::HostBridge::kInterrupts> interrupts;
    for (unsigned pin = 0; pin < interrupts.size(); ++pin) {
        interrupts[pin] = d.gic->shared_input(kFirstSpi + virt::kPcieSpi + pin);
    }
    d.pcie = std::make_unique<bus::pci::HostBridge>(
        bus::pci::HostBridge::Board{.windows = windows,
                                    .interrupts = {interrupts.begin(), interrupts.end()},
                                    .msi = messages,
                                    .memory = &d.memory});
    constexpr const char* kNames[] = {"pcie-ports", "pcie-memory", "pcie-high-memory"};
    for (unsigned index = 0; index < windows.size(); ++index) {
        KELVIN_TRY(d.memory.add_mmio(windows[index].base, windows[index].size, d.pcie->window(index), kNames[index],
                                     Locking::handler));
    }
    return d.memory.add_mmio(high.pcie_configuration.base, high.pcie_configuration.size, d.pcie->ecam(),
                             "pcie-configuration", Locking::handler);
}

bus::pci::HostBridge* VirtArm64::pci() {
    return devices_->pcie.get();
}

/// The loads of an erased bank are no plain memory: erased flash is all ones, untouched memory all zeros.
Result<> VirtArm64::add_flash(virt::Range range, unsigned number, const char* name) {
    Devices& d = *devices_;
    Devices::FlashBank& bank = d.flash.at(number);
    bank.memory = &d.memory;
    bank.base = range.base;
    const Wire array_mode = wire_to<&Devices::FlashBank::set_direct_reads>(bank);
    backend::FlashImage* const image = config_.flash.at(number);
    device::CfiFlash made = KELVIN_TRY(image != nullptr ? device::CfiFlash::of_image(range.size, *image, array_mode)
                                                        : device::CfiFlash::erased(range.size, {}));
    bank.chips = std::make_unique<device::CfiFlash>(std::move(made));
    if (u8* const content = bank.chips->direct_content(); content != nullptr) {
        return d.memory.add_rom_device(range.base, range.size, content, *bank.chips, name);
    }
    return d.memory.add_mmio(range.base, range.size, *bank.chips, name);
}

Result<> VirtArm64::build_gic() {
    Devices& d = *devices_;
    d.pins.resize(config_.cpus);
    if (config_.gic_version == 3) {
        return build_gicv3();
    }
    std::vector<device::CpuInterruptWires> wires;
    for (CpuPins& pins : d.pins) {
        wires.push_back(pins.wires());
    }
    d.gicv2 = std::make_unique<device::Gicv2>(wires);
    d.gic = d.gicv2.get();
    std::vector<memory::MmioHandler*> distributors;
    std::vector<memory::MmioHandler*> interfaces;
    for (unsigned cpu = 0; cpu < config_.cpus; ++cpu) {
        distributors.push_back(&d.gicv2->distributor(cpu));
        interfaces.push_back(&d.gicv2->cpu_interface(cpu));
    }
    KELVIN_TRY(d.memory.add_banked_mmio(virt::kGicDistributor.base, device::Gicv2::kDistributorSize, distributors,
                                        "gic-distributor"));
    return d.memory.add_banked_mmio(virt::kGicV2Cpu.base, device::Gicv2::kCpuInterfaceSize, interfaces, "gic-cpu");
}

/// Without an ITS nothing makes LPIs, and there are none.
Result<> VirtArm64::build_gicv3() {
    Devices& d = *devices_;
    std::vector<device::Gicv3Cpu> cpus;
    for (CpuPins& pins : d.pins) {
        cpus.push_back({affinity_of(static_cast<unsigned>(cpus.size())), pins.wires()});
    }
    d.gicv3 = std::make_unique<device::Gicv3>(cpus, config_.its ? &d.memory : nullptr);
    d.gic = d.gicv3.get();
    KELVIN_TRY(d.memory.add_mmio(virt::kGicDistributor.base, virt::kGicDistributor.size, d.gicv3->distributor(),
                                 "gic-distributor", memory::Locking::handler));
    return d.memory.add_mmio(virt::kGicV3Redistributors.base, cpus.size() * device::Gicv3::kRedistributorSize,
                             d.gicv3->redistributors(), "gic-redistributors", memory::Locking::handler);
}

memory::AddressMap& VirtArm64::memory() {
    return devices_->memory;
}

std::string VirtArm64::note() const {
    return kernel_ ? kernel_->note() : std::string();
}

accel::Arm64Ports VirtArm64::cpu_ports(unsigned index) {
    Devices& d = *devices_;
    const auto ppi = [&](unsigned number) { return d.gic->private_input(index, kFirstPpi + number); };
    accel::Arm64Ports ports;
    ports.affinity = affinity_of(index);
    ports.gic = d.gicv3 != nullptr ? &d.gicv3->cpu_interface(index) : nullptr;
    ports.timer_virtual = ppi(virt::kVirtualTimerPpi);
    ports.timer_physical = ppi(virt::kPhysicalTimerPpi);
    ports.timer_hypervisor = ppi(virt::kHypervisorTimerPpi);
    ports.timer_secure = ppi(virt::kSecureTimerPpi);
    ports.pmu = ppi(virt::kPmuPpi);
    return ports;
}

void VirtArm64::connect_cpu(unsigned index, Wire irq, Wire fiq) {
    devices_->pins.at(index).connect(irq, fiq);
}

void VirtArm64::disconnect_cpus() {
    for (CpuPins& pins : devices_->pins) {
        pins.disconnect();
    }
}

void VirtArm64::reset() {
    Devices& d = *devices_;
    d.uart->reset();
    d.rtc->reset();
    d.fw_cfg->reset();
    d.gpio->reset();
    d.virtio->reset();
    d.pcie->remap();
    for (const auto& bank : d.flash) {
        bank.chips->reset();
    }
    if (d.its != nullptr) {
        d.its->reset();
    }
    d.gic->reset();
    d.memory.announce_write(ram_.base, ram_.size());
}

Result<BootEntry> VirtArm64::load() {
    const auto make_tree = [this](const BootFacts& facts) { return make_device_tree(config_, facts); };
    if (!firmware_ && !kernel_) {
        return BootEntry{};
    }
    return firmware_ ? firmware_->load(ram_, make_tree) : kernel_->load(ram_, make_tree);
}

std::vector<bus::Bus*> VirtArm64::buses() {
    std::vector<bus::Bus*> all = {&devices_->pcie->root()};
    // The first device gets the last slot, as guests of QEMU's are used to.
    for (unsigned slot = devices_->virtio->count(); slot-- != 0;) {
        all.push_back(&devices_->virtio->bus(slot));
    }
    return all;
}

std::vector<bus::Part> VirtArm64::parts() {
    Devices& d = *devices_;
    d.savers.clear();
    std::vector<bus::Part> all;
    const auto add = [&]<class Device>(const char* name, const char* type, Device& device) {
        d.savers.push_back(std::make_unique<bus::SavedRegisters<Device>>(device));
        all.push_back({name, type, d.savers.back().get()});
    };
    all.push_back({"pcie", "pcie-host-bridge", d.pcie.get()});
    all.push_back({"power-key", "power-key", d.power_key.get()});
    add("virtio-mmio", "virtio-mmio-slots", *d.virtio);
    add("uart", "pl011", *d.uart);
    add("rtc", "pl031", *d.rtc);
    add("fw-cfg", "fw_cfg", *d.fw_cfg);
    add("gpio", "pl061", *d.gpio);
    add("flash0", "cfi-flash", *d.flash[0].chips);
    add("flash1", "cfi-flash", *d.flash[1].chips);
    if (d.its != nullptr) {
        add("gic-its", "gic-its", *d.its);
    }
    if (d.gicv2 != nullptr) {
        add("gic", "gicv2", *d.gicv2);
    } else {
        add("gic", "gicv3", *d.gicv3);
    }
    return all;
}

std::string VirtArm64::firmware_path(const bus::Bus& bus) const {
    for (unsigned slot = 0; slot < devices_->virtio->count(); ++slot) {
        if (&bus == &devices_->virtio->bus(slot)) {
            return fmt::format("/virtio-mmio@{:016x}", (virt::kVirtioMmio.base + slot * virt::kVirtioMmio.size).value);
        }
    }
    return fmt::format("/pci@{:x}", virt::high_ranges(config_.ram_size).pcie_configuration.base.value);
}

Result<> VirtArm64::set_boot_order(const std::string& lines) {
    constexpr std::string_view kName = "bootorder";
    devices_->fw_cfg->remove_file(kName);
    if (lines.empty()) {
        return ok();
    }
    std::vector<u8> content(lines.begin(), lines.end());
    content.push_back(0);
    return devices_->fw_cfg->add_file(kName, std::move(content));
}

void VirtArm64::press_power_key() {
    devices_->power_key->press();
}

Result<std::vector<u8>> make_device_tree(const VirtConfig& config, const BootFacts& facts) {
    virt::Description board = describe(config);
    board.bootargs = facts.arguments;
    board.initrd_start = facts.initrd_start;
    board.initrd_end = facts.initrd_end;
    KELVIN_TRY(make_seed(config.repeatable, board.rng_seed));
    KELVIN_TRY(make_seed(config.repeatable, board.kaslr_seed));
    return virt::build_device_tree(board);
}

}  // namespace kelvin::machine
