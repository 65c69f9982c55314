// SPDX-License-Identifier: Apache-2.0
// Submission and completion queues, and the doorbells by which the host moves their ends (4.1, 4.6, 3.1.24).
#pragma once

#include <atomic>
#include <deque>
#include <optional>

#include "device/nvme/spec.h"
#include "memory/dma.h"

namespace kelvin::device::nvme {

/// What vCPUs write and the I/O loop reads. A queue's tail or head is remembered only if the queue is there and has
/// such an entry.
class Doorbell {
  public:
    /// Any thread. False if it is none of a queue's that exists, or beyond its end.
    enum class Outcome : u8 { accepted, no_queue, beyond_end };
    Outcome ring(u32 value) {
        const u32 size = size_.load(std::memory_order_acquire);
        if (value >= size) {
            return size == 0 ? Outcome::no_queue : Outcome::beyond_end;
        }
        value_.store(value);
        return Outcome::accepted;
    }
    /// Any thread, after ring(): the I/O loop waits for it.
    bool is_awaited() const { return awaited_.load(); }

    // I/O loop's thread:
    /// For a queue of `size` entries, or none if it is 0.
    void open(u32 size) {
        value_ = 0;
        awaited_ = false;
        size_.store(size, std::memory_order_release);
    }
    /// What was written last, below the size.
    u32 value() const {
        const u32 size = size_.load(std::memory_order_relaxed);
        const u32 value = value_.load();
        // It may have been written while the queue before was larger.
        return value < size ? value : 0;
    }
    /// Whoever finds nothing new after this is told.
    void await(bool wanted) { awaited_.store(wanted); }

  private:
    std::atomic<u32> size_ = 0;
    std::atomic<u32> value_ = 0;
    std::atomic<bool> awaited_ = false;
};

struct SubmissionQueue {
    u16 id = 0;
    u16 completions = 0;  ///< where its commands' completions go
    u32 size = 0;
    Gpa base;
    memory::RamSlice ram;
    u32 head = 0;
    u32 in_flight = 0;     ///< commands that have no completion yet
    bool stalled = false;  ///< not to be read further until a command is complete
};

struct Completion {
    u32 result = 0;
    u16 submission_head = 0;
    u16 submission_queue = 0;
    u16 command = 0;
    Status status = Status::success;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("result", result);
        visit("submission_head", submission_head);
        visit("submission_queue", submission_queue);
        visit("command", command);
        u16 code = static_cast<u16>(status);
        visit("status", code);
        status = Status{code};
    }
};

class CompletionQueue {
  public:
    CompletionQueue(u32 size, const memory::Dma& dma, memory::RamSlice ram, Gpa base, Doorbell& head)
        : size_(size), dma_(dma), ram_(ram), base_(base), head_(head) {}

    bool is_full() const { return (tail_ + 1) % size_ == head_.value(); }
    bool is_empty() const { return tail_ == head_.value(); }
    /// Into the next place, which is free.
    void put(const Completion& completion);
    Doorbell& head() { return head_; }
    u32 size() const { return size_; }
    Gpa base() const { return base_; }
    /// Where the next entry goes, and the phase that it gets.
    u32 tail() const { return tail_; }
    bool phase() const { return phase_; }
    /// For a queue that was saved there; `tail` is below the size.
    void place_tail(u32 tail, bool phase) {
        tail_ = tail;
        phase_ = phase;
    }

    u16 vector = 0;
    bool interrupts = false;
    unsigned users = 0;              ///< submission queues
    std::deque<Completion> waiting;  ///< for a free place

  private:
    const u32 size_;
    const memory::Dma& dma_;
    const memory::RamSlice ram_;
    const Gpa base_;
    Doorbell& head_;
    u32 tail_ = 0;
    bool phase_ = true;
};

}  // namespace kelvin::device::nvme
