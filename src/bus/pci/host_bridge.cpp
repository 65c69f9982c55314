// SPDX-License-Identifier: Apache-2.0
#include "bus/pci/host_bridge.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bits.h"
#include "bus/pci/bridge.h"
#include "bus/pci/config_registers.h"

namespace kelvin::bus::pci {

namespace {

constexpr unsigned kBusShift = 20;
constexpr unsigned kDevfnShift = 12;
constexpr u32 kOffsetMask = 0xfff;
/// Deeper nesting of bridges is a loop that the guest has numbered, or nonsense.
constexpr std::size_t kMaxDepth = 32;

/// What a read of nothing gives.
u64 all_ones(unsigned size) {
    return low_mask(size * 8);
}

/// QEMU's generic host bridge.
constexpr Identity kGeneric{
    .vendor = 0x1b36, .device = 0x0008, .class_code = 0x060000, .subsystem_vendor = 0x1af4, .subsystem = 0x1100};

}  // namespace

HostBridge::HostBridge(Board board)
    : board_{std::move(board.windows), std::move(board.interrupts), board.wire_of, board.msi, board.memory},
      interrupt_counts_(board_.interrupts.size()),
      root_(std::make_unique<PciBus>(*this)),
      own_(board.function != nullptr ? std::move(board.function) : std::make_unique<HostFunction>(kGeneric)) {
    for (const Window& window : board_.windows) {
        windows_.push_back(std::make_unique<WindowHandler>(*this, window));
    }
    root_->set_name("pcie.0");
    KELVIN_ASSERT(root_->attach(*own_, false));
}

HostBridge::HostBridge(std::vector<Window> windows, const std::array<Wire, kInterrupts>& interrupts, MsiController* msi)
    : HostBridge(
          Board{.windows = std::move(windows), .interrupts = {interrupts.begin(), interrupts.end()}, .msi = msi}) {}

HostBridge::~HostBridge() = default;

PciBus* HostBridge::find_bus(PciBus& from, u8 number) {
    PciBus* bus = &from;
    for (std::size_t depth = 0; depth < kMaxDepth && bus != nullptr; ++depth) {
        if (bus->number() == number) {
            return bus;
        }
        PciBus* next = nullptr;
        for (const auto& [devfn, function] : bus->functions()) {
            auto* const bridge = dynamic_cast<Bridge*>(function);
            if (bridge != nullptr && bridge->link_up() && bridge->secondary_number() != 0 &&
                bridge->secondary_number() <= number && number <= bridge->subordinate_number()) {
                next = &bridge->secondary();
                break;
            }
        }
        bus = next;
    }
    return nullptr;
}

HostBridge::Target HostBridge::target_of(u64 offset) {
    PciBus* const bus = find_bus(*root_, static_cast<u8>(offset >> kBusShift));
    Function* const function = bus != nullptr ? bus->find({static_cast<u8>(offset >> kDevfnShift)}) : nullptr;
    return {function, static_cast<u32>(offset) & kOffsetMask};
}

u64 HostBridge::Ecam::read(u64 offset, unsigned size) {
    const std::lock_guard lock(host_.config_lock_);
    const auto [function, at] = host_.target_of(offset);
    if (function == nullptr || at % size != 0) {
        return all_ones(size);
    }
    if (size == 8) {
        return function->read_config(at, 4) | u64{function->read_config(at + 4, 4)} << 32;
    }
    return function->read_config(at, size);
}

void HostBridge::Ecam::write(u64 offset, unsigned size, u64 value) {
    const std::lock_guard lock(host_.config_lock_);
    const auto [function, at] = host_.target_of(offset);
    if (function == nullptr || at % size != 0) {
        return;
    }
    bool mapping = function->write_config(at, std::min(size, 4U), static_cast<u32>(value));
    if (size == 8) {
        mapping = function->write_config(at + 4, 4, static_cast<u32>(value >> 32)) || mapping;
    }
    if (mapping) {
        const std::unique_lock routes(host_.routes_lock_);
        host_.build_routes();
    }
}

const HostBridge::Route* HostBridge::find_route(bool io, u64 address, unsigned size) const {
    const std::vector<Route>& routes = routes_[io ? 1 : 0];
    auto after = std::ranges::upper_bound(routes, address, {}, &Route::start);
    if (after == routes.begin()) {
        return nullptr;
    }
    const Route& route = *--after;
    const u64 offset = address - route.start;
    return offset < route.size && size <= route.size - offset ? &route : nullptr;
}

/// The offset into configuration space, if the guest has put it there.
std::optional<u64> HostBridge::WindowHandler::ecam_offset(u64 address) const {
    const u64 base = host_.ecam_at_.load(std::memory_order_relaxed);
    const bool inside = !window_.io && base != 0 && address - base < kEcamSize;
    return inside ? std::optional(address - base) : std::nullopt;
}

u64 HostBridge::WindowHandler::read(u64 offset, unsigned size) {
    const u64 address = window_.bus_base + offset;
    if (const auto inside = ecam_offset(address)) {
        return host_.ecam_.read(*inside, size);
    }
    const std::shared_lock lock(host_.routes_lock_);
    const Route* const route = host_.find_route(window_.io, address, size);
    // Memory is read where it lies, unless it comes or goes just now.
    const bool answers = route != nullptr && route->bar->handler != nullptr;
    return answers ? route->bar->handler->read(address - route->start, size) : all_ones(size);
}

void HostBridge::WindowHandler::write(u64 offset, unsigned size, u64 value) {
    const u64 address = window_.bus_base + offset;
    if (const auto inside = ecam_offset(address)) {
        return host_.ecam_.write(*inside, size, value);
    }
    const std::shared_lock lock(host_.routes_lock_);
    const Route* const route = host_.find_route(window_.io, address, size);
    if (route != nullptr && route->bar->handler != nullptr) {
        route->bar->handler->write(address - route->start, size, value);
    }
}

u64 HostBridge::LegacyPlace::read(u64 offset, unsigned size) {
    const std::shared_lock lock(host_.routes_lock_);
    return host_.vga_ != nullptr ? (host_.vga_->*which_)().read(offset, size) : all_ones(size);
}

void HostBridge::LegacyPlace::write(u64 offset, unsigned size, u64 value) {
    const std::shared_lock lock(host_.routes_lock_);
    if (host_.vga_ != nullptr) {
        (host_.vga_->*which_)().write(offset, size, value);
    }
}

/// Where two overlap, which only a guest that is in error does, the first that was found answers.
void HostBridge::add_route(const Route& route) {
    const bool io = route.bar->kind == Bar::Kind::io;
    const auto holds = [&](const Window& window) {
        const u64 offset = route.start - window.bus_base;
        return window.io == io && offset < window.size && route.size <= window.size - offset;
    };
    std::vector<Route>& routes = routes_[io ? 1 : 0];
    const auto clashes = [&](const Route& other) {
        return other.start < route.start + route.size && route.start < other.start + other.size;
    };
    if (std::ranges::any_of(board_.windows, holds) && std::ranges::none_of(routes, clashes)) {
        routes.insert(std::ranges::upper_bound(routes, route.start, {}, &Route::start), route);
    }
}

void HostBridge::add_routes(PciBus& bus, std::vector<Bridge*>& path) {
    for (const auto& [devfn, function] : bus.functions()) {
        if (auto* const vga = dynamic_cast<LegacyVga*>(function); vga != nullptr && vga_ == nullptr) {
            vga_ = vga;
        }
        for (unsigned index = 0; index < Function::kRanges; ++index) {
            const Bar& bar = function->bar(index);
            const std::optional<u64> address = function->bar_address(index);
            const auto forwards = [&](const Bridge* bridge) { return bridge->forwards(bar.kind, *address, bar.size); };
            if (address && std::ranges::all_of(path, forwards)) {
                add_route({*address, bar.size, &bar});
            }
        }
        auto* const bridge = dynamic_cast<Bridge*>(function);
        if (bridge != nullptr && bridge->link_up() && path.size() < kMaxDepth) {
            path.push_back(bridge);
            add_routes(bridge->secondary(), path);
            path.pop_back();
        }
    }
}

void HostBridge::build_routes() {
    routes_ = {};
    vga_ = nullptr;
    std::vector<Bridge*> path;
    add_routes(*root_, path);
    const std::optional<Gpa> ecam = own_->ecam_base();
    ecam_at_ = ecam ? ecam->value : 0;
    lay_memory();
}

void HostBridge::lay_memory() {
    for (const MemoryBar& each : memory_bars_) {
        memory::Layer layer;
        const auto route = std::ranges::find(routes_[0], each.bar, &Route::bar);
        const auto holds = [&](const Window& window) {
            return !window.io && route->start - window.bus_base < window.size;
        };
        if (route != routes_[0].end()) {
            // It lies within a window, or it would have no route.
            const Window& window = *std::ranges::find_if(board_.windows, holds);
            layer = {window.base + (route->start - window.bus_base), each.bar->size, each.bar->memory,
                     each.bar->read_only ? nullptr : each.bar->memory};
        }
        board_.memory->lay(each.layer, layer);
    }
}

Result<> HostBridge::reserve_memory(const Function& function) {
    for (unsigned index = 0; index < Function::kRanges; ++index) {
        const Bar& bar = function.bar(index);
        if (bar.memory == nullptr) {
            continue;
        }
        KELVIN_ASSERT(board_.memory != nullptr);
        auto layer = board_.memory->reserve_layer();
        if (!layer) {
            free_memory(function);
            return layer.error();
        }
        const std::lock_guard config(config_lock_);
        memory_bars_.push_back({&function, &bar, *layer});
    }
    return ok();
}

void HostBridge::free_memory(const Function& function) {
    const std::lock_guard config(config_lock_);
    if (function.rom() != nullptr) {
        retired_.push_back(function.rom());
    }
    std::erase_if(memory_bars_, [&](const MemoryBar& each) {
        if (each.function != &function) {
            return false;
        }
        board_.memory->free_layer(each.layer);
        return true;
    });
}

void HostBridge::remap() {
    own_->reset();
    change_topology([] {});
}

Result<state::Json> HostBridge::save() {
    return own_->save_function();
}

Result<> HostBridge::load(const state::Json& saved) {
    const Result<> outcome = own_->load_function(saved);
    change_topology([] {});
    return outcome;
}

void HostBridge::set_interrupt(unsigned wire, bool level) {
    const std::lock_guard lock(interrupt_lock_);
    interrupt_counts_.at(wire) += level ? 1U : ~0U;
    board_.interrupts[wire].set(interrupt_counts_[wire] != 0);
}

void HostBridge::deliver(const Msi& message) {
    if (board_.msi != nullptr) {
        board_.msi->deliver(message);
    }
}

namespace {

void describe_bus(PciBus& bus, std::string& text) {
    for (const auto& [devfn, function] : bus.functions()) {
        const ConfigSpace& config = function->config();
        text += fmt::format("{:02x}:{} {:04x}:{:04x} class {:06x}", bus.number(), devfn.text(),
                            config.get<u16>(reg::kVendorId), config.get<u16>(reg::kDeviceId),
                            config.get<u32>(reg::kRevision) >> 8);
        for (unsigned index = 0; index < Function::kBars; ++index) {
            if (const std::optional<u64> address = function->bar_address(index)) {
                text += fmt::format(", BAR {} at {:#x}", index, *address);
            }
        }
        text += '\n';
        if (auto* const bridge = dynamic_cast<Bridge*>(function); bridge != nullptr) {
            describe_bus(bridge->secondary(), text);
        }
    }
}

}  // namespace

std::string HostBridge::describe() {
    const std::lock_guard lock(config_lock_);
    std::string text;
    describe_bus(*root_, text);
    return text;
}

}  // namespace kelvin::bus::pci
