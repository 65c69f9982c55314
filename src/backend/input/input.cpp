// SPDX-License-Identifier: Apache-2.0
#include "backend/input/input.h"

#include <algorithm>
#include <utility>

namespace kelvin::backend {

void Input::tell(Event event) {
    const std::lock_guard lock(lock_);
    if (waiting_.size() >= kMostWaiting) {
        return;
    }
    if (waiting_.empty()) {
        io_.post([](void* input) { static_cast<Input*>(input)->deliver(); }, this);
    }
    waiting_.push_back(std::move(event));
}

void Input::deliver() {
    std::vector<Event> events;
    {
        const std::lock_guard lock(lock_);
        events.swap(waiting_);
    }
    for (const Event& event : events) {
        event();
    }
}

template <class Wants>
InputReceiver* Input::last_that(Wants wants) const {
    const auto found = std::find_if(receivers_.rbegin(), receivers_.rend(), wants);
    return found != receivers_.rend() ? *found : nullptr;
}

InputReceiver* Input::keyboard() const {
    return last_that([](const InputReceiver* receiver) { return receiver->kinds().keys; });
}

InputReceiver* Input::pointer() const {
    return last_that(
        [](const InputReceiver* receiver) { return receiver->kinds().relative || receiver->kinds().absolute; });
}

void Input::key(u16 code, bool down) {
    tell([this, code, down] {
        if (InputReceiver* const receiver = keyboard()) {
            receiver->key(code, down);
        }
    });
}

void Input::button(Button which, bool down) {
    tell([this, which, down] {
        if (InputReceiver* const receiver = pointer()) {
            receiver->button(which, down);
        }
    });
}

void Input::move(i32 right, i32 down) {
    tell([this, right, down] {
        if (InputReceiver* const receiver = pointer(); receiver != nullptr && receiver->kinds().relative) {
            receiver->move(right, down);
        }
    });
}

void Input::turn(i32 down) {
    tell([this, down] {
        if (InputReceiver* const receiver = pointer()) {
            receiver->turn(down);
        }
    });
}

void Input::place(u16 x, u16 y, u32 width, u32 height) {
    tell([this, x, y, width, height] {
        const Place place = {std::min(x, InputReceiver::kFarthest), std::min(y, InputReceiver::kFarthest)};
        InputReceiver* const receiver = pointer();
        if (receiver != nullptr && receiver->kinds().absolute) {
            receiver->place(place.x, place.y);
        } else {
            follow(place, width, height);
        }
        last_place_ = place;
    });
}

void Input::follow(Place place, u32 width, u32 height) {
    InputReceiver* const receiver = pointer();
    if (receiver == nullptr || !last_place_) {
        return;
    }
    const auto pixels = [](u16 now, u16 before, u32 size) {
        const auto at = [size](u16 value) { return static_cast<i32>(u64{value} * size / InputReceiver::kFarthest); };
        return at(now) - at(before);
    };
    receiver->move(pixels(place.x, last_place_->x, width), pixels(place.y, last_place_->y, height));
}

void Input::end_of_frame() {
    tell([this] {
        InputReceiver* const keys = keyboard();
        InputReceiver* const moves = pointer();
        if (keys != nullptr) {
            keys->end_of_frame();
        }
        if (moves != nullptr && moves != keys) {
            moves->end_of_frame();
        }
    });
}

}  // namespace kelvin::backend
