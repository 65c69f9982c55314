// SPDX-License-Identifier: Apache-2.0
#include "backend/net/cable.h"

namespace kelvin::backend {

Cable::Cable(NetworkPort& port) : port_(port) {
    for (unsigned index = 1; index < port.queue_count(); ++index) {
        others_.push_back(std::make_unique<Cable>(port.queue(index)));
    }
}

Cable::~Cable() {
    if (receiver_ != nullptr) {
        port_.set_receiver(nullptr);
    }
}

NetworkPort& Cable::queue(unsigned index) {
    return index == 0 ? static_cast<NetworkPort&>(*this) : *others_.at(index - 1);
}

void Cable::set_plugged(bool plugged) {
    const bool changed = plugged_ != plugged;
    plugged_ = plugged;
    for (const auto& other : others_) {
        other->set_plugged(plugged);
    }
    if (changed && receiver_ != nullptr) {
        receiver_->link_changed(link_up());
    }
}

void Cable::set_receiver(NetworkReceiver* receiver) {
    receiver_ = receiver;
    port_.set_receiver(receiver != nullptr ? static_cast<NetworkReceiver*>(this) : nullptr);
}

void Cable::send(std::span<const iovec> frame, const FrameOffload& offload) {
    if (plugged_) {
        port_.send(frame, offload);
    }
}

bool Cable::receive(std::span<const iovec> frame, const FrameOffload& offload) {
    return !plugged_ || receiver_->receive(frame, offload);
}

void Cable::link_changed(bool) {
    receiver_->link_changed(link_up());
}

}  // namespace kelvin::backend
