// SPDX-License-Identifier: Apache-2.0
// What other processors ask of a vCPU's caches: to forget translations (TLBI by broadcast), and to store no more unseen
// to a page that code is being made from.
//
// A vCPU that runs guest code applies requests when it is kicked out of it, and who asked can wait for that. One that
// runs none (it waits for an interrupt, is stopped or switched off) applies them before it does again, and nobody
// waits.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

#include "base/types.h"

namespace kelvin::translator {

struct Request {
    enum class Kind : u8 { flush_all, flush_asid, flush_range, revoke_writes, everything };

    Kind kind = Kind::flush_all;
    std::optional<u16> asid = {};  ///< of flush_asid, and of flush_range if it is for one address space
    u64 start = 0;                 ///< flush_range: guest virtual; revoke_writes: guest physical, of the page
    u64 size = 0;                  ///< of flush_range
    const u8* host = nullptr;      ///< revoke_writes: of the page
    /// The owner ran guest code when it was posted: it may have stored unseen since code was made (see
    /// Translator::recheck_page). Set by post().
    bool was_inside = false;
};

class Inbox {
  public:
    // Any thread.

    /// True if the owner is to be kicked.
    bool post(Request request);
    /// How many requests there have been.
    u64 posted() const { return posted_.load(std::memory_order_seq_cst); }
    /// The first `count` requests have no more to fear from the guest code that the owner runs.
    bool has_done(u64 count) const {
        return done_.load(std::memory_order_seq_cst) >= count || !inside_.load(std::memory_order_seq_cst);
    }

    // The owner.

    /// Guest code runs from now on: drain() before it does. And none does any more.
    void enter() {
        if (!inside_.load(std::memory_order_relaxed)) {
            inside_.store(true, std::memory_order_seq_cst);
        }
    }
    void leave() { inside_.store(false, std::memory_order_seq_cst); }
    bool is_empty() const { return posted() == done_.load(std::memory_order_relaxed); }
    /// Calls `apply` with each request.
    template <class Apply>
    void drain(Apply apply) {
        u64 count = 0;
        {
            const std::lock_guard lock(mutex_);
            taken_.swap(requests_);
            count = posted();
        }
        for (const Request& request : taken_) {
            apply(request);
        }
        taken_.clear();
        done_.store(count, std::memory_order_seq_cst);
    }

  private:
    /// With more waiting, forgetting everything is cheaper, and the guest cannot make us keep more.
    static constexpr std::size_t kMost = 64;

    std::atomic<u64> posted_{0};  // written with the lock held
    std::atomic<u64> done_{0};
    std::atomic<bool> inside_{false};
    std::mutex mutex_;  // a leaf; guards requests_
    std::vector<Request> requests_;
    std::vector<Request> taken_;  // the owner's
};

}  // namespace kelvin::translator
