// SPDX-License-Identifier: Apache-2.0
#include "device/ahci/ahci.h"

#include <fmt/format.h>

#include "base/bits.h"
#include "state/saved_state.h"

namespace kelvin::device {

using namespace ahci;

namespace {

constexpr bus::pci::Identity kIdentity = {.vendor = 0x8086,
                                          .device = 0x2922,
                                          .revision = 2,
                                          .class_code = 0x010601,
                                          .subsystem_vendor = 0x1af4,
                                          .subsystem = 0x1100};
constexpr unsigned kIndexedBar = 4;
constexpr unsigned kMemoryBar = 5;
constexpr u64 kIndexedSize = 32;
constexpr u64 kIndexAt = 0x10;
constexpr u64 kDataAt = 0x14;

/// CAP (3.1.1): 64-bit addresses, queues, 1.5 Gbit/s, no other mode than this, 32 slots.
constexpr u32 kCapabilities = 1U << 31 | 1U << 30 | 1U << 20 | 1U << 18 | (kSlots - 1) << 8 | (kPorts - 1);
constexpr u32 kVersion = 0x00010301;
constexpr u32 kAllPorts = (1U << kPorts) - 1;
constexpr u32 kControlWritable = control::kInterruptEnable;

/// Intel ICH9's map register (14.1.29): AHCI.
constexpr u32 kAddressMapAt = 0x90;
constexpr u8 kAhciMode = 0x40;

/// Serial ATA's capability (10.14): where index and data are.
constexpr u8 kSataCapability = 0x12;
constexpr u32 kSataCapabilitySize = 8;

}  // namespace

Result<std::unique_ptr<Ahci>> Ahci::create(const Options& options, const bus::Surroundings& surroundings) {
    const std::string name = surroundings.id.empty() ? "ide" : surroundings.id;
    return std::make_unique<Ahci>(options, surroundings.io, surroundings.dma, name);
}

Ahci::Ahci(const Options& options, EventLoop& io, const memory::Dma& dma, const std::string& name)
    : Function(options.function, kIdentity), io_(io), control_(control::kAhciEnable) {
    add_interrupt_pin();
    add_bar(kIndexedBar, bus::pci::Bar::Kind::io, kIndexedSize, indexed_);
    add_bar(kMemoryBar, bus::pci::Bar::Kind::memory32, reg::kSize, registers_);
    const u32 at = space().add_capability(kSataCapability, kSataCapabilitySize);
    space().define<u16>(at + 2, 0x0010);
    space().define<u32>(at + 4, static_cast<u32>(kIndexAt / 4) << 4 | (kIndexedBar + 4));
    space().define<u8>(kAddressMapAt, kAhciMode);
    for (unsigned number = 0; number < kPorts; ++number) {
        ports_.push_back(std::make_unique<Port>(number, io, dma, static_cast<PortListener&>(*this),
                                                fmt::format("{}.{}", name, number)));
        buses_.push_back(&ports_.back()->bus());
    }
}

Ahci::~Ahci() = default;

u64 Ahci::Registers::read(u64 offset, unsigned size) {
    if (size == 8) {
        const u64 low = ahci_.read_word(offset & ~u64{7});
        return low | u64{ahci_.read_word((offset & ~u64{7}) + 4)} << 32;
    }
    const unsigned shift = static_cast<unsigned>(offset % 4) * 8;
    return ahci_.read_word(align_down(offset, 4)) >> shift & low_mask(size * 8);
}

/// 3: by double words.
void Ahci::Registers::write(u64 offset, unsigned size, u64 value) {
    if (size < 4 || offset % size != 0) {
        return;
    }
    ahci_.write_word(offset, static_cast<u32>(value));
    if (size == 8) {
        ahci_.write_word(offset + 4, static_cast<u32>(value >> 32));
    }
}

u64 Ahci::IndexedRegisters::read(u64 offset, unsigned size) {
    u32 index = 0;
    {
        const std::lock_guard lock(ahci_.lock_);
        index = ahci_.index_;
    }
    if (offset == kIndexAt) {
        return index & low_mask(size * 8);
    }
    return offset == kDataAt && size == 4 ? ahci_.read_word(index) : 0;
}

void Ahci::IndexedRegisters::write(u64 offset, unsigned size, u64 value) {
    if (size != 4) {
        return;
    }
    u32 index = 0;
    {
        const std::lock_guard lock(ahci_.lock_);
        if (offset == kIndexAt) {
            ahci_.index_ = static_cast<u32>(value) & (reg::kSize - 4);
        }
        index = ahci_.index_;
    }
    if (offset == kDataAt) {
        ahci_.write_word(index, static_cast<u32>(value));
    }
}

u32 Ahci::read_word(u64 offset) {
    if (offset >= reg::kPortsAt) {
        const u64 port = (offset - reg::kPortsAt) / reg::kPortSize;
        return port < kPorts ? ports_[port]->read((offset - reg::kPortsAt) % reg::kPortSize) : 0;
    }
    const std::lock_guard lock(lock_);
    switch (offset) {
        case reg::kCapabilities:
            return kCapabilities;
        case reg::kControl:
            return control_;
        case reg::kInterruptStatus:
            return interrupts_;
        case reg::kPortsImplemented:
            return kAllPorts;
        case reg::kVersion:
            return kVersion;
        default:
            return 0;
    }
}

void Ahci::write_word(u64 offset, u32 value) {
    if (offset >= reg::kPortsAt) {
        const u64 port = (offset - reg::kPortsAt) / reg::kPortSize;
        return port < kPorts ? ports_[port]->write((offset - reg::kPortsAt) % reg::kPortSize, value) : void();
    }
    if (offset == reg::kControl && (value & control::kReset) != 0) {
        return reset_controller();
    }
    const std::lock_guard lock(lock_);
    if (offset == reg::kControl) {
        control_ = control::kAhciEnable | (value & kControlWritable);
    } else if (offset == reg::kInterruptStatus) {
        // 10.7.2.1: the ports' come first; of one that still wants an interrupt it is set at once.
        interrupts_ = (interrupts_ & ~value) | wanting_;
    }
    update_line();
}

/// 10.4.3; registers of the bus's stay.
void Ahci::reset_controller() {
    io_.call([this] {
        for (const auto& port : ports_) {
            port->reset();
        }
        const std::lock_guard lock(lock_);
        control_ = control::kAhciEnable;
        interrupts_ = 0;
        update_line();
    });
}

void Ahci::port_changed(unsigned number, bool wants_interrupt) {
    const std::lock_guard lock(lock_);
    const u32 mask = u32{1} << number;
    wanting_ = wants_interrupt ? wanting_ | mask : wanting_ & ~mask;
    interrupts_ |= wanting_;
    update_line();
}

void Ahci::update_line() {
    set_intx((control_ & control::kInterruptEnable) != 0 && interrupts_ != 0);
}

void Ahci::reset() {
    reset_controller();
    {
        const std::lock_guard lock(lock_);
        index_ = 0;
    }
    Function::reset();
}

void Ahci::quiesce() {
    for (const auto& port : ports_) {
        port->settle();
    }
}

Result<> Ahci::State::check() const {
    const bool sound = (control & ~kControlWritable) == control::kAhciEnable && (interrupts & ~kAllPorts) == 0 &&
                       (index & ~(reg::kSize - 4)) == 0 && ports.size() == kPorts;
    return sound ? ok() : Result<>(user_error("these are values that the controller's registers cannot have"));
}

Result<state::Json> Ahci::save() {
    State saved;
    for (const auto& port : ports_) {
        saved.ports.push_back(port->save());
    }
    saved.function = save_function();
    const std::lock_guard lock(lock_);
    saved.control = control_;
    saved.interrupts = interrupts_;
    saved.index = index_;
    return state::save_state(saved);
}

Result<> Ahci::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    for (unsigned number = 0; number < kPorts; ++number) {
        if (const auto loaded = ports_[number]->load(saved.ports[number]); !loaded) {
            return state::in_front(fmt::format(".ports[{}]", number), loaded.error());
        }
    }
    {
        const std::lock_guard lock(lock_);
        control_ = saved.control;
        interrupts_ = saved.interrupts;
        index_ = saved.index;
    }
    if (const auto function = load_function(saved.function); !function) {
        return state::in_front(".function", function.error());
    }
    const std::lock_guard lock(lock_);
    update_line();
    return ok();
}

}  // namespace kelvin::device
