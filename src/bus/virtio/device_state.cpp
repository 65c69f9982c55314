// SPDX-License-Identifier: Apache-2.0
// What is saved of any virtio device.
#include <fmt/format.h>

#include "base/bits.h"
#include "bus/virtio/device.h"
#include "bus/virtio/features.h"
#include "state/saved_state.h"

namespace kelvin::bus::virtio {

namespace {

struct QueueState {
    u16 size = 0;
    u64 descriptors = 0;
    u64 driver = 0;
    u64 device = 0;
    bool enabled = false;
    std::optional<RingState> ring;  ///< where it stands, if it is in use

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("size", size);
        visit("descriptors", descriptors);
        visit("driver", driver);
        visit("device", device);
        visit("enabled", enabled);
        visit("ring", ring);
    }
};

struct DeviceState {
    u64 offered_features = 0;
    u64 driver_features = 0;
    u8 status = 0;
    bool running = false;
    u32 config_generation = 0;
    std::vector<QueueState> queues;
    state::Json own;  ///< of the kind of device

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("offered_features", offered_features);
        visit("driver_features", driver_features);
        visit("status", status);
        visit("running", running);
        visit("config_generation", config_generation);
        visit("queues", queues);
        visit("own", own);
    }
    bool has_status(u8 bits) const { return (status & bits) == bits; }
    /// The driver broke a rule: it runs, but its queues do not.
    bool failed() const { return has_status(status::kNeedsReset); }
};

Result<> check_queue(const QueueState& queue, u16 largest, bool in_use) {
    if (queue.size > largest) {
        return user_error(fmt::format(".size: {} is more than {}, the queue's largest", queue.size, largest));
    }
    if (queue.ring.has_value() != in_use) {
        return user_error(in_use ? ".ring: the queue is in use, and stands nowhere" : ".ring: the queue is not in use");
    }
    return ok();
}

}  // namespace

/// Also what a driver's writes go through: sizes, features that go together, the order of the status bits.
struct Device::StateChecks {
    static Result<> check(const Device& device, const DeviceState& state) {
        if (state.offered_features != device.identity_.features) {
            return user_error(
                fmt::format(".offered_features: {:#x} were offered; this device, made with other options, has {:#x}",
                            state.offered_features, device.identity_.features));
        }
        if (state.queues.size() != device.queues_.size()) {
            return user_error(fmt::format(".queues: there are {}; this device, made with other options, has {}",
                                          state.queues.size(), device.queues_.size()));
        }
        // Drivers of drafts before 1.0 agree to nothing, and have the features of then.
        const bool is_legacy = (state.driver_features & ~(device.identity_.features & low_mask(32))) == 0;
        const bool agreed = state.has_status(status::kFeaturesOk);
        if (agreed && !is_legacy && !device.acceptable(state.driver_features)) {
            return user_error(fmt::format(".driver_features: {:#x} do not go together", state.driver_features));
        }
        if (state.running && (!state.has_status(status::kDriverOk) || !(agreed || is_legacy))) {
            return user_error(fmt::format(".running: with status {:#x} a device does not run", state.status));
        }
        for (std::size_t index = 0; index < state.queues.size(); ++index) {
            const QueueState& queue = state.queues[index];
            const bool in_use = state.running && queue.enabled && !state.failed();
            if (auto fit = check_queue(queue, device.identity_.queue_sizes[index], in_use); !fit) {
                return state::in_front(fmt::format(".queues[{}]", index), fit.error());
            }
        }
        return ok();
    }
};

void Device::Saver::quiesce() {
    if (device_.running_) {
        device_.own_state()->quiesce();
    }
}

Result<state::Json> Device::Saver::save() {
    DeviceState saved;
    saved.offered_features = device_.identity_.features;
    saved.running = device_.running_;
    saved.config_generation = device_.config_generation_;
    saved.own = KELVIN_TRY(device_.own_state()->save());
    const std::lock_guard lock(device_.lock_);
    saved.driver_features = device_.driver_features_;
    saved.status = device_.status_;
    for (u16 index = 0; index < device_.queue_count(); ++index) {
        const QueueRegisters& registers = device_.queues_[index];
        const RingPlace& place = registers.place;
        QueueState queue = {.size = place.size,
                            .descriptors = place.descriptors.value,
                            .driver = place.driver.value,
                            .device = place.device.value,
                            .enabled = registers.enabled,
                            .ring = std::nullopt};
        if (device_.queue_enabled(index)) {
            queue.ring = device_.active_[index]->state();
        }
        saved.queues.push_back(queue);
    }
    return state::save_state(saved);
}

Result<> Device::Saver::load(const state::Json& json) {
    DeviceState saved;
    KELVIN_TRY(state::load_state("", json, saved));
    KELVIN_TRY(StateChecks::check(device_, saved));
    device_.stop();
    device_.config_generation_ = saved.config_generation;
    {
        const std::lock_guard lock(device_.lock_);
        device_.driver_features_ = saved.driver_features;
        device_.status_ = saved.status;
        device_.fault_ = saved.failed() ? "it had failed when it was saved" : "";
        for (std::size_t index = 0; index < saved.queues.size(); ++index) {
            const QueueState& queue = saved.queues[index];
            device_.queues_[index].enabled = queue.enabled;
            device_.queues_[index].place = {queue.size, {queue.descriptors}, {queue.driver}, {queue.device}};
        }
    }
    if (saved.running) {
        device_.running_ = true;
        device_.features_ = saved.driver_features;
        device_.active_.resize(saved.queues.size());
    }
    for (u16 index = 0; index < saved.queues.size(); ++index) {
        if (saved.queues[index].ring) {
            KELVIN_TRY(device_.reopen(index, *saved.queues[index].ring));
        }
    }
    const Result<> own = device_.own_state()->load(saved.own);
    return own ? own : state::in_front(".own", own.error());
}

Result<> Device::reopen(u16 index, const RingState& ring) {
    std::optional<Queue> queue = Queue::open(dma_, queue_registers(index).place, features_);
    if (!queue || !queue->restore(ring)) {
        return user_error(
            fmt::format(".queues[{}]: it is not in RAM, or its size, its alignment or where it stands is none that it "
                        "may have",
                        index));
    }
    active_[index] = std::move(queue);
    // What came while it was saved, and what was put back.
    notify(index);
    return ok();
}

}  // namespace kelvin::bus::virtio
