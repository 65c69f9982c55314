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

}  // namespace

/// QEMU's generic host bridge.
class HostBridge::OwnFunction final : public Function {
  public:
    OwnFunction()
        : Function({}, {.vendor = 0x1b36,
                        .device = 0x0008,
                        .class_code = 0x060000,
                        .subsystem_vendor = 0x1af4,
                        .subsystem = 0x1100}) {}
    using Function::load_function;
    using Function::save_function;
};

HostBridge::HostBridge(std::vector<Window> windows, const std::array<Wire, kInterrupts>& interrupts, MsiController* msi)
    : window_list_(std::move(windows)), interrupts_(interrupts), msi_(msi) {
    for (const Window& window : window_list_) {
        windows_.push_back(std::make_unique<WindowHandler>(*this, window));
    }
    root_ = std::make_unique<PciBus>(*this);
    root_->set_name("pcie.0");
    own_ = std::make_unique<OwnFunction>();
    KELVIN_ASSERT(root_->attach(*own_, false));
}

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

u64 HostBridge::WindowHandler::read(u64 offset, unsigned size) {
    const u64 address = window_.bus_base + offset;
    const std::shared_lock lock(host_.routes_lock_);
    const Route* const route = host_.find_route(window_.io, address, size);
    return route != nullptr ? route->handler->read(address - route->start, size) : all_ones(size);
}

void HostBridge::WindowHandler::write(u64 offset, unsigned size, u64 value) {
    const u64 address = window_.bus_base + offset;
    const std::shared_lock lock(host_.routes_lock_);
    if (const Route* const route = host_.find_route(window_.io, address, size); route != nullptr) {
        route->handler->write(address - route->start, size, value);
    }
}

/// Where two overlap, which only a guest that is in error does, the first that was found answers.
void HostBridge::add_route(Bar::Kind kind, const Route& route) {
    const bool io = kind == Bar::Kind::io;
    const auto holds = [&](const Window& window) {
        const u64 offset = route.start - window.bus_base;
        return window.io == io && offset < window.size && route.size <= window.size - offset;
    };
    std::vector<Route>& routes = routes_[io ? 1 : 0];
    const auto clashes = [&](const Route& other) {
        return other.start < route.start + route.size && route.start < other.start + other.size;
    };
    if (std::ranges::any_of(window_list_, holds) && std::ranges::none_of(routes, clashes)) {
        routes.insert(std::ranges::upper_bound(routes, route.start, {}, &Route::start), route);
    }
}

void HostBridge::add_routes(PciBus& bus, std::vector<Bridge*>& path) {
    for (const auto& [devfn, function] : bus.functions()) {
        for (unsigned index = 0; index < Function::kBars; ++index) {
            const Bar& bar = function->bar(index);
            const std::optional<u64> address = function->bar_address(index);
            const auto forwards = [&](const Bridge* bridge) { return bridge->forwards(bar.kind, *address, bar.size); };
            if (address && std::ranges::all_of(path, forwards)) {
                add_route(bar.kind, {*address, bar.size, bar.handler});
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
    std::vector<Bridge*> path;
    add_routes(*root_, path);
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

void HostBridge::set_interrupt(unsigned pin, bool level) {
    const std::lock_guard lock(interrupt_lock_);
    interrupt_counts_.at(pin) += level ? 1U : ~0U;
    interrupts_[pin].set(interrupt_counts_[pin] != 0);
}

void HostBridge::deliver(const Msi& message) {
    if (msi_ != nullptr) {
        msi_->deliver(message);
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
