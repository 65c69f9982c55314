// SPDX-License-Identifier: Apache-2.0
// A run of guest RAM, checked once and then used many times: a ring, or what a system call reads or writes in place.
#pragma once

#include <sys/uio.h>

#include <cstring>
#include <span>

#include "base/assert.h"
#include "base/types.h"

namespace kelvin::memory {

/// The guest may change its bytes at any time: whoever decides something by them reads them once and goes on with the
/// copy. Every access is checked against the size; beyond it is a bug of the caller's. Whoever writes calls
/// Dma::announce_write() afterwards.
class RamSlice {
  public:
    RamSlice() = default;
    RamSlice(u8* data, u64 size) : data_(data), size_(size) {}

    u64 size() const { return size_; }
    bool holds(u64 offset, u64 bytes) const { return offset <= size_ && bytes <= size_ - offset; }

    /// T is an unsigned integer; an aligned one cannot tear.
    template <class T>
    T load(u64 offset) const {
        return load_ordered<T>(offset, __ATOMIC_RELAXED);
    }
    /// What was written before the value became visible is seen by what is read after it.
    template <class T>
    T load_acquire(u64 offset) const {
        return load_ordered<T>(offset, __ATOMIC_ACQUIRE);
    }
    template <class T>
    void store(u64 offset, T value) const {
        store_ordered(offset, value, __ATOMIC_RELAXED);
    }
    template <class T>
    void store_release(u64 offset, T value) const {
        store_ordered(offset, value, __ATOMIC_RELEASE);
    }

    void copy_in(u64 offset, std::span<u8> out) const {
        KELVIN_ASSERT(holds(offset, out.size()));
        std::memcpy(out.data(), data_ + offset, out.size());
    }
    void copy_out(u64 offset, std::span<const u8> data) const {
        KELVIN_ASSERT(holds(offset, data.size()));
        std::memcpy(data_ + offset, data.data(), data.size());
    }

    /// For preadv() and its kin only: host code reads nothing through it.
    iovec for_system_call() const { return {data_, size_}; }

  private:
    template <class T>
    T load_ordered(u64 offset, int order) const {
        KELVIN_ASSERT(holds(offset, sizeof(T)));
        const u8* const from = data_ + offset;
        if (reinterpret_cast<std::uintptr_t>(from) % sizeof(T) == 0) {
            T value;
            __atomic_load(reinterpret_cast<const T*>(from), &value, order);
            return value;
        }
        T value;
        std::memcpy(&value, from, sizeof value);
        __atomic_thread_fence(order);
        return value;
    }
    template <class T>
    void store_ordered(u64 offset, T value, int order) const {
        KELVIN_ASSERT(holds(offset, sizeof(T)));
        u8* const to = data_ + offset;
        if (reinterpret_cast<std::uintptr_t>(to) % sizeof(T) == 0) {
            __atomic_store(reinterpret_cast<T*>(to), &value, order);
            return;
        }
        __atomic_thread_fence(order);
        std::memcpy(to, &value, sizeof value);
    }

    u8* data_ = nullptr;
    u64 size_ = 0;
};

}  // namespace kelvin::memory
