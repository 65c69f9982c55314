// SPDX-License-Identifier: Apache-2.0
#include "machine/microvm.h"

#include <fmt/format.h>

#include <algorithm>

#include "bus/isa/isa_bus.h"
#include "bus/saved_registers.h"
#include "device/serial/uart_16550.h"
#include "device/virtio_mmio/virtio_mmio_slots.h"
#include "firmware/mp_table.h"

namespace kelvin::machine {

namespace {

constexpr u64 kGiB = u64{1} << 30;
constexpr u64 kLowRamEnd = 3 * kGiB;  // where devices begin
constexpr u64 kHighRam = 4 * kGiB;
constexpr u64 kConventionalEnd = 0x9fc00;
constexpr u64 kLegacyEnd = 0x100000;
constexpr Gpa kMpTable{0xf0000};
constexpr u16 kSerial = 0x3f8;
constexpr unsigned kSerialInterrupt = 4;
constexpr Gpa kVirtio{0xfeb0'0000};
constexpr unsigned kVirtioSlots = 8;
constexpr unsigned kFirstVirtioInterrupt = 5;

/// What lies in the first MiB is there, so that tables can be, but is not for systems to use.
std::vector<MemoryRange> memory_map(u64 low, u64 high) {
    using Kind = MemoryRange::Kind;
    std::vector<MemoryRange> map = {{0, kConventionalEnd, Kind::usable},
                                    {kConventionalEnd, kLegacyEnd - kConventionalEnd, Kind::reserved},
                                    {kLegacyEnd, low - kLegacyEnd, Kind::usable}};
    if (high != 0) {
        map.push_back({kHighRam, high, Kind::usable});
    }
    return map;
}

}  // namespace

struct Microvm::Devices {
    memory::AddressMap memory;
    memory::PortMap ports;
    std::unique_ptr<device::Uart16550> serial;
    std::unique_ptr<bus::isa::IsaBus> isa;
    std::unique_ptr<device::VirtioMmioSlots> virtio;
    std::vector<std::unique_ptr<bus::Savable>> savers;
};

Microvm::Microvm(const MicrovmConfig& config) : config_(config), devices_(std::make_unique<Devices>()) {}

Microvm::~Microvm() = default;

Result<std::unique_ptr<Microvm>> Microvm::create(const MicrovmConfig& config, backend::CharacterBackend& console,
                                                 std::span<const Wire> interrupts) {
    constexpr u64 kLeast = u64{4} << 20;
    if (config.ram_size < kLeast) {
        return user_error(fmt::format("{} of memory were asked for; a microvm has {} at least",
                                      firmware::format_size(config.ram_size), firmware::format_size(kLeast)),
                          "-m counts MiB where no unit is given");
    }
    std::unique_ptr<Microvm> board(new Microvm(config));
    if (!config.boot.kernel.empty() || !config.may_be_empty) {
        board->kernel_ = KELVIN_TRY(X86Boot::open(config.boot));
    }
    KELVIN_TRY(board->build(console, interrupts));
    return board;
}

Result<> Microvm::build_memory() {
    const u64 low = std::min(config_.ram_size, kLowRamEnd);
    memory::RamBlock block = KELVIN_TRY(memory::RamBlock::allocate(low));
    low_ram_ = {Gpa{0}, {block.data(), block.size()}};
    KELVIN_TRY(devices_->memory.add_ram(Gpa{0}, std::move(block), "ram"));
    if (config_.ram_size > low) {
        block = KELVIN_TRY(memory::RamBlock::allocate(config_.ram_size - low));
        KELVIN_TRY(devices_->memory.add_ram(Gpa{kHighRam}, std::move(block), "high-ram"));
    }
    return ok();
}

Result<> Microvm::build(backend::CharacterBackend& console, std::span<const Wire> interrupts) {
    using memory::Locking;
    Devices& d = *devices_;
    KELVIN_TRY(build_memory());
    d.serial = std::make_unique<device::Uart16550>(&console, interrupts[kSerialInterrupt]);
    KELVIN_TRY(d.ports.add(kSerial, device::Uart16550::kSize, *d.serial, "serial0", Locking::handler));
    d.isa = std::make_unique<bus::isa::IsaBus>("isa.0", d.ports, interrupts.first(bus::isa::kInterrupts));
    d.isa->reserve(0, "the timer");
    d.isa->reserve(kSerialInterrupt, "serial0");
    for (unsigned slot = 0; slot < kVirtioSlots; ++slot) {
        d.isa->reserve(kFirstVirtioInterrupt + slot, "a virtio-mmio slot");
    }
    d.virtio = std::make_unique<device::VirtioMmioSlots>(interrupts.subspan(kFirstVirtioInterrupt, kVirtioSlots));
    return d.memory.add_mmio(kVirtio, kVirtioSlots * device::VirtioMmioSlots::kSlotSize, *d.virtio, "virtio-mmio",
                             Locking::handler);
}

memory::AddressMap& Microvm::memory() {
    return devices_->memory;
}

memory::PortMap& Microvm::ports() {
    return devices_->ports;
}

std::string Microvm::describe_memory() {
    return "memory\n" + devices_->memory.describe() + "ports\n" + devices_->ports.describe();
}

void Microvm::reset() {
    devices_->serial->reset();
    devices_->virtio->reset();
}

/// As Linux's documentation of virtio-mmio has it: size@address:interrupt. Of slots with a device in them.
std::string Microvm::device_arguments() const {
    std::string text;
    for (unsigned slot = 0; config_.announces_devices && slot < devices_->virtio->count(); ++slot) {
        if (!devices_->virtio->bus(slot).has_free_place()) {
            text += fmt::format(
                "{}virtio_mmio.device={}@{:#x}:{}", text.empty() ? "" : " ", device::VirtioMmioSlots::kSlotSize,
                kVirtio.value + slot * device::VirtioMmioSlots::kSlotSize, kFirstVirtioInterrupt + slot);
        }
    }
    return text;
}

Result<BootEntry> Microvm::load() {
    if (!kernel_) {
        return BootEntry{};
    }
    const std::vector<u8> table =
        firmware::build_mp_table({.board = "MICROVM", .processors = config_.cpus}, kMpTable.value);
    std::ranges::copy(table, low_ram_.slice(kMpTable, table.size()).begin());
    return kernel_->load(low_ram_, memory_map(low_ram_.size(), config_.ram_size - low_ram_.size()), 0,
                         device_arguments());
}

std::vector<bus::Bus*> Microvm::buses() {
    std::vector<bus::Bus*> all;
    for (unsigned slot = 0; slot < devices_->virtio->count(); ++slot) {
        all.push_back(&devices_->virtio->bus(slot));
    }
    all.push_back(devices_->isa.get());
    return all;
}

std::vector<bus::Part> Microvm::parts() {
    Devices& d = *devices_;
    d.savers.clear();
    d.savers.push_back(std::make_unique<bus::SavedRegisters<device::VirtioMmioSlots>>(*d.virtio));
    d.savers.push_back(std::make_unique<bus::SavedRegisters<device::Uart16550>>(*d.serial));
    return {{"virtio-mmio", "virtio-mmio-slots", d.savers[0].get()}, {"serial0", "uart-16550", d.savers[1].get()}};
}

std::string Microvm::firmware_path(const bus::Bus& bus) const {
    for (unsigned slot = 0; slot < devices_->virtio->count(); ++slot) {
        if (&bus == &devices_->virtio->bus(slot)) {
            return fmt::format("/virtio-mmio@{:016x}", kVirtio.value + slot * device::VirtioMmioSlots::kSlotSize);
        }
    }
    return {};
}

Result<> Microvm::set_boot_order(const std::string& lines) {
    return lines.empty() ? ok()
                         : user_error("a microvm has no firmware that could choose among devices",
                                      "leave out bootindex and -boot");
}

}  // namespace kelvin::machine
