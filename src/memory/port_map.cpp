// SPDX-License-Identifier: Apache-2.0
#include "memory/port_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace kelvin::memory {

struct PortMap::Region {
    u32 base;
    u32 count;
    MmioHandler& handler;
    std::string name;
    Locking locking;
    std::mutex lock = {};  // around the handler's calls, if `locking` is of the region

    u32 end() const { return base + count; }
    bool holds(u32 port, unsigned size) const { return port >= base && port + size <= end(); }
    std::unique_lock<std::mutex> enter() {
        return locking == Locking::region ? std::unique_lock(lock) : std::unique_lock<std::mutex>();
    }
};

namespace {

constexpr u32 ones(unsigned size) {
    return size == 4 ? ~u32{0} : (u32{1} << size * 8) - 1;
}

}  // namespace

PortMap::PortMap() = default;
PortMap::~PortMap() = default;

Result<> PortMap::add(u16 base, u32 count, MmioHandler& handler, std::string name, Locking locking) {
    if (count == 0 || base + count > kPorts) {
        return user_error(fmt::format("{}: there are no {} ports from {:#x} on", name, count, base));
    }
    auto region = std::unique_ptr<Region>(new Region{base, count, handler, std::move(name), locking});
    const std::unique_lock lock(lock_);
    const auto next = std::ranges::find_if(regions_, [&](const auto& each) { return each->end() > region->base; });
    if (next != regions_.end() && (*next)->base < region->end()) {
        return user_error(fmt::format("{} at {:#06x}-{:#06x} overlaps {} at {:#06x}-{:#06x}", region->name,
                                      region->base, region->end() - 1, (*next)->name, (*next)->base,
                                      (*next)->end() - 1));
    }
    regions_.insert(next, std::move(region));
    return ok();
}

void PortMap::remove(const MmioHandler& handler) {
    const std::unique_lock lock(lock_);
    std::erase_if(regions_, [&](const auto& each) { return &each->handler == &handler; });
}

void PortMap::set_others(MmioHandler* handler) {
    const std::unique_lock lock(lock_);
    others_ = handler;
}

/// That touches any of the ports.
PortMap::Region* PortMap::find(u32 port, unsigned size) const {
    const auto found = std::ranges::upper_bound(regions_, port, {}, [](const auto& each) { return each->end(); });
    return found != regions_.end() && (*found)->base < port + size ? found->get() : nullptr;
}

u32 PortMap::read(u16 port, unsigned size) const {
    const std::shared_lock lock(lock_);
    return read_locked(port, size);
}

void PortMap::write(u16 port, unsigned size, u32 value) const {
    const std::shared_lock lock(lock_);
    write_locked(port, size, value);
}

u32 PortMap::read_locked(u32 port, unsigned size) const {
    Region* const region = find(port, size);
    if (region == nullptr) {
        return others_ != nullptr ? static_cast<u32>(others_->read(port, size)) & ones(size) : ones(size);
    }
    if (region->holds(port, size)) {
        const auto inside = region->enter();
        return static_cast<u32>(region->handler.read(port - region->base, size)) & ones(size);
    }
    u32 value = 0;
    for (unsigned index = 0; index < size; ++index) {
        value |= read_locked((port + index) % kPorts, 1) << index * 8;
    }
    return value;
}

void PortMap::write_locked(u32 port, unsigned size, u32 value) const {
    Region* const region = find(port, size);
    if (region == nullptr) {
        if (others_ != nullptr) {
            others_->write(port, size, value & ones(size));
        }
        return;
    }
    if (region->holds(port, size)) {
        const auto inside = region->enter();
        region->handler.write(port - region->base, size, value & ones(size));
        return;
    }
    for (unsigned index = 0; index < size; ++index) {
        write_locked((port + index) % kPorts, 1, value >> index * 8);
    }
}

std::string PortMap::describe() const {
    const std::shared_lock lock(lock_);
    std::string text;
    for (const auto& region : regions_) {
        text += fmt::format("{:#06x}-{:#06x} {}\n", region->base, region->end() - 1, region->name);
    }
    return text;
}

}  // namespace kelvin::memory
