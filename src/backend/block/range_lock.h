// SPDX-License-Identifier: Apache-2.0
// Locks on ranges of bytes, among the requests of one thread: shared for those that may run beside each other. Granted
// in the order in which they were asked for, so that nobody starves.
#pragma once

#include <coroutine>
#include <list>

#include "backend/block/io_context.h"
#include "base/types.h"

namespace kelvin::block {

class RangeLock {
  public:
    enum class Kind : u8 { shared, exclusive };

    /// A lock, asked for or held; stays where it is while it is either.
    struct Entry {
        u64 begin = 0;
        u64 end = 0;
        Kind kind = Kind::shared;
        bool held = false;
        std::coroutine_handle<> waiter = {};
        Entry* previous = nullptr;
        Entry* next = nullptr;
    };

    explicit RangeLock(IoContext& io) : io_(io) {}

    /// False, and nothing has changed, if it would have to wait.
    bool try_lock(Entry& entry);
    void unlock(Entry& entry);

    class Wait {
      public:
        Wait(RangeLock& lock, Entry& entry) : lock_(lock), entry_(entry) {}
        bool await_ready() const { return lock_.try_lock(entry_); }
        void await_suspend(std::coroutine_handle<> waiter) const {
            entry_.waiter = waiter;
            lock_.append(entry_);
        }
        void await_resume() const {}

      private:
        RangeLock& lock_;
        Entry& entry_;
    };
    Wait lock(Entry& entry) { return {*this, entry}; }

  private:
    bool must_wait(const Entry& entry, const Entry* until) const;
    void append(Entry& entry);
    void remove(Entry& entry);

    IoContext& io_;
    Entry* first_ = nullptr;
    Entry* last_ = nullptr;
    unsigned waiting_ = 0;
};

/// Unlocks at the end of a scope.
class RangeGuard {
  public:
    RangeGuard(RangeLock& lock, RangeLock::Entry& entry) : lock_(lock), entry_(entry) {}
    ~RangeGuard() { lock_.unlock(entry_); }
    RangeGuard(const RangeGuard&) = delete;
    RangeGuard& operator=(const RangeGuard&) = delete;

  private:
    RangeLock& lock_;
    RangeLock::Entry& entry_;
};

/// A mutex of coroutines.
class TaskMutex {
  public:
    explicit TaskMutex(IoContext& io) : io_(io) {}

    struct Wait {
        TaskMutex& mutex;
        bool await_ready() const {
            if (mutex.locked_) {
                return false;
            }
            mutex.locked_ = true;
            return true;
        }
        void await_suspend(std::coroutine_handle<> waiter) const { mutex.waiters_.push_back(waiter); }
        void await_resume() const {}
    };
    Wait lock() { return {*this}; }
    void unlock();
    bool is_locked() const { return locked_; }

  private:
    IoContext& io_;
    bool locked_ = false;
    std::list<std::coroutine_handle<>> waiters_;
};

class TaskGuard {
  public:
    explicit TaskGuard(TaskMutex& mutex) : mutex_(mutex) {}
    ~TaskGuard() { mutex_.unlock(); }
    TaskGuard(const TaskGuard&) = delete;
    TaskGuard& operator=(const TaskGuard&) = delete;

  private:
    TaskMutex& mutex_;
};

}  // namespace kelvin::block
