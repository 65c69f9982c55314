// SPDX-License-Identifier: Apache-2.0
#include "memory/address_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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

/// Written under a lock and read without any, as a sequence lock does it: while `sequence_` is odd, or if it has
/// changed meanwhile, what was read is read again.
class AddressMap::Layers {
  public:
    bool empty() const { return used_.load(std::memory_order_acquire) == 0; }

    Layer get(unsigned number) const {
        for (;;) {
            const u32 before = sequence_.load(std::memory_order_acquire);
            const Slot& slot = slots_.at(number);
            const Layer layer = {Gpa{slot.base.load(std::memory_order_relaxed)},
                                 slot.size.load(std::memory_order_relaxed), slot.host.load(std::memory_order_relaxed),
                                 slot.stores.load(std::memory_order_relaxed)};
            std::atomic_thread_fence(std::memory_order_acquire);
            if (before % 2 == 0 && sequence_.load(std::memory_order_relaxed) == before) {
                return layer;
            }
        }
    }

    /// Limits `place` of `address` to what the layers leave of it, and makes it theirs if one lies there.
    void apply(Gpa address, Place& place) const {
        const unsigned used = used_.load(std::memory_order_acquire);
        bool covered = false;
        u64 next = ~u64{0};  // how far the next layer is
        for (unsigned number = 0; number < used; ++number) {
            const Layer layer = get(number);
            const u64 offset = address - layer.base;
            if (offset < layer.size && !covered) {
                place = {.host = layer.host + offset,
                         .stores = layer.stores != nullptr ? layer.stores + offset : nullptr,
                         .extent = layer.size - offset};
                covered = true;
            } else if (layer.size != 0 && layer.base > address) {
                next = std::min(next, layer.base - address);
            }
        }
        place.extent = std::min(place.extent, next);
    }

    std::optional<unsigned> reserve() {
        const std::lock_guard lock(lock_);
        for (unsigned number = 0; number < kMostLayers; ++number) {
            if (!reserved_.at(number)) {
                reserved_[number] = true;
                used_.store(std::max(used_.load(), number + 1), std::memory_order_release);
                return number;
            }
        }
        return std::nullopt;
    }
    void free(unsigned number) {
        const std::lock_guard lock(lock_);
        reserved_.at(number) = false;
    }

    /// True if that is a change.
    bool set(unsigned number, const Layer& layer) {
        const std::lock_guard lock(lock_);
        if (get(number) == layer) {
            return false;
        }
        Slot& slot = slots_.at(number);
        sequence_.fetch_add(1, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
        slot.base.store(layer.base.value, std::memory_order_relaxed);
        slot.size.store(layer.size, std::memory_order_relaxed);
        slot.host.store(layer.host, std::memory_order_relaxed);
        slot.stores.store(layer.stores, std::memory_order_relaxed);
        sequence_.fetch_add(1, std::memory_order_release);
        return true;
    }

  private:
    struct Slot {
        std::atomic<u64> base = 0, size = 0;
        std::atomic<u8*> host = nullptr, stores = nullptr;
    };
    std::mutex lock_;  // of writers; guards the next
    std::array<bool, kMostLayers> reserved_{};
    std::array<Slot, kMostLayers> slots_{};
    std::atomic<u32> sequence_ = 0;
    std::atomic<unsigned> used_ = 0;  // slots that may lie somewhere
};

struct AddressMap::Region {
    enum class Kind { ram, rom, mmio, rom_device };

    Gpa base;
    u64 size = 0;  // never 0
    Kind kind = Kind::ram;
    std::string name;
    std::shared_ptr<const RamBlock> block = {};  // of RAM and ROM
    u8* host = nullptr;                          // what loads read while `direct`
    std::atomic<bool> direct = false;
    std::vector<MmioHandler*> handlers = {};  // by requester if `banked`, else one
    bool banked = false;
    Locking locking = Locking::region;
    std::mutex lock = {};  // around the handlers' calls, if `locking` is of the region

    Gpa last() const { return base + (size - 1); }
    bool readable() const { return direct.load(std::memory_order_acquire); }

    std::unique_lock<std::mutex> enter() {
        return locking == Locking::region ? std::unique_lock(lock) : std::unique_lock<std::mutex>();
    }

    MmioHandler* handler(unsigned requester) const {
        const size_t index = banked ? requester : 0;
        return index < handlers.size() ? handlers[index] : nullptr;
    }
};

AddressMap::AddressMap() : layers_(std::make_unique<Layers>()) {}
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
    auto shared = std::make_shared<const RamBlock>(std::move(block));
    const u64 size = shared->size();
    return add_ram(base, std::move(shared), 0, size, std::move(name));
}

Result<> AddressMap::add_ram(Gpa base, std::shared_ptr<const RamBlock> block, u64 offset, u64 size, std::string name) {
    KELVIN_ASSERT(offset <= block->size() && size <= block->size() - offset);
    auto region = std::unique_ptr<Region>(
        new Region{.base = base, .size = size, .kind = Region::Kind::ram, .name = std::move(name)});
    region->host = block->data() + offset;
    region->block = std::move(block);
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
    region->host = block.data();
    region->block = std::make_shared<const RamBlock>(std::move(block));
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

AddressMap::Place AddressMap::look(Gpa address) const {
    Place place;
    if (Region* const region = find(address); region != nullptr) {
        const u64 offset = address - region->base;
        place = {.region = region, .offset = offset, .extent = region->size - offset};
        place.host = region->readable() ? region->host + offset : nullptr;
        if (region->kind == Region::Kind::ram) {
            place.stores = place.host;
            return place;
        }
    }
    if (!layers_->empty()) {
        layers_->apply(address, place);
    }
    return place;
}

Result<unsigned> AddressMap::reserve_layer() {
    const std::optional<unsigned> number = layers_->reserve();
    return number ? Result<unsigned>(*number)
                  : user_error(fmt::format("there can be {} windows of memory that devices have", kMostLayers),
                               "add fewer of such devices: video cards, and functions with option ROMs");
}

void AddressMap::free_layer(unsigned number) {
    lay(number, {});
    layers_->free(number);
}

void AddressMap::lay(unsigned number, const Layer& layer) {
    KELVIN_ASSERT(layer.base.value % kPageSize == 0 && layer.size % kPageSize == 0);
    const Layer before = layers_->get(number);
    if (!layers_->set(number, layer) || mapping_observer_ == nullptr) {
        return;
    }
    for (const Layer& changed : {before, layer}) {
        if (changed.size != 0) {
            mapping_observer_->mapping_changed(changed.base, changed.size);
        }
    }
}

PageBacking AddressMap::find_other_page(Gpa address) const {
    const Place place = look(address.page(kPageSize));
    return {place.host, place.is_ram()};
}

std::vector<HostRange> AddressMap::host_ranges() const {
    std::vector<u64> cuts;
    const auto cut = [&](Gpa base, u64 size) {
        cuts.push_back(base.value);
        cuts.push_back(base.value + size);
    };
    for (const auto& region : regions_) {
        cut(region->base, region->size);
    }
    for (unsigned number = 0; number < kMostLayers && !layers_->empty(); ++number) {
        if (const Layer layer = layers_->get(number); layer.size != 0) {
            cut(layer.base, layer.size);
        }
    }
    std::ranges::sort(cuts);
    const auto repeated = std::ranges::unique(cuts);
    cuts.erase(repeated.begin(), repeated.end());
    std::vector<HostRange> ranges;
    for (std::size_t index = 0; index + 1 < cuts.size(); ++index) {
        if (const Place place = look(Gpa{cuts[index]}); place.host != nullptr) {
            const u64 size = std::min(place.extent, cuts[index + 1] - cuts[index]);
            ranges.push_back({Gpa{cuts[index]}, size, place.host, place.is_ram()});
        }
    }
    return ranges;
}

bool AddressMap::is_mapped(Gpa address) const {
    return look(address).extent != 0;
}

bool AddressMap::read(Gpa address, unsigned size, u64& value, unsigned requester) const {
    const Place place = look(address);
    if (place.extent < size) {
        return false;
    }
    if (place.host != nullptr) {
        value = load_sized(place.host, size);
        return true;
    }
    MmioHandler* handler = place.region->handler(requester);
    if (handler == nullptr) {
        return false;
    }
    const auto guard = place.region->enter();
    value = handler->read(place.offset, size);
    return true;
}

bool AddressMap::write(Gpa address, unsigned size, u64 value, unsigned requester) const {
    const Place place = look(address);
    if (place.extent < size) {
        return false;
    }
    if (place.stores != nullptr) {
        store_sized(place.stores, size, value);
        announce_write(address, size);
        return true;
    }
    if (place.region == nullptr || place.region->kind == Region::Kind::rom) {
        return true;
    }
    MmioHandler* handler = place.region->handler(requester);
    if (handler == nullptr) {
        return false;
    }
    const auto guard = place.region->enter();
    handler->write(place.offset, size, value);
    return true;
}

/// Calls `visit(place, offset, bytes)` for each piece of the range in turn, `offset` counted from its start; false as
/// soon as a byte is not mapped or visit says so.
template <class Visit>
bool AddressMap::for_each_piece(Gpa address, u64 size, Visit visit) const {
    if (size != 0 && address.value + (size - 1) < address.value) {
        return false;
    }
    for (u64 done = 0; done < size;) {
        const Place place = look(address + done);
        const u64 piece = std::min(size - done, place.extent);
        if (piece == 0 || !visit(place, done, piece)) {
            return false;
        }
        done += piece;
    }
    return true;
}

bool AddressMap::copy_in(Gpa address, std::span<u8> out) const {
    if (!for_each_piece(address, out.size(), [](const Place& place, u64, u64) { return place.host != nullptr; })) {
        return false;
    }
    return for_each_piece(address, out.size(), [&](const Place& place, u64 offset, u64 bytes) {
        if (place.host == nullptr) {
            return false;
        }
        std::memcpy(out.data() + offset, place.host, bytes);
        return true;
    });
}

bool AddressMap::copy_out(Gpa address, std::span<const u8> data) const {
    const bool all_ram =
        for_each_piece(address, data.size(), [](const Place& place, u64, u64) { return place.is_ram(); });
    if (!all_ram || data.empty()) {
        return all_ram;
    }
    for_each_piece(address, data.size(), [&](const Place& place, u64 offset, u64 bytes) {
        if (place.stores != nullptr) {
            std::memcpy(place.stores, data.data() + offset, bytes);
        }
        return true;
    });
    announce_write(address, data.size());
    return true;
}

std::optional<RamSlice> AddressMap::slice(Gpa address, u64 size) const {
    const Place place = look(address);
    if (!place.is_ram() || place.extent < size || place.extent == 0) {
        return std::nullopt;
    }
    return RamSlice(place.host, size);
}

bool AddressMap::discard(Gpa address, u64 size) const {
    // A layer's memory is not the balloon's to give back.
    const auto is_own = [](const Place& place, u64, u64) { return place.is_ram() && place.region != nullptr; };
    const bool all_ram = for_each_piece(address, size, is_own);
    if (!all_ram || size == 0) {
        return all_ram;
    }
    for_each_piece(address, size, [](const Place& place, u64, u64 bytes) {
        if (place.region != nullptr && place.is_ram()) {
            const RamBlock& block = *place.region->block;
            block.discard(static_cast<u64>(place.host - block.data()), bytes);
        }
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
