// SPDX-License-Identifier: Apache-2.0
#include "device/e1000/e1000.h"

#include "device/intel_ethernet/layouts.h"
#include "state/saved_state.h"

namespace kelvin::device {

namespace {

constexpr u16 kDevice = 0x100e;
constexpr bus::pci::Identity kIdentity = {.vendor = 0x8086,
                                          .device = kDevice,
                                          .revision = 3,
                                          .class_code = 0x020000,
                                          .subsystem_vendor = 0x1af4,
                                          .subsystem = 0x1100};
constexpr u64 kPortsSize = 64;
constexpr u64 kDataPort = 4;

intel::Model model() {
    return {.layout = intel::layout_of_82540em(), .device = kDevice, .phy = 0x01410c20, .is_extended = false};
}

}  // namespace

struct E1000::Saved {
    state::Json function;
    state::Json controller;
    u32 port_address = 0;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("function", function);
        visit("controller", controller);
        visit("port_address", port_address);
    }
};

u32 E1000::Ports::read_word(u64 offset) {
    if (offset == 0) {
        return address_;
    }
    const u32 address = address_;
    return offset == kDataPort && address < intel::Controller::kSize - 3
               ? static_cast<u32>(controller_.read(address & ~u32{3}, 4))
               : 0;
}

void E1000::Ports::write_word(u64 offset, u32 value, u32 mask) {
    const u32 address = address_;
    if (offset == 0) {
        address_ = bus::merge(address, value, mask);
    } else if (offset == kDataPort && address < intel::Controller::kSize - 3) {
        controller_.write(address & ~u32{3}, 4, value);
    }
}

Result<std::unique_ptr<E1000>> E1000::create(const Options& given, const bus::Surroundings& surroundings) {
    Options options = given;
    const network_card::CardEnds ends = KELVIN_TRY(network_card::settle(options, surroundings));
    return std::make_unique<E1000>(options, ends);
}

E1000::E1000(const Options& options, const network_card::CardEnds& ends)
    : Function(options.function, kIdentity),
      bootable_(options.bootable()),
      controller_(model(), options.mac, ends, *this) {
    add_interrupt_pin();
    add_bar(0, bus::pci::Bar::Kind::memory32, intel::Controller::kSize, controller_);
    add_bar(1, bus::pci::Bar::Kind::io, kPortsSize, ports_);
}

void E1000::reset() {
    Function::reset();
    was_bus_master_ = false;
    ports_.reset();
    controller_.reset();
}

bool E1000::config_written(u32, unsigned) {
    if (is_bus_master() != was_bus_master_) {
        was_bus_master_ = is_bus_master();
        controller_.bus_changed();
    }
    return false;
}

Result<state::Json> E1000::save() {
    Saved saved{save_function(), controller_.save(), ports_.address()};
    return state::save_state(saved);
}

Result<> E1000::load(const state::Json& json) {
    Saved saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (const auto function = load_function(saved.function); !function) {
        return state::in_front(".function", function.error());
    }
    was_bus_master_ = is_bus_master();
    ports_.set_address(saved.port_address);
    const auto controller = controller_.load(saved.controller);
    return controller ? controller : state::in_front(".controller", controller.error());
}

}  // namespace kelvin::device
