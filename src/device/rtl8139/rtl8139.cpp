// SPDX-License-Identifier: Apache-2.0
#include "device/rtl8139/rtl8139.h"

#include "state/saved_state.h"

namespace kelvin::device {

namespace {

/// The revision is that of the C+, by which drivers tell it from the C. With QEMU's subsystem.
constexpr bus::pci::Identity kIdentity = {.vendor = 0x10ec,
                                          .device = 0x8139,
                                          .revision = 0x20,
                                          .class_code = 0x020000,
                                          .subsystem_vendor = 0x1af4,
                                          .subsystem = 0x1100};

struct Saved {
    state::Json function;
    state::Json chip;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("function", function);
        visit("chip", chip);
    }
};

}  // namespace

Result<std::unique_ptr<Rtl8139>> Rtl8139::create(const Options& given, const bus::Surroundings& surroundings) {
    Options options = given;
    const network_card::CardEnds ends = KELVIN_TRY(network_card::settle(options, surroundings));
    return std::make_unique<Rtl8139>(options, ends);
}

Rtl8139::Rtl8139(const Options& options, const network_card::CardEnds& ends)
    : Function(options.function, kIdentity), bootable_(options.bootable()), chip_(options.mac, ends, *this) {
    add_interrupt_pin();
    add_bar(0, bus::pci::Bar::Kind::io, rtl::Chip::kSize, chip_);
    add_bar(1, bus::pci::Bar::Kind::memory32, rtl::Chip::kSize, chip_);
}

void Rtl8139::reset() {
    Function::reset();
    was_bus_master_ = false;
    chip_.reset();
}

bool Rtl8139::config_written(u32, unsigned) {
    if (is_bus_master() != was_bus_master_) {
        was_bus_master_ = is_bus_master();
        chip_.bus_changed();
    }
    return false;
}

Result<state::Json> Rtl8139::save() {
    Saved saved{save_function(), chip_.save()};
    return state::save_state(saved);
}

Result<> Rtl8139::load(const state::Json& json) {
    Saved saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (const auto function = load_function(saved.function); !function) {
        return state::in_front(".function", function.error());
    }
    was_bus_master_ = is_bus_master();
    const auto chip = chip_.load(saved.chip);
    return chip ? chip : state::in_front(".chip", chip.error());
}

}  // namespace kelvin::device
