// SPDX-License-Identifier: Apache-2.0
#include "memory/address_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

namespace kelvin::memory {

namespace {

constexpr u64 kPageSize = 4096;

// Guest CPUs access the same bytes while we do. An aligned access is one host access, so that it cannot tear.
template <class T>
T load(const u8* from) {
    T value;
    if (reinterpret_cast<std::uintptr_t>(from) % sizeof(T) == 0) {
        return __atomic_load_n(reinterpret_cast<const T*>(from), __ATOMIC_RELAXED);
    }
    std::memcpy(&value, from, sizeof value);
    return value;
}

template <class T>
void store(u8* to, u64 wide) {
    const T value = static_cast<T>(wide);
    if (reinterpret_cast<std::uintptr_t>(to) % sizeof(T) == 0) {
        __atomic_store_n(reinterpret_cast<T*>(to), value, __ATOMIC_RELAXED);
        return;
    }
    std::memcpy(to, &value, sizeof value);
}

u64 load_sized(const u8* from, unsigned size) {
    switch (size) {
        case 1:
            return load<u8>(from);
        case 2:
            return load<u16>(from);
        case 4:
            return load<u32>(from);
        default:
            return load<u64>(from);
    }
}

void store_sized(u8* to, unsigned size, u64 value) {
    switch (size) {
        case 1:
            return store<u8>(to, value);
        case 2:
            return store<u16>(to, value);
        case 4:
            return store<u32>(to, value);
        default:
            return store<u64>(to, value);
    }
}

}  // namespace

struct AddressMap::Region {
    enum class Kind { ram, rom, mmio, rom_device };

    Gpa base;
    u64 size = 0;  // never 0
    Kind kind = Kind::ram;
    std::string name;
    RamBlock block = {};  // of RAM and ROM
    u8* host = nullptr;   // what loads read while `direct`
    std::atomic<bool> direct = false;
    std::vector<MmioHandler*> handlers = {};  // by requester if `banked`, else one
    bool banked = false;
    Locking locking = Locking::region;
    std::mutex lock = {};  // around the handlers' calls, if `locking` is of the region

    Gpa last() const { return base + (size - 1); }
    bool holds(Gpa address, u64 bytes) const { return address - base <= size - bytes && bytes <= size; }
    bool readable() const { return direct.load(std::memory_order_acquire); }

    std::unique_lock<std::mutex> enter() {
        return locking == Locking::region ? std::unique_lock(lock) : std::unique_lock<std::mutex>();
    }

    MmioHandler* handler(unsigned requester) const {
        const size_t index = banked ? requester : 0;
        return index < handlers.size() ? handlers[index] : nullptr;
    }
};

AddressMap::AddressMap() = default;
AddressMap::~AddressMap() = default;

Result<> AddressMap::insert(std::unique_ptr<Region> region) {
    const u64 base = region->base.value;
    if (base % kPageSize != 0 || region->size % kPageSize != 0 || region->size == 0 ||
        base + (region->size - 1) < base) {
        return user_error(fmt::format("{}: the region of {:#x} bytes at {:#x} is not made of whole pages", region->name,
                                      region->size, base));
    }
    const auto next = std::upper_bound(bases_.begin(), bases_.end(), base) - bases_.begin();
    const auto clashes = [&](const Region& other) {
        return other.base <= region->last() && region->base <= other.last();
    };
    for (auto index = next - 1; index <= next; ++index) {
        if (index < 0 || index >= std::ssize(regions_)) {
            continue;
        }
        const Region& other = *regions_[static_cast<size_t>(index)];
        if (clashes(other)) {
            return user_error(fmt::format("{} at {:#x}-{:#x} overlaps {} at {:#x}-{:#x}", region->name, base,
                                          region->last().value, other.name, other.base.value, other.last().value));
        }
    }
    bases_.insert(bases_.begin() + next, base);
    regions_.insert(regions_.begin() + next, std::move(region));
    return ok();
}

Result<> AddressMap::add_ram(Gpa base, RamBlock block, std::string name) {
    auto region = std::unique_ptr<Region>(
        new Region{.base = base, .size = block.size(), .kind = Region::Kind::ram, .name = std::move(name)});
    region->block = std::move(block);
    region->host = region->block.data();
    region->direct = true;
    const LargestRam added{base.value, region->size, region->host};
    KELVIN_TRY(insert(std::move(region)));
    if (added.size > largest_ram_.size) {
        largest_ram_ = added;
    }
    return ok();
}

Result<> AddressMap::add_rom(Gpa base, u64 size, std::span<const u8> content, std::string name) {
    if (content.size() > size) {
        return user_error(fmt::format("{}: {} bytes do not fit into a ROM of {} bytes", name, content.size(), size));
    }
    RamBlock block = KELVIN_TRY(RamBlock::allocate(size));
    std::memcpy(block.data(), content.data(), content.size());
    auto region = std::unique_ptr<Region>(
        new Region{.base = base, .size = size, .kind = Region::Kind::rom, .name = std::move(name)});
    region->block = std::move(block);
    region->host = region->block.data();
    region->direct = true;
    return insert(std::move(region));
}

Result<> AddressMap::add_mmio(Gpa base, u64 size, MmioHandler& handler, std::string name, Locking locking) {
    return insert(std::unique_ptr<Region>(new Region{.base = base,
                                                     .size = size,
                                                     .kind = Region::Kind::mmio,
                                                     .name = std::move(name),
                                                     .handlers = {&handler},
                                                     .locking = locking}));
}

Result<> AddressMap::add_banked_mmio(Gpa base, u64 size, std::span<MmioHandler* const> handlers, std::string name) {
    return insert(std::unique_ptr<Region>(new Region{.base = base,
                                                     .size = size,
                                                     .kind = Region::Kind::mmio,
                                                     .name = std::move(name),
                                                     .handlers = {handlers.begin(), handlers.end()},
                                                     .banked = true,
                                                     .locking = Locking::handler}));
}

Result<> AddressMap::add_rom_device(Gpa base, u64 size, u8* content, MmioHandler& handler, std::string name) {
    return insert(std::unique_ptr<Region>(new Region{.base = base,
                                                     .size = size,
                                                     .kind = Region::Kind::rom_device,
                                                     .name = std::move(name),
                                                     .host = content,
                                                     .direct = true,
                                                     .handlers = {&handler}}));
}

void AddressMap::set_direct_reads(Gpa base, bool direct) {
    Region* region = find(base);
    KELVIN_ASSERT(region != nullptr && region->base == base && region->kind == Region::Kind::rom_device);
    if (region->direct.exchange(direct, std::memory_order_acq_rel) != direct && mapping_observer_ != nullptr) {
        mapping_observer_->mapping_changed(region->base, region->size);
    }
}

AddressMap::Region* AddressMap::find(Gpa address) const {
    const auto after = std::upper_bound(bases_.begin(), bases_.end(), address.value);
    if (after == bases_.begin()) {
        return nullptr;
    }
    Region* region = regions_[static_cast<size_t>(after - bases_.begin() - 1)].get();
    return address - region->base < region->size ? region : nullptr;
}

PageBacking AddressMap::find_other_page(Gpa address) const {
    const Region* region = find(address);
    if (region == nullptr || !region->readable()) {
        return {};
    }
    return {region->host + (address.page(kPageSize) - region->base), region->kind == Region::Kind::ram};
}

std::vector<HostRange> AddressMap::host_ranges() const {
    std::vector<HostRange> ranges;
    for (const auto& region : regions_) {
        if (region->readable()) {
            ranges.push_back({region->base, region->size, region->host, region->kind == Region::Kind::ram});
        }
    }
    return ranges;
}

bool AddressMap::is_mapped(Gpa address) const {
    return find(address) != nullptr;
}

bool AddressMap::read(Gpa address, unsigned size, u64& value, unsigned requester) const {
    Region* region = find(address);
    if (region == nullptr || !region->holds(address, size)) {
        return false;
    }
    if (region->readable()) {
        value = load_sized(region->host + (address - region->base), size);
        return true;
    }
    MmioHandler* handler = region->handler(requester);
    if (handler == nullptr) {
        return false;
    }
    const auto guard = region->enter();
    value = handler->read(address - region->base, size);
    return true;
}

bool AddressMap::write(Gpa address, unsigned size, u64 value, unsigned requester) const {
    Region* region = find(address);
    if (region == nullptr || !region->holds(address, size)) {
        return false;
    }
    if (region->kind == Region::Kind::ram) {
        store_sized(region->host + (address - region->base), size, value);
        if (write_observer_ != nullptr) {
            write_observer_->ram_written(address, size);
        }
        return true;
    }
    if (region->kind == Region::Kind::rom) {
        return true;
    }
    MmioHandler* handler = region->handler(requester);
    if (handler == nullptr) {
        return false;
    }
    const auto guard = region->enter();
    handler->write(address - region->base, size, value);
    return true;
}

/// Calls `visit(region, offset, bytes)` for each region of the range in turn; false as soon as a byte is not mapped or
/// visit says so.
template <class Visit>
bool AddressMap::for_each_piece(Gpa address, u64 size, Visit visit) const {
    if (size != 0 && address.value + (size - 1) < address.value) {
        return false;
    }
    while (size != 0) {
        Region* region = find(address);
        if (region == nullptr) {
            return false;
        }
        const u64 offset = address - region->base;
        const u64 piece = std::min(size, region->size - offset);
        if (!visit(*region, offset, piece)) {
            return false;
        }
        address = address + piece;
        size -= piece;
    }
    return true;
}

bool AddressMap::copy_in(Gpa address, std::span<u8> out) const {
    if (!for_each_piece(address, out.size(), [](Region& region, u64, u64) { return region.readable(); })) {
        return false;
    }
    return for_each_piece(address, out.size(), [&](Region& region, u64 offset, u64 bytes) {
        std::memcpy(out.data(), region.host + offset, bytes);
        out = out.subspan(bytes);
        return true;
    });
}

bool AddressMap::copy_out(Gpa address, std::span<const u8> data) const {
    const bool all_ram =
        for_each_piece(address, data.size(), [](Region& region, u64, u64) { return region.kind == Region::Kind::ram; });
    if (!all_ram || data.empty()) {
        return all_ram;
    }
    const u64 size = data.size();
    for_each_piece(address, size, [&](Region& region, u64 offset, u64 bytes) {
        std::memcpy(region.host + offset, data.data(), bytes);
        data = data.subspan(bytes);
        return true;
    });
    if (write_observer_ != nullptr) {
        write_observer_->ram_written(address, size);
    }
    return true;
}

std::optional<RamSlice> AddressMap::slice(Gpa address, u64 size) const {
    const Region* const region = find(address);
    if (region == nullptr || region->kind != Region::Kind::ram || !region->holds(address, size)) {
        return std::nullopt;
    }
    return RamSlice(region->host + (address - region->base), size);
}

bool AddressMap::discard(Gpa address, u64 size) const {
    const bool all_ram =
        for_each_piece(address, size, [](Region& region, u64, u64) { return region.kind == Region::Kind::ram; });
    if (!all_ram || size == 0) {
        return all_ram;
    }
    for_each_piece(address, size, [](Region& region, u64 offset, u64 bytes) {
        region.block.discard(offset, bytes);
        return true;
    });
    announce_write(address, size);
    return true;
}

std::string AddressMap::describe() const {
    std::string text;
    for (const auto& region : regions_) {
        text += fmt::format("{:#010x}-{:#010x} {}\n", region->base.value, region->last().value, region->name);
    }
    return text;
}

}  // namespace kelvin::memory
