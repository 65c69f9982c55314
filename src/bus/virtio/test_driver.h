// SPDX-License-Identifier: Apache-2.0
// A driver for tests of virtio devices: memory, rings of either layout, requests.
#pragma once

#include <gtest/gtest.h>
#include <functional>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/loop_thread.h"
#include "bus/virtio/device.h"
#include "bus/virtio/features.h"
#include "memory/address_map.h"

namespace kelvin::bus::virtio {

/// One MiB of RAM at kRam, and a loop for devices.
class TestMachine {
  public:
    static constexpr u64 kRam = 0x40000000;
    static constexpr u64 kRamSize = u64{4} << 20;

    TestMachine() {
        auto block = memory::RamBlock::allocate(kRamSize);
        EXPECT_TRUE(block);
        EXPECT_TRUE(map.add_ram({kRam}, std::move(*block), "ram"));
    }

    template <class T>
    T load(u64 address) const {
        return map.slice({address}, sizeof(T))->template load_acquire<T>(0);
    }
    template <class T>
    void store(u64 address, T value) const {
        map.slice({address}, sizeof(T))->template store_release<T>(0, value);
    }
    std::vector<u8> bytes(u64 address, u64 size) const {
        std::vector<u8> out(size);
        EXPECT_TRUE(map.copy_in({address}, out));
        return out;
    }

    memory::AddressMap map;
    LoopThread thread;
};

/// Drives one device, without a transport in between. Not for several threads.
class TestDriver : private Transport {
  public:
    TestDriver(TestMachine& machine, Device& device) : machine_(machine), device_(device) {
        device_.set_transport(this);
    }
    ~TestDriver() override { device_.set_transport(nullptr); }
    TestDriver(const TestDriver&) = delete;
    TestDriver& operator=(const TestDriver&) = delete;

    /// Negotiates `features` and sets up every queue with `size` places; calls `prepare()` before it says that it is
    /// ready. False if the device refuses the features.
    bool start(
        u64 features, u16 size = 8, const std::function<void()>& prepare = [] {}) {
        features |= feature::kVersion1;
        features_ = features;
        next_memory_ = TestMachine::kRam;
        device_.set_status(0);
        device_.set_status(status::kAcknowledge | status::kDriver);
        device_.set_driver_features(features);
        device_.set_status(status::kAcknowledge | status::kDriver | status::kFeaturesOk);
        if ((device_.status() & status::kFeaturesOk) == 0) {
            return false;
        }
        queues_.assign(device_.queue_count(), {});
        for (u16 index = 0; index < device_.queue_count(); ++index) {
            set_up(index, size);
        }
        prepare();
        device_.set_status(status::kAcknowledge | status::kDriver | status::kFeaturesOk | status::kDriverOk);
        return true;
    }

    struct Piece {
        u64 address;
        u32 length;
        bool writable;
    };
    /// Memory that nothing else uses.
    u64 allocate(u64 size, u64 alignment = 16) {
        next_memory_ = (next_memory_ + alignment - 1) / alignment * alignment;
        const u64 address = next_memory_;
        next_memory_ += size;
        EXPECT_LE(next_memory_, TestMachine::kRam + TestMachine::kRamSize);
        return address;
    }
    Piece readable(std::span<const u8> data) {
        const u64 address = allocate(data.size());
        EXPECT_TRUE(machine_.map.copy_out({address}, data));
        return {address, static_cast<u32>(data.size()), false};
    }
    Piece writable(u32 size) { return {allocate(size), size, true}; }

    /// Offers a chain without telling the device; gives the identifier by which it comes back.
    u16 offer(u16 queue, std::span<const Piece> pieces) {
        return packed() ? offer_packed(queues_[queue], pieces) : offer_split(queues_[queue], pieces);
    }
    void notify(u16 queue) { device_.notify(queue); }

    struct Used {
        u16 id;
        u32 written;
    };
    /// The next chain that comes back, within a time that only a broken device needs.
    std::optional<Used> wait_used(u16 queue) {
        for (int tries = 0; tries < 5000; ++tries) {
            if (const auto used = packed() ? next_used_packed(queues_[queue]) : next_used_split(queues_[queue])) {
                return used;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return std::nullopt;
    }
    /// offer(), notify(), wait_used(): how many bytes the device has written.
    u32 request(u16 queue, std::span<const Piece> pieces) {
        offer(queue, pieces);
        notify(queue);
        const auto used = wait_used(queue);
        EXPECT_TRUE(used);
        return used ? used->written : 0;
    }
    /// Returns when the device has looked at everything that was told before.
    void settle() {
        machine_.thread.loop.call([] {});
        machine_.thread.loop.call([] {});
    }

    unsigned queue_interrupts() const { return queue_interrupts_; }
    unsigned config_interrupts() const { return config_interrupts_; }
    const RingPlace& place(u16 queue) const { return queues_.at(queue).place; }

  private:
    struct Ring {
        RingPlace place;
        u16 next_free = 0;
        u16 available = 0;
        u16 used = 0;
        bool available_wrap = true;
        bool used_wrap = true;
        std::vector<u16> lengths;  // packed: places that a chain takes, by identifier
    };

    void queue_interrupt(u16) override { ++queue_interrupts_; }
    void config_interrupt() override { ++config_interrupts_; }

    bool packed() const { return (features_ & feature::kPackedRing) != 0; }

    void set_up(u16 index, u16 size) {
        Ring& ring = queues_[index];
        ring.place = {size, {allocate(16 * u64{size})}, {allocate(6 + 2 * u64{size})}, {allocate(6 + 8 * u64{size})}};
        ring.lengths.resize(size);
        const std::vector<u8> zeros(16 * u64{size});
        EXPECT_TRUE(machine_.map.copy_out(ring.place.descriptors, zeros));
        EXPECT_TRUE(machine_.map.copy_out(ring.place.driver, std::span(zeros).first(6 + 2 * u64{size})));
        EXPECT_TRUE(machine_.map.copy_out(ring.place.device, std::span(zeros).first(6 + 8 * u64{size})));
        device_.change_queue(index, [&](QueueRegisters& registers) { registers.place = ring.place; });
        device_.set_queue_enabled(index, true);
    }

    void store_descriptor(u64 at, const Piece& piece, u16 half, u16 last) const {
        machine_.store<u64>(at, piece.address);
        machine_.store<u32>(at + 8, piece.length);
        machine_.store<u16>(at + 12, half);
        machine_.store<u16>(at + 14, last);
    }

    u16 offer_split(Ring& ring, std::span<const Piece> pieces) const {
        const u16 head = ring.next_free;
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            const u64 at = ring.place.descriptors.value + 16 * u64{ring.next_free};
            ring.next_free = static_cast<u16>((ring.next_free + 1) % ring.place.size);
            const bool more = i + 1 < pieces.size();
            const u16 flags = static_cast<u16>((more ? 1 : 0) | (pieces[i].writable ? 2 : 0));
            store_descriptor(at, pieces[i], flags, ring.next_free);
        }
        machine_.store<u16>(ring.place.driver.value + 4 + 2 * u64{static_cast<u16>(ring.available % ring.place.size)},
                            head);
        machine_.store<u16>(ring.place.driver.value + 2, ++ring.available);
        return head;
    }

    std::optional<Used> next_used_split(Ring& ring) const {
        if (machine_.load<u16>(ring.place.device.value + 2) == ring.used) {
            return std::nullopt;
        }
        const u64 at = ring.place.device.value + 4 + 8 * u64{static_cast<u16>(ring.used++ % ring.place.size)};
        return Used{static_cast<u16>(machine_.load<u32>(at)), machine_.load<u32>(at + 4)};
    }

    u16 offer_packed(Ring& ring, std::span<const Piece> pieces) const {
        const u16 id = ring.available;
        ring.lengths[id] = static_cast<u16>(pieces.size());
        u64 first_flags_at = 0;
        u16 first_flags = 0;
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            const u64 at = ring.place.descriptors.value + 16 * u64{ring.available};
            const bool more = i + 1 < pieces.size();
            const unsigned wrap = ring.available_wrap ? 0x80U : 0x8000U;
            const u16 flags = static_cast<u16>(wrap | (more ? 1U : 0U) | (pieces[i].writable ? 2U : 0U));
            // The first descriptor becomes available last (2.8.21.1).
            const u16 old = machine_.load<u16>(at + 14);
            store_descriptor(at, pieces[i], id, i == 0 ? old : flags);
            if (i == 0) {
                first_flags_at = at + 14;
                first_flags = flags;
            }
            if (++ring.available == ring.place.size) {
                ring.available = 0;
                ring.available_wrap = !ring.available_wrap;
            }
        }
        machine_.store<u16>(first_flags_at, first_flags);
        return id;
    }

    std::optional<Used> next_used_packed(Ring& ring) const {
        const u64 at = ring.place.descriptors.value + 16 * u64{ring.used};
        const u16 flags = machine_.load<u16>(at + 14);
        if (((flags & 0x80) != 0) != ring.used_wrap || ((flags & 0x8000) != 0) != ring.used_wrap) {
            return std::nullopt;
        }
        const Used used{machine_.load<u16>(at + 12), machine_.load<u32>(at + 8)};
        ring.used = static_cast<u16>(ring.used + ring.lengths[used.id]);
        if (ring.used >= ring.place.size) {
            ring.used = static_cast<u16>(ring.used - ring.place.size);
            ring.used_wrap = !ring.used_wrap;
        }
        return used;
    }

    TestMachine& machine_;
    Device& device_;
    u64 features_ = 0;
    u64 next_memory_ = TestMachine::kRam;
    std::vector<Ring> queues_;
    std::atomic<unsigned> queue_interrupts_ = 0;
    std::atomic<unsigned> config_interrupts_ = 0;
};

}  // namespace kelvin::bus::virtio
