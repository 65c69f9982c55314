// SPDX-License-Identifier: Apache-2.0
#include "vm/event_queue.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "state/json.h"

namespace kelvin::vm {

namespace {

i64 now_ns() {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Of those without a device only the same are of one kind.
std::string kind_of(std::string_view name, const state::Json& data) {
    const auto id = data.is_object() ? data.find("id") : data.end();
    const bool has_id = id != data.end() && id->is_string();
    return std::string(name) + " " + (has_id ? id->get<std::string>() : state::to_text(data));
}

}  // namespace

EventQueue::EventQueue(EventLoop& loop, Tell tell, i64 apart_ns)
    : loop_(loop), tell_(std::move(tell)), apart_ns_(apart_ns) {}

EventQueue::~EventQueue() {
    loop_.cancel(this);
}

void EventQueue::add(std::string_view name, state::Json data) {
    const std::lock_guard lock(lock_);
    Kind& kind = kinds_[kind_of(name, data)];
    if (!kind.waiting) {
        const i64 now = now_ns();
        kind.name = name;
        kind.order = next_order_++;
        kind.due_ns = std::max(kind.due_ns, now);
        loop_.post(call_method<&EventQueue::report, EventQueue>, this, kind.due_ns - now);
    }
    kind.waiting = std::move(data);
}

void EventQueue::report() {
    struct Due {
        u64 order;
        std::string name;
        state::Json data;
    };
    std::vector<Due> due;
    {
        const std::lock_guard lock(lock_);
        const i64 now = now_ns();
        std::erase_if(kinds_, [&](const auto& each) { return !each.second.waiting && each.second.due_ns <= now; });
        for (auto& [key, kind] : kinds_) {
            if (kind.waiting && kind.due_ns <= now) {
                due.push_back({kind.order, kind.name, *std::exchange(kind.waiting, std::nullopt)});
                kind.due_ns = now + apart_ns_;
            }
        }
    }
    std::ranges::sort(due, {}, &Due::order);
    for (const Due& event : due) {
        tell_(event.name, event.data);
    }
}

}  // namespace kelvin::vm
