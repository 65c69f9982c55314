// SPDX-License-Identifier: Apache-2.0
#include "device/intel_ethernet/card.h"

#include "state/saved_state.h"

namespace kelvin::device::intel {

namespace {

constexpr u64 kDataPort = 4;
constexpr u64 kWord = 4;

}  // namespace

struct Card::Saved {
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

u32 Card::Ports::read_word(u64 offset) {
    const u32 address = address_;
    if (offset == 0) {
        return address;
    }
    const bool there = offset == kDataPort && address < Controller::kSize;
    return there ? static_cast<u32>(controller_.read(address / kWord * kWord, kWord)) : 0;
}

void Card::Ports::write_word(u64 offset, u32 value, u32 mask) {
    const u32 address = address_;
    if (offset == 0) {
        address_ = bus::merge(address, value, mask);
    } else if (offset == kDataPort && address < Controller::kSize) {
        controller_.write(address / kWord * kWord, kWord, value);
    }
}

Card::Card(const network_card::CardOptions& options, const bus::pci::Identity& identity, const Model& model,
           const network_card::CardEnds& ends)
    : Function(options.function, identity),
      bootable_(options.bootable()),
      controller_(model, options.mac, ends, *this) {
    add_interrupt_pin();
    add_bar(0, bus::pci::Bar::Kind::memory32, Controller::kSize, controller_);
}

void Card::reset() {
    Function::reset();
    was_bus_master_ = false;
    used_messages_ = false;
    ports_.set_address(0);
    controller_.reset();
}

bool Card::config_written(u32, unsigned) {
    const bool is_master = is_bus_master();
    const bool messages = uses_messages();
    if (is_master != was_bus_master_ || messages != used_messages_) {
        was_bus_master_ = is_master;
        used_messages_ = messages;
        controller_.bus_changed();
    }
    return false;
}

Result<state::Json> Card::save() {
    Saved saved{save_function(), controller_.save(), ports_.address()};
    return state::save_state(saved);
}

Result<> Card::load(const state::Json& json) {
    Saved saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (const auto function = load_function(saved.function); !function) {
        return state::in_front(".function", function.error());
    }
    was_bus_master_ = is_bus_master();
    used_messages_ = uses_messages();
    ports_.set_address(saved.port_address);
    const auto controller = controller_.load(saved.controller);
    return controller ? controller : state::in_front(".controller", controller.error());
}

}  // namespace kelvin::device::intel
