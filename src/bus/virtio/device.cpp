// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/device.h"

#include <algorithm>
#include <limits>

#include "base/bits.h"
#include "bus/virtio/features.h"

namespace kelvin::bus::virtio {

u64 RingOptions::features() const {
    u64 features = feature::kVersion1;
    features |= indirect_desc ? feature::kIndirectDescriptors : 0;
    features |= event_idx ? feature::kEventIndex : 0;
    features |= packed ? feature::kPackedRing : 0;
    features |= iommu_platform ? feature::kAccessPlatform : 0;
    return features;
}

Device::Device(Identity identity, EventLoop& io, memory::Dma& dma)
    : identity_(std::move(identity)), io_(io), dma_(dma), pending_(queue_count()), queues_(queue_count()) {
    config_.resize(identity_.config_size);
    reset_registers();
}

Device::~Device() {
    io_.cancel(this);
}

void Device::reset_registers() {
    driver_features_ = 0;
    status_ = 0;
    for (u16 queue = 0; queue < queue_count(); ++queue) {
        queues_[queue] = {};
        queues_[queue].largest = identity_.queue_sizes[queue];
        queues_[queue].place.size = identity_.queue_sizes[queue];
    }
}

u64 Device::driver_features() const {
    const std::lock_guard lock(lock_);
    return driver_features_;
}

void Device::set_driver_features(u64 features) {
    const std::lock_guard lock(lock_);
    if ((status_ & status::kFeaturesOk) == 0) {
        driver_features_ = features;
    }
}

u8 Device::status() const {
    const std::lock_guard lock(lock_);
    return status_;
}

bool Device::acceptable(u64 features) const {
    const bool offered = (features & ~identity_.features) == 0;
    return offered && (features & feature::kVersion1) != 0 && accepts(features);
}

void Device::set_status(u8 value) {
    if (value == 0) {
        reset();
        return;
    }
    bool starts = false;
    {
        const std::lock_guard lock(lock_);
        u8 added = static_cast<u8>(value & ~status_);
        if ((added & status::kFeaturesOk) != 0 && !acceptable(driver_features_)) {
            // 3.1.1: the driver reads the bit back, and sees that these features do not go together.
            added = static_cast<u8>(added & ~status::kFeaturesOk);
        }
        status_ = static_cast<u8>(status_ | (added & ~status::kNeedsReset));
        starts = (added & status::kDriverOk) != 0 && (status_ & status::kFeaturesOk) != 0;
    }
    if (starts) {
        begin();
    }
}

void Device::set_legacy_status(u8 value) {
    if (value == 0) {
        reset();
        return;
    }
    bool starts = false;
    {
        const std::lock_guard lock(lock_);
        starts = (value & ~status_ & status::kDriverOk) != 0;
        status_ = static_cast<u8>(status_ | (value & ~(status::kNeedsReset | status::kFeaturesOk)));
        driver_features_ &= identity_.features & low_mask(32);
    }
    if (starts) {
        begin();
    }
}

/// Drivers may have put buffers into queues, and told of them, before: Linux's balloon does.
void Device::begin() {
    io_.call([this] { start(); });
    for (u16 queue = 0; queue < queue_count(); ++queue) {
        notify(queue);
    }
}

QueueRegisters Device::queue_registers(u16 queue) const {
    const std::lock_guard lock(lock_);
    return queue < queues_.size() ? queues_[queue] : QueueRegisters{};
}

void Device::set_queue_enabled(u16 queue, bool enabled) {
    const std::lock_guard lock(lock_);
    if (queue < queues_.size() && (status_ & status::kDriverOk) == 0) {
        queues_[queue].enabled = enabled;
    }
}

void Device::notify(u16 queue) {
    if (queue < pending_.size() && !pending_[queue].exchange(true) && !scheduled_.exchange(true)) {
        io_.post(call_method<&Device::run_pending, Device>, this);
    }
}

void Device::run_pending() {
    scheduled_ = false;
    for (u16 queue = 0; queue < pending_.size(); ++queue) {
        if (pending_[queue].exchange(false) && running_) {
            queue_notified(queue);
        }
    }
}

void Device::read_config(u32 offset, std::span<u8> out) const {
    const std::lock_guard lock(lock_);
    std::ranges::fill(out, u8{0});
    for (std::size_t i = 0; i < out.size() && offset + i < config_.size(); ++i) {
        out[i] = config_[offset + i];
    }
}

void Device::write_config(u32 offset, std::span<const u8> data) {
    if (offset >= identity_.config_size) {
        return;
    }
    const std::span<const u8> inside = data.first(std::min<std::size_t>(data.size(), identity_.config_size - offset));
    io_.call([&] { config_written(offset, inside); });
}

void Device::set_config(u32 offset, std::span<const u8> data) {
    const std::lock_guard lock(lock_);
    KELVIN_ASSERT(offset <= config_.size() && data.size() <= config_.size() - offset);
    std::ranges::copy(data, config_.begin() + offset);
}

void Device::change_config(u32 offset, std::span<const u8> data) {
    set_config(offset, data);
    config_generation_.fetch_add(1, std::memory_order_release);
    Transport* const transport = transport_;
    if (running_ && transport != nullptr) {
        transport->config_interrupt();
    }
}

void Device::reset() {
    io_.call([this] { stop(); });
}

void Device::start() {
    if (running_) {
        return;
    }
    std::vector<QueueRegisters> queues;
    {
        const std::lock_guard lock(lock_);
        features_ = driver_features_;
        queues = queues_;
    }
    running_ = true;
    bool placed = true;
    for (const QueueRegisters& registers : queues) {
        active_.push_back(registers.enabled ? Queue::open(dma_, registers.place, features_) : std::nullopt);
        placed = placed && active_.back().has_value() == registers.enabled;
    }
    if (!placed) {
        fail("a queue is not in RAM, or its size or alignment is none that it may have");
    }
    started(features_);
}

void Device::stop() {
    if (running_) {
        stopped();
    }
    running_ = false;
    features_ = 0;
    active_.clear();
    scheduled_ = false;
    io_.cancel(this);
    for (std::atomic<bool>& pending : pending_) {
        pending = false;
    }
    const std::lock_guard lock(lock_);
    reset_registers();
}

bool Device::take(u16 queue, Chain& chain) {
    if (!queue_enabled(queue)) {
        return false;
    }
    const Taken taken = active_[queue]->take(chain);
    if (taken == Taken::broken) {
        fail("what is in a queue is no request");
    }
    return taken == Taken::chain;
}

bool Device::next_chain(u16 queue, Chain& chain) {
    if (take(queue, chain)) {
        return true;
    }
    return queue_enabled(queue) && active_[queue]->set_notifications(true) && take(queue, chain);
}

void Device::give_back(u16 queue, const Chain& chain, u64 written) {
    const Returned one{&chain, static_cast<u32>(std::min<u64>(written, std::numeric_limits<u32>::max()))};
    give_back(queue, {&one, 1});
}

void Device::give_back(u16 queue, std::span<const Returned> chains) {
    if (!queue_enabled(queue)) {
        return;
    }
    active_[queue]->give_back(chains);
    Transport* const transport = transport_;
    if (active_[queue]->wants_interrupt() && transport != nullptr) {
        transport->queue_interrupt(queue);
    }
}

void Device::put_back(u16 queue, std::span<const Chain> chains) {
    if (queue_enabled(queue) && !chains.empty()) {
        active_[queue]->put_back(chains);
        notify(queue);
    }
}

std::string Device::fault() const {
    const std::lock_guard lock(lock_);
    return fault_;
}

void Device::fail(std::string why) {
    {
        const std::lock_guard lock(lock_);
        status_ |= status::kNeedsReset;
        fault_ = std::move(why);
    }
    for (std::optional<Queue>& queue : active_) {
        queue.reset();
    }
    if (Transport* const transport = transport_; transport != nullptr) {
        transport->config_interrupt();
    }
}

}  // namespace kelvin::bus::virtio
