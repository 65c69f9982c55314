// SPDX-License-Identifier: Apache-2.0
#include "base/timer_list.h"

#include <algorithm>

#include "base/assert.h"

namespace kelvin {

namespace {

size_t index_of(TimerId timer) {
    return static_cast<size_t>(timer);
}

}  // namespace

TimerId TimerList::add(TimerService::Callback callback, void* context) {
    KELVIN_ASSERT(callback != nullptr);
    auto slot = std::find_if(slots_.begin(), slots_.end(), [](const Slot& each) { return each.callback == nullptr; });
    if (slot == slots_.end()) {
        slot = slots_.emplace(slots_.end());
    }
    *slot = {callback, context, kNever};
    return static_cast<TimerId>(slot - slots_.begin());
}

void TimerList::remove(std::unique_lock<std::mutex>& guard, TimerId timer) {
    const size_t index = index_of(timer);
    slots_.at(index).deadline = kNever;
    callback_done_.wait(guard, [&] { return in_callback_ != index || caller_ == std::this_thread::get_id(); });
    slots_.at(index) = {};
}

void TimerList::set_deadline(TimerId timer, i64 deadline_ns) {
    slots_.at(index_of(timer)).deadline = deadline_ns;
}

i64 TimerList::earliest() const {
    i64 earliest = kNever;
    for (const Slot& slot : slots_) {
        earliest = std::min(earliest, slot.deadline);
    }
    return earliest;
}

bool TimerList::fire_one(std::unique_lock<std::mutex>& guard, i64 now_ns) {
    const auto first = std::min_element(slots_.begin(), slots_.end(),
                                        [](const Slot& a, const Slot& b) { return a.deadline < b.deadline; });
    if (first == slots_.end() || first->deadline == kNever || first->deadline > now_ns) {
        return false;
    }
    first->deadline = kNever;
    const Slot due = *first;
    in_callback_ = static_cast<size_t>(first - slots_.begin());
    caller_ = std::this_thread::get_id();
    guard.unlock();
    due.callback(due.context);
    guard.lock();
    in_callback_ = SIZE_MAX;
    callback_done_.notify_all();
    return true;
}

}  // namespace kelvin
