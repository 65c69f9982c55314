// SPDX-License-Identifier: Apache-2.0
#include "backend/block/range_lock.h"

#include <utility>

#include "base/assert.h"

namespace kelvin::block {

/// Whether one that was asked for before `until` (null: any) is in the way.
bool RangeLock::must_wait(const Entry& entry, const Entry* until) const {
    for (const Entry* other = first_; other != until; other = other->next) {
        const bool apart = other->end <= entry.begin || entry.end <= other->begin;
        if (!apart && (other->kind == Kind::exclusive || entry.kind == Kind::exclusive)) {
            return true;
        }
    }
    return false;
}

bool RangeLock::try_lock(Entry& entry) {
    if (must_wait(entry, nullptr)) {
        return false;
    }
    append(entry);
    entry.held = true;
    --waiting_;
    return true;
}

void RangeLock::append(Entry& entry) {
    entry.held = false;
    entry.previous = last_;
    entry.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &entry;
    last_ = &entry;
    ++waiting_;
}

void RangeLock::remove(Entry& entry) {
    (entry.previous != nullptr ? entry.previous->next : first_) = entry.next;
    (entry.next != nullptr ? entry.next->previous : last_) = entry.previous;
}

void RangeLock::unlock(Entry& entry) {
    KELVIN_ASSERT(entry.held);
    remove(entry);
    for (Entry* other = first_; other != nullptr && waiting_ != 0; other = other->next) {
        if (!other->held && !must_wait(*other, other)) {
            other->held = true;
            --waiting_;
            io_.resume_later(other->waiter);
        }
    }
}

void TaskMutex::unlock() {
    KELVIN_ASSERT(locked_);
    if (waiters_.empty()) {
        locked_ = false;
        return;
    }
    const std::coroutine_handle<> next = waiters_.front();
    waiters_.pop_front();
    io_.resume_later(next);
}

}  // namespace kelvin::block
