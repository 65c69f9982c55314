// SPDX-License-Identifier: Apache-2.0
#include "device/ide/piix_ide.h"

#include <fmt/format.h>

#include "base/bits.h"
#include "device/ide/ports.h"
#include "state/saved_state.h"

namespace kelvin::device {

namespace {

constexpr unsigned kMasterBar = 4;
constexpr u64 kMasterSize = 16;
/// Timing of the two channels and of their second drives (82371SB, 2.3.9 and 2.3.10): kept, and of no effect.
constexpr u32 kTimingAt = 0x40;
constexpr u32 kSecondTimingAt = 0x44;

bus::pci::Identity identity_of(PiixIde::Model model) {
    return {.vendor = 0x8086,
            .device = static_cast<u16>(model == PiixIde::Model::piix3 ? 0x7010 : 0x7111),
            .class_code = 0x010180,
            .subsystem_vendor = 0x1af4,
            .subsystem = 0x1100};
}

}  // namespace

PiixIde::PiixIde(const bus::pci::FunctionOptions& options, Model model, EventLoop& io, const memory::Dma& dma,
                 const std::array<Wire, kChannels>& interrupts, const std::string& name)
    : Function(options, identity_of(model)), io_(io) {
    add_bar(kMasterBar, bus::pci::Bar::Kind::io, kMasterSize, bus_master_);
    space().define<u32>(kTimingAt, 0, 0xf3fff3ff);
    space().define<u8>(kSecondTimingAt, 0, 0xff);
    for (unsigned number = 0; number < kChannels; ++number) {
        channels_.at(number) =
            std::make_unique<ide::Channel>(number, io, dma, interrupts.at(number), fmt::format("{}.{}", name, number));
        buses_.at(number) = &channels_.at(number)->bus();
    }
}

PiixIde::~PiixIde() = default;

u64 PiixIde::BusMaster::read(u64 offset, unsigned size) {
    u64 value = 0;
    for (unsigned i = 0; i < size; ++i) {
        ide::Channel& channel = *ide_.channels_.at((offset + i) / ide::master::kSize);
        value |= u64{channel.read_bus_master((offset + i) % ide::master::kSize)} << (8 * i);
    }
    return value;
}

void PiixIde::BusMaster::write(u64 offset, unsigned size, u64 value) {
    for (unsigned i = 0; i < size; ++i) {
        ide::Channel& channel = *ide_.channels_.at((offset + i) / ide::master::kSize);
        channel.write_bus_master((offset + i) % ide::master::kSize, static_cast<u8>(value >> (8 * i)));
    }
}

void PiixIde::reset() {
    io_.call([this] {
        for (const auto& channel : channels_) {
            channel->reset();
        }
    });
    Function::reset();
}

void PiixIde::quiesce() {
    for (const auto& channel : channels_) {
        channel->settle();
    }
}

namespace {

struct SavedIde {
    state::Json function;
    std::array<state::Json, PiixIde::kChannels> channels;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("function", function);
        visit("channels", channels);
    }
};

}  // namespace

Result<state::Json> PiixIde::save() {
    SavedIde saved;
    saved.function = save_function();
    for (unsigned number = 0; number < kChannels; ++number) {
        saved.channels.at(number) = KELVIN_TRY(channels_.at(number)->save());
    }
    return state::save_state(saved);
}

Result<> PiixIde::load(const state::Json& json) {
    SavedIde saved;
    KELVIN_TRY(state::load_state("", json, saved));
    for (unsigned number = 0; number < kChannels; ++number) {
        if (const auto loaded = channels_.at(number)->load(saved.channels.at(number)); !loaded) {
            return state::in_front(fmt::format(".channels[{}]", number), loaded.error());
        }
    }
    const auto function = load_function(saved.function);
    return function ? function : state::in_front(".function", function.error());
}

}  // namespace kelvin::device
