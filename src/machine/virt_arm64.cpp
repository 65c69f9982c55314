// SPDX-License-Identifier: Apache-2.0
#include "machine/virt_arm64.h"

#include <sys/random.h>

#include <cerrno>
#include <deque>

#include "device/interrupt_controller/gicv2.h"
#include "device/interrupt_controller/gicv3.h"
#include "device/serial/pl011.h"
#include "machine/cpu_pins.h"
#include "machine/virt_device_tree.h"

namespace kelvin::machine {

namespace {

constexpr unsigned kFirstSpi = 32;
constexpr unsigned kFirstPpi = 16;

}  // namespace

/// Wires point at what stands before them.
struct VirtArm64::Devices {
    std::deque<CpuPins> pins;
    memory::AddressMap memory;
    std::unique_ptr<device::Gicv2> gicv2;
    std::unique_ptr<device::Gicv3> gicv3;
    device::InterruptController* gic = nullptr;
    std::unique_ptr<device::Pl011> uart;
};

VirtArm64::VirtArm64(const VirtConfig& config, Arm64Boot boot)
    : config_(config), boot_(std::move(boot)), devices_(std::make_unique<Devices>()) {}

VirtArm64::~VirtArm64() = default;

Result<std::unique_ptr<VirtArm64>> VirtArm64::create(const VirtConfig& config, backend::CharacterBackend& console,
                                                     TimerService& timers) {
    Arm64Boot boot = KELVIN_TRY(Arm64Boot::open(config.boot));
    std::unique_ptr<VirtArm64> board(new VirtArm64(config, std::move(boot)));
    KELVIN_TRY(board->build(console, timers));
    return board;
}

Result<> VirtArm64::build(backend::CharacterBackend& console, TimerService&) {
    Devices& d = *devices_;
    memory::RamBlock block = KELVIN_TRY(memory::RamBlock::allocate(config_.ram_size));
    ram_ = {virt::kRamBase, {block.data(), block.size()}};
    KELVIN_TRY(d.memory.add_ram(virt::kRamBase, std::move(block), "ram"));
    KELVIN_TRY(build_gic());
    const auto spi = [&](unsigned number) { return d.gic->shared_input(kFirstSpi + number); };
    d.uart = std::make_unique<device::Pl011>(&console, spi(virt::kUartSpi));
    return d.memory.add_mmio(virt::kUart.base, virt::kUart.size, *d.uart, "uart");
}

Result<> VirtArm64::build_gic() {
    Devices& d = *devices_;
    d.pins.resize(config_.cpus);
    if (config_.gic_version == 3) {
        std::vector<device::Gicv3Cpu> cpus;
        for (CpuPins& pins : d.pins) {
            cpus.push_back({cpus.size(), pins.wires()});
        }
        d.gicv3 = std::make_unique<device::Gicv3>(cpus);
        d.gic = d.gicv3.get();
        KELVIN_TRY(d.memory.add_mmio(virt::kGicDistributor.base, virt::kGicDistributor.size, d.gicv3->distributor(),
                                     "gic-distributor"));
        return d.memory.add_mmio(virt::kGicV3Redistributors.base, cpus.size() * device::Gicv3::kRedistributorSize,
                                 d.gicv3->redistributors(), "gic-redistributors");
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

memory::AddressMap& VirtArm64::memory() {
    return devices_->memory;
}

std::string VirtArm64::note() const {
    return boot_.note();
}

accel::Arm64Ports VirtArm64::cpu_ports(unsigned index) {
    Devices& d = *devices_;
    const auto ppi = [&](unsigned number) { return d.gic->private_input(index, kFirstPpi + number); };
    accel::Arm64Ports ports;
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
    devices_->uart->reset();
    devices_->gic->reset();
}

Result<BootEntry> VirtArm64::load() {
    const auto tree = [this](const BootFacts& facts) { return make_device_tree(config_, facts); };
    const BootEntry entry = KELVIN_TRY(boot_.load(ram_, tree));
    devices_->memory.announce_write(ram_.base, ram_.size());
    return entry;
}

void VirtArm64::press_power_key() {}

Result<std::vector<u8>> make_device_tree(const VirtConfig& config, const BootFacts& facts) {
    virt::Description board;
    board.cpus = config.cpus;
    board.cpu_compatible = config.cpu_compatible;
    board.pmu = config.pmu;
    board.gic_version = config.gic_version;
    board.ram_size = config.ram_size;
    board.bootargs = facts.arguments;
    board.initrd_start = facts.initrd_start;
    board.initrd_end = facts.initrd_end;
    for (const std::span<u8> seed : {std::span<u8>(board.rng_seed), std::span<u8>(board.kaslr_seed)}) {
        if (::getrandom(seed.data(), seed.size(), 0) != static_cast<ssize_t>(seed.size())) {
            return host_error("cannot get random numbers for the guest", errno);
        }
    }
    return virt::build_device_tree(board);
}

}  // namespace kelvin::machine
