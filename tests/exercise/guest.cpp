// SPDX-License-Identifier: Apache-2.0
#include "exercise/guest.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

namespace kelvin::exercise {

Guest::Guest(u64 seed)
    : random(seed),
      timers(std::move(*HostTimerService::create())),
      backends(io.loop, kRamSize),
      slot("virtio-mmio-bus.0", {}) {
    auto ram = memory::RamBlock::allocate(kRamSize);
    EXPECT_TRUE(ram);
    EXPECT_TRUE(memory.add_ram({kRam}, std::move(*ram), "ram"));
    fill_ram();
    using Window = bus::pci::HostBridge::Window;
    const std::vector<Window> windows = {{{kWindow}, kWindowSize, kWindow, false}, {{0x3eff0000}, 0x10000, 0, true}};
    host = std::make_unique<bus::pci::HostBridge>(
        bus::pci::HostBridge::Board{.windows = windows,
                                    .interrupts = std::vector<Wire>(bus::pci::HostBridge::kInterrupts),
                                    .msi = static_cast<MsiController*>(this),
                                    .memory = &memory});
}

Guest::~Guest() = default;

std::unique_ptr<bus::Device> Guest::make(const bus::DeviceType& type) {
    state::Json options = state::Json::object();
    for (const state::OptionDescription& option : type.options()) {
        if (option.name == "drive" || option.name == "netdev" || option.name == "chardev" || option.name == "serial") {
            options[option.name] = "fake";
        } else if (option.name == "socket") {
            options[option.name] =
                "/tmp/kelvin-exercise-" + std::to_string(::getpid()) + "-" + std::to_string(++sockets_);
        } else if (option.name == "guest-cid") {
            options[option.name] = kCid;
        } else if (option.type == "bool" && random.one_in(4)) {
            options[option.name] = random.one_in(2);
        }
    }
    std::unique_ptr<bus::Device> device;
    on_io([&] {
        for (int attempt = 0; attempt < 8 && device == nullptr; ++attempt) {
            auto made = type.make(options, {memory, *timers, io.loop, backends, *this, 2, ""});
            if (made) {
                device = std::move(*made);
                return;
            }
            // Some values are refused. Without them it must work.
            const state::Json given = options;
            for (const auto& [name, value] : given.items()) {
                if (value.is_boolean()) {
                    options.erase(name);
                }
            }
            EXPECT_LT(attempt, 1) << type.name << ": " << made.error().message();
        }
    });
    return device;
}

void Guest::destroy(std::unique_ptr<bus::Device>& device) {
    on_io([&] { device.reset(); });
}

bus::Bus* Guest::board_bus(std::string_view kind) {
    if (kind == host->root().kind()) {
        return &host->root();
    }
    if (kind == isa.kind()) {
        return &isa;
    }
    return kind == slot.kind() ? &slot : nullptr;
}

void Guest::fill_ram() {
    for (u64 offset = 0; offset < kRamSize; offset += 8) {
        const u64 low = random.number(ram_address());
        store<u64>(kRam + offset, random.one_in(2) ? low : (low & 0xff) | random.below(20) << 32);
    }
}

}  // namespace kelvin::exercise
