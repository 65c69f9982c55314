// SPDX-License-Identifier: Apache-2.0
#include "device/vga/vga.h"

#include <fmt/format.h>

#include <bit>

#include "bus/pci/config_registers.h"
#include "device/vga/edid.h"
#include "state/saved_state.h"

namespace kelvin::device {

namespace {

constexpr unsigned kMemoryBar = 0;
constexpr unsigned kRegisterBar = 2;
constexpr u64 kRegisterSize = 0x1000;

// Of the register range.
constexpr u64 kEdidEnd = 0x80;
constexpr u64 kPorts = 0x400;  // 3C0 to 3DF
constexpr u64 kPortsEnd = 0x420;
constexpr u64 kDispi = 0x500;
constexpr u64 kDispiEnd = kDispi + 2 * vga::Dispi::kCount;
constexpr u64 kExtension = 0x600;  // how long it is, and the frame buffer's byte order
constexpr u64 kExtensionEnd = 0x608;
constexpr u64 kExtensionValue = u64{0x1e1e1e1e} << 32 | 8;
constexpr u64 kFirstPort = 0x10;  // 3C0, counted from 3B0

constexpr u8 kNothing = 0xff;

bus::pci::Identity identity(VgaKind kind) {
    return {.vendor = 0x1234,
            .device = 0x1111,
            .revision = 2,
            .class_code = kind == VgaKind::vga ? 0x030000U : 0x038000U,
            .subsystem_vendor = 0x1af4,
            .subsystem = 0x1100};
}

template <class Card>
Result<std::unique_ptr<Card>> make(const VgaCard::Options& options, const bus::Surroundings& surroundings) {
    KELVIN_TRY(options.check());
    memory::RamBlock memory = KELVIN_TRY(memory::RamBlock::allocate(u64{options.vgamem_mb} << 20));
    return std::make_unique<Card>(options, std::move(memory), surroundings);
}

struct Saved {
    state::Json function;
    state::Json core;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("function", function);
        visit("core", core);
    }
};

}  // namespace

Result<> VgaCard::Options::check() const {
    constexpr u32 kMost = 256;
    constexpr u32 kLeastSize = 16, kMostSize = 4095;
    if (vgamem_mb == 0 || vgamem_mb > kMost || !std::has_single_bit(vgamem_mb)) {
        return user_error(fmt::format("vgamem_mb={} is not a power of two from 1 to {}", vgamem_mb, kMost));
    }
    for (const auto& [name, value] : {std::pair("xres", xres), {"yres", yres}}) {
        if (value < kLeastSize || value > kMostSize) {
            return user_error(fmt::format("{}={} is not from {} to {}", name, value, kLeastSize, kMostSize));
        }
    }
    return ok();
}

VgaCard::VgaCard(const Options& options, VgaKind kind, memory::RamBlock memory, const bus::Surroundings& surroundings)
    : Function(options.function, identity(kind)),
      kind_(kind),
      memory_(std::move(memory)),
      core_({memory_.data(), memory_.size()}),
      screens_(surroundings.backends.screens()) {
    if (options.edid) {
        edid_ = make_edid(options.xres, options.yres);
    }
    add_memory_bar(kMemoryBar, bus::pci::Bar::Kind::memory32_prefetchable, memory_);
    add_bar(kRegisterBar, bus::pci::Bar::Kind::memory32, kRegisterSize, registers_);
    screens_.add(static_cast<backend::Screen&>(*this), surroundings.id);
}

VgaCard::~VgaCard() {
    screens_.remove(static_cast<backend::Screen&>(*this));
}

/// Of Debian's package seabios.
std::string_view VgaCard::default_rom() const {
    return kind_ == VgaKind::vga ? "vgabios-stdvga.bin" : kind_ == VgaKind::bochs ? "vgabios-bochs-display.bin" : "";
}

/// What is in video memory stays, as in RAM.
void VgaCard::reset() {
    Function::reset();
    config_written(0, 0);
    core_.reset();
}

bool VgaCard::config_written(u32, unsigned) {
    const u16 command = config().get<u16>(bus::pci::reg::kCommand);
    answers_io_ = (command & bus::pci::reg::command::kIo) != 0;
    answers_memory_ = (command & bus::pci::reg::command::kMemory) != 0;
    return false;
}

Result<state::Json> VgaCard::save() {
    Saved saved{save_function(), KELVIN_TRY(saved_core_.save())};
    return state::save_state(saved);
}

Result<> VgaCard::load(const state::Json& json) {
    Saved saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (const auto function = load_function(saved.function); !function) {
        return state::in_front(".function", function.error());
    }
    const auto core = saved_core_.load(saved.core);
    return core ? core : state::in_front(".core", core.error());
}

u8 VgaCard::Registers::read_byte(u64 offset) {
    if (offset < kEdidEnd) {
        return card_.edid_[offset];
    }
    if (offset >= kPorts && offset < kPortsEnd && card_.kind_ != VgaKind::bochs) {
        return card_.core_.read_port(offset - kPorts + kFirstPort);
    }
    if (offset >= kDispi && offset < kDispiEnd) {
        return static_cast<u8>(card_.core_.read_dispi(static_cast<u16>((offset - kDispi) / 2)) >> offset % 2 * 8);
    }
    if (offset >= kExtension && offset < kExtensionEnd) {
        return static_cast<u8>(kExtensionValue >> (offset - kExtension) * 8);
    }
    return offset < kPorts ? u8{0} : kNothing;
}

u64 VgaCard::Registers::read(u64 offset, unsigned size) {
    u64 value = 0;
    for (unsigned index = 0; index < size; ++index) {
        value |= u64{read_byte(offset + index)} << index * 8;
    }
    return value;
}

/// Bochs's registers take words; the ports of old bytes.
void VgaCard::Registers::write(u64 offset, unsigned size, u64 value) {
    if (offset >= kPorts && offset + size <= kPortsEnd && card_.kind_ != VgaKind::bochs) {
        for (unsigned index = 0; index < size; ++index) {
            card_.core_.write_port(offset + index - kPorts + kFirstPort, static_cast<u8>(value >> index * 8));
        }
    } else if (offset >= kDispi && offset + size <= kDispiEnd && size == 2 && offset % 2 == 0) {
        card_.core_.write_dispi(static_cast<u16>((offset - kDispi) / 2), static_cast<u16>(value));
    }
}

Result<std::unique_ptr<Vga>> Vga::create(const Options& options, const bus::Surroundings& surroundings) {
    return make<Vga>(options, surroundings);
}

Result<std::unique_ptr<SecondaryVga>> SecondaryVga::create(const Options& options,
                                                           const bus::Surroundings& surroundings) {
    return make<SecondaryVga>(options, surroundings);
}

Result<std::unique_ptr<BochsDisplay>> BochsDisplay::create(const Options& options,
                                                           const bus::Surroundings& surroundings) {
    return make<BochsDisplay>(options, surroundings);
}

u8 Vga::Window::read_byte(u64 offset) {
    return card.answers_memory() ? card.core().read_window(offset) : kNothing;
}

void Vga::Window::write_byte(u64 offset, u8 value) {
    if (card.answers_memory()) {
        card.core().write_window(offset, value);
    }
}

u8 Vga::Ports::read_byte(u64 offset) {
    return card.answers_io() ? card.core().read_port(offset) : kNothing;
}

void Vga::Ports::write_byte(u64 offset, u8 value) {
    if (card.answers_io()) {
        card.core().write_port(offset, value);
    }
}

/// A word each, at 1CE and 1CF, the second of which 1D0 is, too.
u64 Vga::DispiPorts::read(u64 offset, unsigned size) {
    if (!card.answers_io() || size != 2) {
        return size == 1 ? kNothing : 0xffffffff;
    }
    return offset == 0 ? card.core().read_dispi_index() : card.core().read_dispi();
}

void Vga::DispiPorts::write(u64 offset, unsigned size, u64 value) {
    if (!card.answers_io() || size != 2) {
        return;
    }
    if (offset == 0) {
        card.core().write_dispi_index(static_cast<u16>(value));
    } else {
        card.core().write_dispi(static_cast<u16>(value));
    }
}

}  // namespace kelvin::device
