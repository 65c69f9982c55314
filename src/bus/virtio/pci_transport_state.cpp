// SPDX-License-Identifier: Apache-2.0
// What is saved of a virtio device on PCI: the function, the transport's registers, the device.
#include <fmt/format.h>

#include "bus/virtio/pci_transport.h"
#include "state/saved_state.h"

namespace kelvin::bus::virtio {

namespace {

struct TransportState {
    state::Json function;
    u32 device_features_select = 0;
    u32 driver_features_select = 0;
    u16 queue_select = 0;
    u16 config_vector = 0;
    std::vector<u16> queue_vectors;
    u8 interrupt_status = 0;
    state::Json device;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("function", function);
        visit("device_features_select", device_features_select);
        visit("driver_features_select", driver_features_select);
        visit("queue_select", queue_select);
        visit("config_vector", config_vector);
        visit("queue_vectors", queue_vectors);
        visit("interrupt_status", interrupt_status);
        visit("device", device);
    }
};

}  // namespace

Result<state::Json> PciTransport::Saver::save() {
    TransportState saved;
    saved.function = transport_.save_function();
    saved.device = KELVIN_TRY(transport_.device_->savable()->save());
    const std::scoped_lock lock(transport_.lock_, transport_.status_lock_);
    saved.device_features_select = transport_.device_features_select_;
    saved.driver_features_select = transport_.driver_features_select_;
    saved.queue_select = transport_.queue_select_;
    saved.config_vector = transport_.config_vector_;
    saved.queue_vectors = transport_.queue_vectors_;
    saved.interrupt_status = transport_.interrupt_status_;
    return state::save_state(saved);
}

Result<> PciTransport::Saver::load(const state::Json& json) {
    TransportState saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (saved.queue_vectors.size() != transport_.queue_vectors_.size()) {
        return user_error(fmt::format(".queue_vectors: there are {}; the device has {} queues",
                                      saved.queue_vectors.size(), transport_.queue_vectors_.size()));
    }
    saved.queue_vectors.push_back(saved.config_vector);
    for (const u16 vector : saved.queue_vectors) {
        if (transport_.valid_vector(vector) != vector) {
            return user_error(fmt::format(".queue_vectors: {} is none of the {} vectors that the function has", vector,
                                          transport_.msix_vectors()));
        }
    }
    saved.queue_vectors.pop_back();
    if (const auto function = transport_.load_function(saved.function); !function) {
        return state::in_front(".function", function.error());
    }
    {
        const std::scoped_lock lock(transport_.lock_, transport_.status_lock_);
        transport_.device_features_select_ = saved.device_features_select;
        transport_.driver_features_select_ = saved.driver_features_select;
        transport_.queue_select_ = saved.queue_select;
        transport_.config_vector_ = saved.config_vector;
        transport_.queue_vectors_ = saved.queue_vectors;
        transport_.interrupt_status_ = saved.interrupt_status;
    }
    const auto device = transport_.device_->savable()->load(saved.device);
    return device ? device : state::in_front(".device", device.error());
}

}  // namespace kelvin::bus::virtio
